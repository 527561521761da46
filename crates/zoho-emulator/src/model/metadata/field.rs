//! `Field`: a field of a module, and its kind.

/// A field of a [`Module`](crate::Module).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a field has no effect until it is added to a module"]
pub struct Field {
    pub(crate) api_name: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) length: usize,
    pub(crate) mandatory: bool,
    pub(crate) unique: bool,
    pub(crate) read_only: bool,
    pub(crate) custom: bool,
}

/// The kind of value that a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    TextArea,
    Email,
    Phone,
    Website,
    Integer,
    BigInteger,
    Double,
    Currency,
    Percent,
    Boolean,
    Date,
    DateTime,
    PickList(Vec<String>),
    MultiSelectPickList(Vec<String>),
    /// A record of the module with this name.
    Lookup(String),
    /// A record of any module: the subject of an activity or a note.
    AnyRecord,
    User,
    Owner,
    Subform(Vec<Field>),
    FileUpload,
    ImageUpload,
    RecordImage,
    Consent,
    AutoNumber,
    Tags,
}

impl Field {
    fn new(api_name: impl Into<String>, kind: Kind) -> Self {
        let api_name = api_name.into();
        Self {
            label: api_name.replace('_', " "),
            length: kind.default_length(),
            api_name,
            kind,
            id: String::new(),
            mandatory: false,
            unique: false,
            read_only: false,
            custom: false,
        }
    }

    /// A line of text, up to 255 characters.
    pub fn text(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Text)
    }

    /// Text of several lines, up to 32,000 characters.
    pub fn text_area(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::TextArea)
    }

    /// An email address.
    pub fn email(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Email)
    }

    /// A phone number.
    pub fn phone(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Phone)
    }

    /// The address of a web page.
    pub fn website(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Website)
    }

    /// An integer of up to nine digits.
    pub fn integer(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Integer)
    }

    /// An integer of up to 18 digits, which the API writes as a string.
    pub fn big_integer(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::BigInteger)
    }

    /// A number that may have decimal places.
    pub fn number(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Double)
    }

    /// An amount of money.
    pub fn currency(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Currency)
    }

    /// A percentage.
    pub fn percent(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Percent)
    }

    /// True or false.
    pub fn boolean(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Boolean)
    }

    /// A date, such as `2026-01-31`.
    pub fn date(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Date)
    }

    /// A timestamp with its UTC offset, such as `2026-01-31T10:15:00+05:30`.
    pub fn date_time(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::DateTime)
    }

    /// One of these values.
    pub fn picklist(
        api_name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self::new(api_name, Kind::PickList(values.into_iter().map(Into::into).collect()))
    }

    /// Any number of these values.
    pub fn multi_select_picklist(
        api_name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self::new(api_name, Kind::MultiSelectPickList(values.into_iter().map(Into::into).collect()))
    }

    /// A record of another module.
    pub fn lookup(api_name: impl Into<String>, module: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Lookup(module.into()))
    }

    /// A user of the organization.
    pub fn user(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::User)
    }

    /// Rows with these fields.
    pub fn subform(api_name: impl Into<String>, fields: impl IntoIterator<Item = Self>) -> Self {
        Self::new(api_name, Kind::Subform(fields.into_iter().collect()))
    }

    /// Files that were uploaded earlier.
    pub fn file_upload(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::FileUpload)
    }

    /// Images that were uploaded earlier.
    pub fn image_upload(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::ImageUpload)
    }

    /// The legal basis on which a person's data is processed.
    pub fn consent(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Consent)
    }

    /// A number that the CRM assigns to each new record.
    pub fn auto_number(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::AutoNumber).read_only()
    }

    /// A record of any module: the subject of a note or an activity.
    pub(crate) fn any_record(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::AnyRecord)
    }

    pub(crate) fn owner(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Owner)
    }

    pub(crate) fn record_image(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::RecordImage).read_only()
    }

    pub(crate) fn tags(api_name: impl Into<String>) -> Self {
        Self::new(api_name, Kind::Tags)
    }

    /// Makes the field mandatory: a record without it is rejected with `MANDATORY_NOT_FOUND`.
    pub fn mandatory(mut self) -> Self {
        self.mandatory = true;
        self
    }

    /// Makes the field unique: a value that another record of the module has is rejected with `DUPLICATE_DATA`.
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Makes the field read-only: values that clients send are ignored.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Sets the maximum number of characters or digits.
    pub fn length(mut self, length: usize) -> Self {
        self.length = length;
        self
    }

    /// Sets the name that users see. Default: the API name, with spaces for underscores.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn custom(mut self) -> Self {
        self.custom = true;
        self
    }

    /// Whether lists omit the field: only a single record shows its subform rows.
    pub(crate) fn only_in_single_records(&self) -> bool {
        matches!(self.kind, Kind::Subform(_))
    }
}

impl Kind {
    /// `data_type` in `settings/fields`.
    pub(crate) fn data_type(&self) -> &'static str {
        match self {
            Self::Text | Self::Tags => "text",
            Self::TextArea => "textarea",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Website => "website",
            Self::Integer => "integer",
            Self::BigInteger => "bigint",
            Self::Double => "double",
            Self::Currency => "currency",
            Self::Percent => "percent",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::PickList(_) => "picklist",
            Self::MultiSelectPickList(_) => "multiselectpicklist",
            Self::Lookup(_) | Self::AnyRecord => "lookup",
            Self::User => "userlookup",
            Self::Owner => "ownerlookup",
            Self::Subform(_) => "subform",
            Self::FileUpload => "fileupload",
            Self::ImageUpload => "imageupload",
            Self::RecordImage => "profileimage",
            Self::Consent => "consent_lookup",
            Self::AutoNumber => "autonumber",
        }
    }

    /// `json_type` in `settings/fields`, and the expected type that an error names.
    pub(crate) fn json_type(&self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Double | Self::Currency | Self::Percent => "double",
            Self::Boolean => "boolean",
            Self::Lookup(_) | Self::AnyRecord | Self::User | Self::Owner | Self::Consent => "jsonobject",
            Self::MultiSelectPickList(_)
            | Self::Subform(_)
            | Self::FileUpload
            | Self::ImageUpload
            | Self::Tags => "jsonarray",
            _ => "string",
        }
    }

    /// The values of a pick list.
    pub(crate) fn values(&self) -> &[String] {
        match self {
            Self::PickList(values) | Self::MultiSelectPickList(values) => values,
            _ => &[],
        }
    }

    fn default_length(&self) -> usize {
        match self {
            Self::TextArea => 32_000,
            Self::Email => 100,
            Self::Phone => 30,
            Self::Website => 450,
            Self::Integer => 9,
            Self::BigInteger => 18,
            Self::Double | Self::Currency => 16,
            Self::Percent => 5,
            Self::PickList(_) => 120,
            _ => 255,
        }
    }
}
