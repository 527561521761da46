//! Reads criteria in the syntax of a search or as JSON.

use std::str::FromStr;

use super::tree::EMPTY;
use super::{Condition, Criteria, Operator, Tree};
use crate::error::{Error, Invalid};
use crate::value::Value;

/// The maximum depth of nested parentheses. Zoho's limit of ten conditions needs fewer.
const MAX_DEPTH: usize = 32;

impl FromStr for Criteria {
    type Err = Error;

    /// Reads criteria in the syntax of a search, `((City:equals:Rome)and(Amount:greater_than:10))`, or as JSON:
    /// `{"field": {"api_name": "City"}, "comparator": "equal", "value": "Rome"}`. `and` takes precedence over `or`. In the
    /// syntax of a search, every value is a text.
    ///
    /// ```
    /// use zohocrm::Criteria;
    ///
    /// # fn main() -> Result<(), zohocrm::Error> {
    /// let criteria: Criteria = "(City:equals:Rome)and(Amount:between:10,20)".parse()?;
    /// assert_eq!(criteria.to_json()?["group"][1]["value"], serde_json::json!(["10", "20"]));
    /// # Ok(())
    /// # }
    /// ```
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.starts_with('{') {
            let json: Value = serde_json::from_str(text).map_err(|_| unreadable(text))?;
            return tree_of_json(&json).map(Into::into);
        }
        let mut reader = Reader { rest: text };
        match reader.any(0) {
            Some(tree) if reader.rest.is_empty() => Ok(tree.into()),
            _ => Err(unreadable(reader.rest)),
        }
    }
}

fn unreadable(rest: &str) -> Error {
    /// Enough to find the place.
    const MAX_LETTERS: usize = 40;
    Invalid::Criteria(rest.chars().take(MAX_LETTERS).collect()).into()
}

fn tree_of_json(json: &Value) -> Result<Tree, Error> {
    let parts = || {
        let group = json.get("group")?.as_array().filter(|group| !group.is_empty())?;
        let is_or = match json.get("group_operator")?.as_str()?.to_ascii_lowercase().as_str() {
            "and" => false,
            "or" => true,
            _ => return None,
        };
        Some((group, is_or))
    };
    if let Some((group, is_or)) = parts() {
        let trees = group.iter().map(tree_of_json).collect::<Result<Vec<_>, _>>()?;
        return Ok(joined(trees, is_or));
    }
    condition_of_json(json).map(Tree::Is).ok_or_else(|| unreadable(&json.to_string()))
}

fn condition_of_json(json: &Value) -> Option<Condition> {
    let field = json.get("field")?;
    let field = field.get("api_name").unwrap_or(field).as_str()?.to_owned();
    let operator = Operator::named(json.get("comparator")?.as_str()?)?;
    let values = match json.get("value")? {
        Value::Array(values) => values.clone(),
        Value::Null => vec![EMPTY.into()],
        single => vec![single.clone()],
    };
    Some(condition(field, operator, values))
}

/// A condition, where a comparison with [`EMPTY`] is one of its own.
fn condition(field: String, operator: Operator, values: Vec<Value>) -> Condition {
    let operator = match (operator, values.as_slice()) {
        (Operator::Equals, [value]) if value == EMPTY => Operator::IsNull,
        (Operator::NotEqual, [value]) if value == EMPTY => Operator::IsNotNull,
        (operator, _) => operator,
    };
    Condition { field, operator, values }
}

/// Joins trees as `Criteria::and` and `Criteria::or` do, so that no group contains one of its own kind.
fn joined(trees: Vec<Tree>, is_or: bool) -> Tree {
    let mut trees = trees;
    match (trees.len(), is_or) {
        (1, _) => trees.remove(0),
        (_, true) => Tree::Or(trees.into_iter().flat_map(Tree::parts_of_or).collect()),
        (_, false) => Tree::And(trees.into_iter().flat_map(Tree::parts_of_and).collect()),
    }
}

