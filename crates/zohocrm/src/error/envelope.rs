//! `Envelope`: how a rejection is found in the body of a response.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};

use super::rejection::Rejection;
use crate::value::{Value, is_name_of_number};

/// An object that may be a rejection: only its envelope members may be objects or lists.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    code: Value,
    message: Value,
    details: Value,
    status: Value,
    response: Value,
    error: Value,
    error_description: Value,
    cause: Value,
}

/// Reads the rejection in a body with a success status, if it is one. Parsing stops at the first object or list that no
/// rejection has, so a long response costs nothing.
pub(super) fn in_success(body: &[u8]) -> Option<Rejection> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    let says_error = [&envelope.status, &envelope.response].iter().any(|word| *word == "error");
    (says_error || envelope.error.is_string()).then(|| envelope.into_rejection()).flatten()
}

/// Reads the rejections in a body with an error status, in order: one for the call, or one for each item that it was to
/// write.
pub(super) fn in_failure(body: &[u8]) -> Vec<Rejection> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let mut envelopes = Vec::new();
    collect_envelopes(&body, &mut envelopes);
    match envelopes.is_empty() {
        true => of_content_host(&body).into_iter().collect(),
        false => envelopes.into_iter().filter_map(Envelope::into_rejection).collect(),
    }
}

/// Reads the format of the hosts for files: `{"ERROR_MESSAGE": "Bad Request", "x-error": …}` and
/// `{"info": "Forbidden", "x-info": …}`.
fn of_content_host(body: &Value) -> Option<Rejection> {
    let text = |names: [&str; 2]| names.iter().find_map(|name| body.get(name)?.as_str()).map(str::to_owned);
    let message = text(["x-error", "x-info"]).unwrap_or_default();
    Some(Rejection::new(text(["ERROR_MESSAGE", "info"])?, message, Value::Null))
}

/// Collects the body itself or those in it: `{"roles": [{"code": …}, {"code": …}]}`, `{"backup": {"code": …}}`. An item that
/// Zoho accepted is not one.
fn collect_envelopes(body: &Value, envelopes: &mut Vec<Envelope>) {
    match body {
        Value::Object(members) => match Envelope::of(body) {
            Some(envelope) if envelope.status == "success" => {}
            Some(envelope) => envelopes.push(envelope),
            None => members.values().for_each(|member| collect_envelopes(member, envelopes)),
        },
        Value::Array(entries) => entries.iter().for_each(|entry| collect_envelopes(entry, envelopes)),
        _ => {}
    }
}

impl Envelope {
    /// Reads an object with the members of a rejection.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        if !["code", "error", "cause"].iter().any(|name| members.contains_key(name)) {
            return None;
        }
        let member = |name: &str| members.get(name).cloned().unwrap_or_default();
        Some(Self {
            code: member("code"),
            message: member("message"),
            details: member("details"),
            status: member("status"),
            response: Value::Null,
            error: member("error"),
            error_description: member("error_description"),
            cause: member("cause"),
        })
    }

    /// The member names of the accounts server occur on the API host, too.
    pub(super) fn into_rejection(self) -> Option<Rejection> {
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let code = text(self.code).or_else(|| text(self.error)).or_else(|| text(self.cause))?;
        let message = text(self.message).or_else(|| text(self.error_description)).unwrap_or_default();
        Some(Rejection::new(code, message, self.details))
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an error response")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(name) = members.next_key::<String>()? {
            let place = match name.as_str() {
                "code" => &mut envelope.code,
                "message" => &mut envelope.message,
                "details" => &mut envelope.details,
                "status" => &mut envelope.status,
                "response" => &mut envelope.response,
                "error" => &mut envelope.error,
                "error_description" => &mut envelope.error_description,
                "cause" => &mut envelope.cause,
                _ => {
                    members.next_value::<Scalar>()?;
                    continue;
                }
            };
            *place = members.next_value()?;
        }
        Ok(envelope)
    }
}

/// Any value that is neither an object nor a list.
struct Scalar;

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, a number, a boolean or null")
    }

    fn visit_str<E>(self, _: &str) -> Result<Scalar, E> {
        Ok(Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Scalar, E> {
        Ok(Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar)
    }

    /// A number too, if the feature `arbitrary_precision` of `serde_json` is enabled.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Scalar, A::Error> {
        match members.next_key::<String>()? {
            Some(name) if is_name_of_number(&name) => members.next_value::<String>().map(|_| Scalar),
            _ => Err(Error::invalid_type(Unexpected::Map, &self)),
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar)
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar)
    }
}
