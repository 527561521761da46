//! Related lists: the records that name a record in a look-up field, and those that were linked with it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{parent, unknown_relation};
use crate::crm::{Outcome, Request, invalid_data, invalid_id, many, missing_parameter, success};
use crate::http::Answer;
use crate::metadata::{Module, RelatedList, Relation};
use crate::records::{List, Order, Page, View, Writer, fields_parameter, page_answer};
use crate::state::State;
use crate::store::{Fields, parse_id};

/// The records of a related list.
pub(crate) fn related_records(request: &Request<'_>) -> Result<Answer, Answer> {
    let order = Order::of(request)?;
    let page = Page::of(request, order)?;
    let fields = fields_parameter(request)?.ok_or_else(|| missing_parameter("fields"))?;
    let (list, module) = related_list(request)?;
    let mut state = request.world.state();
    let parent = parent(request, &state)?;
    let ids = related_ids(request, &mut state, &list, parent);
    let table = state.records.table_mut(request.organisation(), &module.api_name);
    let list = List { table, order, ids: Some(ids), listed: Box::new(|_| true) };
    Ok(page_answer(request, &list, &page, &View::of_many(&module, Some(fields))))
}

/// One record of a related list.
pub(crate) fn related_record(request: &Request<'_>) -> Result<Answer, Answer> {
    let view_fields = fields_parameter(request)?;
    let (list, module) = related_list(request)?;
    let mut state = request.world.state();
    let parent = parent(request, &state)?;
    let wanted = parse_id(request.part("related_id"));
    let ids = related_ids(request, &mut state, &list, parent);
    let id = wanted.filter(|id| ids.contains(id));
    let table = state.records.table_mut(request.organisation(), &module.api_name);
    let Some(record) = id.and_then(|id| table.get(id)) else { return Ok(Answer::empty(204)) };
    let body = View::of_one(&module, view_fields).show(record);
    Ok(Answer::json(200, &json!({ "data": [body] })))
}

/// Puts records into a related list, and changes them.
pub(crate) fn update_related(request: &Request<'_>) -> Result<Answer, Answer> {
    let sent = request.list_in_body("data")?;
    relate_all(request, sent, None)
}

/// Puts one record into a related list, and changes it.
pub(crate) fn update_related_one(request: &Request<'_>) -> Result<Answer, Answer> {
    let mut sent =
        if request.call.body.is_empty() { vec![json!({})] } else { request.list_in_body("data")? };
    sent.truncate(1);
    relate_all(request, sent, Some(request.part("related_id")))
}

/// Takes records out of a related list.
pub(crate) fn delink(request: &Request<'_>) -> Result<Answer, Answer> {
    let ids = request.ids()?;
    delink_all(request, &ids)
}

/// Takes one record out of a related list.
pub(crate) fn delink_one(request: &Request<'_>) -> Result<Answer, Answer> {
    delink_all(request, &[request.part("related_id")])
}

/// The list that the path names, and the module of its records.
fn related_list(request: &Request<'_>) -> Result<(RelatedList, Arc<Module>), Answer> {
    let list = request.metadata().related_list(request.module()?, request.part("list"));
    let found = list.and_then(|list| Some((request.metadata().module(&list.module)?, list)));
    found.map(|(module, list)| (list, module)).ok_or_else(unknown_relation)
}

fn related_ids(request: &Request<'_>, state: &mut State, list: &RelatedList, parent: u64) -> Vec<u64> {
    match &list.relation {
        Relation::Link => state.records.linked(parent),
        Relation::Field(field) => {
            let table = state.records.table_mut(request.organisation(), &list.module);
            table.find(field, &json!({ "id": parent.to_string() }))
        }
    }
}

fn relate_all(request: &Request<'_>, sent: Vec<Value>, id: Option<&str>) -> Result<Answer, Answer> {
    let (list, module) = related_list(request)?;
    let writer = Writer::of(request)?;
    let state = &mut *request.world.state();
    let parent = parent(request, state)?;
    let outcomes = sent.into_iter().enumerate().map(|(index, record)| {
        let path = format!("$.data[{index}]");
        let Value::Object(fields) = record else { return Err(invalid_data("data", "jsonobject", &path)) };
        let own = fields.get("id").and_then(Value::as_str).map(str::to_owned);
        let id = id.map(str::to_owned).or(own).unwrap_or_default();
        relate(&writer, state, &list, &module, parent, &id, fields, &path)
    });
    Ok(many(200, "data", outcomes.collect::<Vec<_>>()))
}

#[expect(clippy::too_many_arguments, reason = "who, where, what and what it is called")]
fn relate(
    writer: &Writer<'_>,
    state: &mut State,
    list: &RelatedList,
    module: &Module,
    parent: u64,
    id: &str,
    mut fields: Fields,
    path: &str,
) -> Outcome {
    if let Relation::Field(field) = &list.relation {
        fields.insert(field.clone(), json!({ "id": parent.to_string() }));
    }
    writer.update(state, module, id, fields, path)?;
    if let (Relation::Link, Some(child)) = (&list.relation, parse_id(id)) {
        state.records.link(parent, child);
    }
    Ok(success(&json!({ "id": id }), "record updated"))
}

fn delink_all(request: &Request<'_>, ids: &[&str]) -> Result<Answer, Answer> {
    let (list, module) = related_list(request)?;
    let writer = Writer::of(request)?;
    let state = &mut *request.world.state();
    let parent = parent(request, state)?;
    let related = related_ids(request, state, &list, parent);
    let outcomes = ids.iter().map(|id| {
        let child = parse_id(id).filter(|id| related.contains(id)).ok_or_else(|| invalid_id(id))?;
        let Relation::Field(field) = &list.relation else {
            state.records.unlink(parent, child);
            return Ok(success(&json!({ "id": id }), "relation removed"));
        };
        if module.find(field).is_some_and(|field| field.mandatory) {
            // A note cannot be without what it is about.
            return writer.delete(state, &module.api_name, id);
        }
        let cleared = [(field.clone(), Value::Null)].into_iter().collect();
        writer.update(state, &module, id, cleared, "$")?;
        Ok(success(&json!({ "id": id }), "relation removed"))
    });
    Ok(many(200, "data", outcomes.collect::<Vec<_>>()))
}
