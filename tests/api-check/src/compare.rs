//! Compares two bodies leaf by leaf, and reduces a body to the shortest one that still fails.

use std::fmt;

use serde_json::{Number, Value};

/// The first place at which two bodies differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The path of the difference: `$.roles[0].name`.
    pub path: String,
    /// The value before, or `None` if it was absent.
    pub before: Option<Value>,
    /// The value after, or `None` if it is absent.
    pub after: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value>| match value {
            Some(value) => shortened(&value.to_string(), 200),
            None => "absent".to_owned(),
        };
        write!(formatter, "at {}: {} became {}", self.path, shown(&self.before), shown(&self.after))
    }
}

/// The first difference between two bodies. The order of an object's members does not matter, and 7 equals 7.0.
#[must_use]
pub fn difference(before: &Value, after: &Value) -> Option<Difference> {
    differs_at("$", Some(before), Some(after))
}

fn differs_at(path: &str, before: Option<&Value>, after: Option<&Value>) -> Option<Difference> {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            let mut names = before.keys().chain(added);
            names.find_map(|name| differs_at(&format!("{path}.{name}"), before.get(name), after.get(name)))
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            let mut places = 0..before.len().max(after.len());
            places.find_map(|at| differs_at(&format!("{path}[{at}]"), before.get(at), after.get(at)))
        }
        (Some(Value::Number(before)), Some(Value::Number(after))) if is_same(before, after) => None,
        _ if before == after => None,
        _ => Some(Difference { path: path.to_owned(), before: before.cloned(), after: after.cloned() }),
    }
}

fn is_same(one: &Number, other: &Number) -> bool {
    one == other || ((one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64())
}

/// Counts the leaves of a body: texts, numbers, booleans, nulls, and empty lists and objects.
#[must_use]
pub fn leaves(body: &Value) -> usize {
    match body {
        Value::Object(members) if !members.is_empty() => members.values().map(leaves).sum(),
        Value::Array(items) if !items.is_empty() => items.iter().map(leaves).sum(),
        _ => 1,
    }
}

/// Reduces a body that fails: removes parts for as long as it still fails.
#[must_use]
pub fn shortest(body: &Value, fails: impl Fn(&Value) -> bool) -> Value {
    let mut shortest = body.clone();
    let mut at = 0;
    while let Some(without) = without_part(&shortest, at) {
        if fails(&without) {
            shortest = without;
        } else {
            at += 1;
        }
    }
    shortest
}

/// The body without its member or item number `at`, counted from the outside in.
fn without_part(body: &Value, at: usize) -> Option<Value> {
    let mut body = body.clone();
    let mut remaining = at;
    let mut open = std::collections::VecDeque::from([&mut body]);
    while let Some(part) = open.pop_front() {
        let length = match &*part {
            Value::Object(members) => members.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        if remaining < length {
            match part {
                Value::Object(members) => {
                    let name = members.keys().nth(remaining).cloned()?;
                    members.shift_remove(&name);
                }
                Value::Array(items) => {
                    items.remove(remaining);
                }
                _ => {}
            }
            return Some(body);
        }
        remaining -= length;
        match part {
            Value::Object(members) => open.extend(members.values_mut()),
            Value::Array(items) => open.extend(items.iter_mut()),
            _ => {}
        }
    }
    None
}

/// The text, truncated to `max` characters.
#[must_use]
pub fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_absent_and_an_empty_list_are_different() {
        let sent = json!({ "a": null, "b": [] });
        assert_eq!(difference(&sent, &json!({ "b": [], "a": null })), None);
        assert_eq!(difference(&sent, &json!({ "b": [] })).unwrap().path, "$.a");
        assert_eq!(difference(&sent, &json!({ "a": null, "b": null })).unwrap().path, "$.b");
        assert_eq!(difference(&sent, &json!({ "a": null, "b": [], "c": null })).unwrap().path, "$.c");
        assert_eq!(difference(&json!([7, 1.5]), &json!([7.0, 1.5])), None);
        assert_eq!(difference(&json!([i64::MAX]), &json!([i64::MAX - 1])).unwrap().path, "$[0]");
        assert_eq!(leaves(&sent), 2);
    }

    #[test]
    fn a_failing_body_is_reduced_to_the_shortest_one() {
        let long =
            json!({ "data": [{ "a": 1, "b": [1, 2, { "bad": true, "c": 1 }] }, { "a": 2 }], "info": {} });
        let fails = |body: &Value| body.to_string().contains("bad");
        assert_eq!(shortest(&long, fails), json!({ "data": [{ "b": [{ "bad": true }] }] }));
    }
}
