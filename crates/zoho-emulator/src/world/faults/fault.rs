//! `Fault`: what goes wrong, and for which requests.

use std::time::Duration;

use super::effect::{Effect, answer, crm_error, page};
use crate::http::{Answer, Call};

/// One thing that goes wrong, for the requests it names.
///
/// ```
/// use zoho_emulator::Fault;
///
/// // The next three refreshes get no answer; the code exchange is not touched.
/// let fault = Fault::on("POST /oauth/v2/token").when("grant_type", "refresh_token").times(3).hang();
/// ```
///
/// A fault happens once unless told otherwise. Durations are in real time, also when the clock runs fast.
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is given to `Emulator::fault`"]
pub struct Fault {
    target: String,
    conditions: Vec<(String, String)>,
    pub(super) skip: u32,
    pub(super) remaining: Option<u32>,
    pub(super) effect: Effect,
}

impl Fault {
    /// A fault for requests with this method and path: `"POST /oauth/v2/token"`.
    ///
    /// A `*` at the end stands for any rest: `"GET /crm/v8/*"`, or `"*"` for every request. Until told otherwise
    /// the fault is a 500.
    pub fn on(method_and_path: impl Into<String>) -> Self {
        Self {
            target: method_and_path.into(),
            conditions: Vec::new(),
            skip: 0,
            remaining: Some(1),
            effect: crm_error(500, "INTERNAL_ERROR", "Internal Server Error"),
        }
    }

    /// Only for requests in which a form or query parameter has this value.
    pub fn when(mut self, parameter: impl Into<String>, value: impl Into<String>) -> Self {
        self.conditions.push((parameter.into(), value.into()));
        self
    }

    /// Leaves the first `requests` that fit alone.
    pub fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Happens this many times.
    pub fn times(mut self, times: u32) -> Self {
        self.remaining = Some(times);
        self
    }

    /// Happens every time, until [`clear_faults`](crate::Emulator::clear_faults).
    pub fn forever(mut self) -> Self {
        self.remaining = None;
        self
    }

    /// Nothing is done and no answer ever comes; the connection stays open.
    pub fn hang(self) -> Self {
        self.effect(Effect::Hang(None))
    }

    /// Nothing is done and no answer comes; after `time` the connection is closed.
    pub fn hang_for(self, time: Duration) -> Self {
        self.effect(Effect::Hang(Some(time)))
    }

    /// The request is carried out when it arrives, but the answer leaves `time` later.
    pub fn delay(self, time: Duration) -> Self {
        self.effect(Effect::Delay(time))
    }

    /// The connection is closed without an answer, and nothing was done.
    pub fn drop_before(self) -> Self {
        self.effect(Effect::DropBefore)
    }

    /// The request is carried out fully, then the connection is closed without an answer.
    pub fn drop_after(self) -> Self {
        self.effect(Effect::DropAfter)
    }

    /// HTTP 500 with the error body of the CRM; nothing is done.
    pub fn status_500(self) -> Self {
        self.crm_error(500, "INTERNAL_ERROR")
    }

    /// The error body of the CRM with this code and any status, 200 too; nothing is done.
    pub fn crm_error(self, status: u16, code: impl AsRef<str>) -> Self {
        self.effect(crm_error(status, code.as_ref(), "Internal Server Error"))
    }

    /// HTTP 200 with an HTML page where JSON is expected; nothing is done.
    pub fn html(self) -> Self {
        self.effect(page(200, "We will be back soon"))
    }

    /// HTTP 502 with an HTML page, as a server in front of Zoho's gives it; nothing is done.
    pub fn bad_gateway(self) -> Self {
        self.effect(page(502, "502 Bad Gateway"))
    }

    /// "Too many requests": the accounts server's body, or 429 `TOO_MANY_REQUESTS` on the CRM; nothing is done.
    pub fn throttle(self) -> Self {
        self.effect(Effect::Throttle { localised: false })
    }

    /// The accounts server's throttle in Chinese, `拒绝访问`, as it was seen in the wild; nothing is done.
    pub fn throttle_localised(self) -> Self {
        self.effect(Effect::Throttle { localised: true })
    }

    /// This status and body; nothing is done. JSON and HTML bodies get the content type that fits.
    pub fn respond(self, status: u16, body: impl Into<String>) -> Self {
        self.effect(answer(status, body.into()))
    }

    /// This status, content type and body, whether they fit or not; nothing is done.
    pub fn respond_as(self, status: u16, content_type: impl AsRef<str>, body: impl Into<String>) -> Self {
        self.effect(Effect::Answer(Answer::text(status, content_type.as_ref(), body.into())))
    }

    /// HTTP 200 with JSON of `depth` arrays, each in the one before; nothing is done.
    pub fn nested_arrays(self, depth: usize) -> Self {
        self.respond(200, "[".repeat(depth) + &"]".repeat(depth))
    }

    /// HTTP 307 to any URL, also on another host; nothing is done. A client that follows it repeats method and body.
    pub fn redirect(self, url: impl Into<String>) -> Self {
        self.effect(Effect::Answer(Answer::empty(307).with_header("location", url)))
    }

    /// The request is carried out; its answer says that it is of this content type.
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        self.effect(Effect::Relabel(content_type.into()))
    }

    /// The request is carried out; its answer is compressed with gzip, asked for or not, and the second half of the
    /// compressed bytes is missing. The length of the body is told as it is: only the gzip is broken.
    pub fn truncate_gzip(self) -> Self {
        self.effect(Effect::CutGzip)
    }

    /// The request is carried out; the connection is closed after half of the body.
    pub fn truncate_body(self) -> Self {
        self.effect(Effect::CutBody)
    }

    /// The request is carried out; status and headers of its answer leave byte by byte, with a pause after each.
    pub fn slow_head(self, pause: Duration) -> Self {
        self.effect(Effect::SlowHead(pause))
    }

    /// The request is carried out; the body of its answer leaves byte by byte, with a pause after each.
    pub fn slow_body(self, pause: Duration) -> Self {
        self.effect(Effect::SlowBody(pause))
    }

    /// HTTP 200 with a list of records of this many bytes, made while it leaves; nothing is done.
    pub fn flood(self, bytes: u64) -> Self {
        self.effect(Effect::Flood(Some(bytes)))
    }

    /// HTTP 200 with a list of records that goes on until the client closes the connection; nothing is done.
    pub fn endless(self) -> Self {
        self.effect(Effect::Flood(None))
    }

    fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    pub(super) fn fits(&self, call: &Call) -> bool {
        let key = call.key();
        let target_fits = match self.target.strip_suffix('*') {
            Some(beginning) => key.starts_with(beginning),
            None => key == self.target,
        };
        let condition_holds = |(name, value): &(String, String)| call.parameter(name) == Some(value);
        target_fits && self.conditions.iter().all(condition_holds)
    }

    pub(super) fn is_spent(&self) -> bool {
        self.remaining == Some(0)
    }
}
