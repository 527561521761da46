//! Prints one page of a list, or all pages.

use serde::Serialize;
use zohocrm::{Coql, Error, ErrorKind, Page, Pages, Record};

use super::interruption::Interruption;
use super::names::Requested;
use crate::args::LongPaging;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{NextStep, Note};
use crate::output::Rows;

/// A list to print.
pub(super) struct Listing<'a, T> {
    pub(super) pages: Pages<T>,
    /// The fields that were asked for, which may not exist.
    pub(super) requested: Option<&'a Requested<'a>>,
    /// The position of the first page.
    pub(super) cursor: Cursor,
    /// The next step to suggest if Zoho ends the list although there are more records.
    pub(super) beyond: Option<NextStep>,
}

impl<T: Serialize + Send + 'static> Listing<'_, T> {
    /// Prints the first page, or each page as it arrives. A requested field that does not exist is an error. If a page
    /// fails, the failure names the option to continue with.
    pub(super) async fn print(self, config: &Config, all: bool, mut rows: Rows) -> Result<(), Failure> {
        let Self { mut pages, mut requested, mut cursor, beyond } = self;
        let interruption = Interruption::start()?;
        loop {
            let continued = cursor.next_step(rows.count());
            interruption.leads_to(continued.clone());
            let Some(page) = interruption.unless(pages.next()).await? else { return rows.finish() };
            let page = page.map_err(|error| match error {
                Error::PaginationStalled => Failure::from(error),
                error if is_end(&error) => Failure::from(error).next_step(beyond.clone()),
                error => Failure::from(error).next_step(continued.clone()),
            })?;
            let records: Result<Vec<Record>, _> = page.records.iter().map(Record::from_serialize).collect();
            let records = records.map_err(|error| Failure::of(Exit::Failed, &error))?;
            if let Some(requested) = requested.take() {
                interruption.unless(requested.check(&records)).await??;
            }
            rows.print(&records).map_err(|failure| failure.next_step(continued))?;
            cursor = cursor.after(&page, &records);
            if !all {
                rows.finish()?;
                if page.more_records {
                    config.output.note(&Note::MorePages { option: cursor.option() });
                }
                return Ok(());
            }
        }
    }
}

/// Whether Zoho returns no more of this list, so that the next page fails however often it is requested.
fn is_end(error: &Error) -> bool {
    match error {
        Error::Request(request) => request.is_limit_exceeded(),
        error => error.kind() == ErrorKind::LimitExceeded,
    }
}

/// The position of a page in a list.
#[derive(Debug)]
pub(super) enum Cursor {
    Number(u32),
    Token(String),
    /// The number of rows before the page.
    Offset(u64),
    /// The id of the row before the page.
    After(String),
}

impl Cursor {
    /// The position behind a page and its records.
    fn after<T>(self, page: &Page<T>, records: &[Record]) -> Self {
        let last = records.last().and_then(Record::id);
        match (self, &page.next_page_token, last) {
            (Self::Offset(offset), _, last) => {
                let offset = offset.saturating_add(records.len() as u64);
                match last.filter(|_| offset >= Coql::MAX_RECORDS) {
                    Some(last) => Self::After(last.to_owned()),
                    None => Self::Offset(offset),
                }
            }
            (Self::After(_), _, Some(last)) => Self::After(last.to_owned()),
            (_, Some(token), _) => Self::Token(token.clone()),
            (Self::Number(number), None, _) => Self::Number(number.saturating_add(1)),
            (cursor, None, _) => cursor,
        }
    }

    /// The option that selects it.
    fn option(&self) -> String {
        match self {
            Self::Number(number) => format!("--page {number}"),
            Self::Token(token) => format!("--page-token {token}"),
            Self::Offset(offset) => format!("--offset {offset}"),
            Self::After(id) => format!("--after {id}"),
        }
    }

    /// Returns the option that continues the list from here, if anything was printed.
    fn next_step(&self, printed: u64) -> Option<NextStep> {
        (printed > 0).then(|| NextStep::ContinueList { option: self.option(), printed })
    }
}

impl From<&LongPaging> for Cursor {
    fn from(LongPaging { paging, page_token }: &LongPaging) -> Self {
        match page_token {
            Some(token) => Self::Token(token.clone()),
            None => Self::Number(paging.page.unwrap_or(1)),
        }
    }
}
