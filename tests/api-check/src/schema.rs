//! `Schema`: the shape of a body, as whoever describes it says it is.

/// The shape of a body or of a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// What it is.
    pub shape: Shape,
    /// Whether null may stand in its place.
    pub nullable: bool,
}

/// What a part of a body is.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// An object with these members, and with others where it is open.
    Object {
        /// Its members by name, in the order of the description.
        members: Vec<(String, SchemaId)>,
        /// Whether members without a description belong to it, as the fields of a record do.
        open: bool,
    },
    /// A list.
    List(SchemaId),
    /// A text. Where values are named, it is one of them, today.
    Text {
        /// What the text says.
        kind: TextKind,
        /// The values that are known.
        values: Vec<String>,
    },
    /// A whole number of 32 or 64 bits.
    Integer {
        /// How many bits it may have.
        bits: u8,
    },
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// One of these.
    OneOf(Vec<SchemaId>),
    /// Any JSON: nothing is said about it.
    Anything,
    /// No JSON but the bytes of a file.
    File,
}

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// Anything.
    Plain,
    /// A day.
    Date,
    /// A moment.
    DateTime,
}

/// A schema among [`Schemas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(usize);

/// The schemas of one description. They refer to each other, in circles too, so they are kept side by side.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    all: Vec<Schema>,
}

impl Schemas {
    /// Keeps a place for a schema that refers to itself.
    pub fn reserve(&mut self) -> SchemaId {
        self.add(Shape::Anything, false)
    }

    /// Adds a schema.
    pub fn add(&mut self, shape: Shape, nullable: bool) -> SchemaId {
        self.all.push(Schema { shape, nullable });
        SchemaId(self.all.len() - 1)
    }

    /// Sets what is at a reserved place.
    pub fn set(&mut self, id: SchemaId, shape: Shape, nullable: bool) {
        self.all[id.0] = Schema { shape, nullable };
    }

    /// The schema itself.
    #[must_use]
    pub fn get(&self, id: SchemaId) -> &Schema {
        &self.all[id.0]
    }

    /// The shape of a schema.
    #[must_use]
    pub fn shape(&self, id: SchemaId) -> &Shape {
        &self.get(id).shape
    }

    /// What it may be: its branches, and theirs, or itself if it is no choice.
    #[must_use]
    pub fn branches(&self, id: SchemaId) -> Vec<SchemaId> {
        match self.shape(id) {
            Shape::OneOf(branches) => branches.iter().flat_map(|branch| self.branches(*branch)).collect(),
            _ => vec![id],
        }
    }

    /// The values that are named for a member of an object; none where there is no such member.
    #[must_use]
    pub fn values_of(&self, object: SchemaId, member: &str) -> &[String] {
        match self.member(object, member).map(|id| self.shape(id)) {
            Some(Shape::Text { values, .. }) => values,
            _ => &[],
        }
    }

    /// A member of an object.
    #[must_use]
    pub fn member(&self, object: SchemaId, member: &str) -> Option<SchemaId> {
        self.members(object).iter().find(|(name, _)| name == member).map(|(_, schema)| *schema)
    }

    /// The members of an object.
    #[must_use]
    pub fn members(&self, object: SchemaId) -> &[(String, SchemaId)] {
        match self.shape(object) {
            Shape::Object { members, .. } => members,
            _ => &[],
        }
    }

    /// Whether a whole body of this shape is a refusal and no answer: an object with a code whose status can be nothing
    /// but `error`. The runtime makes an error of it.
    #[must_use]
    pub fn is_refusal(&self, id: SchemaId) -> bool {
        self.member(id, "code").is_some() && self.values_of(id, "status") == ["error"]
    }

    /// Whether a whole body of this shape is a file. The description writes it as an object with nothing but a `file`.
    #[must_use]
    pub fn is_file(&self, id: SchemaId) -> bool {
        match self.shape(id) {
            Shape::File => true,
            Shape::Object { members, .. } => matches!(&members[..], [(name, _)] if name == "file"),
            _ => false,
        }
    }
}
