//! `Field`: a field of a module, as Zoho describes it.

use super::module_name::ModuleName;
use crate::value::described::described;
use crate::value::open_enum::open_enum;
use crate::value::{Extra, Value};

described! {
    /// A field of a module, as Zoho describes it. The names are Zoho's own.
    pub struct Field {
        /// Zoho's id of the item.
        pub id: Option<String> = "id" or_number,
        /// The API name, such as `Last_Name`.
        pub api_name: String = "api_name",
        /// The display name, such as `Last Name`.
        pub field_label: String = "field_label",
        /// The kind of value.
        pub data_type: FieldType = "data_type",
        /// The type in JSON: `string`, `integer`, `double`, `boolean`, `jsonobject` or `jsonarray`.
        pub json_type: Option<String> = "json_type",
        /// The maximum number of characters or digits.
        pub length: Option<u64> = "length" or_text,
        /// The number of decimal places.
        pub decimal_place: Option<u64> = "decimal_place" or_text,
        /// Whether every record must have the field.
        pub system_mandatory: bool = "system_mandatory",
        /// Whether the field is read-only for everyone.
        pub read_only: bool = "read_only",
        /// Whether the field is read-only for this user.
        pub field_read_only: bool = "field_read_only",
        /// Which operations set the field.
        pub operation_type: Option<OperationType> = "operation_type",
        /// Whether the organization created the field.
        pub custom_field: bool = "custom_field",
        /// How Zoho enforces unique values; empty if it does not: see [`is_unique`](Self::is_unique).
        pub unique: Extra = "unique",
        /// The values of a pick list.
        pub pick_list_values: Vec<PickListValue> = "pick_list_values",
        /// The target of a lookup.
        pub lookup: Option<LookupTarget> = "lookup",
        /// The rows of a subform.
        pub subform: Option<SubformTarget> = "subform",
        /// The default value.
        pub default_value: Option<Value> = "default_value",
    }
}

impl Field {
    /// Whether values must be unique.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        !self.unique.is_empty()
    }

    /// The names that people use for it.
    pub(super) fn names(&self) -> [&str; 2] {
        [&self.api_name, &self.field_label]
    }

    /// Iterates over the values of a pick list, as they appear in records.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.pick_list_values.iter().map(|value| value.display_value.as_str())
    }

    /// Whether the field can be set in a new record.
    #[must_use]
    pub fn can_be_created(&self) -> bool {
        self.may_be_set(|operation| operation.api_create)
    }

    /// Whether the field can be updated.
    #[must_use]
    pub fn can_be_updated(&self) -> bool {
        self.may_be_set(|operation| operation.api_update)
    }

    /// The operation type decides, if Zoho sends it: `Owner` is `field_read_only` and can still be set. Zoho reports that
    /// the API cannot set subforms, although they are set with their record.
    fn may_be_set(&self, allowed: impl Fn(&OperationType) -> Option<bool>) -> bool {
        match self.operation_type.as_ref().and_then(allowed) {
            Some(allowed) if self.data_type != FieldType::Subform => allowed,
            _ => !self.read_only,
        }
    }
}

open_enum! {
    /// The kind of value that a field contains.
    pub enum FieldType {
        /// A line of text.
        Text = "text",
        /// Several lines of text.
        TextArea = "textarea",
        /// An email address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
        /// A URL.
        Website = "website",
        /// A whole number.
        Integer = "integer",
        /// A large whole number, which the API writes as text.
        BigInteger = "bigint",
        /// A number.
        Double = "double",
        /// An amount of money.
        Currency = "currency",
        /// A percentage.
        Percent = "percent",
        /// True or false.
        Boolean = "boolean",
        /// A date.
        Date = "date",
        /// A date and time.
        DateTime = "datetime",
        /// One value of a list.
        PickList = "picklist",
        /// Several values of a list.
        MultiSelectPickList = "multiselectpicklist",
        /// Another record.
        Lookup = "lookup",
        /// Other records.
        MultiSelectLookup = "multiselectlookup",
        /// The owner of the record.
        OwnerLookup = "ownerlookup",
        /// A user.
        UserLookup = "userlookup",
        /// Several users.
        MultiUserLookup = "multiuserlookup",
        /// Rows with their own fields.
        Subform = "subform",
        /// Files.
        FileUpload = "fileupload",
        /// Images.
        ImageUpload = "imageupload",
        /// The photo of the record.
        ProfileImage = "profileimage",
        /// The legal basis for processing a person's data.
        ConsentLookup = "consent_lookup",
        /// A number that Zoho assigns.
        AutoNumber = "autonumber",
        /// A value that Zoho computes from other fields.
        Formula = "formula",
        /// A value that Zoho computes from other records.
        RollupSummary = "rollup_summary",
    }
}

impl Default for FieldType {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

described! {
    /// A value of a pick list.
    pub struct PickListValue {
        /// Zoho's id of the item.
        pub id: Option<String> = "id" or_number,
        /// The value in records, which is also the one that users see.
        pub display_value: String = "display_value" or_number,
        /// The first name of the value. It stays the same if the value is renamed.
        pub actual_value: Option<String> = "actual_value" or_number,
        /// `used`, or `unused` for a value that is no longer offered.
        pub kind: Option<String> = "type",
    }
}

described! {
    /// The operations that may set a field.
    pub struct OperationType {
        /// Whether the API may set the field in a new record.
        pub api_create: Option<bool> = "api_create",
        /// Whether the API may update the field.
        pub api_update: Option<bool> = "api_update",
        /// Whether users may set the field in a new record.
        pub web_create: Option<bool> = "web_create",
        /// Whether users may update the field.
        pub web_update: Option<bool> = "web_update",
    }
}

described! {
    /// The target of a lookup.
    pub struct LookupTarget {
        /// The module of the records; `None` for a field that is not a lookup.
        pub module: Option<ModuleName> = "module",
    }
}

described! {
    /// The rows of a subform.
    pub struct SubformTarget {
        /// The module of the rows.
        pub module: Option<String> = "module",
        /// The fields of the rows, if Zoho sends them.
        pub fields: Vec<Field> = "fields",
    }
}
