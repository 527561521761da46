//! Recognizes wrappers: definitions that hold a body or a response and whose names tell nothing else.

use heck::ToUpperCamelCase;

use super::shapes::{Shape, ShapeContent};
use super::words::words;
use crate::model::TypeRef;

/// Whether a name tells the purpose of a definition, as `Response_Wrapper` does, and not its content.
pub(super) fn is_wrapper(name: &str) -> bool {
    let name = words(name).join("");
    ["wrapper", "handler", "body", "response"].iter().any(|end| name.ends_with(end)) || name == "success"
}

/// The end of a wrapper's name, which tells its purpose.
pub(super) fn wrapper(name: &str, shape: &Shape) -> String {
    let known = ["body", "request", "response", "wrapper", "handler", "success", "action", "api", "record"];
    let rest: Vec<String> = words(name).into_iter().filter(|word| !known.contains(&word.as_str())).collect();
    let sends = words(name).iter().any(|word| matches!(word.as_str(), "body" | "request"));
    let end = if is_results(shape) {
        "Results"
    } else if sends {
        "Body"
    } else {
        "Response"
    };
    format!("{}{end}", rest.join("_").to_upper_camel_case())
}

/// Whether it holds only results, one per item.
pub(super) fn is_results(shape: &Shape) -> bool {
    match &shape.content {
        ShapeContent::Struct(fields) => match fields.as_slice() {
            [(_, TypeRef::List(of))] => **of == TypeRef::ActionResult,
            [(_, kind)] => *kind == TypeRef::ActionResult,
            _ => false,
        },
        ShapeContent::Enum(_) => false,
    }
}
