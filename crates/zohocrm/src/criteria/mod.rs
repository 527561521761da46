//! `Criteria`: conditions that select records, encoded in three forms: the text of a search (`search.rs`), the JSON of a
//! bulk read (`json.rs`) and the `where` of a query (`coql/condition.rs`). The first two can also be read (`parse.rs`).

mod json;
mod name;
mod parse;
mod search;
mod tree;

use crate::error::{Error, Invalid};
use crate::value::Value;

use tree::EMPTY;

pub(crate) use name::checked_name;
pub(crate) use tree::{Condition, Limits, Operator, Tree};

/// Conditions that select records: one on a field, or several joined by `and` and `or`.
///
/// The same criteria work in a search, a count, a query and a bulk read. Not every operator exists in all of them, and the
/// type of a field decides which operators it supports. Zoho rejects those that it does not support.
///
/// ```
/// use zohocrm::{Criteria, DateTime};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let since: DateTime = "2026-11-01T00:00:00+01:00".parse()?;
/// let criteria = Criteria::field("Last_Name")
///     .equals("Burns, B")
///     .and(Criteria::field("Created_Time").greater_equal(since))
///     .or(Criteria::field("Lead_Status").is_in(["Contacted", "Qualified"]));
/// assert_eq!(
///     criteria.to_text()?,
///     r"(((Last_Name:equals:Burns\, B)and(Created_Time:greater_equal:2026-11-01T00:00:00+01:00))or(Lead_Status:in:Contacted,Qualified))"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "criteria do nothing until they are passed to a call"]
pub struct Criteria {
    pub(crate) tree: Tree,
}

impl Criteria {
    /// Starts a condition on a field, by its API name. Dots lead to a field of a related record: `Account_Name.Industry`.
    pub fn field(name: impl Into<String>) -> CriteriaField {
        CriteriaField { name: name.into() }
    }

    /// Creates criteria from Zoho's syntax, for conditions that this type does not support. The text is sent unchanged in
    /// parentheses, so special characters must be escaped already. Raw criteria have no JSON form.
    pub fn raw(text: impl Into<String>) -> Self {
        Tree::Raw(text.into()).into()
    }

    /// Requires both these and the other criteria.
    pub fn and(self, other: Self) -> Self {
        let mut parts = self.tree.parts_of_and();
        parts.extend(other.tree.parts_of_and());
        Tree::And(parts).into()
    }

    /// Requires these or the other criteria, or both.
    pub fn or(self, other: Self) -> Self {
        let mut parts = self.tree.parts_of_or();
        parts.extend(other.tree.parts_of_or());
        Tree::Or(parts).into()
    }

    /// Encodes the criteria as the text of a `criteria` parameter: `(Last_Name:equals:Burns\, B)`. The text is not
    /// URL-encoded.
    ///
    /// A `\` escapes `(`, `)`, `,` and `\` in values:
    /// <https://www.zoho.com/crm/developer/docs/api/v8/search-records.html>
    ///
    /// # Errors
    /// When a field name is invalid, a value is not a text, boolean or finite number, or the criteria exceed Zoho's limits: 10
    /// conditions, and 100 values in one `in`.
    pub fn to_text(&self) -> Result<String, Error> {
        self.check(search::LIMITS)?;
        Ok(search::text_of(&self.tree))
    }

    /// Encodes the criteria as JSON: `{"field": {"api_name": "Last_Name"}, "comparator": "equal", "value": "Burns"}`, or a
    /// `group_operator` with its `group`.
    ///
    /// # Errors
    /// When a field name is invalid, a value is not a text, boolean or finite number, there are more than 25 conditions, or
    /// some of them are [`raw`](Self::raw).
    pub fn to_json(&self) -> Result<Value, Error> {
        self.check(json::LIMITS)?;
        json::value_of(&self.tree)
    }

    /// Checks the limits and whether every condition can be encoded.
    pub(crate) fn check(&self, limits: Limits) -> Result<(), Error> {
        let conditions = self.tree.conditions();
        let count = conditions.len();
        if count > limits.conditions {
            return Err(Invalid::TooManyConditions { count, max: limits.conditions }.into());
        }
        conditions.into_iter().try_for_each(|condition| condition.check(limits))
    }
}

impl From<Tree> for Criteria {
    fn from(tree: Tree) -> Self {
        Self { tree }
    }
}

/// A field to compare. Returned by [`Criteria::field`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a field is not a condition until it is compared with a value"]
pub struct CriteriaField {
    name: String,
}

