//! Related lists: the records that refer to a record in a lookup, and those that are linked with it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::parent::{parent, unknown_relation};
use crate::bodies::{Outcome, invalid_data, invalid_id, many, missing_parameter, success};
use crate::crm::records::{List, Order, Page, View, Writer, fields_parameter, page_response};
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::metadata::Module;
use crate::model::metadata::related_list::Relation;
use crate::model::records::{Fields, parse_id};
use crate::world::state::State;

/// The records of a related list.
pub(crate) fn related_records(request: &Request<'_>) -> Result<Response, Response> {
    let order = Order::of(request)?;
    let page = Page::of(request, order)?;
    let fields = fields_parameter(request)?.ok_or_else(|| missing_parameter("fields"))?;
    let mut state = request.world.state();
    let related = Related::of(request, &state)?;
    let ids = related.ids(request, &mut state);
    let table = state.records.table_mut(request.organization(), &related.module.api_name);
    let list = List { table, order, ids: Some(ids), listed: Box::new(|_| true) };
    Ok(page_response(request, &list, &page, &View::of_many(&related.module, Some(fields))))
}

/// One record of a related list.
pub(crate) fn related_record(request: &Request<'_>) -> Result<Response, Response> {
    let fields = fields_parameter(request)?;
    let mut state = request.world.state();
    let related = Related::of(request, &state)?;
    let ids = related.ids(request, &mut state);
    let id = parse_id(request.part("related_id")).filter(|id| ids.contains(id));
    let table = state.records.table_mut(request.organization(), &related.module.api_name);
    let Some(record) = id.and_then(|id| table.get(id)) else { return Ok(Response::empty(204)) };
    let view = View::of_one(&related.module, fields);
    Ok(Response::json(200, &json!({ "data": [view.show(record)] })))
}

/// Adds records to a related list and updates their fields.
pub(crate) fn update_related(request: &Request<'_>) -> Result<Response, Response> {
    let sent = request.list_in_body("data")?;
    relate_all(request, sent, None)
}

/// Adds one record to a related list and updates its fields.
pub(crate) fn update_related_one(request: &Request<'_>) -> Result<Response, Response> {
    let mut sent =
        if request.call.body.is_empty() { vec![json!({})] } else { request.list_in_body("data")? };
    sent.truncate(1);
    relate_all(request, sent, Some(request.part("related_id")))
}

/// Removes records from a related list.
pub(crate) fn delink(request: &Request<'_>) -> Result<Response, Response> {
    let ids = request.ids()?;
    delink_all(request, &ids)
}

/// Removes one record from a related list.
pub(crate) fn delink_one(request: &Request<'_>) -> Result<Response, Response> {
    delink_all(request, &[request.part("related_id")])
}

fn relate_all(request: &Request<'_>, sent: Vec<Value>, id: Option<&str>) -> Result<Response, Response> {
    let writer = Writer::of(request)?;
    let state = &mut *request.world.state();
    let related = Related::of(request, state)?;
    let outcomes = sent.into_iter().enumerate().map(|(index, record)| {
        let path = format!("$.data[{index}]");
        let Value::Object(fields) = record else { return Err(invalid_data("data", "jsonobject", &path)) };
        let own = fields.get("id").and_then(Value::as_str).map(str::to_owned);
        let id = id.map(str::to_owned).or(own).unwrap_or_default();
        related.add(&writer, state, &id, fields, &path)
    });
    Ok(many(200, "data", outcomes.collect::<Vec<_>>()))
}

fn delink_all(request: &Request<'_>, ids: &[&str]) -> Result<Response, Response> {
    let writer = Writer::of(request)?;
    let state = &mut *request.world.state();
    let related = Related::of(request, state)?;
    let known = related.ids(request, state);
    let outcomes = ids.iter().map(|id| {
        let child = parse_id(id).filter(|id| known.contains(id)).ok_or_else(|| invalid_id(id))?;
        related.remove(&writer, state, id, child)
    });
    Ok(many(200, "data", outcomes.collect::<Vec<_>>()))
}

/// The related list in a path, of the record in the path.
struct Related {
    parent: u64,
    relation: Relation,
    /// The module of the records in the list.
    module: Arc<Module>,
}

impl Related {
    fn of(request: &Request<'_>, state: &State) -> Result<Self, Response> {
        let list = request.metadata().related_list(request.module()?, request.part("list"));
        let list = list.ok_or_else(unknown_relation)?;
        let module = request.metadata().module(&list.module).ok_or_else(unknown_relation)?;
        Ok(Self { parent: parent(request, state)?, relation: list.relation, module })
    }

    /// The records in the list.
    fn ids(&self, request: &Request<'_>, state: &mut State) -> Vec<u64> {
        match &self.relation {
            Relation::Link => state.records.linked(self.parent),
            Relation::Field(field) => {
                let table = state.records.table_mut(request.organization(), &self.module.api_name);
                table.find(field, &json!({ "id": self.parent.to_string() }))
            }
        }
    }

    /// Adds a record to the list and updates its fields.
    fn add(
        &self,
        writer: &Writer<'_>,
        state: &mut State,
        id: &str,
        mut fields: Fields,
        path: &str,
    ) -> Outcome {
        if let Relation::Field(field) = &self.relation {
            fields.insert(field.clone(), json!({ "id": self.parent.to_string() }));
        }
        writer.update(state, &self.module, id, fields, path)?;
        if let (Relation::Link, Some(child)) = (&self.relation, parse_id(id)) {
            state.records.link(self.parent, child);
        }
        Ok(success(&json!({ "id": id }), "record updated"))
    }

    /// Removes a record from the list. A record that requires its parent, such as a note, is deleted.
    fn remove(&self, writer: &Writer<'_>, state: &mut State, id: &str, child: u64) -> Outcome {
        match &self.relation {
            Relation::Link => {
                state.records.unlink(self.parent, child);
            }
            Relation::Field(field) if self.module.find(field).is_some_and(|field| field.mandatory) => {
                return writer.delete(state, &self.module.api_name, id);
            }
            Relation::Field(field) => {
                let cleared = [(field.clone(), Value::Null)].into_iter().collect();
                writer.update(state, &self.module, id, cleared, "$")?;
            }
        }
        Ok(success(&json!({ "id": id }), "relation removed"))
    }
}
