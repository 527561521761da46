//! Finds out which members of a body a type knows by name.
//!
//! A type that keeps everything as unknown members loses nothing and is useless. A type that knows a member rejects a value
//! of the wrong kind for it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::schema::{SchemaId, Schemas, Shape, TextKind};

/// A body with a single member: once with a value of the right kind, once with one of the wrong kind.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The path of the member: `$.roles[].name`.
    pub path: String,
    /// The body with a value of the right kind.
    pub right: Value,
    /// The body with a value of the wrong kind.
    pub wrong: Value,
    /// The body with a number in place of a text, or with a text in place of a number.
    pub swapped: Option<Value>,
}

impl Probe {
    /// The name of the member.
    #[must_use]
    pub fn member(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }
}

/// Creates a probe for each member that the schemas describe. Each schema is visited once.
#[must_use]
pub fn probes(schemas: &Schemas, roots: &[SchemaId]) -> Vec<Probe> {
    let mut probes = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<(SchemaId, Vec<Step>)> = roots.iter().rev().map(|root| (*root, Vec::new())).collect();
    while let Some((id, steps)) = open.pop() {
        for branch in schemas.branches(id) {
            if (steps.is_empty() && (schemas.is_rejection(branch) || schemas.is_file(branch)))
                || !seen.insert(branch)
            {
                continue;
            }
            match schemas.shape(branch) {
                Shape::List(items) => open.push((*items, with(&steps, Step::Item))),
                Shape::Object { members, .. } => {
                    for (name, member) in members {
                        let steps = with(&steps, Step::Member(name.clone()));
                        if let Some((right, wrong)) = values(schemas, *member) {
                            probes.push(Probe {
                                path: path(&steps),
                                swapped: swapped(schemas, *member).map(|value| nested(&steps, value)),
                                right: nested(&steps, right),
                                wrong: nested(&steps, wrong),
                            });
                        }
                        open.push((*member, steps));
                    }
                }
                _ => {}
            }
        }
    }
    probes
}

#[derive(Clone, Debug)]
enum Step {
    Member(String),
    Item,
}

fn with(steps: &[Step], step: Step) -> Vec<Step> {
    let mut steps = steps.to_vec();
    steps.push(step);
    steps
}

fn path(steps: &[Step]) -> String {
    let part = |step: &Step| match step {
        Step::Member(name) => format!(".{name}"),
        Step::Item => "[]".to_owned(),
    };
    format!("${}", steps.iter().map(part).collect::<String>())
}

fn nested(steps: &[Step], value: Value) -> Value {
    steps.iter().rev().fold(value, |value, step| match step {
        Step::Member(name) => json!({ name.as_str(): value }),
        Step::Item => json!([value]),
    })
}

/// A value of the right kind and one of the wrong kind, or `None` if any value is possible.
fn values(schemas: &Schemas, member: SchemaId) -> Option<(Value, Value)> {
    let of = |branch: &SchemaId| match schemas.shape(*branch) {
        // An object without described members is sometimes a text.
        Shape::Object { members, .. } if members.is_empty() => None,
        Shape::Object { .. } => Some((json!({}), json!("x"))),
        Shape::List(_) => Some((json!([]), json!("x"))),
        // A number is a text in some of Zoho's files.
        Shape::Text { .. } => Some((json!("x"), json!({}))),
        Shape::Integer { .. } => Some((json!(7), json!("x"))),
        Shape::Number => Some((json!(7.5), json!("x"))),
        Shape::Boolean => Some((json!(true), json!("x"))),
        Shape::OneOf(_) | Shape::Anything | Shape::File => None,
    };
    let mut all = schemas.branches(member).iter().map(of).collect::<Option<Vec<_>>>()?;
    all.dedup();
    match all.len() {
        1 => all.pop(),
        // Several kinds are right, such as texts and numbers.
        _ => None,
    }
}

/// A number for a text, or a text for a number, or `None` if the member is neither.
fn swapped(schemas: &Schemas, member: SchemaId) -> Option<Value> {
    match schemas.shape(*schemas.branches(member).first()?) {
        Shape::Text { kind: TextKind::Plain, .. } => Some(json!(7)),
        Shape::Integer { .. } | Shape::Number => Some(json!("7")),
        _ => None,
    }
}
