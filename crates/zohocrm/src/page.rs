//! `Page`: some of the records of a list, and how to get the next ones.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::record::Record;
use crate::request::{Request, Response};
use crate::stream::Pages;
use crate::value::DateTime;

/// One page of records. No records at all is an empty page, not an error.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Page<T = Record> {
    /// The records, in Zoho's order.
    pub records: Vec<T>,
    /// Whether there are more after these.
    pub more_records: bool,
    /// What to give to [`page_token`](crate::ListRecords::page_token) for the next page. Beyond record 2,000 it is
    /// the only way. It is good for 24 hours, for the same user.
    pub next_page_token: Option<String>,
    /// Until when the token is good.
    pub page_token_expiry: Option<DateTime>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { records: Vec::new(), more_records: false, next_page_token: None, page_token_expiry: None }
    }
}

impl<T> Page<T> {
    /// A page that Zoho did not make.
    #[cfg(feature = "bulk")]
    pub(crate) fn of(records: Vec<T>) -> Self {
        Self { records, ..Self::default() }
    }
}

/// A page as Zoho writes it.
#[derive(Debug, Deserialize)]
#[serde(default, bound = "T: DeserializeOwned")]
struct PageBody<T> {
    #[serde(alias = "watch")]
    data: Option<Vec<T>>,
    info: Option<Info>,
}

impl<T> Default for PageBody<T> {
    fn default() -> Self {
        Self { data: None, info: None }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Info {
    more_records: Option<bool>,
    next_page_token: Option<String>,
    page_token_expiry: Option<DateTime>,
}

impl<T> From<PageBody<T>> for Page<T> {
    fn from(body: PageBody<T>) -> Self {
        let Info { more_records, next_page_token, page_token_expiry } = body.info.unwrap_or_default();
        Self {
            records: body.data.unwrap_or_default(),
            more_records: more_records.unwrap_or(false),
            next_page_token,
            page_token_expiry,
        }
    }
}

/// Asks for one page.
pub(crate) async fn page<T: DeserializeOwned>(request: &Request) -> Result<Response<Page<T>>, Error> {
    let response = request.send().await?;
    let body = match response.json::<PageBody<T>>()? {
        Some(PageBody { data: None, info: None }) => None,
        None if matches!(response.status(), 204 | 304) => Some(PageBody::default()),
        body => body,
    };
    // Whatever else it is, it is not the end of the list.
    let body = body.ok_or_else(|| Error::unusable(&response, "it is no list, and not none either"))?;
    Ok(Response::of(&response, body.into()))
}

/// Asks for a page and those after it: by token where Zoho gives one, which goes on past record 2,000, else by number.
pub(crate) fn pages<T: DeserializeOwned + Send + 'static>(request: Request) -> Pages<T> {
    Pages::unfold(Cursor::First, move |cursor| {
        let request = cursor.applied_to(request.clone());
        async move {
            let request = request.ok_or(Error::PaginationStalled)?;
            let page = page(&request).await?.into_inner();
            let next = Cursor::after(&page, &request);
            Ok((page, next))
        }
    })
}

/// Where a page is.
#[derive(Clone, Debug, PartialEq)]
enum Cursor {
    /// Where the request says.
    First,
    Number(u64),
    Token(String),
    /// Zoho says that there are more records, and gives no way to get on: else it would go round in circles.
    Nowhere,
}

impl Cursor {
    fn applied_to(&self, request: Request) -> Option<Request> {
        Some(match self {
            Self::First => request,
            Self::Number(number) => request.replace_query("page", number.to_string()),
            // The two exclude each other.
            Self::Token(token) => request.without_query("page").replace_query("page_token", token),
            Self::Nowhere => return None,
        })
    }

    /// Where the page after this one is; `None` if there is none.
    fn after<T>(page: &Page<T>, request: &Request) -> Option<Self> {
        if !page.more_records {
            return None;
        }
        let token = request.query_value("page_token");
        Some(match &page.next_page_token {
            _ if page.records.is_empty() => Self::Nowhere,
            Some(next) if token == Some(next) => Self::Nowhere,
            Some(next) => Self::Token(next.clone()),
            None if token.is_some() => Self::Nowhere,
            None => {
                let this = request.query_value("page").and_then(|page| page.parse().ok()).unwrap_or(1_u64);
                Self::Number(this.saturating_add(1))
            }
        })
    }
}
