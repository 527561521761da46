//! Writes of a single record, through whichever part of the API they come.

use std::sync::Arc;

use serde_json::{Value, json};

use super::note::check_note;
use super::validate::{Draft, Purpose, validate};
use super::writer::Writer;
use crate::bodies::{Outcome, failure, invalid_id, success};
use crate::crm::request::id_in;
use crate::model::channels::{Change, Event};
use crate::model::metadata::{Kind, Module};
use crate::model::records::{Fields, Record, parse_id};
use crate::world::state::State;

impl Writer<'_> {
    /// Creates a record. `path` locates it in the body, for error details.
    pub(crate) fn create(&self, state: &mut State, module: &Module, fields: Fields, path: &str) -> Outcome {
        let draft = validate(self, state, module, fields, Purpose::Create, path)?;
        if module.api_name == "Notes" {
            check_note(&draft.fields, path)?;
        }
        self.check_unique(state, module, &draft, None, path)?;
        let record = self.insert(state, module, draft);
        Ok(success(&written(record), "record added"))
    }

    /// Changes the given fields of a record.
    pub(crate) fn update(
        &self,
        state: &mut State,
        module: &Module,
        id: &str,
        fields: Fields,
        path: &str,
    ) -> Outcome {
        self.change(state, module, id, fields, path, "RECORD_MODIFIED")
    }

    /// Changes the record that has the same value in one of the duplicate check fields, or creates one.
    ///
    /// In addition to the fields in `requested`, Zoho always checks unique fields and certain fields of standard modules.
    pub(crate) fn upsert(
        &self,
        state: &mut State,
        module: &Module,
        fields: Fields,
        requested: &[String],
        path: &str,
    ) -> Outcome {
        let unique = module.fields.iter().filter(|field| field.unique).map(|field| &field.api_name);
        let table = state.records.table_mut(self.organization, &module.api_name);
        let id = match fields.get("id") {
            None | Some(Value::Null) => None,
            Some(_) => parse_id(&id_in(&fields, "id", path)?),
        };
        let by_id = id.filter(|id| table.get(*id).is_some()).map(|id| (id, "id".to_owned()));
        let duplicate = by_id.or_else(|| {
            requested.iter().chain(&module.duplicate_check_fields).chain(unique).find_map(|field| {
                let ids = table.find(field, fields.get(field)?);
                ids.first().map(|id| (*id, field.clone()))
            })
        });
        let (mut result, action, field) = match duplicate {
            Some((id, field)) => {
                let changed =
                    self.change(state, module, &id.to_string(), fields, path, "ALREADY_MODIFIED")?;
                (changed, "update", json!(field))
            }
            None => (self.create(state, module, fields, path)?, "insert", Value::Null),
        };
        result["action"] = json!(action);
        result["duplicate_field"] = field;
        Ok(result)
    }

    /// Moves a record into the recycle bin.
    pub(crate) fn delete(&self, state: &mut State, module: &str, id: &str) -> Outcome {
        let table = state.records.table_mut(self.organization, module);
        let number = parse_id(id);
        if let Some(record) = number.and_then(|id| table.get(id)) {
            self.check_unmodified(record, "RECORD_MODIFIED")?;
        }
        let gone = number.is_some_and(|id| table.delete(id, self.person, self.world.now_ms()));
        if !gone {
            return Err(invalid_id(id));
        }
        self.notify(state, module, id, Event::Delete, &Fields::new());
        Ok(success(&json!({ "id": id }), "record deleted"))
    }

    /// Inserts a validated record.
    pub(crate) fn insert<'s>(&self, state: &'s mut State, module: &Module, draft: Draft) -> &'s Record {
        let id = state.records.new_id();
        let mut record = Record::new(id, Fields::new(), self.person, self.world.now_ms());
        record.set(draft.fields);
        record.owner = draft.owner.unwrap_or(record.owner);
        self.notify(state, &module.api_name, &record.id(), Event::Create, &record.fields);
        let table = state.records.table_mut(self.organization, &module.api_name);
        let number = table.len() + table.bin.records.len() + table.bin.purged.len() + 1;
        for field in module.fields.iter().filter(|field| field.kind == Kind::AutoNumber) {
            record.fields.insert(field.api_name.clone(), json!(number.to_string()));
        }
        table.insert(record)
    }

    fn change(
        &self,
        state: &mut State,
        module: &Module,
        id: &str,
        fields: Fields,
        path: &str,
        modified_code: &str,
    ) -> Outcome {
        let known = state.records.get(self.organization, &module.api_name, id).cloned();
        let known = known.ok_or_else(|| invalid_id(id))?;
        self.check_unmodified(&known, modified_code)?;
        let draft = validate(self, state, module, fields, Purpose::Change(&known), path)?;
        self.check_unique(state, module, &draft, Some(known.id), path)?;
        let now = self.world.now_ms();
        self.notify(state, &module.api_name, id, Event::Edit, &draft.fields);
        let table = state.records.table_mut(self.organization, &module.api_name);
        let changed = table.change(known.id, |record| {
            record.set(draft.fields);
            record.modified_ms = now;
            record.modified_by = Arc::clone(self.person);
            if let Some(owner) = draft.owner {
                record.owner = owner;
            }
        });
        changed.map(|record| success(&written(record), "record updated")).ok_or_else(|| invalid_id(id))
    }

    /// Posts a notification for a change that did not go through `update`.
    pub(crate) fn notify_change(&self, state: &State, module: &str, id: &str, fields: &Fields) {
        self.notify(state, module, id, Event::Edit, fields);
    }

    /// Posts a notification to the channels that watch the module.
    fn notify(&self, state: &State, module: &str, id: &str, event: Event, fields: &Fields) {
        let change = Change { organization: self.organization, module, id, event, fields };
        self.world.notify(state, &change);
    }

    fn check_unmodified(&self, record: &Record, code: &str) -> Result<(), Value> {
        // The header has a resolution of one second.
        if self.unmodified_since_ms.is_none_or(|since| record.modified_ms / 1000 <= since / 1000) {
            return Ok(());
        }
        let message = "record updated time has already passed if-unmodified-since time";
        Err(failure(code, &Value::Object(record.written()), message))
    }

    /// Checks that no other record has the same value in a unique field.
    fn check_unique(
        &self,
        state: &mut State,
        module: &Module,
        draft: &Draft,
        own: Option<u64>,
        path: &str,
    ) -> Result<(), Value> {
        let table = state.records.table_mut(self.organization, &module.api_name);
        let mut errors = Vec::new();
        for field in module.fields.iter().filter(|field| field.unique) {
            let name = &field.api_name;
            let Some(value) = draft.fields.get(name) else { continue };
            let others = table.find(name, value).into_iter().filter(|id| Some(*id) != own);
            if let Some(other) = others.into_iter().find_map(|id| table.get(id)) {
                let duplicate = json!({ "Owner": other.owner.with_name(), "module": module.reference(), "id": other.id() });
                let details = json!({
                    "api_name": name, "json_path": format!("{path}.{name}"), "duplicate_record": duplicate,
                    "more_records": false, "id": other.id(),
                });
                errors.push(failure("DUPLICATE_DATA", &details, "duplicate data"));
            }
        }
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => {
                let message = "Multiple errors in the request";
                Err(failure("MULTIPLE_OR_MULTI_ERRORS", &json!({ "errors": errors }), message))
            }
        }
    }
}

/// The details of a written record.
pub(crate) fn written(record: &Record) -> Value {
    let mut details = record.written();
    details.insert("$approval_state".to_owned(), json!("approved"));
    Value::Object(details)
}
