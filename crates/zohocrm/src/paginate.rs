//! How lists are requested page by page.

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::page::Page;
use crate::request::{Request, Response};
use crate::stream::Pages;

/// Requests one page.
pub(crate) async fn page<T: DeserializeOwned>(request: &Request) -> Result<Response<Page<T>>, Error> {
    let response = request.send().await?;
    let page = Page::read(&response)?;
    Ok(Response::of(&response, page))
}

/// Requests a page and those after it: by token if Zoho returns one, which works beyond record 2,000, otherwise by number.
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

/// The position of a page in a list.
#[derive(Clone, Debug, PartialEq)]
enum Cursor {
    /// As the request says.
    First,
    Number(u64),
    Token(String),
    /// Zoho says that there are more records, but does not say how to get them. Continuing could loop forever.
    Stalled,
}

impl Cursor {
    fn applied_to(&self, request: Request) -> Option<Request> {
        Some(match self {
            Self::First => request,
            Self::Number(number) => request.replace_query("page", number.to_string()),
            // Zoho accepts a page number or a token, not both.
            Self::Token(token) => request.without_query("page").replace_query("page_token", token),
            Self::Stalled => return None,
        })
    }

    /// The position of the page after this one; `None` if this is the last one.
    fn after<T>(page: &Page<T>, request: &Request) -> Option<Self> {
        if !page.more_records {
            return None;
        }
        let token = request.query_value("page_token");
        Some(match &page.next_page_token {
            _ if page.records.is_empty() => Self::Stalled,
            Some(next) if token == Some(next) => Self::Stalled,
            Some(next) => Self::Token(next.clone()),
            None if token.is_some() => Self::Stalled,
            None => {
                let this = request.query_value("page").and_then(|page| page.parse().ok()).unwrap_or(1_u64);
                Self::Number(this.saturating_add(1))
            }
        })
    }
}
