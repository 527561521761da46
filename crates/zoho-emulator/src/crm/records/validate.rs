//! Validates the fields of a record against its module.

use std::sync::Arc;

use serde_json::{Value, json};

use super::tags::named_tags;
use super::writer::Writer;
use crate::bodies::{failure, invalid_data, mandatory_not_found};
use crate::digits;
use crate::model::metadata::{Field, Kind, Module};
use crate::model::records::{Fields, Person, Record, id_of, parse_id};
use crate::timestamp::{is_date, iso8601, parse_iso8601};
use crate::world::state::State;

/// The validated fields of a write. `null` clears a field.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) fields: Fields,
    pub(crate) owner: Option<Arc<Person>>,
}

/// Whether the fields are for a new record or for a change of an existing one.
#[derive(Clone, Copy)]
pub(crate) enum Purpose<'a> {
    Create,
    Change(&'a Record),
}

/// Validates the fields of a record. Unknown and read-only fields are dropped, as Zoho does.
///
/// The failure names the first field that is invalid or missing. `path` locates the record in the body.
pub(crate) fn validate(
    writer: &Writer<'_>,
    state: &mut State,
    module: &Module,
    mut sent: Fields,
    purpose: Purpose<'_>,
    path: &str,
) -> Result<Draft, Value> {
    let mut draft = Draft::default();
    for field in &module.fields {
        let name = &field.api_name;
        let path = format!("{path}.{name}");
        let value = match sent.remove(name) {
            Some(_) if field.read_only => continue,
            Some(value) => value,
            None if matches!(purpose, Purpose::Create) && field.mandatory => {
                return Err(mandatory_not_found(name, &path));
            }
            None => continue,
        };
        let empty =
            value.is_null() || value == "" || matches!(field.kind, Kind::PickList(_)) && value == "-None-";
        if empty && field.mandatory {
            return Err(mandatory_not_found(name, &path));
        }
        if field.kind == Kind::Owner {
            draft.owner = Some(user(writer, field, &value, &path)?);
        } else if empty {
            draft.fields.insert(name.clone(), Value::Null);
        } else {
            let before = match purpose {
                Purpose::Create => None,
                Purpose::Change(record) => record.fields.get(name),
            };
            let mut checker = Checker { writer, state, module: &module.api_name, before };
            draft.fields.insert(name.clone(), checker.check(field, value, &path)?);
        }
    }
    Ok(draft)
}

/// The context in which a value is checked.
struct Checker<'a> {
    writer: &'a Writer<'a>,
    state: &'a mut State,
    module: &'a str,
    /// The current value of the field.
    before: Option<&'a Value>,
}

