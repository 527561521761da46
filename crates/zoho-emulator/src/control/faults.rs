//! Control requests for faults.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::ControlError;
use crate::world::World;
use crate::world::faults::Fault;

/// A [`Fault`] as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultRequest {
    on: String,
    #[serde(default)]
    when: BTreeMap<String, String>,
    #[serde(default)]
    skip: u32,
    times: Option<u32>,
    #[serde(default)]
    forever: bool,
    effect: String,
    milliseconds: Option<u64>,
    status: Option<u16>,
    code: Option<String>,
    content_type: Option<String>,
    body: Option<String>,
    url: Option<String>,
    bytes: Option<u64>,
    depth: Option<usize>,
}

/// Installs a fault.
pub(super) fn install(world: &World, mut request: FaultRequest) -> Result<Value, ControlError> {
    let mut fault =
        Fault::on(mem::take(&mut request.on)).skip(request.skip).times(request.times.unwrap_or(1));
    for (parameter, value) in mem::take(&mut request.when) {
        fault = fault.when(parameter, value);
    }
    if request.forever {
        fault = fault.forever();
    }
    world.faults.install(request.give_effect_to(fault)?);
    Ok(json!({ "pending_faults": world.faults.pending() }))
}

impl FaultRequest {
    fn give_effect_to(self, fault: Fault) -> Result<Fault, ControlError> {
        let effect = self.effect.as_str();
        let needs = |what: &str| ControlError::new(400, format!("effect `{effect}` requires `{what}`"));
        let time = self.milliseconds.map(Duration::from_millis);
        let delay = || time.ok_or_else(|| needs("milliseconds"));
        let status = || {
            let status = self.status.filter(|status| (200..600).contains(status));
            status.ok_or_else(|| {
                ControlError::new(400, format!("effect `{effect}` requires a `status` from 200 to 599"))
            })
        };
        let content_type = || self.content_type.as_deref().ok_or_else(|| needs("content_type"));
        let body = self.body.as_deref().unwrap_or_default();
        Ok(match effect {
            "hang" => time.map_or_else(|| fault.clone().hang(), |time| fault.clone().hang_for(time)),
            "delay" => fault.delay(delay()?),
            "hold" => fault.hold(),
            "drop_before" => fault.drop_before(),
            "drop_after" => fault.drop_after(),
            "status_500" => fault.status_500(),
            "crm_error" => fault.crm_error(status()?, self.code.as_deref().ok_or_else(|| needs("code"))?),
            "html" => fault.html(),
            "bad_gateway" => fault.bad_gateway(),
            "throttle" => fault.throttle(),
            "throttle_localized" => fault.throttle_localized(),
            "respond" => match &self.content_type {
                Some(content_type) => fault.respond_as(status()?, content_type, body),
                None => fault.respond(status()?, body),
            },
            "nested_arrays" => fault.nested_arrays(self.depth.ok_or_else(|| needs("depth"))?),
            "redirect" => fault.redirect(self.url.as_deref().ok_or_else(|| needs("url"))?),
            "content_type" => fault.content_type(content_type()?),
            "truncate_gzip" => fault.truncate_gzip(),
            "truncate_body" => fault.truncate_body(),
            "slow_head" => fault.slow_head(delay()?),
            "slow_body" => fault.slow_body(delay()?),
            "flood" => fault.flood(self.bytes.ok_or_else(|| needs("bytes"))?),
            "endless" => fault.endless(),
            _ => return Err(ControlError::new(400, format!("unknown effect `{effect}`"))),
        })
    }
}
