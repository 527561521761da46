//! Checks that every request on the wire is as the specification describes it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use api_check::compare::difference;
use api_check::operation::{Content, Parameter, Place};
use api_check::registry::Samples;
use api_check::sample::samples;
use api_check::schema::TextKind;
use api_check::{Schemas, Shape};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use zoho_emulator::Entry as Recorded;

use crate::support::findings::Findings;
use crate::support::mistaken::without_mistakes;
use crate::support::pairs::{Described, Pair, pairs};
use crate::support::recorder::Recorder;
use crate::support::surroundings::{official_sdk, specification};

/// The path that means a whole URL from an earlier response.
const WHOLE_URL: &str = "/{download_url}";
/// Operations whose body no description has, and the reason for sending one.
const UNDESCRIBED: [(&str, &str); 1] = [(
    "record_count.count_records_by_post",
    "a later edition has filters, which are the purpose of the call",
)];
/// Headers that are not parameters.
const OWN_HEADERS: [&str; 9] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "user-agent",
];

#[tokio::test]
#[ignore = "needs Zoho's OpenAPI files and the Python SDK"]
async fn every_request_with_all_parameters_is_as_zoho_describes_it() {
    let Some(specification) = specification() else { return };
    let pairs = pairs(specification, official_sdk());
    let recorder = Recorder::start().await;
    recorder.respond(200, &json!({}));
    let mut findings = Findings::default();
    let (mut parameters, mut bodies) = (0, 0);
    for pair in &pairs {
        let body = sample_body(pair);
        let samples = Samples::default()
            .with_body(pair.entry.key(), body.clone().unwrap_or_default())
            .with_text("download_url", recorder.file_url());
        let built = catch_unwind(AssertUnwindSafe(|| (pair.entry.build)(&recorder.crm, &samples)));
        let Ok(request) = built else {
            findings.add(format!("{}: building it failed with the body {:?}", pair.title(), body));
            continue;
        };
        let sent = request.send().await;
        let Some(recorded) = recorder.last() else {
            findings.add(format!("{}: no request arrived: {:?}", pair.title(), sent.err()));
            continue;
        };
        let mut check = Check { pair, samples: &samples, recorded: &recorded, problems: Vec::new() };
        check.path();
        parameters += check.parameters();
        bodies += usize::from(check.body(body.as_ref()));
        for problem in check.problems {
            findings.add(format!("{}: {problem}", pair.title()));
        }
    }
    findings.conclude(format!("{} requests, {parameters} parameters, {bodies} bodies", pairs.len()));
}

/// A sample body from the first description that has one.
fn sample_body(pair: &Pair) -> Option<Value> {
    pair.entry.body?;
    let sample = |described: &Described| {
        let sample = samples(described.schemas, &[described.body()?]).bodies.into_iter().next()?;
        Some(without_mistakes(described, sample.body))
    };
    Some(pair.described.iter().find_map(sample).unwrap_or_else(|| json!({ "sample": "body" })))
}

struct Check<'a> {
    pair: &'a Pair,
    samples: &'a Samples,
    recorded: &'a Recorded,
    problems: Vec<String>,
}