impl CriteriaField {
    /// The field equals the value. In a search, `equals` on a text field finds texts that *contain* the value, while a query
    /// ([`Crm::coql`](crate::Crm::coql)) compares the whole text. A query compares a multi-select pick list with values joined
    /// by `;`.
    pub fn equals(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::Equals, [value])
    }

    /// The field does not equal the value.
    pub fn not_equal(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::NotEqual, [value])
    }

    /// The field is empty. Zoho documents this for queries and bulk reads, not for searches.
    pub fn is_null(self) -> Criteria {
        self.compared(Operator::IsNull, [EMPTY])
    }

    /// The field has a value. Zoho documents this for queries and bulk reads, not for searches.
    pub fn is_not_null(self) -> Criteria {
        self.compared(Operator::IsNotNull, [EMPTY])
    }

    /// The text starts with `beginning`.
    pub fn starts_with(self, beginning: impl Into<String>) -> Criteria {
        self.compared(Operator::StartsWith, [beginning.into()])
    }

    /// The text ends with `end`. Not for searches.
    pub fn ends_with(self, end: impl Into<String>) -> Criteria {
        self.compared(Operator::EndsWith, [end.into()])
    }

    /// The text contains `part`. Not for searches, where [`equals`](Self::equals) has this meaning.
    pub fn contains(self, part: impl Into<String>) -> Criteria {
        self.compared(Operator::Contains, [part.into()])
    }

    /// The text does not contain `part`. Not for searches.
    pub fn not_contains(self, part: impl Into<String>) -> Criteria {
        self.compared(Operator::NotContains, [part.into()])
    }

    /// The field equals one of the values. At most 100 in a search, 50 in a query.
    pub fn is_in(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Criteria {
        self.compared(Operator::In, values)
    }

    /// The field equals none of the values. Not for searches.
    pub fn not_in(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Criteria {
        self.compared(Operator::NotIn, values)
    }

    /// The field is greater or later than the value.
    pub fn greater_than(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::GreaterThan, [value])
    }

    /// The field equals the value, or is greater or later.
    pub fn greater_equal(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::GreaterEqual, [value])
    }

    /// The field is less or earlier than the value.
    pub fn less_than(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::LessThan, [value])
    }

    /// The field equals the value, or is less or earlier.
    pub fn less_equal(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::LessEqual, [value])
    }

    /// The field lies between the two values, both included.
    pub fn between(self, from: impl Into<Value>, to: impl Into<Value>) -> Criteria {
        self.compared(Operator::Between, [from.into(), to.into()])
    }

    /// The field lies outside the two values. Not for searches.
    pub fn not_between(self, from: impl Into<Value>, to: impl Into<Value>) -> Criteria {
        self.compared(Operator::NotBetween, [from.into(), to.into()])
    }

    fn compared(self, operator: Operator, values: impl IntoIterator<Item = impl Into<Value>>) -> Criteria {
        let values = values.into_iter().map(Into::into).collect();
        Tree::Is(Condition { field: self.name, operator, values }).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coql::Select;

    fn is(name: &str) -> Criteria {
        Criteria::field(name).equals("x")
    }

    fn rejected(criteria: &Criteria) -> String {
        criteria.to_text().unwrap_err().to_string()
    }

    #[test]
    fn nested_groups_of_the_same_kind_are_flattened() {
        let Tree::And(parts) = is("A").and(is("B")).and(is("C").and(is("D"))).tree else {
            panic!("not a group")
        };
        assert_eq!(parts.len(), 4);
        let Tree::Or(parts) = is("A").and(is("B")).or(is("C")).tree else { panic!("not a group") };
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn criteria_beyond_the_limits_are_rejected_before_sending() {
        let eleven = (0..10).fold(is("A"), |criteria, _| criteria.and(is("A")));
        assert!(rejected(&eleven).contains("11 conditions exceed Zoho's limit of 10"));
        assert!(eleven.to_json().is_ok(), "JSON takes 25");
        assert!(rejected(&Criteria::field("A").is_in(0..101)).contains("101 values for `A`"));
        assert!(rejected(&Criteria::field("A").is_in([0; 0])).contains("is empty"));
    }

    #[test]
    fn a_name_cannot_inject_a_condition() {
        for name in ["", "A:equals:x)or(B", "A B", "A.", ".A", "A'", "A->", "->A"] {
            assert!(is(name).to_text().is_err(), "{name}");
        }
        for name in ["Last_Name", "$approved", "Account_Name.Parent_Account.id", "What_Id->Leads.id"] {
            assert!(is(name).to_text().is_ok(), "{name}");
        }
    }

    #[test]
    fn a_value_that_is_not_scalar_is_rejected() {
        assert!(Criteria::field("A").equals(serde_json::json!({"id": "1"})).to_text().is_err());
        assert!(Criteria::field("A").less_than(Value::Null).to_text().is_err());
        assert!(Criteria::field("A").is_not_null().to_text().is_ok());
    }

    #[test]
    fn a_number_that_is_not_finite_never_means_an_empty_field() {
        let field = || Criteria::field("Amount");
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for criteria in [
                field().equals(number),
                field().not_equal(number),
                field().greater_than(number),
                field().less_equal(number),
                field().between(0.0, number),
                field().not_between(number, 1.0),
                field().is_in([1.0, number]),
                field().not_in([number]),
                field().equals(None::<f64>),
                is("A").and(field().equals(number).or(is("B"))),
            ] {
                let query = Select::fields(["id"]).from("Leads").filter(criteria.clone()).to_text();
                for error in [criteria.to_text().err(), criteria.to_json().err(), query.err()] {
                    let message = error.expect("an error").to_string();
                    assert!(message.contains("`Amount`") && message.contains("is_null"), "{message}");
                }
            }
        }
        assert_eq!(field().is_null().to_text().unwrap(), "(Amount:equals:${EMPTY})");
        assert_eq!(field().is_not_null().to_text().unwrap(), "(Amount:not_equal:${EMPTY})");
    }
}
