//! Records over HTTP: list, read, create, change, upsert, delete.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::clock::iso8601;
use crate::crm::{Caller, error};
use crate::http::{Answer, Call};
use crate::record_store::{Fields, Record, SortBy};
use crate::state::World;

/// The most records a page, a plain `page` number, and a write reach.
const MAXIMUM_PAGE: usize = 200;
const MAXIMUM_WITHOUT_TOKEN: usize = 2000;
const MAXIMUM_WRITE: usize = 100;
const MAXIMUM_FIELDS: usize = 50;
const PAGE_TOKEN_LIFE_MS: u64 = 24 * 60 * 60 * 1000;

/// Answers a request for a module, one record of it, or its `upsert`.
pub(crate) fn answer(
    world: &World,
    caller: &Caller<'_>,
    call: &Call,
    module: &str,
    rest: Option<&str>,
) -> Answer {
    let request = Request { world, caller, call, module };
    let answer = match (call.method.as_str(), rest) {
        ("GET", None) => request.list(),
        ("GET", Some(id)) => Ok(request.read(id)),
        ("POST", None) => request.create(),
        ("POST", Some(_)) => request.upsert(),
        ("PUT", id) => request.update(id),
        (_, id) => request.delete(id),
    };
    answer.unwrap_or_else(|refusal| refusal)
}

/// What a request costs in API credits: a write one for each ten records, anything else one.
pub(crate) fn cost(call: &Call) -> u64 {
    let body: Option<Value> = serde_json::from_str(&call.body).ok();
    let records = body.as_ref().and_then(|body| body.get("data")?.as_array()).map_or(0, Vec::len);
    records.div_ceil(10).max(1) as u64
}

struct Request<'a> {
    world: &'a World,
    caller: &'a Caller<'a>,
    call: &'a Call,
    module: &'a str,
}

