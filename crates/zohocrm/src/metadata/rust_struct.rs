//! `rust_struct`: generates a Rust type for the records of a module.

use std::collections::HashSet;

use super::field::{Field, FieldType};

/// Generates a Rust struct for the records of a module, with serde's derives, and an enum for each pick list. The code uses
/// the crates `serde` and `zohocrm`.
///
/// Each field is an `Option`: a record may lack it, and `None` is not serialized, so that an update leaves the field unchanged.
/// Names are derived from API names and numbered if two would be the same.
///
/// ```
/// use zohocrm::metadata::{Field, rust_struct};
///
/// let fields: Vec<Field> = serde_json::from_str(
///     r#"[{"api_name": "Last_Name", "field_label": "Last Name", "data_type": "text"}]"#,
/// )?;
/// let code = rust_struct("Leads", &fields);
/// assert!(code.contains("pub struct Leads {"));
/// assert!(code.contains(r#"#[serde(rename = "Last_Name", "#));
/// assert!(code.contains("pub last_name: Option<String>,"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn rust_struct(module: &str, fields: &[Field]) -> String {
    let mut file = RustFile::default();
    file.add_struct(module, &format!("A record of `{}`.", plain(module)), fields);
    let uses: Vec<&str> = USES.iter().copied().filter(|name| file.uses.contains(name)).collect();
    let uses = match uses.as_slice() {
        [] => String::new(),
        [name] => format!("use zohocrm::{name};\n"),
        names => format!("use zohocrm::{{{}}};\n", names.join(", ")),
    };
    format!("use serde::{{Deserialize, Serialize}};\n{uses}\n{}", file.items.join("\n"))
}

/// The types of this crate that a struct can use.
const USES: [&str; 8] = ["Consent", "Date", "DateTime", "FileField", "Lookup", "Number", "Record", "Value"];

#[derive(Debug, Default)]
struct RustFile {
    items: Vec<String>,
    uses: HashSet<&'static str>,
    type_names: Names,
}

impl RustFile {
    /// Adds a struct, followed by the types that it uses, and returns its name.
    fn add_struct(&mut self, name: &str, about: &str, fields: &[Field]) -> String {
        let name = self.type_names.take(camel_case(name, "Module"));
        let index = self.items.len();
        self.items.push(String::new());
        let mut names = Names::default();
        let mut lines = Vec::new();
        for field in fields {
            let kind = self.type_of(&name, field);
            let member = names.take(snake_case(&field.api_name));
            let about = match plain(&field.field_label) {
                label if label.is_empty() => plain(&field.api_name),
                label => label,
            };
            lines.push(format!("    /// {about}\n"));
            let rename = match member == field.api_name {
                true => String::new(),
                false => format!("rename = {:?}, ", field.api_name),
            };
            lines.push(format!("    #[serde({rename}skip_serializing_if = \"Option::is_none\")]\n"));
            lines.push(format!("    pub {member}: Option<{kind}>,\n"));
        }
        self.items[index] = format!(
            "/// {about}\n#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]\n\
             #[serde(default)]\npub struct {name} {{\n{}}}\n",
            lines.concat()
        );
        name
    }

    fn type_of(&mut self, owner: &str, field: &Field) -> String {
        let is_list = field.json_type.as_deref() == Some("jsonarray");
        match &field.data_type {
            FieldType::PickList => self.add_enum(owner, field),
            FieldType::MultiSelectPickList => format!("Vec<{}>", self.add_enum(owner, field)),
            FieldType::Integer => "i64".to_owned(),
            FieldType::Double | FieldType::Currency | FieldType::Percent => self.used("Number"),
            FieldType::Boolean => "bool".to_owned(),
            FieldType::Date => self.used("Date"),
            FieldType::DateTime => self.used("DateTime"),
            FieldType::Lookup | FieldType::OwnerLookup | FieldType::UserLookup => self.used("Lookup"),
            FieldType::ConsentLookup => self.used("Consent"),
            FieldType::FileUpload | FieldType::ImageUpload => format!("Vec<{}>", self.used("FileField")),
            FieldType::Subform => format!("Vec<{}>", self.row(owner, field)),
            FieldType::MultiSelectLookup | FieldType::MultiUserLookup => {
                format!("Vec<{}>", self.used("Record"))
            }
            FieldType::Text
            | FieldType::TextArea
            | FieldType::Email
            | FieldType::Phone
            | FieldType::Website
            | FieldType::BigInteger
            | FieldType::AutoNumber
            | FieldType::ProfileImage
                if !is_list =>
            {
                "String".to_owned()
            }
            _ => match field.json_type.as_deref() {
                Some("string") => "String".to_owned(),
                Some("integer") => "i64".to_owned(),
                Some("double") => self.used("Number"),
                Some("boolean") => "bool".to_owned(),
                Some("jsonarray") => format!("Vec<{}>", self.used("Value")),
                _ => self.used("Value"),
            },
        }
    }

