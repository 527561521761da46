//! Create, change, upsert and delete: up to a hundred records in a request, each with its own result.

use serde_json::{Value, json};

use super::{Request, comma_separated};
use crate::crm::{Caller, error};
use crate::http::Answer;
use crate::record_store::{Fields, Record};

/// The most records in one request.
const MAXIMUM_WRITE: usize = 100;

impl Request<'_> {
    pub(super) fn create(&self) -> Result<Answer, Answer> {
        self.write(201, |request, fields, index| {
            request.check_mandatory(&fields, index)?;
            Ok(request.insert(fields))
        })
    }

    pub(super) fn update(&self, id: Option<&str>) -> Result<Answer, Answer> {
        self.write(200, |request, fields, index| {
            let own = fields.get("id").and_then(Value::as_str).map(str::to_owned);
            let Some(id) = id.map(str::to_owned).or(own) else {
                return Err(mandatory_not_found("id", index));
            };
            request.change(&id, fields)
        })
    }

    /// Changes the record that has the same value in a field of `duplicate_check_fields`, or creates one.
    pub(super) fn upsert(&self) -> Result<Answer, Answer> {
        let body: Value = serde_json::from_str(self.call.text()).unwrap_or_default();
        let asked = body["duplicate_check_fields"].as_array().cloned().unwrap_or_default();
        let mut check_fields: Vec<String> =
            asked.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if check_fields.is_empty() && matches!(self.module, "Leads" | "Contacts") {
            check_fields.push("Email".to_owned());
        }
        self.write(200, |request, fields, index| {
            let duplicate = request.duplicate(&fields, &check_fields);
            let (mut result, action, field) = match duplicate {
                Some((id, field)) => (request.change(&id, fields)?, "update", json!(field)),
                None => {
                    request.check_mandatory(&fields, index)?;
                    (request.insert(fields), "insert", Value::Null)
                }
            };
            result["action"] = json!(action);
            result["duplicate_field"] = field;
            Ok(result)
        })
    }

    pub(super) fn delete(&self, id: Option<&str>) -> Result<Answer, Answer> {
        let ids = match id {
            Some(id) => vec![id],
            None => comma_separated(self.call.query_value("ids").unwrap_or_default()),
        };
        if ids.is_empty() {
            let details = json!({ "param_name": "ids" });
            return Err(error(
                400,
                "REQUIRED_PARAM_MISSING",
                &details,
                "One of the expected parameter is missing",
            ));
        }
        check_length(ids.len(), "ids")?;
        let mut state = self.world.state();
        let results = ids.into_iter().map(|id| {
            let removed = state.records.remove(&self.caller.organisation, self.module, id);
            removed.map(|_| success(&json!({ "id": id }), "record deleted")).ok_or_else(|| unknown_id(id))
        });
        Ok(multi_answer(200, results))
    }

    /// Carries out a write record by record: each has its own result.
    fn write(
        &self,
        status: u16,
        mut one: impl FnMut(&Self, Fields, usize) -> Result<Value, Value>,
    ) -> Result<Answer, Answer> {
        let results = self.records_in_body()?.into_iter().enumerate().map(|(index, record)| match record {
            Value::Object(fields) => one(self, fields, index),
            _ => {
                let path = format!("$.data[{index}]");
                let details = json!({ "expected_data_type": "jsonobject", "json_path": path });
                Err(failure("INVALID_DATA", &details, "invalid data"))
            }
        });
        Ok(multi_answer(status, results))
    }

    fn insert(&self, fields: Fields) -> Value {
        let now = self.world.now_ms();
        let mut state = self.world.state();
        let Caller { user, organisation, .. } = self.caller;
        success(
            &details_of(state.records.insert(organisation, self.module, fields, user, now)),
            "record added",
        )
    }

    fn change(&self, id: &str, fields: Fields) -> Result<Value, Value> {
        let now = self.world.now_ms();
        let mut state = self.world.state();
        let Caller { user, organisation, .. } = self.caller;
        let record = state.records.update(organisation, self.module, id, fields, user, now);
        record.map(|record| success(&details_of(record), "record updated")).ok_or_else(|| unknown_id(id))
    }

    fn duplicate(&self, fields: &Fields, check_fields: &[String]) -> Option<(String, String)> {
        let state = self.world.state();
        check_fields.iter().find_map(|field| {
            let value = fields.get(field).filter(|value| !value.is_null())?;
            let record = state.records.find(&self.caller.organisation, self.module, field, value)?;
            Some((record.id(), field.clone()))
        })
    }

    fn check_mandatory(&self, fields: &Fields, index: usize) -> Result<(), Value> {
        if !matches!(self.module, "Leads" | "Contacts") {
            return Ok(());
        }
        match fields.get("Last_Name") {
            Some(Value::String(name)) if !name.is_empty() => Ok(()),
            None | Some(Value::Null | Value::String(_)) => Err(mandatory_not_found("Last_Name", index)),
            Some(_) => {
                let path = format!("$.data[{index}].Last_Name");
                let details =
                    json!({ "expected_data_type": "text", "api_name": "Last_Name", "json_path": path });
                Err(failure("INVALID_DATA", &details, "invalid data"))
            }
        }
    }

    fn records_in_body(&self) -> Result<Vec<Value>, Answer> {
        let invalid = |details| error(400, "INVALID_DATA", &details, "body");
        let Ok(Value::Object(mut body)) = serde_json::from_str(self.call.text()) else {
            return Err(invalid(json!({ "expected_data_type": "jsonobject" })));
        };
        match body.remove("data") {
            Some(Value::Array(records)) if !records.is_empty() => {
                check_length(records.len(), "data")?;
                Ok(records)
            }
            None => {
                let details = json!({ "api_name": "data", "json_path": "$.data" });
                Err(error(400, "MANDATORY_NOT_FOUND", &details, "required field not found"))
            }
            Some(_) => Err(invalid(
                json!({ "expected_data_type": "jsonarray", "api_name": "data", "json_path": "$.data" }),
            )),
        }
    }
}