impl Checker<'_> {
    /// The value as it is stored.
    fn check(&mut self, field: &Field, value: Value, path: &str) -> Result<Value, Value> {
        let wrong = || wrong_type(field, path);
        match &field.kind {
            Kind::Text | Kind::TextArea => self.text(field, value, path, |_| true),
            Kind::Email => self.text(field, value, path, is_email),
            Kind::Phone => self.text(field, value, path, is_phone),
            Kind::Website => self.text(field, value, path, is_website),
            Kind::Date => self.text(field, value, path, is_date),
            Kind::DateTime => {
                let timestamp = value.as_str().and_then(parse_iso8601).ok_or_else(wrong)?;
                Ok(json!(iso8601(timestamp)))
            }
            Kind::Integer => {
                let number = value.as_i64().ok_or_else(wrong)?;
                if number.unsigned_abs().to_string().len() > field.length {
                    Err(too_long(field, path))
                } else {
                    Ok(value)
                }
            }
            Kind::BigInteger => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                text.parse::<i64>().map(|_| json!(text)).map_err(|_| wrong())
            }
            Kind::Double | Kind::Currency | Kind::Percent => {
                let number = digits::as_f64(&value).ok_or_else(wrong)?;
                if number.abs().log10() >= field.length as f64 {
                    Err(too_long(field, path))
                } else {
                    Ok(value)
                }
            }
            Kind::Boolean if value.is_boolean() => Ok(value),
            Kind::Boolean => Err(wrong()),
            Kind::PickList(values) => one_of(field, values, value, path),
            Kind::MultiSelectPickList(values) => {
                let Value::Array(chosen) = value else { return Err(wrong()) };
                let chosen = chosen.into_iter().enumerate();
                chosen
                    .map(|(index, value)| one_of(field, values, value, &format!("{path}[{index}]")))
                    .collect()
            }
            Kind::Lookup(module) => self.lookup(field, &value, Some(module), path),
            Kind::AnyRecord => self.lookup(field, &value, None, path),
            Kind::User => user(self.writer, field, &value, path).map(|person| person.with_name()),
            Kind::Subform(columns) => self.rows(field, columns, value, path),
            Kind::Tags => {
                let tags = value.as_array().ok_or_else(wrong)?;
                named_tags(self.writer, self.state, self.module, tags, path).map(Value::Array)
            }
            Kind::FileUpload | Kind::ImageUpload if value.is_array() => Ok(value),
            Kind::Consent if value.is_object() => Ok(value),
            Kind::FileUpload | Kind::ImageUpload | Kind::Consent => Err(wrong()),
            Kind::Owner | Kind::RecordImage | Kind::AutoNumber => Ok(value),
        }
    }

    fn text(&self, field: &Field, value: Value, path: &str, fits: fn(&str) -> bool) -> Result<Value, Value> {
        let text = value.as_str().filter(|text| fits(text)).ok_or_else(|| wrong_type(field, path))?;
        if text.chars().count() > field.length { Err(too_long(field, path)) } else { Ok(value) }
    }

    /// A record by its id: `{"id": "…"}` or only the id.
    fn lookup(&self, field: &Field, value: &Value, module: Option<&str>, path: &str) -> Result<Value, Value> {
        let id = id_of(value.get("id").unwrap_or(value)).ok_or_else(|| wrong_type(field, path))?;
        let organization = self.writer.organization;
        let records = &self.state.records;
        let known = match module {
            Some(module) => records.get(organization, module, &id).map(|record| (module, record)),
            None => records
                .tables(organization)
                .find_map(|(module, table)| Some((module, table.get(parse_id(&id)?)?))),
        };
        let Some((of, record)) = known else {
            let details = json!({ "api_name": field.api_name, "json_path": format!("{path}.id") });
            return Err(failure("INVALID_DATA", &details, "the related id given seems to be invalid"));
        };
        let of = self.writer.metadata.module(of);
        let name = of.as_ref().map(|module| record.value(&module.display_field).into_owned());
        let mut kept = json!({ "name": name, "id": record.id() });
        if module.is_none() {
            kept["module"] = of.map_or(Value::Null, |module| module.reference());
        }
        Ok(kept)
    }

    /// The rows of a subform. A row with an id changes the existing row, or removes it with `_delete`; others are new.
    fn rows(&mut self, field: &Field, columns: &[Field], value: Value, path: &str) -> Result<Value, Value> {
        let Value::Array(sent) = value else { return Err(wrong_type(field, path)) };
        let before = self.before.take();
        let mut rows = before.and_then(Value::as_array).cloned().unwrap_or_default();
        let now = iso8601(self.writer.world.now_ms());
        for (index, row) in sent.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Value::Object(mut row) = row else {
                return Err(invalid_data(&field.api_name, "jsonobject", &path));
            };
            let id = row.get("id").filter(|id| !id.is_null());
            let known = id.map(|id| rows.iter().position(|row| id_of(&row["id"]) == id_of(id)));
            let at = match known {
                Some(None) => {
                    let details = json!({ "api_name": "id", "json_path": format!("{path}.id") });
                    return Err(failure("INVALID_DATA", &details, "the id given seems to be invalid"));
                }
                Some(Some(at)) if row.contains_key("_delete") => {
                    rows.remove(at);
                    continue;
                }
                Some(Some(at)) => at,
                None => {
                    let id = self.state.records.new_id().to_string();
                    rows.push(
                        json!({ "id": id, "Created_Time": now, "$in_merge": false, "$field_states": null }),
                    );
                    rows.len() - 1
                }
            };
            for column in columns {
                let name = &column.api_name;
                let value = match row.remove(name) {
                    None if rows[at].get(name).is_some() => continue,
                    None | Some(Value::Null) => Value::Null,
                    Some(value) => self.check(column, value, &format!("{path}.{name}"))?,
                };
                rows[at][name] = value;
            }
            rows[at]["Modified_Time"] = json!(now);
        }
        Ok(Value::Array(rows))
    }
}

/// A user of the organization, by id or email address.
fn user(writer: &Writer<'_>, field: &Field, value: &Value, path: &str) -> Result<Arc<Person>, Value> {
    let id = id_of(value.get("id").unwrap_or(value));
    let email = value.get("email").and_then(Value::as_str);
    if id.is_none() && email.is_none() {
        return Err(wrong_type(field, path));
    }
    writer.colleague(id.as_deref(), email).ok_or_else(|| {
        let details = json!({ "api_name": field.api_name, "json_path": format!("{path}.id") });
        failure("INVALID_DATA", &details, "the id given seems to be invalid")
    })
}

/// A value of a pick list. Zoho does not document its error for an unknown value.
fn one_of(field: &Field, values: &[String], value: Value, path: &str) -> Result<Value, Value> {
    let text = value.as_str().ok_or_else(|| invalid_data(&field.api_name, field.kind.data_type(), path))?;
    if values.iter().any(|known| known == text) {
        return Ok(value);
    }
    let details = json!({ "supported_values": values, "api_name": field.api_name, "json_path": path });
    Err(failure("INVALID_DATA", &details, "invalid data"))
}

fn wrong_type(field: &Field, path: &str) -> Value {
    let expected = match field.kind.json_type() {
        structured @ ("jsonobject" | "jsonarray") => structured,
        _ => field.kind.data_type(),
    };
    invalid_data(&field.api_name, expected, path)
}

fn too_long(field: &Field, path: &str) -> Value {
    let details = json!({ "maximum_length": field.length, "api_name": field.api_name, "json_path": path });
    failure("INVALID_DATA", &details, "invalid data")
}

fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@').filter(|(name, _)| !name.is_empty() && !name.contains('@'));
    let host = parts.and_then(|(_, host)| host.rsplit_once('.'));
    host.is_some_and(|(domain, top)| !domain.is_empty() && !top.is_empty())
        && !text.contains(char::is_whitespace)
}

fn is_phone(text: &str) -> bool {
    text.contains(|character: char| character.is_ascii_digit())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "+-()./,#*; ".contains(character))
}

fn is_website(text: &str) -> bool {
    text.contains('.') && !text.contains(char::is_whitespace)
}