impl Request<'_> {
    fn list(&self) -> Result<Answer, Answer> {
        let page = self.page()?;
        let fields = self.fields()?.ok_or_else(|| {
            let details = json!({ "param_name": "fields" });
            error(400, "REQUIRED_PARAM_MISSING", &details, "One of the expected parameter is missing")
        })?;
        let (sort_by, by) = match self.call.query_value("sort_by").unwrap_or("id") {
            "id" => ("id", SortBy::Id),
            "Created_Time" => ("Created_Time", SortBy::CreatedTime),
            "Modified_Time" => ("Modified_Time", SortBy::ModifiedTime),
            _ => return Err(self.invalid_parameter("sort_by")),
        };
        let sort_order = match self.call.query_value("sort_order").unwrap_or("desc") {
            "asc" => "asc",
            "desc" => "desc",
            _ => return Err(self.invalid_parameter("sort_order")),
        };
        let ids = self.call.query_value("ids").map(comma_separated);
        let state = self.world.state();
        let mut all = state.records.list(&self.caller.organisation, self.module, by, sort_order == "desc");
        if let Some(ids) = ids {
            all.retain(|record| ids.contains(&record.id().as_str()));
        }
        let beginning = page.offset.min(all.len());
        let end = (page.offset + page.length).min(all.len());
        let listed: Vec<Value> =
            all[beginning..end].iter().map(|record| record.view(Some(&fields))).collect();
        if listed.is_empty() {
            return Ok(Answer::empty(204));
        }
        let mut info = json!({
            "call": false,
            "per_page": page.length,
            "next_page_token": null,
            "count": listed.len(),
            "sort_by": sort_by,
            "page": page.offset / page.length + 1,
            "page_token_expiry": null,
            "sort_order": sort_order,
            "email": false,
            "more_records": end < all.len(),
            "previous_page_token": null,
        });
        let expires_ms = self.world.now_ms() + PAGE_TOKEN_LIFE_MS;
        if end < all.len() {
            info["next_page_token"] = json!(self.page_token(end, expires_ms));
            info["page_token_expiry"] = json!(iso8601(expires_ms));
        }
        if beginning > 0 {
            let previous = beginning.saturating_sub(page.length);
            info["previous_page_token"] = json!(self.page_token(previous, expires_ms));
        }
        Ok(Answer::json(200, &json!({ "data": listed, "info": info })))
    }

    /// An id that is not there gets 204, as an empty list does.
    fn read(&self, id: &str) -> Answer {
        let fields = match self.fields() {
            Ok(fields) => fields,
            Err(refusal) => return refusal,
        };
        let state = self.world.state();
        let Some(record) = state.records.get(&self.caller.organisation, self.module, id) else {
            return Answer::empty(204);
        };
        Answer::json(200, &json!({ "data": [record.view(fields.as_deref())] }))
    }

    fn create(&self) -> Result<Answer, Answer> {
        self.write(201, |request, fields, index| {
            request.check_mandatory(&fields, index)?;
            Ok(request.insert(fields))
        })
    }

    fn update(&self, id: Option<&str>) -> Result<Answer, Answer> {
        self.write(200, |request, fields, index| {
            let own = fields.get("id").and_then(Value::as_str).map(str::to_owned);
            let Some(id) = id.map(str::to_owned).or(own) else {
                return Err(mandatory_not_found("id", index));
            };
            request.change(&id, fields)
        })
    }

    /// Changes the record that has the same value in a field of `duplicate_check_fields`, or creates one.
    fn upsert(&self) -> Result<Answer, Answer> {
        let body: Value = serde_json::from_str(&self.call.body).unwrap_or_default();
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

    fn delete(&self, id: Option<&str>) -> Result<Answer, Answer> {
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
        let Ok(Value::Object(mut body)) = serde_json::from_str(&self.call.body) else {
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

    fn fields(&self) -> Result<Option<Vec<&str>>, Answer> {
        let fields = self.call.query_value("fields").map(comma_separated).filter(|fields| !fields.is_empty());
        if fields.as_ref().is_some_and(|fields| fields.len() > MAXIMUM_FIELDS) {
            let details = json!({ "limit": MAXIMUM_FIELDS, "param_name": "fields" });
            return Err(error(400, "LIMIT_EXCEEDED", &details, "the number of fields exceeds the limit"));
        }
        Ok(fields)
    }

    fn page(&self) -> Result<Page, Answer> {
        let number = |name: &str, default: usize| match self.call.query_value(name) {
            None => Ok(default),
            Some(text) => {
                text.parse().ok().filter(|number| *number > 0).ok_or_else(|| self.invalid_parameter(name))
            }
        };
        let length = number("per_page", MAXIMUM_PAGE)?;
        if length > MAXIMUM_PAGE {
            return Err(self.invalid_parameter("per_page"));
        }
        if let Some(token) = self.call.query_value("page_token") {
            if self.call.query_value("page").is_some() {
                let names = json!([{ "param_name": "page" }, { "param_name": "page_token" }]);
                let details = json!({ "ambiguity_due_to": names });
                let message = "page and page_token cannot be used together";
                return Err(error(400, "AMBIGUITY_DURING_PROCESSING", &details, message));
            }
            return Ok(Page { offset: self.read_page_token(token)?, length });
        }
        let offset = (number("page", 1)? - 1).saturating_mul(length);
        if offset.saturating_add(length) > MAXIMUM_WITHOUT_TOKEN {
            let details = json!({ "limit": MAXIMUM_WITHOUT_TOKEN });
            let message = "You can only get the first 2000 records without using page_token param";
            return Err(error(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", &details, message));
        }
        Ok(Page { offset, length })
    }

    /// A page token says where the page begins, for whom, and until when; nothing has to be remembered for it.
    fn page_token(&self, offset: usize, expires_ms: u64) -> String {
        let user = &self.caller.user.email;
        URL_SAFE_NO_PAD.encode(format!("{offset} {expires_ms} {} {user}", self.module))
    }

    fn read_page_token(&self, token: &str) -> Result<usize, Answer> {
        let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(|| self.invalid_parameter("page_token"))?;
        let mut parts = text.splitn(4, ' ');
        let mut next = || parts.next().ok_or_else(|| self.invalid_parameter("page_token"));
        let (offset, expires_ms, module, user) = (next()?, next()?, next()?, next()?);
        let (Ok(offset), Ok(expires_ms)) = (offset.parse(), expires_ms.parse::<u64>()) else {
            return Err(self.invalid_parameter("page_token"));
        };
        if module != self.module || user != self.caller.user.email {
            return Err(self.invalid_parameter("page_token"));
        }
        if expires_ms <= self.world.now_ms() {
            let details = json!({ "api_name": "page_token", "json_path": "$.query.page_token" });
            return Err(error(400, "EXPIRED_VALUE", &details, "Page token expired"));
        }
        Ok(offset)
    }

    fn invalid_parameter(&self, name: &str) -> Answer {
        error(400, "INVALID_DATA", &json!({ "param_name": name }), "invalid data")
    }
}

/// Which part of a list is wanted.
struct Page {
    offset: usize,
    length: usize,
}

fn comma_separated(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
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
    let mut details: Map<String, Value> = record.system_fields();
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
