//! Counts how much of the API the client covers, and how much of that is typed.

use std::fmt;

use crate::model::{Body, Client, Response, TypeContent, TypeRef};
use crate::passes::merge::LeftOut;

/// The figures that `cargo xtask coverage` prints.
#[derive(Debug)]
pub struct Coverage {
    /// Operations in the OpenAPI files.
    pub in_specification: usize,
    /// Operations that only the official SDK has.
    pub only_in_sdk: usize,
    /// Operations that were left out, with reasons.
    pub left_out: Vec<LeftOut>,
    /// Operations that were generated.
    pub generated: usize,
    /// Generated operations that return JSON of a known type.
    pub typed_responses: usize,
    /// Generated operations that return a file.
    pub downloads: usize,
    /// Generated operations that send JSON of a known type.
    pub typed_bodies: usize,
    /// Generated operations that send a file.
    pub uploads: usize,
    /// Bodies and responses that no source describes.
    pub untyped: Vec<String>,
    /// Generated structs.
    pub structs: usize,
    /// Fields of these structs.
    pub fields: usize,
    /// Fields that accept any value.
    pub untyped_fields: usize,
    /// Generated enums.
    pub enums: usize,
    /// The members that are text in one of Zoho's files and a number in another.
    pub text_or_number: Vec<String>,
}

impl Coverage {
    /// Counts what `client` contains.
    #[must_use]
    pub fn of(client: &Client, in_specification: usize, only_in_sdk: usize, left_out: Vec<LeftOut>) -> Self {
        let mut coverage = Self {
            in_specification,
            only_in_sdk,
            left_out,
            generated: 0,
            typed_responses: 0,
            downloads: 0,
            typed_bodies: 0,
            uploads: 0,
            untyped: Vec::new(),
            structs: 0,
            fields: 0,
            untyped_fields: 0,
            enums: 0,
            text_or_number: Vec::new(),
        };
        for area in &client.areas {
            for operation in &area.operations {
                let name = format!("{}.{}", area.name, operation.name);
                coverage.generated += 1;
                match &operation.response {
                    Response::Bytes => coverage.downloads += 1,
                    Response::Json(kind) if kind.is_untyped() => {
                        coverage.untyped.push(format!("the response of {name}"))
                    }
                    Response::Json(_) => coverage.typed_responses += 1,
                }
                match &operation.body {
                    None => {}
                    Some(Body::Form { .. }) => coverage.uploads += 1,
                    Some(Body::Json(kind)) if kind.is_untyped() => {
                        coverage.untyped.push(format!("the body of {name}"))
                    }
                    Some(Body::Json(_)) => coverage.typed_bodies += 1,
                }
            }
        }
        for kind in client.areas.iter().flat_map(|area| &area.types).chain(&client.shared) {
            match &kind.content {
                TypeContent::Enum(_) => coverage.enums += 1,
                TypeContent::Struct(fields) => {
                    coverage.structs += 1;
                    coverage.fields += fields.len();
                    let untyped = |kind: &TypeRef| kind.is_untyped();
                    coverage.untyped_fields += fields.iter().filter(|field| untyped(&field.kind)).count();
                }
            }
        }
        coverage
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            ("operations in the OpenAPI files", self.in_specification),
            ("operations that only the official SDK has", self.only_in_sdk),
            ("operations in total", self.in_specification + self.only_in_sdk),
            ("left out", self.left_out.len()),
            ("generated", self.generated),
            ("typed responses", self.typed_responses),
            ("responses that are files", self.downloads),
            ("typed bodies", self.typed_bodies),
            ("bodies that are files", self.uploads),
            ("untyped responses and bodies", self.untyped.len()),
            ("structs", self.structs),
            ("fields", self.fields),
            ("untyped fields", self.untyped_fields),
            ("enums", self.enums),
            ("members that are text here and a number there", self.text_or_number.len()),
        ];
        for (what, count) in lines {
            writeln!(formatter, "{count:>6}  {what}")?;
        }
        writeln!(formatter, "\nUntyped:")?;
        for what in &self.untyped {
            writeln!(formatter, "  {what}")?;
        }
        writeln!(formatter, "\nText here and a number there: {}", self.text_or_number.join(", "))?;
        writeln!(formatter, "\nLeft out:")?;
        for LeftOut { operation, reason } in &self.left_out {
            writeln!(formatter, "  {operation}: {reason}")?;
        }
        Ok(())
    }
}
