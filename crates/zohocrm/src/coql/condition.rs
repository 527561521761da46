//! Encodes criteria as the `where` of a query: `((Last_Name = 'Burns' and City like 'M%') and Email is not null)`.
//! <https://www.zoho.com/crm/developer/docs/api/v8/Get-Records-through-COQL-Query.html>

use super::words::{name, quoted};
use crate::criteria::{Condition, Operator, Tree};
use crate::error::{Error, Invalid};
use crate::value::Value;

/// Encodes criteria that were checked.
pub(super) fn text_of(tree: &Tree) -> Result<String, Error> {
    match tree {
        Tree::And(parts) => in_pairs(parts, "and"),
        Tree::Or(parts) => in_pairs(parts, "or"),
        Tree::Is(condition) => text_of_condition(condition),
        Tree::Raw(text) => Ok(format!("({text})")),
    }
}

/// Zoho requires parentheses around every two operands.
fn in_pairs(parts: &[Tree], word: &str) -> Result<String, Error> {
    let texts = parts.iter().map(text_of).collect::<Result<Vec<_>, _>>()?;
    Ok(texts.into_iter().reduce(|left, right| format!("({left} {word} {right})")).unwrap_or_default())
}

fn text_of_condition(condition: &Condition) -> Result<String, Error> {
    let Condition { field, operator, values } = condition;
    let field = name(field)?;
    let literals: Vec<String> = values.iter().map(literal).collect();
    let all = literals.join(", ");
    let both = literals.join(" and ");
    Ok(match operator {
        Operator::IsNull => format!("{field} is null"),
        Operator::IsNotNull => format!("{field} is not null"),
        Operator::Equals => format!("{field} = {all}"),
        Operator::NotEqual => format!("{field} != {all}"),
        Operator::GreaterThan => format!("{field} > {all}"),
        Operator::GreaterEqual => format!("{field} >= {all}"),
        Operator::LessThan => format!("{field} < {all}"),
        Operator::LessEqual => format!("{field} <= {all}"),
        Operator::In => format!("{field} in ({all})"),
        Operator::NotIn => format!("{field} not in ({all})"),
        Operator::Between => format!("{field} between {both}"),
        Operator::NotBetween => format!("{field} not between {both}"),
        Operator::StartsWith => format!("{field} like {}", pattern("", condition, "%")?),
        Operator::EndsWith => format!("{field} like {}", pattern("%", condition, "")?),
        Operator::Contains => format!("{field} like {}", pattern("%", condition, "%")?),
        Operator::NotContains => format!("{field} not like {}", pattern("%", condition, "%")?),
    })
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        // Zoho's examples quote booleans.
        other => quoted(&other.to_string()),
    }
}

