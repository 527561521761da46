//! References to the answers of other requests: `@{1:$.data[0].details.id}`.

use serde_json::Value;

/// A reference: the id of a request, and a path into its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) id: String,
    path: String,
}

impl Reference {
    /// Every reference in a text.
    pub(super) fn all_in(text: &str) -> Vec<Self> {
        pieces(text).filter_map(|(_, reference)| reference).collect()
    }

    /// As it is written.
    pub(super) fn text(&self) -> String {
        format!("@{{{}:{}}}", self.id, self.path)
    }

    /// What it means in an answer. `None`: nothing is there.
    fn find<'v>(&self, answer: &'v Value) -> Option<&'v Value> {
        let steps = self.path.strip_prefix('$')?.split(['.', '[']).filter(|step| !step.is_empty());
        steps.into_iter().try_fold(answer, |value, step| {
            let step = step.trim_end_matches(']').trim_matches(['\'', '"']);
            match value {
                Value::Array(elements) => elements.get(step.parse::<usize>().ok()?),
                _ => value.get(step),
            }
        })
    }
}

/// A text with what its references mean in their place. A text that is one reference becomes what that means,
/// whatever its type.
///
/// # Errors
///
/// The reference that means nothing.
pub(super) fn resolve(text: &str, answers: &impl Fn(&str) -> Option<Value>) -> Result<Value, Reference> {
    let mut resolved = String::new();
    for (before, reference) in pieces(text) {
        resolved.push_str(before);
        let Some(reference) = reference else { continue };
        let answer = answers(&reference.id);
        let Some(value) = answer.as_ref().and_then(|answer| reference.find(answer)) else {
            return Err(reference);
        };
        if reference.text() == text {
            return Ok(value.clone());
        }
        resolved.push_str(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    Ok(Value::String(resolved))
}

/// Every text in a JSON value, with what its references mean in their place.
pub(super) fn resolve_all(
    value: &Value,
    answers: &impl Fn(&str) -> Option<Value>,
) -> Result<Value, Reference> {
    Ok(match value {
        Value::String(text) => resolve(text, answers)?,
        Value::Array(elements) => Value::Array(
            elements.iter().map(|element| resolve_all(element, answers)).collect::<Result<_, _>>()?,
        ),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| Ok((name.clone(), resolve_all(value, answers)?)));
            Value::Object(fields.collect::<Result<_, _>>()?)
        }
        _ => value.clone(),
    })
}

/// The text between references, each with the reference behind it.
fn pieces(text: &str) -> impl Iterator<Item = (&str, Option<Reference>)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let found = text.find("@{").and_then(|start| {
            let (inner, behind) = text[start + 2..].split_once('}')?;
            let (id, path) = inner.split_once(':')?;
            Some((&text[..start], Reference { id: id.to_owned(), path: path.to_owned() }, behind))
        });
        Some(match found {
            Some((before, reference, behind)) => {
                rest = Some(behind);
                (before, Some(reference))
            }
            None => (text, None),
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answers(id: &str) -> Option<Value> {
        (id == "1").then(|| json!({ "data": [{ "details": { "id": "77", "count": 3 } }] }))
    }

    #[test]
    fn references_stand_alone_or_within_a_text() {
        assert_eq!(resolve("/Leads/@{1:$.data[0].details.id}/Notes", &answers), Ok(json!("/Leads/77/Notes")));
        assert_eq!(resolve("@{1:$['data'][0].details.count}", &answers), Ok(json!(3)));
        assert_eq!(resolve("no reference: @{ or }", &answers), Ok(json!("no reference: @{ or }")));
    }

    #[test]
    fn a_reference_to_nothing_is_named() {
        let text = resolve("@{1:$.data[1].details.id}", &answers).unwrap_err().text();
        assert_eq!(text, "@{1:$.data[1].details.id}");
        assert!(resolve("@{2:$.data}", &answers).is_err());
    }
}
