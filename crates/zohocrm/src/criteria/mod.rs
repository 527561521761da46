//! `Criteria`: which records are meant. Said once, and written in each of Zoho's three languages: the text of a search
//! (`search.rs`), the JSON of a bulk read (`json.rs`) and the `where` of a query (`coql/condition.rs`).

mod json;
mod name;
mod search;
mod tree;

use serde_json::Value;

use crate::error::Error;

pub(crate) use name::checked_name;
pub(crate) use tree::{Condition, Limits, Operator, Tree};

/// Which records are meant: a condition on a field, or several joined by `and` and `or`.
///
/// The same criteria serve a search, a count, a query and a bulk read. Not every operator exists in each of them, and
/// which fits a field depends on the type of the field: Zoho says so where it does not.
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
#[must_use = "criteria do nothing until a call has them"]
pub struct Criteria {
    pub(crate) tree: Tree,
}

impl Criteria {
    /// Begins a condition on a field, by its API name. A field of a related record is reached by dots:
    /// `Account_Name.Industry`.
    pub fn field(name: impl Into<String>) -> CriteriaField {
        CriteriaField { name: name.into() }
    }

    /// Criteria as Zoho writes them, for what this type cannot say. They are sent as they stand, in parentheses; what
    /// has a meaning of its own must be escaped already. They have no JSON form.
    pub fn raw(text: impl Into<String>) -> Self {
        Tree::Raw(text.into()).into()
    }

    /// Both these and the others hold.
    pub fn and(self, other: Self) -> Self {
        let mut parts = self.tree.parts_of_and();
        parts.extend(other.tree.parts_of_and());
        Tree::And(parts).into()
    }

    /// These hold, or the others, or both.
    pub fn or(self, other: Self) -> Self {
        let mut parts = self.tree.parts_of_or();
        parts.extend(other.tree.parts_of_or());
        Tree::Or(parts).into()
    }

    /// The text for a parameter named `criteria`: `(Last_Name:equals:Burns\, B)`. It is not yet encoded for a URL.
    ///
    /// `(`, `)`, `,` and `\` in a value have a `\` before them, as
    /// <https://www.zoho.com/crm/developer/docs/api/v8/search-records.html> says.
    ///
    /// # Errors
    /// When a name cannot be one of a field, a value is not a text, number, boolean or null, or there are more conditions
    /// than Zoho takes: 10, and 100 values in one `in`.
    pub fn to_text(&self) -> Result<String, Error> {
        self.check(search::LIMITS)?;
        Ok(search::text_of(&self.tree))
    }

    /// The JSON form: `{"field": {"api_name": "Last_Name"}, "comparator": "equal", "value": "Burns"}`, or a
    /// `group_operator` with its `group`.
    ///
    /// # Errors
    /// When a name cannot be one of a field, a value is not a text, number, boolean or null, there are more than 25
    /// conditions, or some of them are [`raw`](Self::raw).
    pub fn to_json(&self) -> Result<Value, Error> {
        self.check(json::LIMITS)?;
        json::value_of(&self.tree)
    }

    /// Whether Zoho would take this many conditions and values, and whether they can be written at all.
    pub(crate) fn check(&self, limits: Limits) -> Result<(), Error> {
        let conditions = self.tree.conditions();
        let count = conditions.len();
        if count > limits.conditions {
            let most = limits.conditions;
            return Err(Error::Request(format!("{count} conditions are too many; Zoho takes {most} here")));
        }
        conditions.into_iter().try_for_each(|condition| condition.check(limits))
    }
}

impl From<Tree> for Criteria {
    fn from(tree: Tree) -> Self {
        Self { tree }
    }
}

/// A field that a condition is about; from [`Criteria::field`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a field is no condition; compare it with something"]
pub struct CriteriaField {
    name: String,
}

