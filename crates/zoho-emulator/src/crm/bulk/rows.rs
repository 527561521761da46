//! The rows of an uploaded file, and their results.

use std::borrow::Cow;

use bytes::Bytes;
use csv::StringRecord;
use serde_json::{Value, json};

use super::archive;
use crate::crm::records::Writer;
use crate::digits;
use crate::model::identity::User;
use crate::model::jobs::write::{Counts, Mapping, Operation, Order, Outcome};
use crate::model::metadata::{Kind, Module};
use crate::model::records::{Fields, Person, id_of};
use crate::world::World;
use crate::world::state::State;

const MAX_ROWS: usize = 25_000;
const MAX_COLUMNS: usize = 200;
/// How many columns of the file the result repeats.
const COLUMNS_IN_RESULT: usize = 3;

/// A parsed file.
pub(super) struct Rows<'o> {
    order: &'o Order,
    mappings: Vec<Mapping>,
    file_name: String,
    header: StringRecord,
    rows: Vec<StringRecord>,
}

impl<'o> Rows<'o> {
    /// Parses the file of an order.
    pub(super) fn read(order: &'o Order) -> Result<Self, Value> {
        let failed = |code: &str| json!({ "code": code });
        let (file_name, content) =
            archive::unpack(&order.file).ok_or_else(|| failed("FILE_NOT_SUPPORTED"))?;
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter(&content)).flexible(true).from_reader(&content[..]);
        let header = reader.headers().cloned().map_err(|_| failed("INVALID_FORMAT"))?;
        let rows: Vec<StringRecord> =
            reader.into_records().collect::<Result<_, _>>().map_err(|_| failed("INVALID_FORMAT"))?;
        if header.len() > MAX_COLUMNS {
            return Err(failed("HEADER_LIMIT_EXCEEDED"));
        }
        if rows.len() > MAX_ROWS {
            return Err(failed("LIMIT_EXCEEDED"));
        }
        let mappings = if order.mappings.is_empty() { by_header(&header) } else { order.mappings.clone() };
        if mappings.iter().filter_map(|mapping| mapping.index).any(|index| index >= header.len()) {
            return Err(failed("COLUMN_INDEX_NOT_FOUND"));
        }
        Ok(Self { order, mappings, file_name, header, rows })
    }

    /// Writes every row as a record of the user.
    pub(super) fn write(&self, world: &World, state: &mut State, organization: &str, user: &User) -> Outcome {
        let metadata = state.metadata();
        let person = Person::of(user);
        let writer =
            Writer { world, organization, metadata: &metadata, person: &person, unmodified_since_ms: None };
        let module = metadata.module(&self.order.module);
        let results = self.rows.iter().map(|row| match &module {
            Some(module) => self.write_row(&writer, state, module, row),
            None => RowResult::skipped("MODULE_NOT_AVAILABLE".to_owned()),
        });
        self.outcome(&results.collect::<Vec<_>>())
    }

    fn write_row(
        &self,
        writer: &Writer<'_>,
        state: &mut State,
        module: &Module,
        row: &StringRecord,
    ) -> RowResult {
        let mut fields = Fields::new();
        for mapping in &self.mappings {
            let text = mapping.index.and_then(|index| row.get(index)).unwrap_or_default();
            let value = match (text.is_empty(), &mapping.default) {
                (true, Some(default)) => default.clone(),
                (true, None) if self.order.ignore_empty || self.order.operation == Operation::Insert => {
                    continue;
                }
                (true, None) => Value::Null,
                (false, _) => match self.typed(writer, state, module, mapping, text) {
                    Some(value) => value,
                    None => return RowResult::skipped(format!("INVALID_DATA-{}", self.column_of(mapping))),
                },
            };
            fields.insert(mapping.field.clone(), value);
        }
        let outcome = match self.order.operation {
            Operation::Insert => writer.create(state, module, fields, "$"),
            Operation::Upsert => {
                let find_by: Vec<String> = self.order.find_by.iter().cloned().collect();
                writer.upsert(state, module, fields, &find_by, "$")
            }
            Operation::Update => match self.record_of(writer, state, module, &fields) {
                Some(id) => writer.update(state, module, &id, fields, "$"),
                None => {
                    let find_by = self.order.find_by.as_deref().unwrap_or_default();
                    return RowResult::skipped(format!("RESOURCE_NOT_FOUND-{find_by}"));
                }
            },
        };
        match outcome {
            Ok(result) => RowResult {
                status: if was_added(self.order.operation, &result) { "ADDED" } else { "UPDATED" },
                record_id: result["details"]["id"].as_str().unwrap_or_default().to_owned(),
                errors: String::new(),
            },
            Err(failure) => {
                let column = failure["details"]["api_name"].as_str().unwrap_or_default();
                RowResult::skipped(format!("{}-{column}", failure["code"].as_str().unwrap_or_default()))
            }
        }
    }

    /// The id of the record that a row updates.
    fn record_of(
        &self,
        writer: &Writer<'_>,
        state: &mut State,
        module: &Module,
        fields: &Fields,
    ) -> Option<String> {
        let find_by = self.order.find_by.as_deref()?;
        let value = fields.get(find_by)?;
        if find_by == "id" {
            return id_of(value).map(Cow::into_owned);
        }
        let table = state.records.table_mut(writer.organization, &module.api_name);
        table.find(find_by, value).first().map(u64::to_string)
    }

    /// A cell as the value of its field. `None`: it is not a valid value.
    fn typed(
        &self,
        writer: &Writer<'_>,
        state: &mut State,
        module: &Module,
        mapping: &Mapping,
        text: &str,
    ) -> Option<Value> {
        Some(match &module.find(&mapping.field)?.kind {
            Kind::Integer | Kind::Double | Kind::Currency | Kind::Percent => digits::number(text.trim())?,
            Kind::Boolean => json!(text.trim().to_ascii_lowercase().parse::<bool>().ok()?),
            Kind::MultiSelectPickList(_) => json!(text.split(';').map(str::trim).collect::<Vec<_>>()),
            Kind::Lookup(other) => match &mapping.find_by {
                None => json!({ "id": text }),
                Some(field) => {
                    let table = state.records.table_mut(writer.organization, other);
                    json!({ "id": table.find(field, &json!(text)).first()?.to_string() })
                }
            },
            Kind::AnyRecord | Kind::User | Kind::Owner => json!({ "id": text }),
            _ => json!(text),
        })
    }

    /// The name of a field's column in the file.
    fn column_of<'s>(&'s self, mapping: &'s Mapping) -> &'s str {
        mapping.index.and_then(|index| self.header.get(index)).unwrap_or(&mapping.field)
    }

    fn outcome(&self, results: &[RowResult]) -> Outcome {
        let mut counts = Counts::default();
        let columns: Vec<usize> =
            self.mappings.iter().filter_map(|mapping| mapping.index).take(COLUMNS_IN_RESULT).collect();
        let name = format!("{}-{}", self.order.module, self.file_name);
        let packed = archive::pack(&name, |file| {
            let mut csv = csv::Writer::from_writer(file);
            let names = columns.iter().filter_map(|index| self.header.get(*index));
            csv.write_record(names.chain(["STATUS", "RECORD_ID", "ERRORS"]))?;
            for (row, result) in self.rows.iter().zip(results) {
                match result.status {
                    "ADDED" => counts.added += 1,
                    "UPDATED" => counts.updated += 1,
                    _ => counts.skipped += 1,
                }
                let cells = columns.iter().map(|index| row.get(*index).unwrap_or_default());
                csv.write_record(cells.chain([result.status, &result.record_id, &result.errors]))?;
            }
            csv.flush().map_err(csv::Error::from)
        });
        // The file is written to memory, so this cannot fail.
        Outcome { file_name: self.file_name.clone(), counts, zip: packed.unwrap_or_else(|_| Bytes::new()) }
    }
}