fn check_length(length: usize, name: &str) -> Result<(), Answer> {
    if length <= MAXIMUM_WRITE {
        return Ok(());
    }
    let due_to = json!([{ "api_name": name, "json_path": format!("$.{name}") }]);
    let details = json!({ "limit": MAXIMUM_WRITE, "limit_due_to": due_to });
    Err(error(400, "LIMIT_EXCEEDED", &details, "the number of records exceeds the limit"))
}

/// One answer for many results: the status of a success, 207 for some of both, 400 if all failed.
fn multi_answer(success_status: u16, results: impl Iterator<Item = Result<Value, Value>>) -> Answer {
    let results: Vec<Result<Value, Value>> = results.collect();
    let failures = results.iter().filter(|result| result.is_err()).count();
    let status = match failures {
        0 => success_status,
        _ if failures == results.len() => 400,
        _ => 207,
    };
    let data: Vec<Value> =
        results.into_iter().map(|result| result.unwrap_or_else(|failure| failure)).collect();
    Answer::json(status, &json!({ "data": data }))
}

fn details_of(record: &Record) -> Value {
    let mut details: Fields = record.system_fields();
    details.insert("$approval_state".to_owned(), json!("approved"));
    Value::Object(details)
}

fn success(details: &Value, message: &str) -> Value {
    json!({ "code": "SUCCESS", "details": details, "message": message, "status": "success" })
}

fn failure(code: &str, details: &Value, message: &str) -> Value {
    json!({ "code": code, "details": details, "message": message, "status": "error" })
}

fn unknown_id(id: &str) -> Value {
    failure("INVALID_DATA", &json!({ "id": id }), "the id given seems to be invalid")
}

fn mandatory_not_found(field: &str, index: usize) -> Value {
    let details = json!({ "api_name": field, "json_path": format!("$.data[{index}].{field}") });
    failure("MANDATORY_NOT_FOUND", &details, "required field not found")
}