/// A pattern for `like`. Zoho documents no escape for `%`.
fn pattern(before: &str, condition: &Condition, after: &str) -> Result<String, Error> {
    let text = condition.values.first().and_then(Value::as_str).unwrap_or_default();
    if text.contains('%') {
        return Err(Invalid::PercentSign(condition.field.clone()).into());
    }
    Ok(quoted(&format!("{before}{text}{after}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::criteria::Criteria;

    fn text(criteria: &Criteria) -> String {
        text_of(&criteria.tree).unwrap()
    }

    #[test]
    fn every_operator_is_encoded() {
        let field = || Criteria::field("A");
        for (criteria, expected) in [
            (field().equals("x"), "A = 'x'"),
            (field().not_equal(7), "A != 7"),
            (field().equals(true), "A = 'true'"),
            (field().is_null(), "A is null"),
            (field().is_not_null(), "A is not null"),
            (field().starts_with("x"), "A like 'x%'"),
            (field().ends_with("x"), "A like '%x'"),
            (field().contains("x"), "A like '%x%'"),
            (field().not_contains("x"), "A not like '%x%'"),
            (field().is_in(["x", "y"]), "A in ('x', 'y')"),
            (field().not_in([1, 2]), "A not in (1, 2)"),
            (field().greater_than(1), "A > 1"),
            (field().greater_equal(1), "A >= 1"),
            (field().less_than(1.5), "A < 1.5"),
            (field().less_equal(-1), "A <= -1"),
            (field().between("x", "y"), "A between 'x' and 'y'"),
            (field().not_between(1, 2), "A not between 1 and 2"),
            (Criteria::raw("A = 1"), "(A = 1)"),
        ] {
            assert_eq!(text(&criteria), expected);
        }
    }

    #[test]
    fn more_than_two_conditions_are_grouped_in_pairs() {
        let is = |name: &str| Criteria::field(name).is_null();
        let criteria = is("A").and(is("B")).and(is("C")).or(is("D"));
        assert_eq!(text(&criteria), "(((A is null and B is null) and C is null) or D is null)");
    }

    #[test]
    fn a_percent_sign_in_a_pattern_is_rejected() {
        assert!(text_of(&Criteria::field("A").contains("100%").tree).is_err());
        assert_eq!(text(&Criteria::field("A").equals("100%")), "A = '100%'");
    }

    /// A reader of what is written here that shares nothing with the writer.
    struct Reader<'a>(&'a str);

    impl Reader<'_> {
        fn criteria(&mut self) -> Criteria {
            if !self.takes("(") {
                return self.condition();
            }
            let left = self.criteria();
            let is_and = self.takes(" and ");
            assert!(is_and || self.takes(" or "));
            let right = self.criteria();
            assert!(self.takes(")"));
            if is_and { left.and(right) } else { left.or(right) }
        }

        fn condition(&mut self) -> Criteria {
            let (name, rest) = self.0.split_once(' ').unwrap();
            self.0 = rest;
            let field = Criteria::field(name);
            if self.takes("= ") {
                field.equals(self.text())
            } else if self.takes("in (") {
                let mut values = vec![self.text()];
                while self.takes(", ") {
                    values.push(self.text());
                }
                assert!(self.takes(")"));
                field.is_in(values)
            } else if self.takes("between ") {
                let from = self.text();
                assert!(self.takes(" and "));
                field.between(from, self.text())
            } else {
                assert!(self.takes("like "));
                field.starts_with(self.text().strip_suffix('%').unwrap())
            }
        }

        fn text(&mut self) -> String {
            assert!(self.takes("'"));
            let mut text = String::new();
            loop {
                let (before, rest) = self.0.split_once('\'').unwrap();
                text.push_str(before);
                self.0 = rest;
                match self.takes("'") {
                    true => text.push('\''),
                    false => return text,
                }
            }
        }

        fn takes(&mut self, token: &str) -> bool {
            let rest = self.0.strip_prefix(token);
            self.0 = rest.unwrap_or(self.0);
            rest.is_some()
        }
    }

    fn condition() -> impl Strategy<Value = Criteria> {
        let value = || prop_oneof![any::<String>(), r"['\\)( ,]{0,8}( and | or |)['\\)(]{0,3}"];
        prop_oneof![
            value().prop_map(|text| Criteria::field("A").equals(text)),
            prop::collection::vec(value(), 1..4).prop_map(|texts| Criteria::field("B_1").is_in(texts)),
            (value(), value()).prop_map(|(from, to)| Criteria::field("C.D").between(from, to)),
            "[^%]{0,12}".prop_map(|text| Criteria::field("E").starts_with(text)),
        ]
    }

    fn criteria() -> impl Strategy<Value = Criteria> {
        condition().prop_recursive(4, 24, 2, |inner| {
            (inner.clone(), inner, any::<bool>())
                .prop_map(|(one, other, and)| if and { one.and(other) } else { one.or(other) })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_criteria(criteria in criteria()) {
            let text = text_of(&criteria.tree).unwrap();
            let mut reader = Reader(&text);
            prop_assert_eq!(reader.criteria(), criteria);
            prop_assert_eq!(reader.0, "");
        }
    }
}