/// The result of a row.
struct RowResult {
    status: &'static str,
    record_id: String,
    /// Error codes, each with the column that it concerns.
    errors: String,
}

impl RowResult {
    fn skipped(errors: String) -> Self {
        Self { status: "SKIPPED", record_id: String::new(), errors }
    }
}

fn was_added(operation: Operation, result: &Value) -> bool {
    match operation {
        Operation::Insert => true,
        Operation::Update => false,
        Operation::Upsert => result["action"] == "insert",
    }
}

/// The delimiter: a comma, semicolon, colon or pipe, whichever is most frequent in the header.
fn delimiter(content: &[u8]) -> u8 {
    let header = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| header.iter().filter(|byte| *byte == delimiter).count();
    *b"|:;,".iter().max_by_key(|delimiter| count(delimiter)).unwrap_or(&b',')
}

/// Maps each column to the field of the same name. `Account_Name.Account_Name` identifies a lookup by that field.
fn by_header(header: &StringRecord) -> Vec<Mapping> {
    let mapping = |(index, name): (usize, &str)| {
        let (field, find_by) = name.split_once('.').map_or((name, None), |(field, by)| (field, Some(by)));
        let find_by = find_by.filter(|by| *by != "id").map(str::to_owned);
        Mapping { field: field.to_owned(), index: Some(index), default: None, find_by }
    };
    header.iter().enumerate().map(mapping).collect()
}