impl Check<'_> {
    fn path(&mut self) {
        let own = self.pair.own();
        let (method, path) = (&own.operation.method, &own.operation.path);
        if self.recorded.method != *method {
            self.problems.push(format!("was sent as {}", self.recorded.method));
        }
        if path == WHOLE_URL {
            if !self.samples.text("download_url").ends_with(&self.recorded.path) {
                self.problems.push(format!("went to {}", self.recorded.path));
            }
            return;
        }
        let sent: Vec<_> = self.recorded.path.split('/').collect();
        let described: Vec<_> = path.split('/').collect();
        let fits = sent.len() == described.len()
            && sent.iter().zip(&described).all(|(sent, described)| {
                let sent = percent_decode_str(sent).decode_utf8_lossy();
                match described.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(name) => {
                        sent == self.samples.text(name) || sent == self.samples.integer(name).to_string()
                    }
                    None => sent == *described,
                }
            });
        if !fits {
            self.problems.push(format!("went to {}", self.recorded.path));
        }
        let host = self.recorded.header("host").unwrap_or_default();
        if host.starts_with("localhost") != (path == "/crm/v8/upload") {
            self.problems.push(format!("went to the host {host}"));
        }
    }

    /// Checks that the request has every described parameter and no other. Returns their number.
    fn parameters(&mut self) -> usize {
        let own = self.pair.own();
        let mut count = own.operation.parameters_in(Place::Path).count();
        for (place, sent) in [(Place::Query, &self.recorded.query), (Place::Header, &self.recorded.headers)] {
            for parameter in own.operation.parameters_in(place) {
                count += 1;
                let values: Vec<_> = sent.iter().filter(|(name, _)| has_name(name, parameter)).collect();
                let expected = expected(self.samples, parameter, own.schemas);
                match values.as_slice() {
                    [(_, value)] if expected.contains(value) => {}
                    [] => self.problems.push(format!("{place:?} {} is missing", parameter.name)),
                    other => self.problems.push(format!("{place:?} {} is {other:?}", parameter.name)),
                }
            }
            for (name, _) in
                sent.iter().filter(|(name, _)| place == Place::Query || !OWN_HEADERS.contains(&name.as_str()))
            {
                let mut all = self.pair.described.iter().flat_map(|it| it.operation.parameters_in(place));
                if !all.any(|parameter| has_name(name, parameter)) {
                    self.problems.push(format!("{place:?} {name} is in no description"));
                }
            }
        }
        count
    }

    /// Checks that the request has the sample as its body if a body is described. Returns whether it has a body.
    fn body(&mut self, sample: Option<&Value>) -> bool {
        let content_type = self.recorded.header("content-type").unwrap_or_default();
        let described =
            self.pair.described.iter().find_map(|it| Some((it.schemas, it.operation.body.as_ref()?)));
        match described {
            None if self.recorded.body.is_empty() && content_type.is_empty() => return false,
            None if UNDESCRIBED.iter().any(|(key, _)| *key == self.pair.entry.key()) => {}
            None => self.problems.push(format!("a body of `{content_type}` that no description has")),
            Some((_, Content { media_type, .. })) if !content_type.starts_with(media_type.as_str()) => {
                self.problems.push(format!("a body of `{content_type}` instead of `{media_type}`"));
            }
            Some((_, content)) if content.is_json() => {
                let sent = serde_json::from_str(&self.recorded.body).unwrap_or_default();
                match sample.map(|sample| difference(sample, &sent)) {
                    None => self.problems.push("a JSON body, but the entry has no type for it".to_owned()),
                    Some(Some(difference)) => self.problems.push(format!("a different body: {difference}")),
                    Some(None) => {}
                }
            }
            Some((schemas, content)) => {
                let field = content.schema.map_or(&[][..], |schema| schemas.members(schema)).first();
                let name = format!("name=\"{}\"", field.map_or("file", |(name, _)| name));
                let is_file = ["filename=\"sample file.txt\"", "the content of the file", &name];
                if !is_file.iter().all(|part| self.recorded.body.contains(part)) {
                    self.problems.push(format!("the form contains no file: {}", self.recorded.body));
                }
            }
        }
        true
    }
}

fn has_name(name: &str, parameter: &Parameter) -> bool {
    match parameter.place {
        Place::Header => name.eq_ignore_ascii_case(&parameter.name),
        Place::Query | Place::Path => name == parameter.name,
    }
}

/// The sample of a parameter on the wire. The client can have a narrower type than text for a described text.
fn expected(samples: &Samples, parameter: &Parameter, schemas: &Schemas) -> Vec<String> {
    let name = parameter.name.as_str();
    match schemas.shape(parameter.schema) {
        Shape::Integer { .. } => vec![samples.integer(name).to_string()],
        Shape::Number => vec![samples.number(name).to_string()],
        Shape::Boolean => vec![samples.boolean(name).to_string()],
        Shape::Text { kind: TextKind::DateTime, .. } => vec![samples.date_time(name).to_string()],
        Shape::Text { kind: TextKind::Date, .. } => vec![samples.date(name).to_string()],
        _ => vec![
            samples.text(name),
            samples.list(name).join(","),
            samples.integer(name).to_string(),
            samples.boolean(name).to_string(),
            samples.date_time(name).to_string(),
        ],
    }
}
