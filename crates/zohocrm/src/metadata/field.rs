//! `Field`: what a module's records have, as Zoho describes it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::module::ModuleName;
use crate::value::open_enum::open_enum;
use crate::value::{Extra, or_default};

/// A field of a module, as Zoho describes it. The names are Zoho's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Field {
    /// Zoho's id of it.
    pub id: Option<String>,
    /// Its name in the API, such as `Last_Name`.
    #[serde(deserialize_with = "or_default")]
    pub api_name: String,
    /// Its name for people, such as `Last Name`.
    #[serde(deserialize_with = "or_default")]
    pub field_label: String,
    /// What it holds.
    #[serde(deserialize_with = "or_default")]
    pub data_type: FieldType,
    /// What it is in JSON: `string`, `integer`, `double`, `boolean`, `jsonobject` or `jsonarray`.
    pub json_type: Option<String>,
    /// How many letters or digits it takes.
    pub length: Option<u64>,
    /// How many of the digits are behind the decimal point.
    pub decimal_place: Option<u64>,
    /// Whether no record is without it.
    #[serde(deserialize_with = "or_default")]
    pub system_mandatory: bool,
    /// Whether nobody may set it.
    #[serde(deserialize_with = "or_default")]
    pub read_only: bool,
    /// Whether this user may not set it.
    #[serde(deserialize_with = "or_default")]
    pub field_read_only: bool,
    /// What the API may do with it.
    pub operation_type: Option<OperationType>,
    /// Whether the organisation made it.
    #[serde(deserialize_with = "or_default")]
    pub custom_field: bool,
    /// How two records may not have the same value; empty, if they may: see [`is_unique`](Self::is_unique).
    #[serde(deserialize_with = "or_default")]
    pub unique: Extra,
    /// The values of a pick list.
    #[serde(deserialize_with = "or_default")]
    pub pick_list_values: Vec<PickListValue>,
    /// Which records a lookup means.
    pub lookup: Option<LookupTarget>,
    /// What the rows of a subform are.
    pub subform: Option<SubformTarget>,
    /// What it is when nothing is set.
    pub default_value: Option<Value>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Field {
    /// Whether no two records may have the same value.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        !self.unique.is_empty()
    }

    /// The values of a pick list, as records have them.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.pick_list_values.iter().map(|value| value.display_value.as_str())
    }

    /// Whether a record may be created with it.
    #[must_use]
    pub fn can_be_created(&self) -> bool {
        self.may_be_set(|operation| operation.api_create)
    }

    /// Whether it may be changed.
    #[must_use]
    pub fn can_be_updated(&self) -> bool {
        self.may_be_set(|operation| operation.api_update)
    }

    /// What the API may do decides, where Zoho says it: `Owner` is `field_read_only` and may be set all the same. Of a
    /// subform Zoho says that the API may not set it, though it is set with its record.
    fn may_be_set(&self, allowed: impl Fn(&OperationType) -> Option<bool>) -> bool {
        match self.operation_type.as_ref().and_then(allowed) {
            Some(allowed) if self.data_type != FieldType::Subform => allowed,
            _ => !self.read_only,
        }
    }
}

open_enum! {
    /// What a field holds.
    pub enum FieldType {
        /// One line.
        Text = "text",
        /// Several lines.
        TextArea = "textarea",
        /// An e-mail address.
        Email = "email",
        /// A telephone number.
        Phone = "phone",
        /// The address of a web page.
        Website = "website",
        /// A whole number.
        Integer = "integer",
        /// A whole number of many digits, which the API writes as a text.
        BigInteger = "bigint",
        /// A number.
        Double = "double",
        /// An amount of money.
        Currency = "currency",
        /// A number of per cent.
        Percent = "percent",
        /// True or false.
        Boolean = "boolean",
        /// A day.
        Date = "date",
        /// A moment.
        DateTime = "datetime",
        /// One of some values.
        PickList = "picklist",
        /// Any of some values.
        MultiSelectPickList = "multiselectpicklist",
        /// Another record.
        Lookup = "lookup",
        /// Other records.
        MultiSelectLookup = "multiselectlookup",
        /// The user whose record it is.
        OwnerLookup = "ownerlookup",
        /// A user.
        UserLookup = "userlookup",
        /// Users.
        MultiUserLookup = "multiuserlookup",
        /// Rows with fields of their own.
        Subform = "subform",
        /// Files.
        FileUpload = "fileupload",
        /// Images.
        ImageUpload = "imageupload",
        /// The record's picture.
        ProfileImage = "profileimage",
        /// On what ground a person's data is processed.
        ConsentLookup = "consent_lookup",
        /// A number that Zoho counts up.
        AutoNumber = "autonumber",
        /// What Zoho makes of other fields.
        Formula = "formula",
        /// What Zoho makes of other records.
        RollupSummary = "rollup_summary",
    }
}

impl Default for FieldType {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

/// One value of a pick list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PickListValue {
    /// Zoho's id of it.
    pub id: Option<String>,
    /// What records have, and people see.
    #[serde(deserialize_with = "or_default")]
    pub display_value: String,
    /// What it was called first: it stays when it is renamed.
    pub actual_value: Option<String>,
    /// `used`, or `unused` for one that is not offered any more.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What the API and people may do with a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OperationType {
    /// Whether the API may set it in a new record.
    pub api_create: Option<bool>,
    /// Whether the API may change it.
    pub api_update: Option<bool>,
    /// Whether people may set it in a new record.
    pub web_create: Option<bool>,
    /// Whether people may change it.
    pub web_update: Option<bool>,
}

/// Which records a lookup means.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LookupTarget {
    /// The records of which module; empty for a field that is no lookup.
    pub module: Option<ModuleName>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What the rows of a subform are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SubformTarget {
    /// The rows' own module.
    pub module: Option<String>,
    /// The rows' fields, where Zoho says so.
    #[serde(deserialize_with = "or_default")]
    pub fields: Vec<Field>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}
