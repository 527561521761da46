//! `Select`: builds a query and checks it before it is sent.

use super::condition::text_of;
use super::words::{name, quoted};
use crate::criteria::{Criteria, Limits};
use crate::error::{Error, Invalid};
use crate::records::SortOrder;

/// Zoho's limits for one query: <https://www.zoho.com/crm/developer/docs/api/v8/COQL-Limitations.html>
const MAX_COLUMNS: usize = 50;
const MAX_AGGREGATES: usize = 5;
const MAX_GROUPS: usize = 4;
const MAX_ORDERS: usize = 10;
const CONDITION_LIMITS: Limits = Limits { conditions: 25, values: 50 };

/// A query: the fields, the module, the conditions and the order. Texts are quoted, and names and Zoho's limits are checked
/// before the query is sent.
///
/// ```
/// use zohocrm::{Column, Criteria, Select, SortOrder};
///
/// # fn main() -> Result<(), zohocrm::Error> {
/// let query = Select::fields(["Last_Name", "Account_Name.Account_Name"])
///     .from("Contacts")
///     .filter(Criteria::field("Last_Name").equals("O'Brien"))
///     .order_by("Created_Time", SortOrder::Descending);
/// assert_eq!(
///     query.to_text()?,
///     "select Last_Name, Account_Name.Account_Name from Contacts where Last_Name = 'O''Brien' \
///      order by Created_Time desc"
/// );
///
/// let revenue = Select::fields([Column::field("Lead_Source"), Column::sum("Annual_Revenue").named("Revenue")])
///     .from("Leads")
///     .group_by(["Lead_Source"]);
/// assert_eq!(
///     revenue.to_text()?,
///     "select Lead_Source, SUM(Annual_Revenue) as 'Revenue' from Leads where id is not null group by Lead_Source"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a query does nothing until it is passed to `Crm::coql`"]
pub struct Select {
    columns: Vec<Column>,
    module: String,
    custom_view: Option<String>,
    filter: Option<Criteria>,
    groups: Vec<String>,
    orders: Vec<(String, SortOrder)>,
}

impl Select {
    /// Starts a query for these columns: field names or [`Column`]s, at most 50. Dots lead to a field of a related record,
    /// through at most two records: `Account_Name.Parent_Account.Account_Name`. Zoho adds the `id` unless the query groups.
    pub fn fields(columns: impl IntoIterator<Item = impl Into<Column>>) -> Self {
        Self {
            columns: columns.into_iter().map(Into::into).collect(),
            module: String::new(),
            custom_view: None,
            filter: None,
            groups: Vec::new(),
            orders: Vec::new(),
        }
    }

    /// Sets the module to read, by its API name.
    pub fn from(self, module: impl Into<String>) -> Self {
        Self { module: module.into(), ..self }
    }

    /// Restricts the query to a custom view, by its id.
    pub fn custom_view(self, id: impl Into<String>) -> Self {
        Self { custom_view: Some(id.into()), ..self }
    }

    /// Restricts the query to records that meet the criteria: at most 25 conditions, and 50 values in one `in`. A second call
    /// adds to the first one: records must meet both.
    pub fn filter(self, criteria: Criteria) -> Self {
        let both = match self.filter {
            Some(filter) => filter.and(criteria),
            None => criteria,
        };
        Self { filter: Some(both), ..self }
    }

    /// Groups by fields, at most 4: the result has one row for each combination of their values.
    pub fn group_by(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { groups: fields.into_iter().map(Into::into).collect(), ..self }
    }

    /// Sorts by a field or by the name of a column. A second call sorts rows that are equal by the first one. At most 10.
    /// Default: by `id`, ascending.
    pub fn order_by(mut self, field: impl Into<String>, order: SortOrder) -> Self {
        self.orders.push((field.into(), order));
        self
    }

    /// Encodes the query as text.
    ///
    /// # Errors
    /// When a name is invalid, a value cannot be encoded, or the query exceeds Zoho's limits.
    pub fn to_text(&self) -> Result<String, Error> {
        let aggregates = self.columns.iter().filter(|column| column.aggregate.is_some()).count();
        check("fields", self.columns.len(), 1..=MAX_COLUMNS)?;
        check("aggregates", aggregates, 0..=MAX_AGGREGATES)?;
        check("fields to group by", self.groups.len(), 0..=MAX_GROUPS)?;
        check("fields to order by", self.orders.len(), 0..=MAX_ORDERS)?;

        let mut text = format!(
            "select {} from {} where {}",
            list(&self.columns, Column::text)?,
            self.source()?,
            self.condition()?
        );
        if !self.groups.is_empty() {
            text += &format!(" group by {}", list(&self.groups, |group| name(group))?);
        }
        if !self.orders.is_empty() {
            text += &format!(" order by {}", list(&self.orders, |(by, order)| self.order(by, *order))?);
        }
        Ok(text)
    }

    fn source(&self) -> Result<String, Error> {
        let module = name(&self.module)?;
        match &self.custom_view {
            None => Ok(module),
            Some(id) if !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit()) => {
                Ok(format!("{module}#{id}"))
            }
            Some(id) => Err(Invalid::CustomViewId(id.clone()).into()),
        }
    }

    /// Zoho rejects a query without a `where`.
    fn condition(&self) -> Result<String, Error> {
        let Some(filter) = &self.filter else { return Ok("id is not null".to_owned()) };
        filter.check(CONDITION_LIMITS)?;
        text_of(&filter.tree)
    }

    fn order(&self, by: &str, order: SortOrder) -> Result<String, Error> {
        let is_alias = self.columns.iter().any(|column| column.alias.as_deref() == Some(by));
        let by = if is_alias { quoted(by) } else { name(by)? };
        Ok(format!("{by} {}", order.as_str()))
    }
}

