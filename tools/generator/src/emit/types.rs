//! Writes structs and enums.

use std::fmt::Write as _;

use super::rust;
use crate::model::{Field, Name, OtherKind, Type, TypeContent, TypeRef};

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
    let _ = writeln!(text, "described! {{\n    /// {}.\n    pub struct {} {{", kind.sentence, kind.name);
    for Field { wire, name, kind: of, other } in fields {
        let other = match other {
            Some(OtherKind::Number) => " or_number",
            Some(OtherKind::Text) => " or_text",
            None => "",
        };
        let _ = writeln!(text, "        /// The field `{wire}`.");
        let _ =
            writeln!(text, "        pub {name}: Nullable<{}> = {wire:?}{other},", rust_in(of, &kind.name));
    }
    text.push_str("    }\n}\n\n");
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
