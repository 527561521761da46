//! Things that go wrong on purpose: silence, a dropped connection, a wrong answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::http::Call;

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
    skip: u32,
    remaining: Option<u32>,
    effect: Effect,
}

/// What happens instead of, or around, the real answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing is done and nothing is answered; after the time, if there is one, the connection is closed.
    Hang(Option<Duration>),
    /// The request is carried out at once, the answer leaves late.
    Delay(Duration),
    /// The connection is closed; nothing was done.
    DropBefore,
    /// The request is carried out, then the connection is closed without an answer.
    DropAfter,
    /// Nothing is done; this is the answer.
    Answer { status: u16, body: String },
    /// Nothing is done; the answer is the throttle of the server that was asked.
    Throttle { localised: bool },
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
            effect: server_error(),
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
        self.effect(server_error())
    }

    /// HTTP 200 with an HTML page where JSON is expected; nothing is done.
    pub fn html(self) -> Self {
        let page = "<!DOCTYPE html>\n<html><head><title>Zoho</title></head>\
                    <body><h1>We will be back soon</h1></body></html>\n";
        self.answer(200, page)
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
    pub fn answer(self, status: u16, body: impl Into<String>) -> Self {
        self.effect(Effect::Answer { status, body: body.into() })
    }

    fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    fn fits(&self, call: &Call) -> bool {
        let key = call.key();
        let target_fits = match self.target.strip_suffix('*') {
            Some(beginning) => key.starts_with(beginning),
            None => key == self.target,
        };
        let condition_holds = |(name, value): &(String, String)| call.parameter(name) == Some(value);
        target_fits && self.conditions.iter().all(condition_holds)
    }

    fn is_spent(&self) -> bool {
        self.remaining == Some(0)
    }
}

fn server_error() -> Effect {
    let body = r#"{"code":"INTERNAL_ERROR","details":{},"message":"Internal Server Error","status":"error"}"#;
    Effect::Answer { status: 500, body: body.to_owned() }
}

/// The faults that are installed, in the order in which they were.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    installed: Mutex<Vec<Fault>>,
}

impl Faults {
    pub(crate) fn install(&self, fault: Fault) {
        if !fault.is_spent() {
            self.lock().push(fault);
        }
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// How many faults still wait for a request.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// What goes wrong with this request: the first fault that fits it is used up by one.
    pub(crate) fn take(&self, call: &Call) -> Option<Effect> {
        let mut installed = self.lock();
        let index = installed.iter().position(|fault| fault.fits(call))?;
        let fault = &mut installed[index];
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.remaining = fault.remaining.map(|times| times - 1);
        let effect = fault.effect.clone();
        installed.retain(|fault| !fault.is_spent());
        Some(effect)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.installed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refresh() -> Call {
        Call::new("POST", "/oauth/v2/token", "grant_type=refresh_token", Vec::new(), bytes::Bytes::new())
    }

    #[test]
    fn a_fault_happens_as_often_as_it_was_told_and_then_no_more() {
        let faults = Faults::default();
        faults.install(Fault::on("POST /oauth/v2/token").skip(1).times(2).drop_before());
        let happened = [(); 4].map(|()| faults.take(&refresh()).is_some());
        assert_eq!(happened, [false, true, true, false]);
        assert_eq!(faults.waiting(), 0);
    }

    #[test]
    fn a_fault_with_a_condition_leaves_other_requests_alone() {
        let faults = Faults::default();
        faults.install(Fault::on("*").when("grant_type", "authorization_code").hang());
        assert_eq!(faults.take(&refresh()), None);
        faults.install(Fault::on("POST /oauth/*").hang());
        assert_eq!(faults.take(&refresh()), Some(Effect::Hang(None)));
    }
}
