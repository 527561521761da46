//! `crm.coql("select … from …")`: queries in COQL, Zoho's query language.

mod condition;
mod select;
mod words;

use serde::de::DeserializeOwned;
use serde_json::json;

use crate::caller::Caller;
use crate::error::{Error, Invalid};
use crate::message::Method;
use crate::page::Page;
use crate::paginate::page;
use crate::record::Record;
use crate::request::{Request, Response, awaited};
use crate::stream::{Items, Pages};

pub use select::{Column, Select};

/// A query to send. Returned by [`Crm::coql`](crate::Crm::coql). Await it, or call [`send`](Self::send), for one page.
///
/// ```no_run
/// use zohocrm::{Criteria, Select};
///
/// # async fn coql(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let query = "select Last_Name, Email from Leads where Email is not null";
/// for lead in &crm.coql(query).limit(50).await?.records {
///     println!("{}", lead.text("Last_Name").unwrap_or("-"));
/// }
///
/// let in_town = Select::fields(["Last_Name"]).from("Leads").filter(Criteria::field("City").equals("L'Aquila"));
/// let mut leads = crm.coql(in_town).stream();
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
    /// The maximum number of records that one call returns. Default without a limit: 200.
    pub const MAX_PER_CALL: u64 = 2_000;

    /// The maximum number of records that a query returns, over all calls.
    pub const MAX_RECORDS: u64 = 100_000;

    pub(crate) fn new(caller: &Caller, query: CoqlQuery) -> Self {
        let request = Request::new(caller, Method::Post, "/crm/v8/coql").scopes(&["ZohoCRM.coql.READ"]);
        // A query is a POST that only reads.
        Self { request: request.repeatable(true), query, limit: None, offset: None }
    }

    /// Sets the maximum number of records: up to 2,000 for [`send`](Self::send), and any number for a stream.
    pub fn limit(self, records: u64) -> Self {
        Self { limit: Some(records), ..self }
    }

    /// Skips the first records of the result.
    pub fn offset(self, records: u64) -> Self {
        Self { offset: Some(records), ..self }
    }

    /// Sends the query in one call. Without a [`limit`](Self::limit), the text of the query is sent unchanged.
    ///
    /// # Errors
    /// When the query is invalid or has two limits, and when the call fails. It needs the scope `ZohoCRM.coql.READ` and one for
    /// reading the module.
    pub async fn send(&self) -> Result<Response<Page>, Error> {
        self.send_as().await
    }

    /// Like [`send`](Self::send), with each record decoded as a `T`.
    ///
    /// # Errors
    /// As for [`send`](Self::send), and when a record is not a `T`.
    pub async fn send_as<T: DeserializeOwned>(&self) -> Result<Response<Page<T>>, Error> {
        page(&self.call(self.limit, self.offset)?).await
    }

    /// Streams pages of 2,000 records, up to the first 100,000 records. If there are more, the stream ends with an error: narrow
    /// the query, for example by `id`.
    pub fn pages(&self) -> Pages<Record> {
        self.pages_as()
    }

    /// Like [`pages`](Self::pages), with each record decoded as a `T`.
    pub fn pages_as<T: DeserializeOwned + Send + 'static>(&self) -> Pages<T> {
        let query = self.clone();
        let first = self.offset.unwrap_or(0);
        let end = self.limit.map(|limit| first.saturating_add(limit));
        Pages::unfold(first, move |offset| {
            let remaining = end.map_or(u64::MAX, |end| end - offset);
            let available = Self::MAX_RECORDS.saturating_sub(offset);
            let call = query.call(Some(remaining.min(available).min(Self::MAX_PER_CALL)), Some(offset));
            async move {
                if available == 0 {
                    return Err(Invalid::QueryEnd { max: Self::MAX_RECORDS }.into());
                }
                let page: Page<T> = page(&call?).await?.into_inner();
                let next = offset.saturating_add(page.records.len() as u64);
                let has_more = page.more_records && end.is_none_or(|end| next < end);
                if has_more && next == offset {
                    return Err(Error::PaginationStalled);
                }
                Ok((page, has_more.then_some(next)))
            }
        })
    }

    /// Streams records, up to the first 100,000: see [`pages`](Self::pages).
    pub fn stream(&self) -> Items<Record> {
        self.pages().items()
    }

    /// Like [`stream`](Self::stream), with each record decoded as a `T`.
    pub fn stream_as<T: DeserializeOwned + Send + 'static>(&self) -> Items<T> {
        self.pages_as().items()
    }

    fn call(&self, limit: Option<u64>, offset: Option<u64>) -> Result<Request, Error> {
        let mut text = self.query.text.clone()?;
        if (limit.is_some() || offset.is_some()) && words::has_limit(&text) {
            return Err(Invalid::SecondLimit.into());
        }
        if let Some(limit) = limit.or(offset.map(|_| 200)) {
            if !(1..=Self::MAX_PER_CALL).contains(&limit) {
                return Err(Invalid::QueryLimit { limit, max: Self::MAX_PER_CALL }.into());
            }
            text += &format!(" limit {limit}");
        }
        if let Some(offset) = offset.filter(|offset| *offset > 0) {
            text += &format!(" offset {offset}");
        }
        Ok(self.request.clone().json(json!({ "select_query": text })))
    }
}

awaited!(Coql -> Response<Page>);

/// The query for [`Crm::coql`](crate::Crm::coql): a text or a [`Select`].
#[derive(Clone, Debug)]
pub struct CoqlQuery {
    text: Result<String, Error>,
}

impl From<&str> for CoqlQuery {
    /// The text is sent unchanged.
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for CoqlQuery {
    /// The text is sent unchanged.
    fn from(text: String) -> Self {
        Self { text: Ok(text) }
    }
}

impl From<Select> for CoqlQuery {
    fn from(query: Select) -> Self {
        Self { text: query.to_text() }
    }
}
