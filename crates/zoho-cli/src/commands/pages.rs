//! Lists that come a page at a time: one page is printed, or all.

use serde::Serialize;
use zohocrm::{Error, Page, Pages, Record};

use crate::args::LongPaging;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{NextStep, Note};
use crate::output::Rows;

/// Prints the first of the pages, or each as it comes. When one cannot be had, what was printed stays, and the failure
/// says how to go on.
pub(super) async fn print<T: Serialize + Send + 'static>(
    config: &Config,
    all: bool,
    mut place: Place,
    mut rows: Rows,
    mut pages: Pages<T>,
) -> Result<(), Failure> {
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| place.interrupted(error, rows.count()))?;
        let records: Result<Vec<Record>, _> = page.records.iter().map(Record::from_serialize).collect();
        rows.print(&records.map_err(|error| Failure::of(Exit::Failed, &error))?)?;
        place = place.after(&page);
        if !all {
            rows.finish()?;
            if page.more_records {
                config.output.note(&Note::MorePages { option: place.option() });
            }
            return Ok(());
        }
    }
    rows.finish()
}

/// Where a page is.
#[derive(Debug)]
pub(super) enum Place {
    Number(u32),
    Token(String),
    Offset(u64),
}

impl Place {
    fn after<T>(self, page: &Page<T>) -> Self {
        match (&page.next_page_token, self) {
            (_, Self::Offset(offset)) => Self::Offset(offset.saturating_add(page.records.len() as u64)),
            (Some(token), _) => Self::Token(token.clone()),
            (None, Self::Number(number)) => Self::Number(number.saturating_add(1)),
            (None, token) => token,
        }
    }

    /// How it is typed.
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

impl From<&LongPaging> for Place {
    fn from(LongPaging { paging, page_token }: &LongPaging) -> Self {
        match page_token {
            Some(token) => Self::Token(token.clone()),
            None => Self::Number(paging.page.unwrap_or(1)),
        }
    }
}