    /// Returns the type of the rows of a subform, which is a struct if Zoho sends their fields.
    fn row(&mut self, owner: &str, field: &Field) -> String {
        match &field.subform {
            Some(subform) if !subform.fields.is_empty() => {
                let about = format!("A row of `{}`.", plain(&field.api_name));
                self.add_struct(&format!("{owner} {} Row", field.api_name), &about, &subform.fields)
            }
            _ => self.used("Record"),
        }
    }

    /// Returns the type of a pick list, which is an enum unless the list has no values and may contain any text.
    fn add_enum(&mut self, owner: &str, field: &Field) -> String {
        if field.pick_list_values.is_empty() {
            return "String".to_owned();
        }
        let name = self.type_names.take(camel_case(&format!("{owner} {}", field.api_name), "PickList"));
        let mut names = Names::default();
        names.take("Other".to_owned());
        let mut seen = HashSet::new();
        let values = field.values().filter(|value| seen.insert(*value));
        let variant = |value: &str| {
            let name = names.take(camel_case(value, "Value"));
            let rename =
                if name == value { String::new() } else { format!("    #[serde(rename = {value:?})]\n") };
            format!("    /// {}\n{rename}    {name},\n", quoted(value))
        };
        let variants: String = values.map(variant).collect();
        self.items.push(format!(
            "/// The values of `{}`.\n#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]\n\
             pub enum {name} {{\n{variants}    /// A value that is none of these.\n    #[serde(untagged)]\n    \
             Other(String),\n}}\n",
            plain(&field.api_name)
        ));
        name
    }

    fn used(&mut self, name: &'static str) -> String {
        self.uses.insert(name);
        name.to_owned()
    }
}

/// The names that are taken in one scope.
#[derive(Debug, Default)]
struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Takes a name, with a number if it is already taken.
    fn take(&mut self, name: String) -> String {
        let numbered = (2_u32..).map(|number| match name.ends_with(|last: char| last.is_ascii_digit()) {
            true => format!("{name}_{number}"),
            false => format!("{name}{number}"),
        });
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !self.taken.contains(name));
        let free = free.unwrap_or(name);
        self.taken.insert(free.clone());
        free
    }
}

/// `Last_Name` and `lastName` become `last_name`. Letters outside of ASCII are dropped, because some of them look
/// alike.
fn snake_case(text: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        before = letter;
    }
    let name = name.trim_end_matches('_').to_owned();
    match name.chars().next() {
        None => "field".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("field_{name}"),
        Some(_) if KEYWORDS.contains(&name.as_str()) => format!("{name}_"),
        Some(_) => name,
    }
}

/// `Cold Call` becomes `ColdCall`.
fn camel_case(text: &str, otherwise: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
    match name.chars().next() {
        None => otherwise.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{otherwise}{name}"),
        Some(_) if TAKEN.contains(&name.as_str()) => format!("{name}{otherwise}"),
        Some(_) => name,
    }
}

/// Makes a text safe for a comment: on one line, and without changes of the writing direction.
fn plain(text: &str) -> String {
    let is_odd = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(is_odd, " ").trim().to_owned()
}

/// Quotes a value of a pick list for a comment.
fn quoted(text: &str) -> String {
    format!("`{}`", plain(text).replace('`', "'"))
}

/// Names that a member cannot have.
const KEYWORDS: [&str; 53] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield", "union", "raw",
];

/// Names that a type or variant cannot have, because they would hide a name that the code uses.
const TAKEN: [&str; 19] = [
    "Self",
    "Option",
    "Vec",
    "String",
    "Some",
    "None",
    "Ok",
    "Err",
    "Box",
    "Serialize",
    "Deserialize",
    "Consent",
    "Date",
    "DateTime",
    "FileField",
    "Lookup",
    "Number",
    "Record",
    "Value",
];
