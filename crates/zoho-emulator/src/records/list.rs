//! Lists of a module's records.

use serde_json::json;

use super::page::{Order, Page, info};
use super::{View, fields_parameter};
use crate::crm::{Request, error, invalid_parameter, missing_parameter};
use crate::http::Answer;
use crate::store::{Record, Table, parse_id};

pub(crate) fn list(request: &Request<'_>) -> Result<Answer, Answer> {
    let module = request.module()?;
    let order = Order::of(request)?;
    let page = Page::of(request, order)?;
    let fields = fields_parameter(request)?.ok_or_else(|| missing_parameter("fields"))?;
    let filter = Filter::of(request)?;
    if request.call.query_value("cvid").is_some() {
        let details = json!({ "param_name": "cvid" });
        return Err(error(400, "INVALID_DATA", &details, "the emulator has no custom views"));
    }
    let state = request.world.state();
    let none = Table::default();
    let table = state.records.table(request.organisation(), &module.api_name).unwrap_or(&none);
    let found = page.find(table, order, |record| filter.lists(record));
    if found.records.is_empty() {
        return Ok(Answer::empty(if filter.modified_since_ms.is_some() { 304 } else { 204 }));
    }
    let view = View::of_many(module, Some(fields));
    let data: Vec<_> = found.records.iter().map(|record| view.show(record)).collect();
    let info = info(request, order, &page, &found);
    drop(state);
    Ok(Answer::json(200, &json!({ "data": data, "info": info })))
}

/// Which records a list is about.
pub(super) struct Filter {
    ids: Option<Vec<u64>>,
    converted: Wanted,
    approved: Wanted,
    modified_since_ms: Option<u64>,
}

/// What a parameter that takes `true`, `false` and `both` asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Yes,
    No,
    Both,
}

impl Filter {
    pub(super) fn of(request: &Request<'_>) -> Result<Self, Answer> {
        request.parameter("include_child", false)?;
        let ids = request.list_parameter("ids").map(|ids| ids.into_iter().filter_map(parse_id).collect());
        Ok(Self {
            ids,
            converted: wanted(request, "converted", Wanted::No)?,
            approved: wanted(request, "approved", Wanted::Yes)?,
            modified_since_ms: request.moment_header("if-modified-since")?,
        })
    }

    /// Whether a record is in the list. Without `converted`, leads that were converted are not; every record here
    /// is approved. Headers have whole seconds.
    pub(super) fn lists(&self, record: &Record) -> bool {
        let converted = record.fields.contains_key("Converted__s");
        self.ids.as_ref().is_none_or(|ids| ids.contains(&record.id))
            && self.converted.fits(converted)
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

fn wanted(request: &Request<'_>, name: &str, default: Wanted) -> Result<Wanted, Answer> {
    match request.call.query_value(name) {
        None => Ok(default),
        Some("true") => Ok(Wanted::Yes),
        Some("false") => Ok(Wanted::No),
        Some("both") => Ok(Wanted::Both),
        Some(_) => Err(invalid_parameter(name)),
    }
}
