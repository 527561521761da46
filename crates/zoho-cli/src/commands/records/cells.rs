//! `Cells`: converts the cells of CSV to the types of their fields. CSV has only strings, and Zoho accepts a number only
//! as a JSON number.

use serde_json::{Value, json};
use zohocrm::metadata::{Field, Fields};
use zohocrm::{Crm, Record};

use crate::failure::Failure;
use crate::messages::{NextStep, Problem};

/// The fields of a module, which determine the types of cells.
pub(super) struct Cells {
    module: String,
    fields: Fields,
}

impl Cells {
    /// Reads the fields of a module.
    pub(super) async fn of(crm: &Crm, module: &str) -> Result<Self, Failure> {
        let fields = crm
            .metadata()
            .fields(module)
            .await
            .map_err(|error| Failure::from(error).next_step(NextStep::GiveJson))?;
        Ok(Self { module: module.to_owned(), fields })
    }

    /// Rejects columns that are not fields, because Zoho would silently ignore them.
    pub(super) fn check<'a>(&self, columns: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
        let is_unknown = |name: &&str| *name != "id" && self.fields.field(name).is_none();
        let columns: Vec<String> = columns.into_iter().filter(is_unknown).map(str::to_owned).collect();
        if columns.is_empty() {
            return Ok(());
        }
        Err(Problem::UnknownColumns { module: self.module.clone(), columns }.into())
    }

    /// Converts a row of strings to a record.
    pub(super) fn record(&self, row: &Record) -> Record {
        let cell = |(name, value): (&String, &Value)| {
            let text = value.as_str().unwrap_or_default();
            let meant = self.fields.field(name).and_then(|field| meaning(field, text));
            (name.clone(), meant.unwrap_or_else(|| value.clone()))
        };
        row.fields().iter().map(cell).collect()
    }
}

/// Converts a string to the type of a field. `None` if it stays a string, or is not a valid value, which Zoho reports.
fn meaning(field: &Field, text: &str) -> Option<Value> {
    match field.json_type.as_deref()? {
        "integer" => text.parse::<i64>().ok().map(Value::from),
        // JSON has no NaN; it would become null and clear the field.
        "double" => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
        "boolean" => text.to_ascii_lowercase().parse::<bool>().ok().map(Value::from),
        "jsonobject" if text.starts_with('{') => serde_json::from_str(text).ok(),
        "jsonobject" => Some(json!({ "id": text })),
        "jsonarray" if text.starts_with('[') => serde_json::from_str(text).ok(),
        "jsonarray" => Some(text.split(';').map(str::trim).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_is_not_a_number_stays_a_string_and_never_clears_the_field() {
        let field: Field = serde_json::from_value(json!({ "json_type": "double" })).unwrap();
        assert_eq!(meaning(&field, "1.5"), Some(json!(1.5)));
        for text in ["NaN", "inf", "-infinity", "1e999", "n/a"] {
            assert_eq!(meaning(&field, text), None, "{text}");
        }
    }
}
