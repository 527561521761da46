//! Searches and counts: by criteria, email address, phone number or word.

use serde_json::{Value, json};

use super::list::{Filter, reject_custom_view};
use super::page::{Listed, Page};
use super::view::{Shown, View, fields_parameter};
use crate::bodies::{error, invalid_parameter, missing_parameter, page_info};
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::criteria::{Criterion, comparable, contains, equal};
use crate::model::metadata::{Kind, Module};
use crate::model::records::{Record, SortBy};

/// The minimum length of a word.
const MIN_WORD: usize = 2;

/// A search.
enum Search {
    Criteria(Criterion),
    Email(Value),
    Phone(String),
    Word(Value),
}

pub(crate) fn search(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let page = Page::by_number(request)?;
    let view = View::of_many(module, fields_parameter(request)?);
    reject_custom_view(request)?;
    let search = Search::of(request, module)?.ok_or_else(|| missing_parameter("criteria"))?;
    let filter = Filter::of(request)?;
    let state = request.world.state();
    let Some(table) = state.records.table(request.organization(), &module.api_name) else {
        return Ok(Response::empty(204));
    };
    let newest_first = table.ordered(SortBy::Id, true, None);
    let mut found =
        newest_first.filter(|record| filter.lists(record) && search.finds(record, module)).skip(page.skip);
    let data: Vec<Shown<'_>> = found.by_ref().take(page.length).map(|record| view.show(record)).collect();
    if data.is_empty() {
        return Ok(Response::empty(204));
    }
    let more = found.next().is_some();
    let info = page_info(page.number, page.length, data.len(), more);
    Ok(Response::json(200, &Listed { data, info }))
}

/// The number of records, or of those that a search finds.
pub(crate) fn count(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let search = Search::of(request, module)?;
    if search.is_some() && request.call.query_value("cvid").is_some() {
        let message =
            "Please use either Cvid or Search Params. Combination of both the params is not allowed";
        let details = json!({ "ambiguity_due_to": [{ "param_name": "cvid" }, { "param_name": "criteria" }] });
        return Err(error(400, "AMBIGUITY_DURING_PROCESSING", &details, message));
    }
    reject_custom_view(request)?;
    let state = request.world.state();
    let table = state.records.table(request.organization(), &module.api_name);
    let count = match (table, search) {
        (None, _) => 0,
        (Some(table), None) => table.len(),
        (Some(table), Some(search)) => table.iter().filter(|record| search.finds(record, module)).count(),
    };
    Ok(Response::json(200, &json!({ "count": count })))
}

impl Search {
    /// The search that the body or the parameters request. Of several, the first in this order applies.
    fn of(request: &Request<'_>, module: &Module) -> Result<Option<Self>, Response> {
        // Without a body, the request is about all records.
        if request.call.method == "POST"
            && !request.call.text().trim().is_empty()
            && let Some(filters) = request.body()?.get("filters")
        {
            return Ok(Some(Self::Criteria(Criterion::of_filters(filters, module)?)));
        }
        let requested = |name: &str| request.call.query_value(name).filter(|value| !value.is_empty());
        if let Some(criteria) = requested("criteria") {
            return Ok(Some(Self::Criteria(Criterion::of_search(criteria, module)?)));
        }
        if let Some(email) = requested("email") {
            return Ok(Some(Self::Email(json!(email))));
        }
        if let Some(phone) = requested("phone") {
            return Ok(Some(Self::Phone(digits(phone))));
        }
        match requested("word") {
            Some(word) if word.chars().count() < MIN_WORD => Err(invalid_parameter("word")),
            word => Ok(word.map(|word| Self::Word(json!(word)))),
        }
    }

    fn finds(&self, record: &Record, module: &Module) -> bool {
        let any = |kind: &Kind, fits: &dyn Fn(&Value) -> bool| {
            let fields = module.fields.iter().filter(|field| field.kind == *kind);
            fields.filter_map(|field| record.fields.get(&field.api_name)).any(fits)
        };
        match self {
            Self::Criteria(criterion) => criterion
                .matches(&|name| comparable(module.find(name).map(|field| &field.kind), record.value(name))),
            Self::Email(email) => any(&Kind::Email, &|value| equal(value, email)),
            Self::Phone(phone) => {
                any(&Kind::Phone, &|value| value.as_str().is_some_and(|known| digits(known) == *phone))
            }
            Self::Word(word) => record.fields.values().any(|value| contains(value, word)),
        }
    }
}

/// The digits of a phone number.
fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}
