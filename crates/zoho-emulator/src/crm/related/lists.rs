//! Related lists: the records that refer to a record in a lookup, and those that are linked with it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::parent::{parent, unknown_relation};
use crate::bodies::{invalid_data, invalid_id, many, missing_parameter, success};
use crate::crm::records::{List, Order, Page, View, Writer, fields_parameter, page_response};
use crate::crm::request::{Request, id_in};
use crate::http::Response;
use crate::model::metadata::Module;
use crate::model::metadata::related_list::Relation;
use crate::model::records::parse_id;
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

/// Adds linked records to a related list, or updates the notes in it.
pub(crate) fn update_related(request: &Request<'_>) -> Result<Response, Response> {
    let sent = request.list_in_body("data")?;
    relate_all(request, sent, None)
}

/// Adds one linked record to a related list, or updates a note in it.
pub(crate) fn update_related_one(request: &Request<'_>) -> Result<Response, Response> {
    let mut sent =
        if request.call.body.is_empty() { vec![json!({})] } else { request.list_in_body("data")? };
    sent.truncate(1);
    relate_all(request, sent, Some(request.part("related_id")))
}

/// Removes linked records from a related list, or deletes the notes in it.
pub(crate) fn delink(request: &Request<'_>) -> Result<Response, Response> {
    let ids = request.ids()?;
    delink_all(request, &ids)
}

/// Removes one linked record from a related list, or deletes a note in it.
pub(crate) fn delink_one(request: &Request<'_>) -> Result<Response, Response> {
    delink_all(request, &[request.part("related_id")])
}

fn relate_all(request: &Request<'_>, sent: Vec<Value>, id: Option<&str>) -> Result<Response, Response> {
    let writer = Writer::of(request)?;
    let state = &mut *request.world.state();
    let related = Related::to_change(request, state)?;
    let known = related.ids(request, state);
    let outcomes = sent.into_iter().enumerate().map(|(index, record)| {
        let path = format!("$.data[{index}]");
        let Value::Object(fields) = record else { return Err(invalid_data("data", "jsonobject", &path)) };
        let id = id.map_or_else(|| id_in(&fields, "id", &path), |id| Ok(id.to_owned()))?;
        let child = parse_id(&id).ok_or_else(|| invalid_id(&id))?;
        if related.relation != Relation::Link && !known.contains(&child) {
            return Err(invalid_id(&id));
        }
        writer.update(state, &related.module, &id, fields, &path)?;
        if related.relation == Relation::Link {
            state.records.link(related.parent, child);
        }
        Ok(success(&json!({ "id": id }), "record updated"))
    });
    Ok(many(200, "data", outcomes.collect::<Vec<_>>()))
}

fn delink_all(request: &Request<'_>, ids: &[&str]) -> Result<Response, Response> {
    let writer = Writer::of(request)?;
    let state = &mut *request.world.state();
    let related = Related::to_change(request, state)?;
    let known = related.ids(request, state);
    let outcomes = ids.iter().map(|id| {
        let child = parse_id(id).filter(|id| known.contains(id)).ok_or_else(|| invalid_id(id))?;
        if related.relation != Relation::Link {
            return writer.delete(state, &related.module.api_name, id);
        }
        state.records.unlink(related.parent, child);
        Ok(success(&json!({ "id": id }), "relation removed"))
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

    /// A list that can be changed: its records are linked with their parent, or are its notes. The records of other lists
    /// have a lookup instead, which is changed in the record itself.
    /// <https://www.zoho.com/crm/developer/docs/api/v8/update-related-records.html>
    fn to_change(request: &Request<'_>, state: &State) -> Result<Self, Response> {
        let related = Self::of(request, state)?;
        let can_change = related.relation == Relation::Link || related.module.api_name == "Notes";
        can_change.then_some(related).ok_or_else(unknown_relation)
    }

    /// The records in the list.
    fn ids(&self, request: &Request<'_>, state: &mut State) -> Vec<u64> {
        match &self.relation {
            Relation::Link => {
                let linked = state.records.linked(self.parent);
                let table = state.records.table_mut(request.organization(), &self.module.api_name);
                linked.into_iter().filter(|id| table.get(*id).is_some()).collect()
            }
            Relation::Field(field) => {
                let table = state.records.table_mut(request.organization(), &self.module.api_name);
                table.find(field, &json!({ "id": self.parent.to_string() }))
            }
        }
    }
}
