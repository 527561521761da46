//! Lists of a module's records.

use serde_json::json;

use super::page::{self, List, Order, Page};
use super::view::{View, fields_parameter};
use crate::bodies::{error, invalid_parameter, missing_parameter};
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::records::{Record, Table, parse_id};

pub(crate) fn list(request: &Request<'_>) -> Result<Response, Response> {
    let module = request.module()?;
    let order = Order::of(request)?;
    let page = Page::of(request, order)?;
    let fields = fields_parameter(request)?.ok_or_else(|| missing_parameter("fields"))?;
    let filter = Filter::of(request)?;
    reject_custom_view(request)?;
    let state = request.world.state();
    let none = Table::default();
    let table = state.records.table(request.organization(), &module.api_name).unwrap_or(&none);
    let unmodified_status = if filter.modified_since_ms.is_some() { 304 } else { 204 };
    let ids = filter.ids.clone();
    let list = List { table, order, ids, listed: Box::new(move |record| filter.lists(record)) };
    let mut response = page::respond(request, &list, &page, &View::of_many(module, Some(fields)));
    if response.status == 204 {
        response.status = unmodified_status;
    }
    Ok(response)
}

/// Rejects `cvid`: the emulator has no custom views.
pub(super) fn reject_custom_view(request: &Request<'_>) -> Result<(), Response> {
    if request.call.query_value("cvid").is_none() {
        return Ok(());
    }
    let details = json!({ "param_name": "cvid" });
    Err(error(400, "INVALID_DATA", &details, "the emulator has no custom views"))
}

/// The records that a list contains.
pub(super) struct Filter {
    ids: Option<Vec<u64>>,
    converted: Wanted,
    approved: Wanted,
    modified_since_ms: Option<u64>,
}

/// The value of a parameter that takes `true`, `false` or `both`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Yes,
    No,
    Both,
}

impl Filter {
    pub(super) fn of(request: &Request<'_>) -> Result<Self, Response> {
        request.parameter("include_child", false)?;
        let ids = request.ids_parameter()?.map(|ids| ids.into_iter().filter_map(parse_id).collect());
        Ok(Self {
            ids,
            converted: wanted(request, "converted", Wanted::No)?,
            approved: wanted(request, "approved", Wanted::Yes)?,
            modified_since_ms: request.timestamp_header("if-modified-since")?,
        })
    }

    /// Whether a record is in the list. By default, converted leads are not. Every record is approved. Timestamps in
    /// headers have whole seconds.
    pub(super) fn lists(&self, record: &Record) -> bool {
        let converted = record.fields.contains_key("Converted__s");
        self.converted.fits(converted)
            && self.approved.fits(true)
            && self.modified_since_ms.is_none_or(|since| record.modified_ms / 1000 > since / 1000)
    }
}

impl Wanted {
    fn fits(self, truth: bool) -> bool {
        match self {
            Self::Yes => truth,
            Self::No => !truth,
            Self::Both => true,
        }
    }
}

fn wanted(request: &Request<'_>, name: &str, default: Wanted) -> Result<Wanted, Response> {
    match request.call.query_value(name) {
        None => Ok(default),
        Some("true") => Ok(Wanted::Yes),
        Some("false") => Ok(Wanted::No),
        Some("both") => Ok(Wanted::Both),
        Some(_) => Err(invalid_parameter(name)),
    }
}
