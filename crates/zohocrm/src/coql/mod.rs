//! `crm.coql("select … from …")`: queries in COQL, Zoho's query language.

mod by_id;
mod condition;
mod select;
mod words;

use serde::de::DeserializeOwned;

use crate::caller::Caller;
use crate::error::{Error, Invalid};
use crate::message::Method;
use crate::page::Page;
use crate::paginate::page;
use crate::record::Record;
use crate::request::{Request, Response, awaited};
use crate::stream::{Items, Pages};
use crate::value::object;

use by_id::ById;
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
    after: Option<String>,
}

impl Coql {
    /// The maximum number of records that one call returns. Default without a limit: 200.
    pub const MAX_PER_CALL: u64 = 2_000;

    /// The number of records at the beginning of its result that a query can reach, over all calls. A stream goes on after
    /// them if it can: see [`pages`](Self::pages).
    pub const MAX_RECORDS: u64 = 100_000;

    pub(crate) fn new(caller: &Caller, query: CoqlQuery) -> Self {
        let request = Request::new(caller, Method::Post, "/crm/v8/coql").scopes(&["ZohoCRM.coql.READ"]);
        // A query is a POST that only reads.
        Self { request: request.repeatable(true), query, limit: None, offset: None, after: None }
    }

    /// Sets the maximum number of records: up to 2,000 for [`send`](Self::send), and any number for a stream.
    pub fn limit(self, records: u64) -> Self {
        Self { limit: Some(records), ..self }
    }

    /// Skips the first records of the result, less than 100,000.
    pub fn offset(self, records: u64) -> Self {
        Self { offset: Some(records), ..self }
    }

    /// Continues after the record with this id: `and id > …` is added to the conditions, and `order by id asc` to the query.
    /// With `order by id desc`, it is `id < …`.
    ///
    /// The query must not group, and not sort by anything but `id`. Zoho sorts by `id` by default.
    pub fn after(self, id: impl Into<String>) -> Self {
        Self { after: Some(id.into()), ..self }
    }

    /// Whether the number of records is limited, by [`limit`](Self::limit) or in the text of the query.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.limit.is_some() || self.query.text.as_ref().is_ok_and(|text| words::has_limit(text))
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
        page(&self.call(self.after.as_deref(), self.limit, self.offset)?).await
    }

    /// Streams pages of 2,000 records.
    ///
    /// Zoho returns only the first 100,000 records of a query. For those after them, the stream sends the query
    /// [`after`](Self::after) the last id, as often as necessary. If the query groups or sorts by anything but `id`, the stream
    /// ends there with an error.
    pub fn pages(&self) -> Pages<Record> {
        self.pages_as()
    }

    /// Like [`pages`](Self::pages), with each record decoded as a `T`.
    pub fn pages_as<T: DeserializeOwned + Send + 'static>(&self) -> Pages<T> {
        let query = self.clone();
        let first = Position { after: self.after.clone(), offset: self.offset.unwrap_or(0), count: 0 };
        Pages::unfold(first, move |position| {
            let query = query.clone();
            async move { query.page_at(position).await }
        })
    }

    /// Streams records: see [`pages`](Self::pages).
    pub fn stream(&self) -> Items<Record> {
        self.pages().items()
    }

    /// Like [`stream`](Self::stream), with each record decoded as a `T`.
    pub fn stream_as<T: DeserializeOwned + Send + 'static>(&self) -> Items<T> {
        self.pages_as().items()
    }

    /// Requests the page at a position of a stream, and returns the position of the next page.
    async fn page_at<T: DeserializeOwned>(
        &self,
        position: Position,
    ) -> Result<(Page<T>, Option<Position>), Error> {
        let Position { after, offset, count } = position;
        if offset >= Self::MAX_RECORDS && count > 0 {
            return Err(Invalid::QueryEnd { max: Self::MAX_RECORDS }.into());
        }
        let remaining = self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(count));
        let available = Self::MAX_RECORDS.saturating_sub(offset);
        let limit = remaining.min(available).min(Self::MAX_PER_CALL);
        let response = self.call(after.as_deref(), Some(limit), Some(offset))?.send().await?;
        let page: Page<T> = Page::read(&response)?;
        let received = page.records.len() as u64;
        let (offset, count) = (offset.saturating_add(received), count.saturating_add(received));
        if !page.more_records || self.limit.is_some_and(|limit| count >= limit) {
            return Ok((page, None));
        }
        if received == 0 {
            return Err(Error::PaginationStalled);
        }
        let goes_on_by_id = after.is_some() || offset >= Self::MAX_RECORDS;
        let next = match goes_on_by_id.then(|| self.by_id().ok()?.last_id(&response, after.as_deref())) {
            None => Position { after, offset, count },
            Some(Some(last)) => Position { after: Some(last), offset: 0, count },
            // The next call would fail.
            Some(None) => Position { after, offset: Self::MAX_RECORDS, count },
        };
        Ok((page, Some(next)))
    }

    /// The query, if its records are in the order of their ids.
    fn by_id(&self) -> Result<ById<'_>, Error> {
        let text = self.query.text.as_ref().map_err(Error::clone)?;
        ById::of(text).ok_or_else(|| Invalid::NotById.into())
    }

    fn call(&self, after: Option<&str>, limit: Option<u64>, offset: Option<u64>) -> Result<Request, Error> {
        let mut text = self.query.text.clone()?;
        if (after.is_some() || limit.is_some() || offset.is_some()) && words::has_limit(&text) {
            return Err(Invalid::SecondLimit.into());
        }
        if let Some(id) = after {
            if id.is_empty() || !id.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(Invalid::RecordId(id.to_owned()).into());
            }
            text = self.by_id()?.after(id);
        }
        if let Some(offset) = offset.filter(|offset| *offset >= Self::MAX_RECORDS) {
            return Err(Invalid::QueryOffset { offset, max: Self::MAX_RECORDS }.into());
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
        Ok(self.request.clone().json(object! { "select_query": text }))
    }
}

awaited!(Coql -> Response<Page>);

/// The position of a page in the result of a query.
#[derive(Clone, Debug)]
struct Position {
    /// The id of the record after which `offset` counts. `None`: from the first record.
    after: Option<String>,
    offset: u64,
    /// The number of records before the page in the stream.
    count: u64,
}

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