/// A column of a query: a field or an aggregate of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a column does nothing until it is passed to a query"]
pub struct Column {
    field: String,
    /// In upper case: Zoho distinguishes cases here.
    aggregate: Option<&'static str>,
    alias: Option<String>,
}

impl Column {
    /// Reads a field.
    pub fn field(name: impl Into<String>) -> Self {
        Self { field: name.into(), aggregate: None, alias: None }
    }

    /// Reads the sum of a field, named `SUM(field)` in the response.
    pub fn sum(field: impl Into<String>) -> Self {
        Self { aggregate: Some("SUM"), ..Self::field(field) }
    }

    /// Reads the smallest value of a field, named `MIN(field)` in the response.
    pub fn min(field: impl Into<String>) -> Self {
        Self { aggregate: Some("MIN"), ..Self::field(field) }
    }

    /// Reads the greatest value of a field, named `MAX(field)` in the response.
    pub fn max(field: impl Into<String>) -> Self {
        Self { aggregate: Some("MAX"), ..Self::field(field) }
    }

    /// Reads the average of a field, named `AVG(field)` in the response.
    pub fn avg(field: impl Into<String>) -> Self {
        Self { aggregate: Some("AVG"), ..Self::field(field) }
    }

    /// Counts records, named `COUNT(field)` in the response. The field must be a number, a lookup or a pick list.
    pub fn count(field: impl Into<String>) -> Self {
        Self { aggregate: Some("COUNT"), ..Self::field(field) }
    }

    /// Sets the name of the column in the response.
    pub fn named(self, alias: impl Into<String>) -> Self {
        Self { alias: Some(alias.into()), ..self }
    }

    fn text(&self) -> Result<String, Error> {
        let field = name(&self.field)?;
        let column = match self.aggregate {
            Some(aggregate) => format!("{aggregate}({field})"),
            None => field,
        };
        Ok(match &self.alias {
            Some(alias) => format!("{column} as {}", quoted(alias)),
            None => column,
        })
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::field(name)
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self::field(name)
    }
}

fn list<T>(items: &[T], text: impl Fn(&T) -> Result<String, Error>) -> Result<String, Error> {
    Ok(items.iter().map(text).collect::<Result<Vec<_>, _>>()?.join(", "))
}

fn check(what: &'static str, count: usize, allowed: std::ops::RangeInclusive<usize>) -> Result<(), Error> {
    match allowed.contains(&count) {
        true => Ok(()),
        false => {
            let (min, max) = allowed.into_inner();
            Err(Invalid::QuerySize { what, count, min, max }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(query: &Select) -> String {
        query.to_text().unwrap_err().to_string()
    }

    #[test]
    fn every_part_of_a_query_is_encoded() {
        let query = Select::fields(["Last_Name".into(), Column::field("Account_Name").named("Account's id")])
            .from("Contacts")
            .custom_view("2276164000000091501")
            .filter(Criteria::field("Email").is_not_null())
            .filter(Criteria::field("City").equals("Bonn"))
            .group_by(["Last_Name", "Order"])
            .order_by("Account's id", SortOrder::Ascending)
            .order_by("Last_Name", SortOrder::Descending);
        assert_eq!(
            query.to_text().unwrap(),
            "select Last_Name, Account_Name as 'Account''s id' from Contacts#2276164000000091501 \
             where (Email is not null and City = 'Bonn') group by Last_Name, 'Order' \
             order by 'Account''s id' asc, Last_Name desc"
        );
    }

    #[test]
    fn a_query_beyond_the_limits_is_rejected_before_sending() {
        let ids = |count| Select::fields(vec!["id"; count]).from("Leads");
        assert!(ids(50).to_text().is_ok());
        assert!(rejected(&ids(51)).contains("1 to 50 fields, but this one has 51"));
        assert!(rejected(&ids(0)).contains("this one has 0"));
        assert!(
            rejected(&Select::fields(vec![Column::count("id"); 6]).from("Leads")).contains("5 aggregates")
        );
        assert!(rejected(&ids(1).group_by(["id"; 5])).contains("4 fields to group by"));
        let ordered = (0..11).fold(ids(1), |query, _| query.order_by("id", SortOrder::Ascending));
        assert!(rejected(&ordered).contains("10 fields to order by"));
        let filtered = (0..26).fold(ids(1), |query, _| query.filter(Criteria::field("id").is_null()));
        assert!(rejected(&filtered).contains("26 conditions exceed Zoho's limit of 25"));
        let listed = ids(1).filter(Criteria::field("id").is_in(0..51));
        assert!(rejected(&listed).contains("51 values for `id`"));
    }

    #[test]
    fn a_name_cannot_inject_into_a_query() {
        assert!(Select::fields(["id from Users where id is not null --"]).from("Leads").to_text().is_err());
        assert!(Select::fields(["id"]).from("Leads where 1 = 1 or").to_text().is_err());
        assert!(Select::fields(["id"]).to_text().is_err(), "no module");
        assert!(Select::fields(["id"]).from("Leads").custom_view("1 or").to_text().is_err());
        assert!(
            Select::fields(["id"]).from("Leads").order_by("id, x", SortOrder::Ascending).to_text().is_err()
        );
    }
}
