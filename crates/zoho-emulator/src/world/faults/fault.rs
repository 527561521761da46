//! `Fault`: an effect, and the requests that it applies to.

use std::time::Duration;

use super::effect::{Effect, crm_error, page, respond};
use crate::http::{Call, Response};

/// A deliberate fault for the requests that it names.
///
/// ```
/// use zoho_emulator::Fault;
///
/// // The next three refreshes get no response. The code exchange is not affected.
/// let fault = Fault::on("POST /oauth/v2/token").when("grant_type", "refresh_token").times(3).hang();
/// ```
///
/// A fault happens once by default. Durations are in real time, whatever the speed of the simulated clock.
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is passed to `Emulator::fault`"]
pub struct Fault {
    target: String,
    conditions: Vec<(String, String)>,
    pub(super) skip: u32,
    pub(super) remaining: Option<u32>,
    pub(super) effect: Effect,
}

impl Fault {
    /// A fault for requests with this method and path, such as `"POST /oauth/v2/token"`.
    ///
    /// A `*` at the end matches any rest: `"GET /crm/v8/*"`, or `"*"` for every request. The default effect is
    /// [`status_500`](Self::status_500).
    pub fn on(method_and_path: impl Into<String>) -> Self {
        Self {
            target: method_and_path.into(),
            conditions: Vec::new(),
            skip: 0,
            remaining: Some(1),
            effect: crm_error(500, "INTERNAL_ERROR", "Internal Server Error"),
        }
    }

    /// Applies only to requests in which a form or query parameter has this value.
    pub fn when(mut self, parameter: impl Into<String>, value: impl Into<String>) -> Self {
        self.conditions.push((parameter.into(), value.into()));
        self
    }

    /// Skips the first `requests` that match.
    pub fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// How often the fault happens. Default: once.
    pub fn times(mut self, times: u32) -> Self {
        self.remaining = Some(times);
        self
    }

    /// Applies to every matching request, until [`clear_faults`](crate::Emulator::clear_faults).
    pub fn forever(mut self) -> Self {
        self.remaining = None;
        self
    }

    /// Does not process the request and never responds. The connection stays open.
    pub fn hang(self) -> Self {
        self.effect(Effect::Hang(None))
    }

    /// Does not process the request and does not respond. After `time` the connection is closed.
    pub fn hang_for(self, time: Duration) -> Self {
        self.effect(Effect::Hang(Some(time)))
    }

    /// Processes the request when it arrives and sends the response `time` later.
    pub fn delay(self, time: Duration) -> Self {
        self.effect(Effect::Delay(time))
    }

    /// Processes the request when it arrives and sends the response at the next
    /// [`clear_faults`](crate::Emulator::clear_faults). In between, a test can do what has to happen during the request.
    pub fn hold(self) -> Self {
        self.effect(Effect::Hold)
    }

    /// Closes the connection without processing the request.
    pub fn drop_before(self) -> Self {
        self.effect(Effect::DropBefore)
    }

    /// Processes the request completely, then closes the connection without a response.
    pub fn drop_after(self) -> Self {
        self.effect(Effect::DropAfter)
    }

    /// Responds with HTTP 500 and the error body of the CRM, without processing the request.
    pub fn status_500(self) -> Self {
        self.crm_error(500, "INTERNAL_ERROR")
    }

    /// Responds with the error body of the CRM, this code and any status (also 200), without processing the request.
    pub fn crm_error(self, status: u16, code: impl AsRef<str>) -> Self {
        self.effect(crm_error(status, code.as_ref(), "Internal Server Error"))
    }

    /// Responds with HTTP 200 and an HTML page where JSON is expected, without processing the request.
    pub fn html(self) -> Self {
        self.effect(page(200, "We will be back soon"))
    }

    /// Responds with HTTP 502 and an HTML page, as a proxy in front of Zoho does, without processing the request.
    pub fn bad_gateway(self) -> Self {
        self.effect(page(502, "502 Bad Gateway"))
    }

    /// Responds with the throttle: the accounts server's body, or 429 `TOO_MANY_REQUESTS` on the CRM. The request is not
    /// processed.
    pub fn throttle(self) -> Self {
        self.effect(Effect::Throttle { localized: false })
    }

    /// Responds with the accounts server's throttle in Chinese, `拒绝访问`, as users have reported it. The request is not
    /// processed.
    pub fn throttle_localized(self) -> Self {
        self.effect(Effect::Throttle { localized: true })
    }

    /// Responds with this status and body, without processing the request. JSON and HTML bodies get the matching content
    /// type.
    pub fn respond(self, status: u16, body: impl Into<String>) -> Self {
        self.effect(respond(status, body.into()))
    }

    /// Responds with this status, content type and body, whether or not they match, without processing the request.
    pub fn respond_as(self, status: u16, content_type: impl AsRef<str>, body: impl Into<String>) -> Self {
        self.effect(Effect::Respond(Response::text(status, content_type.as_ref(), body.into())))
    }

    /// Responds with HTTP 200 and `depth` nested JSON arrays, without processing the request.
    pub fn nested_arrays(self, depth: usize) -> Self {
        self.respond(200, "[".repeat(depth) + &"]".repeat(depth))
    }

    /// Responds with HTTP 307 to any URL, also on another host, without processing the request. A client that follows it
    /// repeats method and body.
    pub fn redirect(self, url: impl Into<String>) -> Self {
        self.effect(Effect::Respond(Response::empty(307).with_header("location", url)))
    }

    /// Processes the request; the response declares this content type.
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        self.effect(Effect::ContentType(content_type.into()))
    }

    /// Processes the request; the response is compressed with gzip, whether or not the client accepts it, and the second
    /// half of the compressed bytes is missing. `Content-Length` is correct: only the gzip stream is broken.
    pub fn truncate_gzip(self) -> Self {
        self.effect(Effect::TruncateGzip)
    }

    /// Processes the request, and closes the connection after half of the body.
    pub fn truncate_body(self) -> Self {
        self.effect(Effect::TruncateBody)
    }

    /// Processes the request, and sends status and headers byte by byte, with a delay after each.
    pub fn slow_head(self, delay: Duration) -> Self {
        self.effect(Effect::SlowHead(delay))
    }

    /// Processes the request, and sends the body byte by byte, with a delay after each.
    pub fn slow_body(self, delay: Duration) -> Self {
        self.effect(Effect::SlowBody(delay))
    }

    /// Responds with HTTP 200 and a list of records of this many bytes, generated while it is sent. The request is not
    /// processed.
    pub fn flood(self, bytes: u64) -> Self {
        self.effect(Effect::Flood(Some(bytes)))
    }

    /// Responds with HTTP 200 and a list of records that ends only when the client closes the connection. The request is
    /// not processed.
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
