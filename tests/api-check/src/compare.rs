//! Compares what was sent with what came back, leaf by leaf; and looks for the shortest body that shows a fault.

use std::fmt;

use serde_json::{Number, Value};

/// The first place at which two bodies differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where: `$.roles[0].name`.
    pub path: String,
    /// What was there; `None` where nothing was.
    pub before: Option<Value>,
    /// What is there now.
    pub after: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value>| match value {
            Some(value) => shortened(&value.to_string(), 200),
            None => "nothing".to_owned(),
        };
        write!(formatter, "at {}: {} became {}", self.path, shown(&self.before), shown(&self.after))
    }
}

/// Where two bodies differ, if they do. The order of an object's members means nothing; 7 and 7.0 are one number.
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

/// How many leaves a body has: texts, numbers, booleans, nulls, and what is empty.
#[must_use]
pub fn leaves(body: &Value) -> usize {
    match body {
        Value::Object(members) if !members.is_empty() => members.values().map(leaves).sum(),
        Value::Array(items) if !items.is_empty() => items.iter().map(leaves).sum(),
        _ => 1,
    }
}

/// The shortest body that still fails, found by taking parts out for as long as it does.
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

/// The body without its member or item of this number, counted from the outside in.
fn without_part(body: &Value, at: usize) -> Option<Value> {
    let mut body = body.clone();
    let mut left = at;
    let mut open = std::collections::VecDeque::from([&mut body]);
    while let Some(part) = open.pop_front() {
        let length = match &*part {
            Value::Object(members) => members.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        if left < length {
            match part {
                Value::Object(members) => {
                    let name = members.keys().nth(left).cloned()?;
                    members.shift_remove(&name);
                }
                Value::Array(items) => {
                    items.remove(left);
                }
                _ => {}
            }
            return Some(body);
        }
        left -= length;
        match part {
            Value::Object(members) => open.extend(members.values_mut()),
            Value::Array(items) => open.extend(items.iter_mut()),
            _ => {}
        }
    }
    None
}

/// The beginning of a text that may be long.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_absent_and_an_empty_list_are_three_things() {
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
    fn the_shortest_body_that_fails_is_found() {
        let long =
            json!({ "data": [{ "a": 1, "b": [1, 2, { "bad": true, "c": 1 }] }, { "a": 2 }], "info": {} });
        let fails = |body: &Value| body.to_string().contains("bad");
        assert_eq!(shortest(&long, fails), json!({ "data": [{ "b": [{ "bad": true }] }] }));
    }
}
