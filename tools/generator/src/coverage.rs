//! How much of the API is there, and how much of it is typed.

use std::fmt;

use crate::model::{Answer, Client, TypeContent, TypeRef};
use crate::passes::merge::LeftOut;
use crate::schema::Content;

/// What `cargo xtask coverage` prints.
#[derive(Debug)]
pub struct Coverage {
    /// Operations that the specification's files hold.
    pub in_specification: usize,
    /// Operations that only the official SDK has.
    pub only_in_sdk: usize,
    /// What is left out, and why.
    pub left_out: Vec<LeftOut>,
    /// Operations that were generated.
    pub generated: usize,
    /// Of these, how many answer with JSON of a known type.
    pub typed_answers: usize,
    /// How many answer with a file.
    pub files_down: usize,
    /// How many send JSON of a known type.
    pub typed_bodies: usize,
    /// How many send a file.
    pub files_up: usize,
    /// Bodies and answers of which nothing is known.
    pub untyped: Vec<String>,
    /// Structs, their fields, enums.
    pub types: (usize, usize, usize),
    /// Fields that are a value or a map of anything.
    pub untyped_fields: usize,
}

impl Coverage {
    /// Counts.
    #[must_use]
    pub fn of(client: &Client, in_specification: usize, only_in_sdk: usize, left_out: Vec<LeftOut>) -> Self {
        let mut coverage = Self {
            in_specification,
            only_in_sdk,
            left_out,
            generated: 0,
            typed_answers: 0,
            files_down: 0,
            typed_bodies: 0,
            files_up: 0,
            untyped: Vec::new(),
            types: (0, 0, 0),
            untyped_fields: 0,
        };
        for area in &client.areas {
            for operation in &area.operations {
                let name = format!("{}.{}", area.name, operation.name);
                coverage.generated += 1;
                match &operation.answer {
                    Answer::Bytes => coverage.files_down += 1,
                    Answer::Json(kind) if kind.is_untyped() => {
                        coverage.untyped.push(format!("the answer of {name}"))
                    }
                    Answer::Json(_) => coverage.typed_answers += 1,
                }
                match &operation.body {
                    None => {}
                    Some(body) if body.content == Content::Form => coverage.files_up += 1,
                    Some(body) if body.kind.is_untyped() => {
                        coverage.untyped.push(format!("the body of {name}"))
                    }
                    Some(_) => coverage.typed_bodies += 1,
                }
            }
        }
        for kind in client.areas.iter().flat_map(|area| &area.types).chain(&client.shared) {
            match &kind.content {
                TypeContent::Enum(_) => coverage.types.2 += 1,
                TypeContent::Struct(fields) => {
                    coverage.types.0 += 1;
                    coverage.types.1 += fields.len();
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
        let (structs, fields, enums) = self.types;
        let lines = [
            ("operations in the specification", self.in_specification),
            ("operations that only the official SDK has", self.only_in_sdk),
            ("together", self.in_specification + self.only_in_sdk),
            ("left out", self.left_out.len()),
            ("generated", self.generated),
            ("typed answers", self.typed_answers),
            ("answers that are files", self.files_down),
            ("typed bodies", self.typed_bodies),
            ("bodies that are files", self.files_up),
            ("untyped answers and bodies", self.untyped.len()),
            ("structs", structs),
            ("fields", fields),
            ("fields of any type", self.untyped_fields),
            ("enums", enums),
        ];
        for (what, count) in lines {
            writeln!(formatter, "{count:>6}  {what}")?;
        }
        writeln!(formatter, "\nUntyped:")?;
        for what in &self.untyped {
            writeln!(formatter, "  {what}")?;
        }
        writeln!(formatter, "\nLeft out:")?;
        for LeftOut { operation, reason } in &self.left_out {
            writeln!(formatter, "  {operation}: {reason}")?;
        }
        Ok(())
    }
}
