//! A sub-request of a composite request.

use bytes::Bytes;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::reference::{Reference, resolve, resolve_all};
use crate::bodies::{failure, invalid_data, mandatory_not_found};
use crate::crm::coql;
use crate::digits;
use crate::http::{Call, Pairs};
use crate::version::Version;

pub(super) const KEY: &str = "__composite_requests";
const URI_PATTERN: &str = "/crm(/.*)?/v[0-9]+([.][0-9]+)?/.*";
const ID_PATTERN: &str = "[a-zA-Z0-9][a-zA-Z0-9_]*";
const RESTRICTED_HEADERS: [&str; 2] = ["authorization", "x-crm-org"];
/// How many records a sub-request may write.
const MAX_WRITE: usize = 1;
/// How many records a sub-request may read.
const MAX_READ: usize = 25;

/// A sub-request with unresolved references.
#[derive(Clone, Debug)]
pub(super) struct SubRequest {
    pub(super) id: Option<String>,
    method: String,
    /// The segment of the path that names the version.
    version: String,
    /// The path after the version, with the query if there is one.
    uri: String,
    params: Value,
    headers: Value,
    body: Value,
}

impl SubRequest {
    /// Parses the sub-request at this index of a composite request.
    pub(super) fn read(body: &Value, index: usize, composite_version: Version) -> Result<Self, Value> {
        let path = |name: &str| format!("$.{KEY}[{index}].{name}");
        let text = |name: &str| match &body[name] {
            Value::Null => Err(mandatory_not_found(name, &path(name))),
            Value::String(text) => Ok(text.clone()),
            _ => Err(invalid_data(name, "text", &path(name))),
        };
        let mismatch = |name: &str, pattern: &str| {
            let mut failure = invalid_data(name, "text", &path(name));
            failure["details"]["regex"] = json!(pattern);
            failure
        };
        let (method, uri) = (text("method")?.to_ascii_uppercase(), text("uri")?);
        if !matches!(method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
            return Err(mismatch("method", "GET|POST|PUT|PATCH|DELETE"));
        }
        let (version, rest) = version_and_rest(&uri).ok_or_else(|| mismatch("uri", URI_PATTERN))?;
        let composite_version = composite_version.to_string();
        if number_of(version).as_f64() > number_of(&composite_version).as_f64() {
            let details = json!({
                "sub_request_version": number_of(version),
                "composite_request_version": number_of(&composite_version),
            });
            let message = "the version of a sub request is higher than that of the composite request";
            return Err(failure("NOT_ALLOWED", &details, message));
        }
        if is_excluded(&uri, rest) {
            return Err(failure(
                "NOT_SUPPORTED",
                &json!({}),
                "the api is not supported in composite requests",
            ));
        }
        let id = match &body["sub_request_id"] {
            Value::Null => None,
            Value::String(id) if is_id(id) => Some(id.clone()),
            _ => return Err(mismatch("sub_request_id", ID_PATTERN)),
        };
        for name in ["params", "headers", "body"] {
            if !body[name].is_null() && !body[name].is_object() {
                return Err(invalid_data(name, "jsonobject", &path(name)));
            }
        }
        let headers = &body["headers"];
        let names = headers.as_object().into_iter().flatten().map(|(name, _)| name.to_ascii_lowercase());
        if names.into_iter().any(|name| RESTRICTED_HEADERS.contains(&name.as_str())) {
            let mut failure = invalid_data("headers", "jsonobject", &path("headers"));
            failure["details"]["restricted_headers"] = json!(RESTRICTED_HEADERS);
            return Err(failure);
        }
        let (params, body) = (body["params"].clone(), body["body"].clone());
        let (version, uri) = (version.to_owned(), rest.to_owned());
        Ok(Self { id, method, version, uri, params, headers: headers.clone(), body })
    }

    /// The ids of the sub-requests that it refers to.
    pub(super) fn references(&self) -> Vec<String> {
        let everything = format!("{}{}{}{}", self.uri, self.params, self.headers, self.body);
        Reference::all_in(&everything).into_iter().map(|reference| reference.id).collect()
    }

