//! Records over HTTP. Reading is in `read.rs`, writing in `write.rs`.

mod read;
mod write;

use serde_json::Value;

use crate::crm::Caller;
use crate::http::{Answer, Call};
use crate::state::World;

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
    let body: Option<Value> = serde_json::from_str(call.text()).ok();
    let records = body.as_ref().and_then(|body| body.get("data")?.as_array()).map_or(0, Vec::len);
    records.div_ceil(10).max(1) as u64
}

struct Request<'a> {
    world: &'a World,
    caller: &'a Caller<'a>,
    call: &'a Call,
    module: &'a str,
}

fn comma_separated(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}
