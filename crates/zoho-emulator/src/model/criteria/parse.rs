//! The grammar of `criteria`: `((Last_Name:equals:Burns\,B)and(First_Name:starts_with:M))`.
//!
//! A condition is `(field:operator:value)`. `and` and `or` join expressions in parentheses; `and` has precedence.
//! `(`, `)`, `,` and `\` in a value are escaped with `\`; an unescaped `,` separates the values of `in` and
//! `between`. `null` and `${EMPTY}` mean the absence of a value.

use serde_json::Value;

use super::criterion::{Condition, Criterion, Operator};

/// The maximum depth of nested parentheses.
const MAX_DEPTH: usize = 32;

/// Parses criteria. `None`: they are malformed.
pub(super) fn criteria(text: &str) -> Option<Criterion> {
    let mut reader = Reader { rest: text.trim() };
    let criterion = reader.any(0)?;
    reader.rest.is_empty().then_some(criterion)
}

/// A parser over the unread rest of the text.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// `a or b or c`.
    fn any(&mut self, depth: usize) -> Option<Criterion> {
        let mut all = vec![self.all(depth)?];
        while self.take_word("or") {
            all.push(self.all(depth)?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Criterion::Or(all) })
    }

    /// `a and b and c`.
    fn all(&mut self, depth: usize) -> Option<Criterion> {
        let mut all = vec![self.in_parentheses(depth)?];
        while self.take_word("and") {
            all.push(self.in_parentheses(depth)?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Criterion::And(all) })
    }

    /// `(…)`: a condition or another expression.
    fn in_parentheses(&mut self, depth: usize) -> Option<Criterion> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.take("(")?;
        let criterion = if self.rest.trim_start().starts_with('(') {
            self.any(depth + 1)?
        } else {
            Criterion::Is(self.condition()?)
        };
        self.take(")")?;
        Some(criterion)
    }

    /// `field:operator:value`, up to the closing parenthesis.
    fn condition(&mut self) -> Option<Condition> {
        let (field, rest) = self.rest.split_once(':')?;
        let (operator, rest) = rest.split_once(':')?;
        self.rest = rest;
        let operator = Operator::of_search(operator.trim())?;
        let mut values = self.values()?;
        let several =
            matches!(operator, Operator::In | Operator::NotIn | Operator::Between | Operator::NotBetween);
        if !several && values.len() > 1 {
            // Zoho requires commas to be escaped, but accepts them where it expects one value.
            values = vec![values.join(",")];
        }
        let values = values.into_iter().map(|value| match value.as_str() {
            "null" | "${EMPTY}" => Value::Null,
            _ => Value::String(value),
        });
        let field = field.trim();
        (!field.is_empty()).then(|| Condition { field: field.to_owned(), operator, values: values.collect() })
    }

    /// Values up to the closing parenthesis, which is not consumed.
    fn values(&mut self) -> Option<Vec<String>> {
        let mut values = vec![String::new()];
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            let value = values.last_mut()?;
            match character {
                '\\' => value.push(characters.next()?.1),
                ',' => values.push(String::new()),
                ')' => {
                    self.rest = &self.rest[at..];
                    return Some(values.iter().map(|value| value.trim().to_owned()).collect());
                }
                '(' => return None,
                _ => value.push(character),
            }
        }
        None
    }

    fn take(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn take_word(&mut self, word: &str) -> bool {
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
    use serde_json::json;

    use super::*;

    fn is(field: &str, operator: Operator, values: Value) -> Criterion {
        let Value::Array(values) = values else { panic!("not a list") };
        Criterion::Is(Condition { field: field.to_owned(), operator, values })
    }

    #[test]
    fn parentheses_determine_how_conditions_are_joined() {
        let one = is("A", Operator::Equals, json!(["1"]));
        assert_eq!(criteria("(A:equals:1)"), Some(one.clone()));
        assert_eq!(criteria("((A:equals:1))"), Some(one.clone()));
        let both = Criterion::And(vec![one.clone(), one.clone()]);
        assert_eq!(criteria("((A:equals:1)and(A:equals:1))"), Some(both.clone()));
        assert_eq!(criteria("(A:equals:1) AND (A:equals:1)"), Some(both.clone()));
        let mixed = Criterion::Or(vec![both, one]);
        assert_eq!(criteria("(((A:equals:1)and(A:equals:1))or(A:equals:1))"), Some(mixed.clone()));
        assert_eq!(criteria("((A:equals:1)and(A:equals:1)or(A:equals:1))"), Some(mixed));
    }

    #[test]
    fn special_characters_are_escaped_in_a_value() {
        let escaped = r"(A:equals:Burns\, \(B\) \\ 10:30)";
        assert_eq!(criteria(escaped), Some(is("A", Operator::Equals, json!([r"Burns, (B) \ 10:30"]))));
        assert_eq!(criteria(r"(A:in:x\,y,z,null)"), Some(is("A", Operator::In, json!(["x,y", "z", null]))));
        assert_eq!(criteria("(A:equals:x,y)"), Some(is("A", Operator::Equals, json!(["x,y"]))));
    }

    #[test]
    fn malformed_criteria_are_rejected() {
        for wrong in [
            "",
            "A:equals:1",
            "(A:equals)",
            "(A:is:1)",
            "(A:equals:1",
            "(A:equals:1))",
            "(A:equals:(1))",
            "(:equals:1)",
            "((A:equals:1)and)",
            r"(A:equals:1\",
        ] {
            assert_eq!(criteria(wrong), None, "{wrong}");
        }
        assert_eq!(criteria(&"(".repeat(100_000)), None);
    }
}
