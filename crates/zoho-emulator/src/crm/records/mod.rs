//! Records: lists, search, single records and writes.

mod bin;
mod change_owner;
mod clone;
mod convert;
mod list;
mod note;
mod page;
mod photo;
mod read;
mod save;
mod search;
mod tags;
mod validate;
mod view;
mod write;
mod writer;

use serde_json::Value;

pub(crate) use self::bin::*;
pub(crate) use self::change_owner::{change_owner, change_owner_of_one};
pub(crate) use self::clone::clone;
pub(crate) use self::convert::convert;
pub(crate) use self::list::list;
pub(crate) use self::page::{List, Order, Page, respond as page_response};
pub(crate) use self::photo::*;
pub(crate) use self::read::read;
pub(crate) use self::save::written;
pub(crate) use self::search::{count, search};
pub(crate) use self::tags::named_tags;
pub(crate) use self::validate::Draft;
pub(crate) use self::view::{View, fields_parameter};
pub(crate) use self::write::*;
pub(crate) use self::writer::Writer;

use crate::http::Call;

/// The price of a request in API credits: one per ten records for a write, otherwise one.
pub(crate) fn cost(call: &Call) -> u64 {
    let body: Option<Value> = serde_json::from_str(call.text()).ok();
    let records = body.as_ref().and_then(|body| body.get("data")?.as_array()).map_or(0, Vec::len);
    records.div_ceil(10).max(1) as u64
}