impl CriteriaField {
    /// The value is this one. In a search, `equals` on a text field finds the texts that *contain* the value; a query
    /// ([`Crm::coql`](crate::Crm::coql)) compares the whole. A multi-select pick list is compared in a query with its values
    /// joined by `;`.
    pub fn equals(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::Equals, [value])
    }

    /// The value is another one.
    pub fn not_equal(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::NotEqual, [value])
    }

    /// The field is empty. Zoho documents this for queries and bulk reads, not for searches.
    pub fn is_null(self) -> Criteria {
        self.compared(Operator::Equals, [Value::Null])
    }

    /// The field has a value. Zoho documents this for queries and bulk reads, not for searches.
    pub fn is_not_null(self) -> Criteria {
        self.compared(Operator::NotEqual, [Value::Null])
    }

    /// The text begins so.
    pub fn starts_with(self, beginning: impl Into<String>) -> Criteria {
        self.compared(Operator::StartsWith, [beginning.into()])
    }

    /// The text ends so. Not for searches.
    pub fn ends_with(self, end: impl Into<String>) -> Criteria {
        self.compared(Operator::EndsWith, [end.into()])
    }

    /// The text has this in it. Not for searches, where [`equals`](Self::equals) means this.
    pub fn contains(self, part: impl Into<String>) -> Criteria {
        self.compared(Operator::Contains, [part.into()])
    }

    /// The text does not have this in it. Not for searches.
    pub fn not_contains(self, part: impl Into<String>) -> Criteria {
        self.compared(Operator::NotContains, [part.into()])
    }

    /// The value is one of these: at most 100 in a search, 50 in a query.
    pub fn is_in(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Criteria {
        self.compared(Operator::In, values)
    }

    /// The value is none of these. Not for searches.
    pub fn not_in(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Criteria {
        self.compared(Operator::NotIn, values)
    }

    /// The value is greater, or later.
    pub fn greater_than(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::GreaterThan, [value])
    }

    /// The value is this one, greater, or later.
    pub fn greater_equal(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::GreaterEqual, [value])
    }

    /// The value is less, or earlier.
    pub fn less_than(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::LessThan, [value])
    }

    /// The value is this one, less, or earlier.
    pub fn less_equal(self, value: impl Into<Value>) -> Criteria {
        self.compared(Operator::LessEqual, [value])
    }

    /// The value is one of these two, or lies between them.
    pub fn between(self, from: impl Into<Value>, to: impl Into<Value>) -> Criteria {
        self.compared(Operator::Between, [from.into(), to.into()])
    }

    /// The value lies outside of these two. Not for searches.
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

    fn is(name: &str) -> Criteria {
        Criteria::field(name).equals("x")
    }

    fn refused(criteria: &Criteria) -> String {
        criteria.to_text().unwrap_err().to_string()
    }

    #[test]
    fn the_same_joined_twice_is_one_group() {
        let Tree::And(parts) = is("A").and(is("B")).and(is("C").and(is("D"))).tree else {
            panic!("no group")
        };
        assert_eq!(parts.len(), 4);
        let Tree::Or(parts) = is("A").and(is("B")).or(is("C")).tree else { panic!("no group") };
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn more_than_zoho_takes_is_refused_beforehand() {
        let eleven = (0..10).fold(is("A"), |criteria, _| criteria.and(is("A")));
        assert!(refused(&eleven).contains("11 conditions are too many; Zoho takes 10"));
        assert!(eleven.to_json().is_ok(), "JSON takes 25");
        assert!(refused(&Criteria::field("A").is_in(0..101)).contains("101 values for A"));
        assert!(refused(&Criteria::field("A").is_in([0; 0])).contains("is empty"));
    }

    #[test]
    fn a_name_cannot_smuggle_a_condition_in() {
        for name in ["", "A:equals:x)or(B", "A B", "A.", ".A", "A'", "A->", "->A"] {
            assert!(is(name).to_text().is_err(), "{name}");
        }
        for name in ["Last_Name", "$approved", "Account_Name.Parent_Account.id", "What_Id->Leads.id"] {
            assert!(is(name).to_text().is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_no_single_value_is_refused() {
        assert!(Criteria::field("A").equals(serde_json::json!({"id": "1"})).to_text().is_err());
        assert!(Criteria::field("A").less_than(Value::Null).to_text().is_err());
        assert!(Criteria::field("A").is_not_null().to_text().is_ok());
    }
}
