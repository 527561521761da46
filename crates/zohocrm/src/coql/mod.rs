//! `crm.coql("select … from …")`: queries in Zoho's query language.

mod condition;
mod select;
mod words;

use serde::de::DeserializeOwned;
use serde_json::json;

use crate::caller::Caller;
use crate::error::Error;
use crate::message::Method;
use crate::page::Page;
use crate::paginate::page;
use crate::record::Record;
use crate::request::{Request, Response};
use crate::stream::{Items, Pages};

pub use select::{Column, Select};

/// A query that has not been sent; from [`Crm::coql`].
///
/// ```no_run
/// use zohocrm::{Criteria, Select};
///
/// # async fn coql(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let query = "select Last_Name, Email from Leads where Email is not null";
/// for lead in &crm.coql(query).limit(50).send().await?.records {
///     println!("{}", lead.text("Last_Name").unwrap_or("-"));
/// }
///
/// let unhappy = Select::fields(["Last_Name"]).from("Leads").filter(Criteria::field("City").equals("L'Aquila"));
/// let mut leads = crm.coql(unhappy).stream();
/// while let Some(lead) = leads.next().await {
///     println!("{}", lead?.text("Last_Name").unwrap_or("-"));
/// }
/// # Ok(())
/// # }
/// ```
///
/// A query costs one API credit up to 200 records, two up to 1,000 and three up to 2,000.
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it is sent"]
pub struct Coql {
    request: Request,
    query: CoqlQuery,
    limit: Option<u64>,
    offset: Option<u64>,
}

impl Coql {
    /// The most records that one call gives; Zoho gives 200 if it is not told.
    pub const MOST_PER_CALL: u64 = 2_000;

    /// The most records that a query gives at all, in however many calls.
    pub const MOST_RECORDS: u64 = 100_000;

    pub(crate) fn new(caller: &Caller, query: CoqlQuery) -> Self {
        let request = Request::new(caller, Method::Post, "/crm/v8/coql").scopes(&["ZohoCRM.coql.READ"]);
        // It is a POST, but it only reads.
        Self { request: request.repeatable(true), query, limit: None, offset: None }
    }

    /// How many records at most. [`send`](Self::send) takes up to 2,000; a stream goes on until it has them.
    pub fn limit(self, records: u64) -> Self {
        Self { limit: Some(records), ..self }
    }

    /// How many records to leave out before the first.
    pub fn offset(self, records: u64) -> Self {
        Self { offset: Some(records), ..self }
    }

    /// Asks in one call. Without a [`limit`](Self::limit) the text of the query is sent as it is.
    ///
    /// # Errors
    /// When the query cannot be written or has its limit twice, or the call fails. Needs the scope `ZohoCRM.coql.READ` and
    /// one to read the module.
    pub async fn send(&self) -> Result<Response<Page>, Error> {
        self.send_as().await
    }

    /// Asks in one call, each record read as a `T`.
    ///
    /// # Errors
    /// As for [`send`](Self::send), and when a record is not of this shape.
    pub async fn send_as<T: DeserializeOwned>(&self) -> Result<Response<Page<T>>, Error> {
        page(&self.call(self.limit, self.offset)?).await
    }

    /// All records, 2,000 to a page, up to the hundred-thousandth. If there are more, it ends with an error: narrow the query
    /// down, for example by `id`.
    pub fn pages(&self) -> Pages<Record> {
        self.pages_as()
    }

    /// All records, 2,000 to a page, each read as a `T`: see [`pages`](Self::pages).
    pub fn pages_as<T: DeserializeOwned + Send + 'static>(&self) -> Pages<T> {
        let query = self.clone();
        let first = self.offset.unwrap_or(0);
        let end = self.limit.map(|limit| first.saturating_add(limit));
        Pages::unfold(first, move |offset| {
            let left = end.map_or(u64::MAX, |end| end - offset);
            let room = Self::MOST_RECORDS.saturating_sub(offset);
            let call = query.call(Some(left.min(room).min(Self::MOST_PER_CALL)), Some(offset));
            async move {
                if room == 0 {
                    return Err(Error::Request(format!(
                        "a query gives no more than {} records, and there are more; narrow it down",
                        Self::MOST_RECORDS
                    )));
                }
                let page: Page<T> = page(&call?).await?.into_inner();
                let next = offset.saturating_add(page.records.len() as u64);
                let goes_on = page.more_records && end.is_none_or(|end| next < end);
                if goes_on && next == offset {
                    return Err(Error::PaginationStalled);
                }
                Ok((page, goes_on.then_some(next)))
            }
        })
    }

    /// All records, one by one, up to the hundred-thousandth: see [`pages`](Self::pages).
    pub fn stream(&self) -> Items<Record> {
        self.pages().items()
    }

    /// All records, one by one, each read as a `T`: see [`pages`](Self::pages).
    pub fn stream_as<T: DeserializeOwned + Send + 'static>(&self) -> Items<T> {
        self.pages_as().items()
    }

    fn call(&self, limit: Option<u64>, offset: Option<u64>) -> Result<Request, Error> {
        let mut text = self.query.text.clone()?;
        if (limit.is_some() || offset.is_some()) && words::has_limit(&text) {
            let why = "the query has a limit or an offset of its own; leave it out of the text";
            return Err(Error::Request(why.to_owned()));
        }
        if let Some(limit) = limit.or(offset.map(|_| 200)) {
            if !(1..=Self::MOST_PER_CALL).contains(&limit) {
                let most = Self::MOST_PER_CALL;
                return Err(Error::Request(format!(
                    "one call gives 1 to {most} records, not {limit}; use a stream"
                )));
            }
            text += &format!(" limit {limit}");
        }
        if let Some(offset) = offset.filter(|offset| *offset > 0) {
            text += &format!(" offset {offset}");
        }
        Ok(self.request.clone().json(json!({ "select_query": text })))
    }
}

/// What [`Crm::coql`] is given: a text, or a [`Select`].
#[derive(Clone, Debug)]
pub struct CoqlQuery {
    text: Result<String, Error>,
}

impl From<&str> for CoqlQuery {
    /// The text is sent as it is.
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for CoqlQuery {
    /// The text is sent as it is.
    fn from(text: String) -> Self {
        Self { text: Ok(text) }
    }
}

impl From<Select> for CoqlQuery {
    fn from(query: Select) -> Self {
        Self { text: query.to_text() }
    }
}
