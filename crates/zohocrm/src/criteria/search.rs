//! Encodes criteria as the text of a search: `((Last_Name:equals:Burns\, B)and(City:starts_with:M))`.
//! <https://www.zoho.com/crm/developer/docs/api/v8/search-records.html>

use super::{Condition, Limits, Tree};
use crate::value::Value;

/// Zoho's limits for a search.
pub(super) const LIMITS: Limits = Limits { conditions: 10, values: 100 };

/// Encodes criteria that were checked.
pub(super) fn text_of(tree: &Tree) -> String {
    let joined = |parts: &[Tree], word| parts.iter().map(text_of).collect::<Vec<_>>().join(word);
    match tree {
        Tree::And(parts) => format!("({})", joined(parts, "and")),
        Tree::Or(parts) => format!("({})", joined(parts, "or")),
        Tree::Is(condition) => format!("({})", text_of_condition(condition)),
        Tree::Raw(text) => format!("({text})"),
    }
}

fn text_of_condition(condition: &Condition) -> String {
    let values: Vec<String> = condition.values.iter().map(text_of_value).collect();
    format!("{}:{}:{}", condition.field, condition.operator.name(), values.join(","))
}

fn text_of_value(value: &Value) -> String {
    match value {
        Value::String(text) => escaped(text),
        other => other.to_string(),
    }
}

/// Zoho requires `\` before parentheses, commas and a final `\`. Every other `\` is escaped too, because Zoho would read
/// `\,` in a value as a comma only.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '(' | ')' | ',' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Criteria, Operator};
    use super::*;

    #[test]
    fn the_text_matches_the_examples_in_the_documentation() {
        let text = |criteria: Criteria| criteria.to_text().unwrap();
        let both = Criteria::field("Last_Name")
            .equals("Burns,B")
            .and(Criteria::field("First_Name").starts_with("M"));
        assert_eq!(text(both), r"((Last_Name:equals:Burns\,B)and(First_Name:starts_with:M))");
        assert_eq!(text(Criteria::field("Last_Name").equals(r"K\")), r"(Last_Name:equals:K\\)");
        let several = Criteria::field("Full_Name").is_in(["Patricia", "Boyle", "Kate"]);
        assert_eq!(text(several), "(Full_Name:in:Patricia,Boyle,Kate)");
        let between = Criteria::field("Amount").between(10, 20.5);
        assert_eq!(text(between), "(Amount:between:10,20.5)");
    }

    #[test]
    fn raw_text_is_unchanged() {
        let criteria = Criteria::raw("A:equals:1").or(Criteria::field("B").equals(true));
        assert_eq!(criteria.to_text().unwrap(), "((A:equals:1)or(B:equals:true))");
    }

    /// A parser of the syntax that shares no code with the encoder. It reads every value as a text.
    struct Reader<'a>(&'a str);

    impl Reader<'_> {
        fn tree(&mut self) -> Tree {
            self.take("(");
            let tree = match self.0.starts_with('(') {
                true => self.group(),
                false => Tree::Is(self.condition()),
            };
            self.take(")");
            tree
        }

        fn group(&mut self) -> Tree {
            let mut parts = vec![self.tree()];
            let word = if self.0.starts_with("and") { "and" } else { "or" };
            while self.0.starts_with(word) {
                self.take(word);
                parts.push(self.tree());
            }
            if word == "and" { Tree::And(parts) } else { Tree::Or(parts) }
        }

        fn condition(&mut self) -> Condition {
            let (field, rest) = self.0.split_once(':').unwrap();
            let (operator, rest) = rest.split_once(':').unwrap();
            self.0 = rest;
            let operator = OPERATORS.into_iter().find(|known| known.name() == operator).unwrap();
            let mut values = vec![self.value()];
            while self.0.starts_with(',') {
                self.take(",");
                values.push(self.value());
            }
            Condition { field: field.to_owned(), operator, values }
        }

        fn value(&mut self) -> Value {
            let mut text = String::new();
            let mut letters = self.0.char_indices();
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '\\' => text.push(letters.next().unwrap().1),
                    ',' | ')' => {
                        self.0 = &self.0[at..];
                        return text.into();
                    }
                    '(' => panic!("an unescaped parenthesis"),
                    _ => text.push(letter),
                }
            }
            panic!("unexpected end of text")
        }

        fn take(&mut self, token: &str) {
            self.0 = self.0.strip_prefix(token).unwrap();
        }
    }

    const OPERATORS: [Operator; 4] = [Operator::Equals, Operator::In, Operator::NotIn, Operator::Between];

    fn condition() -> impl Strategy<Value = Criteria> {
        let value = prop_oneof![any::<String>(), r"[(),\\ and:or]{0,12}"];
        let values = prop::collection::vec(value.prop_map(Value::from), 1..4);
        ("[A-Za-z_$][A-Za-z0-9_]{0,8}", prop::sample::select(OPERATORS.to_vec()), values)
            .prop_map(|(field, operator, values)| Tree::Is(Condition { field, operator, values }).into())
    }

    fn criteria() -> impl Strategy<Value = Criteria> {
        condition().prop_recursive(4, 24, 2, |inner| {
            (inner.clone(), inner, any::<bool>())
                .prop_map(|(one, other, and)| if and { one.and(other) } else { one.or(other) })
        })
    }

    proptest! {
        #[test]
        fn encoded_criteria_parse_to_the_same_tree(criteria in criteria()) {
            let text = text_of(&criteria.tree);
            let mut reader = Reader(&text);
            prop_assert_eq!(reader.tree(), criteria.tree);
            prop_assert_eq!(reader.0, "");
        }
    }
}
