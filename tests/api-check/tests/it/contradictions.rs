//! Checks that the client accepts both a text and a number for the members that are described as both, and only for these.

use std::collections::BTreeSet;

use api_check::probe::probes;
use api_check::schema::TextKind;
use api_check::{Description, SchemaId, Schemas, Shape};
use serde_json::Value;

use crate::support::findings::Findings;
use crate::support::pairs::{Described, pairs};
use crate::support::surroundings::{examples, specification};

/// The minimum number of such members in Zoho's files.
const MIN_MEMBERS: usize = 20;
/// Members of which the files have another description, in a definition that no operation uses.
const ALSO_DEFINED: [&str; 2] = ["expression", "value"];

#[test]
#[ignore = "needs Zoho's OpenAPI files and examples"]
fn text_and_number_stand_for_each_other_exactly_where_the_files_contradict_each_other() {
    let (Some(specification), Some(examples)) = (specification(), examples()) else { return };
    let mut kinds = Kinds::default();
    kinds.add_description(specification);
    examples.iter().for_each(|example| kinds.add_value(None, &example.body));
    let mut both: BTreeSet<&str> = kinds.texts.intersection(&kinds.numbers).map(String::as_str).collect();
    assert!(ALSO_DEFINED.iter().all(|name| both.insert(name)), "listed, but an operation has both: {both:?}");
    assert!(both.len() >= MIN_MEMBERS, "{both:?}");

    let mut findings = Findings::default();
    let (mut accepting, mut rejecting) = (0, 0);
    for pair in &pairs(specification, None) {
        let of_response: fn(&Described) -> Vec<SchemaId> = Described::responses;
        let of_body: fn(&Described) -> Vec<SchemaId> = |described| described.body().into_iter().collect();
        for (round_trip, shapes) in [(pair.entry.response, of_response), (pair.entry.body, of_body)] {
            let Some(round_trip) = round_trip else { continue };
            let own = pair.own();
            for probe in probes(own.schemas, &shapes(&own)) {
                let fits = |body: &Value| round_trip(body.to_string().as_bytes()).is_ok();
                let Some(swapped) = &probe.swapped else { continue };
                // A field for any value tells nothing.
                if !fits(&probe.right) || fits(&probe.wrong) {
                    continue;
                }
                let is_both = both.contains(probe.member());
                match is_both {
                    true => accepting += 1,
                    false => rejecting += 1,
                }
                if fits(swapped) != is_both {
                    findings.add(format!(
                        "{} {}: {swapped}, described as both: {is_both}",
                        pair.title(),
                        probe.path
                    ));
                }
            }
        }
    }
    findings.conclude(format!(
        "{} members are described as both: {both:?}; {accepting} fields accept both, {rejecting} do not",
        both.len()
    ));
}

/// The names of members, by the kinds of their values.
#[derive(Default)]
struct Kinds {
    texts: BTreeSet<String>,
    numbers: BTreeSet<String>,
    seen: BTreeSet<SchemaId>,
}

impl Kinds {
    fn add_description(&mut self, description: &Description) {
        for operation in &description.operations {
            let responses = operation.successes().chain(operation.failures());
            let responses = responses.filter_map(|(_, body)| body.schema);
            let body = operation.body.as_ref().and_then(|body| body.schema);
            responses.chain(body).for_each(|schema| self.add_schema(&description.schemas, None, schema));
        }
    }

    fn add_schema(&mut self, schemas: &Schemas, name: Option<&str>, id: SchemaId) {
        match schemas.shape(id) {
            Shape::Text { kind: TextKind::Plain, .. } => self.texts.extend(name.map(str::to_owned)),
            Shape::Integer { .. } | Shape::Number => self.numbers.extend(name.map(str::to_owned)),
            Shape::List(items) => self.add_schema(schemas, name, *items),
            Shape::OneOf(branches) => {
                branches.iter().for_each(|branch| self.add_schema(schemas, name, *branch));
            }
            Shape::Object { members, .. } if self.seen.insert(id) => {
                members.iter().for_each(|(name, member)| self.add_schema(schemas, Some(name), *member));
            }
            _ => {}
        }
    }

    fn add_value(&mut self, name: Option<&str>, value: &Value) {
        match value {
            Value::String(_) => self.texts.extend(name.map(str::to_owned)),
            Value::Number(_) => self.numbers.extend(name.map(str::to_owned)),
            Value::Array(items) => items.iter().for_each(|item| self.add_value(name, item)),
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| self.add_value(Some(name), member));
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}
