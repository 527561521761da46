//! `Envelope`: how a rejection is found in the body of a response.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::rejection::Rejection;

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

impl Rejection {
    /// Reads the rejection in a body with a success status, if it is one. Parsing stops at the first object or list that no
    /// rejection has, so a long response costs nothing.
    pub(super) fn in_success(body: &[u8]) -> Option<Self> {
        let envelope: Envelope = serde_json::from_slice(body).ok()?;
        let says_error = [&envelope.status, &envelope.response].iter().any(|word| *word == "error");
        (says_error || envelope.error.is_string()).then(|| envelope.into_rejection()).flatten()
    }

    /// Reads the rejection in a body with an error status. If all records of a write were rejected, the first entry counts.
    pub(super) fn in_failure(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let Some(envelope) = first_envelope(&body) else { return Self::of_content_host(&body) };
        let member = |name: &str| envelope.get(name).cloned().unwrap_or_default();
        Envelope {
            code: member("code"),
            message: member("message"),
            details: member("details"),
            error: member("error"),
            error_description: member("error_description"),
            cause: member("cause"),
            ..Envelope::default()
        }
        .into_rejection()
    }

    /// Reads the format of the hosts for files: `{"ERROR_MESSAGE": "Bad Request", "x-error": …}` and
    /// `{"info": "Forbidden", "x-info": …}`.
    fn of_content_host(body: &Value) -> Option<Self> {
        let text =
            |names: [&str; 2]| names.iter().find_map(|name| body.get(name)?.as_str()).map(str::to_owned);
        let message = text(["x-error", "x-info"]).unwrap_or_default();
        Some(Self { code: text(["ERROR_MESSAGE", "info"])?, message, details: Value::Null })
    }
}

impl Envelope {
    /// The member names of the accounts server occur on the API host, too.
    pub(super) fn into_rejection(self) -> Option<Rejection> {
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Some(Rejection {
            code: text(self.code).or_else(|| text(self.error)).or_else(|| text(self.cause))?,
            message: text(self.message).or_else(|| text(self.error_description)).unwrap_or_default(),
            details: self.details,
        })
    }
}

/// Returns the object itself, or the first one in it: `{"roles": [{"code": …}]}`, `{"backup": {"code": …}}`.
fn first_envelope(body: &Value) -> Option<&Value> {
    match body {
        Value::Object(members) => {
            match ["code", "error", "cause"].iter().any(|name| members.contains_key(*name)) {
                true => Some(body),
                false => members.values().find_map(first_envelope),
            }
        }
        Value::Array(entries) => first_envelope(entries.first()?),
        _ => None,
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

impl Visitor<'_> for ScalarVisitor {
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

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar)
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar)
    }
}
