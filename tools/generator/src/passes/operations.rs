//! Names operations and their parameters, and writes the sentence that documents each operation.

use std::collections::HashMap;

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::words::{is_plural, singular, words};
use crate::error::{Error, Result};
use crate::model::{Parameter, TypeRef};
use crate::overrides::{AreaOverride, Overrides};
use crate::schema::{Key, Place, RawOperation};

/// Verbs that operation names begin with.
const VERBS: &[&str] = &[
    "activate",
    "add",
    "assign",
    "associate",
    "attach",
    "cancel",
    "change",
    "check",
    "clone",
    "convert",
    "count",
    "create",
    "deactivate",
    "deassociate",
    "delete",
    "delink",
    "disable",
    "download",
    "enable",
    "enroll",
    "execute",
    "get",
    "invite",
    "list",
    "lock",
    "merge",
    "remove",
    "replace",
    "rerun",
    "reschedule",
    "revoke",
    "run",
    "schedule",
    "search",
    "send",
    "share",
    "sign",
    "transfer",
    "unblock",
    "unenroll",
    "unlock",
    "unshare",
    "update",
    "upload",
    "upsert",
];
/// Words that end the noun of a name: `territories from records`.
const PREPOSITIONS: &[&str] = &["by", "for", "from", "in", "of", "to", "using", "with"];
/// Methods that every type or every call has.
const TAKEN: &[&str] = &["clone", "new", "send", "default", "from", "into", "drop", "request"];
/// Rust keywords.
const KEYWORDS: &[&str] = &[
    "as", "async", "await", "box", "break", "const", "continue", "default", "do", "dyn", "else", "enum",
    "extern", "final", "fn", "for", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "pub", "ref", "return", "static", "struct", "trait", "try", "type", "union", "unsafe",
    "use", "where", "while", "yield",
];
/// Keywords that are valid as names of methods and fields.
const VALID_KEYWORDS: &[&str] = &["default", "union"];

/// The names of an area.
#[derive(Debug)]
pub struct AreaNames {
    /// The name of its module.
    pub name: String,
    /// Its subject in prose.
    pub words: String,
    /// The words of the subject, as a singular.
    noun: Vec<String>,
}

impl AreaNames {
    /// Derives the names from the source's name and the overrides.
    #[must_use]
    pub fn new(area: &str, entry: &AreaOverride) -> Self {
        let name = entry.name.clone().unwrap_or_else(|| area.to_snake_case());
        let noun = match &entry.noun {
            Some(noun) => words(noun),
            None => one_of(&words(area)),
        };
        let title = entry.title.clone().unwrap_or_else(|| prose(&words(area)));
        Self { words: title, name, noun }
    }

    /// Whether these words are the area's subject: `roles` is that of the area `contact_roles`.
    fn is_noun(&self, words: &[String]) -> bool {
        self.noun.ends_with(&one_of(words))
    }
}

/// The names of an operation.
#[derive(Debug)]
pub struct OperationNames {
    /// The method of the area's handle.
    pub method: String,
    /// The type of the call.
    pub request: String,
    /// What the operation does, without a full stop.
    pub sentence: String,
}

/// Names the operations of one area.
///
/// # Errors
/// When two operations would have the same name.
pub fn name(
    area: &AreaNames,
    operations: &[&RawOperation],
    overrides: &Overrides,
) -> Result<Vec<OperationNames>> {
    let mut names: Vec<OperationNames> =
        operations.iter().map(|operation| first_choice(area, operation, operations, overrides)).collect();
    // Operations with the same short name get their long names.
    let mut count: HashMap<String, usize> = HashMap::new();
    for name in &names {
        *count.entry(name.method.clone()).or_default() += 1;
    }
    for (name, operation) in names.iter_mut().zip(operations) {
        let is_overridden = overrides.operation(operation).is_some_and(|entry| entry.method.is_some());
        if count[&name.method] > 1 && !is_overridden {
            name.method = identifier(&words(overrides.name_of_operation(operation)).join("_"));
        }
    }
    let mut collisions = Vec::new();
    for of in [|name: &OperationNames| name.method.clone(), |name: &OperationNames| name.request.clone()] {
        let mut seen: HashMap<String, &RawOperation> = HashMap::new();
        for (name, operation) in names.iter().zip(operations) {
            if let Some(first) = seen.insert(of(name), operation) {
                collisions.push(format!(
                    "`{1}` would use the name `{0}` for both `{2}` and `{3}`; add an [[operation]] entry with `method` for one of them",
                    of(name),
                    area.name,
                    first.id,
                    operation.id
                ));
            }
        }
    }
    if collisions.is_empty() { Ok(names) } else { Err(Error::Collisions(collisions)) }
}

