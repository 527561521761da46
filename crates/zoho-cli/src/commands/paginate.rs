//! `zoho api --paginate`: reads any list to its end.

use url::form_urlencoded;
use zohocrm::{Crm, Error, ErrorKind, Map, Method, RawResponse, Record, Request, Value};

use super::interruption::Interruption;
use crate::config::Config;
use crate::failure::Failure;
use crate::messages::{NextStep, Problem};
use crate::output::Rows;

/// Prints the items of a list page by page. Pages are requested by token if Zoho returns one, otherwise by number.
pub(super) async fn print(
    config: &Config,
    crm: Crm,
    path: &str,
    query: Vec<(String, String)>,
    json_lines: bool,
) -> Result<(), Failure> {
    let mut rows = Rows::json(&config.output, json_lines);
    // The query in the path is merged with the options, so that the page parameter is not sent twice.
    let (path, in_path) = path.split_once('?').unwrap_or((path, ""));
    let in_path = form_urlencoded::parse(in_path.as_bytes()).into_owned();
    let mut cursor =
        Cursor { request: crm.request(Method::Get, path), query: in_path.chain(query).collect() };
    let interruption = Interruption::start()?;
    let mut before = Vec::new();
    loop {
        let continued = cursor.next_step(rows.count());
        interruption.leads_to(continued.clone());
        let page = interruption.unless(cursor.page(continued.clone())).await??;
        // A list that ignores its page parameter would never end.
        if !page.items.is_empty() && page.items == before {
            return Err(stalled());
        }
        rows.print(&page.items).map_err(|failure| failure.next_step(continued))?;
        match page.next {
            None => return rows.finish(),
            Some(_) if page.items.is_empty() => return Err(stalled()),
            Some(next) => cursor.follow(next)?,
        }
        before = page.items;
    }
}

/// A page of a list.
struct Page {
    items: Vec<Record>,
    /// `None` on the last page.
    next: Option<Next>,
}

/// How to request the next page.
enum Next {
    Token(String),
    Number,
}

impl Page {
    /// The only list in an answer, and what its `info` says.
    fn read(response: &RawResponse) -> Result<Self, Failure> {
        let Some(body) = response.json::<Map>()? else {
            return Ok(Self { items: Vec::new(), next: None });
        };
        let info = body.get("info");
        let has_more = info.and_then(|info| info.get("more_records")).and_then(Value::as_bool);
        let next =
            has_more.unwrap_or(false).then(|| match info.and_then(|info| info.get("next_page_token")) {
                Some(Value::String(token)) => Next::Token(token.clone()),
                Some(Value::Number(token)) => Next::Token(token.to_string()),
                _ => Next::Number,
            });
        let mut lists = body.into_iter().filter_map(|(_, member)| match member {
            Value::Array(items) => Some(items),
            _ => None,
        });
        let (Some(list), None) = (lists.next(), lists.next()) else {
            return Err(Problem::NotOneList.into());
        };
        let item = |item| match item {
            Value::Object(fields) => Ok(Record::from(fields)),
            _ => Err(Failure::from(Problem::NotObjects)),
        };
        Ok(Self { items: list.into_iter().map(item).collect::<Result<_, _>>()?, next })
    }
}

/// The request for a page.
struct Cursor {
    request: Request,
    query: Vec<(String, String)>,
}

impl Cursor {
    /// Requests the page. A failure suggests `continued` as the next step, unless the list has ended here.
    async fn page(&self, continued: Option<NextStep>) -> Result<Page, Failure> {
        let request = self.request.clone();
        let request = self.query.iter().fold(request, |request, (name, value)| request.query(name, value));
        let response = request.send().await.map_err(|error| match error.kind() {
            ErrorKind::LimitExceeded => Failure::from(error).next_step(NextStep::NarrowList),
            _ => Failure::from(error).next_step(continued.clone()),
        })?;
        Page::read(&response).map_err(|failure| failure.next_step(continued))
    }

    fn follow(&mut self, next: Next) -> Result<(), Failure> {
        let value_of =
            |wanted: &str| self.query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let parameter = match (next, value_of("page_token")) {
            (Next::Token(token), Some(this)) if token == *this => return Err(stalled()),
            (Next::Number, Some(_)) => return Err(stalled()),
            (Next::Token(token), _) => ("page_token".to_owned(), token),
            (Next::Number, None) => {
                let this = value_of("page").map_or(Ok(1), |page| page.parse::<u64>());
                let this = this.map_err(|_| Problem::PageNotANumber)?;
                ("page".to_owned(), this.saturating_add(1).to_string())
            }
        };
        // Zoho accepts one of the two.
        self.query.retain(|(name, _)| name != "page" && name != "page_token");
        self.query.push(parameter);
        Ok(())
    }

    /// Returns the parameter that continues the list from here, if anything was printed.
    fn next_step(&self, printed: u64) -> Option<NextStep> {
        let (name, value) = self.query.last().filter(|_| printed > 0)?.clone();
        Some(NextStep::ContinueQuery { name, value, printed })
    }
}

fn stalled() -> Failure {
    Failure::from(Error::PaginationStalled)
}
