//! Lists where Zoho's two descriptions contradict each other or the examples, and the client follows one of them.

use api_check::operation::without_names;
use serde_json::Value;

use super::pairs::{Described, SDK, SPECIFICATION};

/// The description that is wrong, the operations (the beginning of file, method and path), the member, and what is wrong.
/// If it is unknown which description is right, the client accepts any value and the member is not listed here.
const MISTAKEN: &[(&str, &str, &str, &str)] = &[
    (SPECIFICATION, "business_hours: GET ", "business_hours.daily_timing", TIMES),
    (SPECIFICATION, "shift_hours: ", "shift_hours[].daily_timing", TIMES),
    (SPECIFICATION, "shift_hours: ", "shift_hours[].timezone", ZONE),
    (SPECIFICATION, "shift_hours: ", "shift_hours[].custom_timing[].shift_timing", TIMES),
    (SPECIFICATION, "shift_hours: ", "shift_hours[].break_hours[].daily_timing", TIMES),
    (SPECIFICATION, "shift_hours: ", "shift_hours[].break_hours[].custom_timing[].break_timing", TIMES),
    (
        SPECIFICATION,
        "notifications: ",
        "watch[].channel_id",
        "an object, but a text in the SDK and in examples",
    ),
    (SPECIFICATION, "share_records: ", "share[].shared_by.time_zone", ZONE),
    (SPECIFICATION, "share_records: ", "share[].shared_with.time_zone", ZONE),
    (SPECIFICATION, "share_records: ", "share[].user.time_zone", ZONE),
    (SPECIFICATION, "share_records: ", "shareable_user[].time_zone", ZONE),
    (SPECIFICATION, "territory_users: ", "users[].time_zone", ZONE),
    (SPECIFICATION, "users: ", "users[].time_zone", ZONE),
    (SPECIFICATION, "record: GET /crm/v8/{}/actions/count", "count", NUMBER),
    (SDK, "record: GET /crm/v8/{}/actions/count", "count", NUMBER),
    (
        SDK,
        "email_compose: PUT ",
        "email_compose",
        "results, but lists of results in the specification and in an example",
    ),
];
const NUMBER: &str = "a text, but a number in a later edition and its example";
const TIMES: &str = "objects, but times in the SDK and in the published examples";
const ZONE: &str = "an object, but a text in the SDK and in the published examples";

/// Removes the members that the description of a sample gets wrong.
pub(crate) fn without_mistakes(described: &Described, mut body: Value) -> Value {
    let operation = described.operation;
    let title = format!("{}: {} {}", operation.file, operation.method, without_names(&operation.path));
    for (by, of, member, _) in MISTAKEN {
        if described.by == *by && title.starts_with(of) {
            remove(&mut body, member);
        }
    }
    body
}

/// Removes the member at a path.
fn remove(body: &mut Value, path: &str) {
    match body {
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, path)),
        Value::Object(members) => match path.split_once('.') {
            None => {
                members.shift_remove(path);
            }
            Some((first, rest)) => {
                if let Some(inside) = members.get_mut(first.trim_end_matches("[]")) {
                    remove(inside, rest);
                }
            }
        },
        _ => {}
    }
}
