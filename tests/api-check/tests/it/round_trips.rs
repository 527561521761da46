//! Checks that no part of a response or a body is lost in a round trip through its type.

use api_check::SchemaId;
use api_check::compare::{difference, leaves, shortened, shortest};
use api_check::registry::RoundTrip;
use api_check::sample::{Sample, samples};
use serde_json::{Value, json};

use crate::support::findings::Findings;
use crate::support::mistaken::without_mistakes;
use crate::support::pairs::{Described, Pair, pairs};
use crate::support::surroundings::{official_sdk, specification};

/// The minimum number of samples for each operation.
const MIN_SAMPLES: usize = 20;

#[test]
#[ignore = "needs Zoho's OpenAPI files and the Python SDK"]
fn every_response_survives_a_round_trip_with_every_leaf() {
    let Some(specification) = specification() else { return };
    let pairs = pairs(specification, official_sdk());
    let mut check = Check::default();
    for pair in &pairs {
        if let Some(round_trip) = pair.entry.response {
            check.visit(pair, round_trip, "a response", Described::responses);
        }
    }
    check.conclude("responses");
}

#[test]
#[ignore = "needs Zoho's OpenAPI files and the Python SDK"]
fn every_body_survives_a_round_trip_with_every_leaf() {
    let Some(specification) = specification() else { return };
    let pairs = pairs(specification, official_sdk());
    let mut check = Check::default();
    for pair in &pairs {
        if let Some(round_trip) = pair.entry.body {
            check.visit(pair, round_trip, "a body", |described| described.body().into_iter().collect());
        }
    }
    check.conclude("bodies");
}

#[derive(Default)]
struct Check {
    findings: Findings,
    operations: usize,
    bodies: usize,
    leaves: usize,
    branches: usize,
    undescribed: Vec<String>,
}

impl Check {
    fn visit(
        &mut self,
        pair: &Pair,
        round_trip: RoundTrip,
        what: &str,
        shapes: impl Fn(&Described) -> Vec<SchemaId>,
    ) {
        self.operations += 1;
        let mut count = 0;
        for described in &pair.described {
            let made = samples(described.schemas, &shapes(described));
            self.branches += made.branches;
            if !made.untaken.is_empty() {
                self.findings.add(format!(
                    "{}: {} branches are in no sample",
                    pair.title(),
                    made.untaken.len()
                ));
            }
            count += made.bodies.len();
            self.try_all(pair, described, round_trip, what, &made.bodies);
        }
        if count == 0 {
            self.undescribed.push(pair.entry.key());
            let bodies = (0..).zip([json!({}), json!({ "data": [{ "id": "1", "new": null }], "info": {} })]);
            let bodies: Vec<_> = bodies.map(|(seed, body)| Sample { seed, body }).collect();
            self.try_all(pair, &pair.own(), round_trip, what, &bodies);
        } else if count < MIN_SAMPLES {
            self.findings.add(format!("{}: only {count} samples", pair.title()));
        }
    }

    /// Adds at most one finding for each operation and description, with the shortest body that shows it.
    fn try_all(
        &mut self,
        pair: &Pair,
        described: &Described,
        round_trip: RoundTrip,
        what: &str,
        all: &[Sample],
    ) {
        self.bodies += all.len();
        for Sample { seed, body } in all {
            let body = without_mistakes(described, body.clone());
            self.leaves += leaves(&body);
            if loss(round_trip, &body).is_some() {
                let shortest = shortest(&body, |body| loss(round_trip, body).is_some());
                let loss = loss(round_trip, &shortest).unwrap_or_default();
                self.findings.add(format!(
                    "{}: {what} by {}, seed {seed}: {loss}; shortest: {}",
                    pair.title(),
                    described.by,
                    shortened(&shortest.to_string(), 300)
                ));
                return;
            }
        }
    }

    fn conclude(self, what: &str) {
        let Self { findings, operations, bodies, leaves, branches, undescribed } = self;
        findings.conclude(format!(
            "{operations} operations, {bodies} {what}, {leaves} leaves, {branches} branches of choices; \
             not described: {undescribed:?}"
        ));
    }
}

/// The loss in a round trip through a type, if there is one.
pub(crate) fn loss(round_trip: RoundTrip, body: &Value) -> Option<String> {
    let written = match round_trip(body.to_string().as_bytes()) {
        Ok(written) => written,
        Err(error) => return Some(error),
    };
    match serde_json::from_slice(&written) {
        Ok(after) => difference(body, &after).map(|difference| difference.to_string()),
        Err(error) => Some(error.to_string()),
    }
}
