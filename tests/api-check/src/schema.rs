//! [`Schema`]: the shape of a body, as a source describes it.

/// The shape of a body or of a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The shape.
    pub shape: Shape,
    /// Whether the value can be null.
    pub nullable: bool,
}

/// The kind of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// An object.
    Object {
        /// The described members, in the order of the description.
        members: Vec<(String, SchemaId)>,
        /// Whether it can have other members, as a record does.
        open: bool,
    },
    /// A list.
    List(SchemaId),
    /// A text.
    Text {
        /// Plain text or a date.
        kind: TextKind,
        /// The known values. Empty if any text is possible.
        values: Vec<String>,
    },
    /// An integer.
    Integer {
        /// 32 or 64.
        bits: u8,
    },
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// A choice between these.
    OneOf(Vec<SchemaId>),
    /// Any JSON. The source does not describe it.
    Anything,
    /// The bytes of a file instead of JSON.
    File,
}

/// The format of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// Any text.
    Plain,
    /// A date.
    Date,
    /// A date with a time.
    DateTime,
}

/// The index of a schema in [`Schemas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(usize);

/// The schemas of one description. They refer to each other by index, because references can be cyclic.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    all: Vec<Schema>,
}

impl Schemas {
    /// Reserves an index for a schema that can refer to itself.
    pub fn reserve(&mut self) -> SchemaId {
        self.add(Shape::Anything, false)
    }

    /// Adds a schema.
    pub fn add(&mut self, shape: Shape, nullable: bool) -> SchemaId {
        self.all.push(Schema { shape, nullable });
        SchemaId(self.all.len() - 1)
    }

    /// Sets the schema at a reserved index.
    pub fn set(&mut self, id: SchemaId, shape: Shape, nullable: bool) {
        self.all[id.0] = Schema { shape, nullable };
    }

    /// Returns a schema.
    #[must_use]
    pub fn get(&self, id: SchemaId) -> &Schema {
        &self.all[id.0]
    }

    /// Returns the shape of a schema.
    #[must_use]
    pub fn shape(&self, id: SchemaId) -> &Shape {
        &self.get(id).shape
    }

    /// Returns the branches of a choice, with nested choices resolved, or the schema itself if it is not a choice.
    #[must_use]
    pub fn branches(&self, id: SchemaId) -> Vec<SchemaId> {
        match self.shape(id) {
            Shape::OneOf(branches) => branches.iter().flat_map(|branch| self.branches(*branch)).collect(),
            _ => vec![id],
        }
    }

    /// Returns the known values of a member of an object. Empty if there is no such member.
    #[must_use]
    pub fn values_of(&self, object: SchemaId, member: &str) -> &[String] {
        match self.member(object, member).map(|id| self.shape(id)) {
            Some(Shape::Text { values, .. }) => values,
            _ => &[],
        }
    }

    /// Returns a member of an object.
    #[must_use]
    pub fn member(&self, object: SchemaId, member: &str) -> Option<SchemaId> {
        self.members(object).iter().find(|(name, _)| name == member).map(|(_, schema)| *schema)
    }

    /// Returns the members of an object.
    #[must_use]
    pub fn members(&self, object: SchemaId) -> &[(String, SchemaId)] {
        match self.shape(object) {
            Shape::Object { members, .. } => members,
            _ => &[],
        }
    }

    /// Whether a whole body of this shape is a rejection: an object with a code whose only status is `error`. The runtime
    /// turns it into an error.
    #[must_use]
    pub fn is_rejection(&self, id: SchemaId) -> bool {
        self.member(id, "code").is_some() && self.values_of(id, "status") == ["error"]
    }

    /// Whether a whole body of this shape is a file. The description has an object with a single member `file`.
    #[must_use]
    pub fn is_file(&self, id: SchemaId) -> bool {
        match self.shape(id) {
            Shape::File => true,
            Shape::Object { members, .. } => matches!(&members[..], [(name, _)] if name == "file"),
            _ => false,
        }
    }
}