fn first_choice(
    area: &AreaNames,
    operation: &RawOperation,
    all: &[&RawOperation],
    overrides: &Overrides,
) -> OperationNames {
    let mut words = words(overrides.name_of_operation(operation));
    let verb = words.first().cloned().unwrap_or_default();
    let rest = &words[1.min(words.len())..];
    let is_own = area.is_noun(rest);
    let is_several = rest.last().is_some_and(|word| is_plural(word));
    let has_one = || {
        all.iter().any(|other| {
            let other = super::words::words(overrides.name_of_operation(other));
            let of_one = other.last().is_some_and(|word| !is_plural(word));
            other.first() == Some(&verb) && of_one && area.is_noun(&other[1..])
        })
    };
    let method = match verb.as_str() {
        "get" if is_own && is_several => "list".to_owned(),
        "update" | "delete" | "delink" if is_own && is_several && has_one() => format!("{verb}_many"),
        "get" if words.len() > 1 && !is_own => rest.join("_"),
        _ if is_own && VERBS.contains(&verb.as_str()) && !TAKEN.contains(&verb.as_str()) => verb.clone(),
        _ => words.join("_"),
    };
    if method == "list" {
        words[0].clone_from(&method);
    }
    let entry = overrides.operation(operation);
    let method = entry.and_then(|entry| entry.method.clone()).unwrap_or_else(|| identifier(&method));
    OperationNames {
        method,
        request: words.join("_").to_upper_camel_case(),
        sentence: entry.and_then(|entry| entry.sentence.clone()).unwrap_or_else(|| sentence(&words)),
    }
}

/// The sentence for a name: `get role` becomes `Gets a role`.
fn sentence(words: &[String]) -> String {
    let (verbs, noun) = match words {
        [first, and, second, noun @ ..] if and == "and" => {
            (format!("{} and {}", third_person(first), third_person(second)), noun)
        }
        [first, noun @ ..] if VERBS.contains(&first.as_str()) => (third_person(first), noun),
        _ => return format!("Calls `{}`", words.join(" ")),
    };
    let head = noun.iter().position(|word| PREPOSITIONS.contains(&word.as_str())).unwrap_or(noun.len());
    match noun[..head].last() {
        None => capital(format!("{verbs} {}", prose(noun)).trim_end()),
        Some(last) => format!("{} {}{}", capital(&verbs), article(&noun[0], last), prose(noun)),
    }
}

/// The article of a noun: `a role`, `an organization`, and none for `roles`.
fn article(first: &str, last: &str) -> &'static str {
    let is_uncountable =
        matches!(last, "details" | "settings" | "status" | "data" | "meta" | "sharing" | "unavailability");
    let sounds_like_you = ["use", "uni", "url"].iter().any(|start| first.starts_with(start));
    match first.chars().next() {
        _ if is_plural(last) || is_uncountable || first == "all" => "",
        Some('a' | 'e' | 'i' | 'o' | 'u') if !sounds_like_you => "an ",
        _ => "a ",
    }
}

/// Words as prose spells them: `zia url` becomes `Zia URL`.
fn prose(words: &[String]) -> String {
    let spelled = words.iter().map(|word| match word.as_str() {
        "api" => "API",
        "apis" => "APIs",
        "id" => "ID",
        "url" => "URL",
        "urls" => "URLs",
        "zia" => "Zia",
        other => other,
    });
    spelled.collect::<Vec<_>>().join(" ")
}

