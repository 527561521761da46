//! Where Zoho's two descriptions contradict each other, and the client follows one of them.

use serde_json::Value;

use super::pairs::{Described, SDK, SPECIFICATION};

/// Who is mistaken about which member, and why the other is right. Where nobody knows, the client takes anything, and the
/// member is not here.
const MISTAKEN: &[(&str, &str, &str)] = &[
    (SPECIFICATION, "break_timing", "objects; times in the SDK and in the published examples"),
    (SPECIFICATION, "channel_id", "an object; a text in the SDK and in the published examples"),
    (SPECIFICATION, "daily_timing", "objects; times in the SDK and in the published examples"),
    (SPECIFICATION, "shift_timing", "objects; times in the SDK, as all times beside it"),
    (SPECIFICATION, "time_zone", "an object; a text in the SDK and in the published examples"),
    (SPECIFICATION, "timezone", "an object; a text in the SDK and in the published examples"),
    (
        SDK,
        "email_compose",
        "a list of results; a list of lists in the specification, as in a published example beside it",
    ),
];

/// A sample without what its description is mistaken about.
pub(crate) fn without_mistakes(described: &Described, mut body: Value) -> Value {
    for (by, member, _) in MISTAKEN {
        if described.by == *by {
            remove(&mut body, member);
        }
    }
    body
}

fn remove(body: &mut Value, member: &str) {
    match body {
        Value::Object(members) => {
            members.shift_remove(member);
            members.values_mut().for_each(|inside| remove(inside, member));
        }
        Value::Array(items) => items.iter_mut().for_each(|inside| remove(inside, member)),
        _ => {}
    }
}
