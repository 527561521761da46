use serde::{Deserialize, Serialize};
use zohocrm::{Consent, Date, DateTime, FileField, Lookup, Number};

/// A record of `Students`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Students {
    /// Name
    #[serde(rename = "Name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Status
    #[serde(rename = "Status", skip_serializing_if = "Option::is_none")]
    pub status: Option<StudentsStatus>,
    /// type
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<StudentsType>,
    /// Colors
    #[serde(rename = "Colors", skip_serializing_if = "Option::is_none")]
    pub colors: Option<Vec<StudentsColors>>,
    /// Last Name  */ // \u{0}
    #[serde(rename = "Last_Name", skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// lastName
    #[serde(rename = "lastName", skip_serializing_if = "Option::is_none")]
    pub last_name2: Option<String>,
    /// last name
    #[serde(rename = "last_name", skip_serializing_if = "Option::is_none")]
    pub last_name3: Option<String>,
    /// self
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    pub self_: Option<String>,
    /// 2nd Name
    #[serde(rename = "2nd_Name", skip_serializing_if = "Option::is_none")]
    pub field_2nd_name: Option<String>,
    /// Age
    #[serde(rename = "Age", skip_serializing_if = "Option::is_none")]
    pub age: Option<i64>,
    /// Number
    #[serde(rename = "Number", skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Fee
    #[serde(rename = "Fee", skip_serializing_if = "Option::is_none")]
    pub fee: Option<Number>,
    /// Present
    #[serde(rename = "Present", skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    /// Born
    #[serde(rename = "Born", skip_serializing_if = "Option::is_none")]
    pub born: Option<Date>,
    /// Seen
    #[serde(rename = "Seen", skip_serializing_if = "Option::is_none")]
    pub seen: Option<DateTime>,
    /// School
    #[serde(rename = "School", skip_serializing_if = "Option::is_none")]
    pub school: Option<Lookup>,
    /// Certificates
    #[serde(rename = "Certificates", skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<FileField>>,
    /// Data Privacy
    #[serde(rename = "Data_Privacy", skip_serializing_if = "Option::is_none")]
    pub data_privacy: Option<Consent>,
    /// Marks
    #[serde(rename = "Marks", skip_serializing_if = "Option::is_none")]
    pub marks: Option<Vec<StudentsMarksRow>>,
    /// Record Id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Student Owner
    #[serde(rename = "Owner", skip_serializing_if = "Option::is_none")]
    pub owner: Option<Lookup>,
}

/// The values of `Status`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StudentsStatus {
    /// `Active`
    Active,
    /// `On Leave`
    #[serde(rename = "On Leave")]
    OnLeave,
    /// A value that is none of these.
    #[serde(untagged)]
    Other(String),
}

/// The values of `type`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StudentsType {
    /// `Cold Call`
    #[serde(rename = "Cold Call")]
    ColdCall,
    /// `cold-call`
    #[serde(rename = "cold-call")]
    ColdCall2,
    /// `Self`
    #[serde(rename = "Self")]
    SelfValue,
    /// `Other`
    #[serde(rename = "Other")]
    Other2,
    /// `None`
    #[serde(rename = "None")]
    NoneValue,
    /// `100%`
    #[serde(rename = "100%")]
    Value100,
    /// `中文`
    #[serde(rename = "中文")]
    Value,
    /// `日本`
    #[serde(rename = "日本")]
    Value2,
    /// `a"b\c`
    #[serde(rename = "a\"b\\c")]
    ABC,
    /// `'tick'`
    #[serde(rename = "`tick`\u{202e}")]
    Tick,
    /// A value that is none of these.
    #[serde(untagged)]
    Other(String),
}

/// The values of `Colors`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StudentsColors {
    /// `Red`
    Red,
    /// `Blue`
    Blue,
    /// A value that is none of these.
    #[serde(untagged)]
    Other(String),
}

/// A row of `Marks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StudentsMarksRow {
    /// Points
    #[serde(rename = "Points", skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// Remark
    #[serde(rename = "Remark", skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}