/// A parser over the rest of a text.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// `a or b or c`
    fn any(&mut self, depth: usize) -> Option<Tree> {
        let mut parts = vec![self.all(depth)?];
        while self.takes_word("or") {
            parts.push(self.all(depth)?);
        }
        Some(joined(parts, true))
    }

    /// `a and b and c`
    fn all(&mut self, depth: usize) -> Option<Tree> {
        let mut parts = vec![self.in_parentheses(depth)?];
        while self.takes_word("and") {
            parts.push(self.in_parentheses(depth)?);
        }
        Some(joined(parts, false))
    }

    /// `(…)`: a condition, or other criteria.
    fn in_parentheses(&mut self, depth: usize) -> Option<Tree> {
        if depth > MAX_DEPTH || !self.takes("(") {
            return None;
        }
        let tree = match self.rest.trim_start().starts_with('(') {
            true => self.any(depth + 1)?,
            false => Tree::Is(self.condition()?),
        };
        self.takes(")").then_some(tree)
    }

    /// `field:operator:value`
    fn condition(&mut self) -> Option<Condition> {
        let (field, rest) = self.rest.split_once(':')?;
        let (operator, rest) = rest.split_once(':')?;
        let operator = Operator::named(operator.trim())?;
        self.rest = rest;
        let mut values = self.values()?;
        if !operator.takes_several() {
            // An unescaped comma means itself if there can be only one value.
            values = vec![values.join(",")];
        }
        let values = values.into_iter().map(Value::from).collect();
        Some(condition(field.trim().to_owned(), operator, values))
    }

    /// The values before the closing parenthesis, which is not taken. `\` escapes the letter after it.
    fn values(&mut self) -> Option<Vec<String>> {
        let mut values = vec![String::new()];
        let mut letters = self.rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            let value = values.last_mut()?;
            match letter {
                '\\' => value.push(letters.next()?.1),
                ',' => values.push(String::new()),
                '(' => return None,
                ')' => {
                    self.rest = &self.rest[at..];
                    return Some(values);
                }
                _ => value.push(letter),
            }
        }
        None
    }

    fn takes(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if found {
            self.rest = &rest[word.len()..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Criteria {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn parentheses_determine_how_conditions_are_joined() {
        let is = |name: &str| Criteria::field(name).equals("1");
        assert_eq!(read("(A:equals:1)"), is("A"));
        assert_eq!(read(" ( ( A : equals :1) ) "), is("A"));
        assert_eq!(read("(A:equals:1) AND (B:equals:1)"), is("A").and(is("B")));
        let mixed = is("A").and(is("B")).or(is("C"));
        assert_eq!(read("(((A:equals:1)and(B:equals:1))or(C:equals:1))"), mixed);
        assert_eq!(read("(A:equals:1)and(B:equals:1)or(C:equals:1)"), mixed);
        assert_eq!(read("(A:equals:1)and((B:equals:1)or(C:equals:1))"), is("A").and(is("B").or(is("C"))));
    }

    #[test]
    fn commas_separate_values_where_there_can_be_several() {
        let field = || Criteria::field("A");
        assert_eq!(read(r"(A:equals:Burns\, \(B\) \\ 10:30)"), field().equals(r"Burns, (B) \ 10:30"));
        assert_eq!(read("(A:equals:x,y)"), field().equals("x,y"));
        assert_eq!(read(r"(A:in:x\,y,z)"), field().is_in(["x,y", "z"]));
        assert_eq!(read("(A:between:1,2)"), field().between("1", "2"));
        assert_eq!(read("(A:not_equal:${EMPTY})"), field().is_not_null());
    }

    #[test]
    fn json_is_read_with_its_own_names() {
        let json = json!({ "group_operator": "AND", "group": [
            { "field": { "api_name": "City" }, "comparator": "equal", "value": "Rome" },
            { "field": "Amount", "comparator": "in", "value": [1, 2] },
        ] });
        let expected = Criteria::field("City").equals("Rome").and(Criteria::field("Amount").is_in([1, 2]));
        assert_eq!(read(&json.to_string()), expected);
    }

    #[test]
    fn malformed_criteria_are_rejected_at_their_place() {
        for wrong in [
            "",
            "A:equals:1",
            "(A:equals)",
            "(A:is:1)",
            "(A:equals:1",
            "(A:equals:1))",
            "(A:equals:(1))",
            "(A:equals:1)and",
            "(A:equals:1)xor(B:equals:1)",
            r"(A:equals:1\",
            "{",
            "{}",
            r#"{"group":[]}"#,
            r#"{"field":"A","comparator":"is","value":1}"#,
            r#"{"group":[{}],"group_operator":"and"}"#,
        ] {
            assert!(wrong.parse::<Criteria>().is_err(), "{wrong}");
        }
        assert!("(".repeat(100_000).parse::<Criteria>().is_err());
        let error = "(A:equals:1)xor(B:equals:1)".parse::<Criteria>().unwrap_err();
        assert!(error.to_string().contains("`xor(B:equals:1)`"), "{error}");
    }

    fn conditions() -> impl Strategy<Value = Criteria> {
        let value = || prop_oneof!["[^$]*", r"[(),\\ and:or]{0,12}"];
        prop_oneof![
            value().prop_map(|text: String| Criteria::field("A").equals(text)),
            prop::collection::vec(value(), 1..4).prop_map(|texts| Criteria::field("B_1").is_in(texts)),
            (value(), value()).prop_map(|(from, to)| Criteria::field("C.D").between(from, to)),
            Just(Criteria::field("E").is_null()),
        ]
    }

    fn criteria() -> impl Strategy<Value = Criteria> {
        conditions().prop_recursive(4, 8, 2, |inner| {
            (inner.clone(), inner, any::<bool>())
                .prop_map(|(one, other, and)| if and { one.and(other) } else { one.or(other) })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_in_either_form_reads_back_as_the_same_criteria(criteria in criteria()) {
            if let (Ok(text), Ok(json)) = (criteria.to_text(), criteria.to_json()) {
                prop_assert_eq!(&read(&text), &criteria);
                prop_assert_eq!(&read(&json.to_string()), &criteria);
            }
        }

        #[test]
        fn any_text_is_read_or_rejected(text in r"[(){}:,\\ a-z${}]{0,40}") {
            let _ = text.parse::<Criteria>();
        }
    }
}
