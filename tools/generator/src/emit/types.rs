//! Writes structs and enums.

use std::fmt::Write as _;

use super::rust;
use crate::model::{Field, Name, Type, TypeContent, TypeRef};

/// Writes a struct or an enum.
pub(super) fn write(text: &mut String, kind: &Type) {
    match &kind.content {
        TypeContent::Enum(variants) => {
            let _ =
                writeln!(text, "open_enum! {{\n    /// {}.\n    pub enum {} {{", kind.sentence, kind.name);
            for (variant, wire) in variants {
                let _ = writeln!(text, "        {variant} = {wire:?},");
            }
            text.push_str("    }\n}\n\n");
        }
        TypeContent::Struct(fields) => {
            structure(text, kind, fields);
            if kind.is_sent && !fields.is_empty() {
                setters(text, kind, fields);
            }
        }
    }
}

fn structure(text: &mut String, kind: &Type, fields: &[Field]) {
    let _ = write!(
        text,
        "/// {}.\n#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]\n#[serde(default)]\n\
         #[non_exhaustive]\npub struct {} {{\n",
        kind.sentence, kind.name
    );
    for field in fields {
        let _ = writeln!(text, "    /// The field `{}`.", field.wire);
        let plain = field.name.strip_prefix("r#").unwrap_or(&field.name);
        let rename = if plain == field.wire { String::new() } else { format!("rename = {:?}, ", field.wire) };
        let _ = writeln!(text, "    #[serde({rename}skip_serializing_if = \"Nullable::is_absent\")]");
        let _ = writeln!(text, "    pub {}: Nullable<{}>,", field.name, rust_in(&field.kind, &kind.name));
    }
    text.push_str(
        "    /// Fields without a named member.\n    #[serde(flatten)]\n    pub extra: Extra,\n}\n\n",
    );
}

fn setters(text: &mut String, kind: &Type, fields: &[Field]) {
    let _ = writeln!(text, "setters! {{\n    {} {{", kind.name);
    for field in fields {
        let _ = writeln!(text, "        {}: {},", field.name, rust_in(&field.kind, &kind.name));
    }
    text.push_str("    }\n}\n\n");
}

/// A type as it is written inside the type `within`, which is `Self` there.
fn rust_in(kind: &TypeRef, within: &str) -> String {
    let own = |name: &Name| match name {
        Name::Own(own) if own == within => Name::Own("Self".to_owned()),
        other => other.clone(),
    };
    rust(&kind.map(&own))
}
