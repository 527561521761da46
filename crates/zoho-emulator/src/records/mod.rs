//! Records over HTTP: lists, single records, and everything that is done with them.

mod list;
mod page;
mod read;
mod validate;
mod view;
mod write;
mod writer;

use serde_json::Value;

pub(crate) use list::list;
pub(crate) use page::{Page, info};
pub(crate) use read::read;
pub(crate) use validate::{Draft, Purpose, validate};
pub(crate) use view::{View, fields_parameter};
pub(crate) use write::*;
pub(crate) use writer::Writer;

use crate::http::Call;

/// What a request costs in API credits: a write one for each ten records, anything else one.
pub(crate) fn cost(call: &Call) -> u64 {
    let body: Option<Value> = serde_json::from_str(call.text()).ok();
    let records = body.as_ref().and_then(|body| body.get("data")?.as_array()).map_or(0, Vec::len);
    records.div_ceil(10).max(1) as u64
}