    /// The request with its references resolved.
    pub(super) fn to_call(
        &self,
        index: usize,
        responses: impl Fn(&str) -> Option<Value>,
    ) -> Result<Call, Value> {
        let reject = |name: &str, reference: &Reference| {
            let path = format!("$.{KEY}[{index}].{name}");
            let details = json!({ "api_name": name, "json_path": path, "reference": reference.text() });
            failure("INVALID_REFERENCE", &details, "the reference is not valid")
        };
        // A sub-request cannot refer to its own response.
        let responses = |id: &str| if self.id.as_deref() == Some(id) { None } else { responses(id) };
        let uri = resolve(&self.uri, &responses).map_err(|reference| reject("uri", &reference))?;
        let params =
            resolve_all(&self.params, &responses).map_err(|reference| reject("params", &reference))?;
        let headers =
            resolve_all(&self.headers, &responses).map_err(|reference| reject("headers", &reference))?;
        let mut body = resolve_all(&self.body, &responses).map_err(|reference| reject("body", &reference))?;
        let uri = digits::to_plain_text(&uri);
        let (path, own_query) = uri.split_once('?').unwrap_or((&uri, ""));
        let mut query = pairs_of(&params);
        query.extend(form_urlencoded::parse(own_query.as_bytes()).into_owned());
        self.keep_within_limits(path, &mut query, &mut body)?;
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&query).finish();
        let body = if body.is_null() {
            Bytes::new()
        } else {
            Bytes::from(digits::to_text(&body).unwrap_or_default())
        };
        let headers = pairs_of(&headers).into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let path = format!("/crm/{}/{path}", self.version);
        Ok(Call::new(&self.method, &path, &query, headers.collect(), body))
    }

    /// Applies the limits of sub-requests: they write one record and read 25.
    fn keep_within_limits(&self, path: &str, query: &mut Pairs, body: &mut Value) -> Result<(), Value> {
        let exceeded = |by: &str, limit: usize| {
            failure("LIMIT_EXCEEDED", &json!({ "by": by, "limit": limit }), "limit exceeded")
        };
        if body["data"].as_array().is_some_and(|records| self.method != "GET" && records.len() > MAX_WRITE) {
            return Err(exceeded("data", MAX_WRITE));
        }
        if self.method == "GET" && !path.contains('/') {
            match query.iter().find(|(name, _)| name == "per_page") {
                None => query.push(("per_page".to_owned(), MAX_READ.to_string())),
                Some((_, length)) if length.parse().map_or(0, |length: usize| length) > MAX_READ => {
                    return Err(exceeded("per_page", MAX_READ));
                }
                Some(_) => {}
            }
        }
        if let ("coql", Some(text)) = (path, body["select_query"].as_str()) {
            body["select_query"] =
                json!(coql::limited(text, MAX_READ).ok_or_else(|| exceeded("limit", MAX_READ))?);
        }
        Ok(())
    }
}

/// Splits a URI: `/crm/v3/Leads` is `v3` and `Leads`.
fn version_and_rest(uri: &str) -> Option<(&str, &str)> {
    let uri = uri.strip_prefix('/').unwrap_or(uri).strip_prefix("crm/")?;
    let version =
        uri.split('/').find(|segment| segment.starts_with('v') && number_of(segment).is_number())?;
    let (_, rest) = uri.split_once(&format!("{version}/"))?;
    Some((version, rest))
}

/// The number of a version; `null` if the segment names none.
fn number_of(version: &str) -> Value {
    version[1..].parse().map_or(Value::Null, Value::Number)
}

/// Whether composite requests do not support the API: files, bulk jobs, and composite requests themselves.
fn is_excluded(uri: &str, rest: &str) -> bool {
    uri.contains("/bulk/") || matches!(rest, "files" | "upload" | KEY)
}

fn is_id(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

fn pairs_of(object: &Value) -> Pairs {
    object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), digits::to_plain_text(value)))
        .collect()
}
