//! Prints one page of a list, or all pages.

use serde::Serialize;
use zohocrm::{Error, Page, Pages, Record};

use super::names::Requested;
use crate::args::LongPaging;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{NextStep, Note};
use crate::output::Rows;

/// Prints the first page, or each page as it arrives. A requested field that does not exist is an error. If a page fails, the failure names the option to continue with.
pub(super) async fn print<T: Serialize + Send + 'static>(
    config: &Config,
    all: bool,
    mut cursor: Cursor,
    requested: Option<&Requested<'_>>,
    mut rows: Rows,
    mut pages: Pages<T>,
) -> Result<(), Failure> {
    let mut unchecked = requested;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| cursor.interrupted(error, rows.count()))?;
        let records: Result<Vec<Record>, _> = page.records.iter().map(Record::from_serialize).collect();
        let records = records.map_err(|error| Failure::of(Exit::Failed, &error))?;
        if let Some(requested) = unchecked.take() {
            requested.check(&records).await?;
        }
        rows.print(&records)?;
        cursor = cursor.after(&page);
        if !all {
            rows.finish()?;
            if page.more_records {
                config.output.note(&Note::MorePages { option: cursor.option() });
            }
            return Ok(());
        }
    }
    rows.finish()
}

/// The position of a page in a list.
#[derive(Debug)]
pub(super) enum Cursor {
    Number(u32),
    Token(String),
    Offset(u64),
}

impl Cursor {
    fn after<T>(self, page: &Page<T>) -> Self {
        match (&page.next_page_token, self) {
            (_, Self::Offset(offset)) => Self::Offset(offset.saturating_add(page.records.len() as u64)),
            (Some(token), _) => Self::Token(token.clone()),
            (None, Self::Number(number)) => Self::Number(number.saturating_add(1)),
            (None, token) => token,
        }
    }

    /// The option that selects it.
    fn option(&self) -> String {
        match self {
            Self::Number(number) => format!("--page {number}"),
            Self::Token(token) => format!("--page-token {token}"),
            Self::Offset(offset) => format!("--offset {offset}"),
        }
    }

    fn interrupted(&self, error: Error, printed: u64) -> Failure {
        let stands_still = matches!(error, Error::PaginationStalled);
        let failure = Failure::from(error);
        match printed {
            0 => failure,
            _ if stands_still => failure,
            _ => failure.next_step(NextStep::ContinueList { option: self.option(), printed }),
        }
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
