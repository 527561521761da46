//! Records over HTTP: lists, single records, and everything that is done with them.

mod bin;
mod change_owner;
mod clone;
mod convert;
mod list;
mod page;
mod photo;
mod read;
mod search;
mod validate;
mod view;
mod write;
mod writer;

use serde_json::Value;

pub(crate) use bin::*;
pub(crate) use change_owner::{change_owner, change_owner_of_one};
pub(crate) use clone::clone;
pub(crate) use convert::convert;
pub(crate) use list::list;
pub(crate) use page::{List, Order, Page, answer as page_answer};
pub(crate) use photo::*;
pub(crate) use read::read;
pub(crate) use search::{count, search};
pub(crate) use validate::{Draft, Purpose, validate};
pub(crate) use view::{View, fields_parameter};
pub(crate) use write::*;
pub(crate) use writer::{Writer, written};

use crate::http::Call;

/// What a request costs in API credits: a write one for each ten records, anything else one.
pub(crate) fn cost(call: &Call) -> u64 {
    let body: Option<Value> = serde_json::from_str(call.text()).ok();
    let records = body.as_ref().and_then(|body| body.get("data")?.as_array()).map_or(0, Vec::len);
    records.div_ceil(10).max(1) as u64
}