fn third_person(verb: &str) -> String {
    match verb {
        "deassociate" => "dissociates".to_owned(),
        "delink" => "unlinks".to_owned(),
        _ if verb.ends_with("ch") || verb.ends_with("sh") || verb.ends_with('s') => format!("{verb}es"),
        _ => format!("{verb}s"),
    }
}

/// Capitalizes the first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn one_of(words: &[String]) -> Vec<String> {
    words.iter().map(|word| singular(word)).collect()
}

/// The Rust identifier for a name: `type` becomes `r#type`.
pub(crate) fn identifier(name: &str) -> String {
    let name = words(name).join("_");
    match name.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("n{name}"),
        None => "unnamed".to_owned(),
        Some(_) if KEYWORDS.contains(&name.as_str()) && !VALID_KEYWORDS.contains(&name.as_str()) => {
            format!("r#{name}")
        }
        Some(_) => name,
    }
}

/// Names a parameter.
pub(crate) fn parameter(wire: &str, place: Place, kind: TypeRef<Key>) -> Parameter<Key> {
    let name = match wire {
        "module_api_name" | "module_name" | "moduleName" => "module".to_owned(),
        _ => identifier(wire.strip_prefix("X-CRM-").or(wire.strip_prefix("X-")).unwrap_or(wire)),
    };
    let name = if TAKEN.contains(&name.as_str()) { format!("{name}_parameter") } else { name };
    Parameter { wire: wire.to_owned(), name, place, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: &str, method: &str, path: &str) -> RawOperation {
        RawOperation::for_tests("paint_tins", id, method, path)
    }

    fn named(operations: &[RawOperation]) -> Result<Vec<OperationNames>> {
        let area = AreaNames::new("paint_tins", &AreaOverride::default());
        name(&area, &operations.iter().collect::<Vec<_>>(), &Overrides::default())
    }

    #[test]
    fn a_method_does_not_repeat_the_subject_of_its_area() {
        let names = named(&[
            operation("Get Paint Tins", "GET", "/v1/tins"),
            operation("Get Paint Tin", "GET", "/v1/tins/{id}"),
            operation("Update Paint Tins", "PUT", "/v1/tins"),
            operation("Update Paint Tin", "PUT", "/v1/tins/{id}"),
            operation("Activate Paint Tin", "PUT", "/v1/tins/{id}/actions/activate"),
            operation("Get Lid Count", "GET", "/v1/tins/lids"),
            operation("Clone Paint Tin", "POST", "/v1/tins/{id}/actions/clone"),
        ])
        .unwrap();
        let methods: Vec<&str> = names.iter().map(|name| name.method.as_str()).collect();
        assert_eq!(
            methods,
            ["list", "get", "update_many", "update", "activate", "lid_count", "clone_paint_tin"]
        );
        let requests: Vec<&str> = names.iter().map(|name| name.request.as_str()).take(2).collect();
        assert_eq!(requests, ["ListPaintTins", "GetPaintTin"]);
        let sentences: Vec<&str> = names.iter().map(|name| name.sentence.as_str()).take(2).collect();
        assert_eq!(sentences, ["Lists paint tins", "Gets a paint tin"]);
    }

    #[test]
    fn two_operations_of_the_same_name_are_an_error() {
        let twice = [operation("Get Lid", "GET", "/v1/a"), operation("Get Lid", "GET", "/v1/b")];
        let error = named(&twice).unwrap_err().to_string();
        assert!(error.contains("`get_lid`") || error.contains("`lid`"), "{error}");
    }

    #[test]
    fn a_keyword_becomes_a_valid_identifier() {
        assert_eq!(identifier("type"), "r#type");
        assert_eq!(identifier("$approval_state"), "approval_state");
        assert_eq!(identifier("startDateTime"), "start_date_time");
    }
}
