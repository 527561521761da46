//! Lists that come a page at a time: one page is printed, or all.

use zohocrm::{Error, Page, Pages, Record};

use crate::args::Paging;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Rows;

/// Prints the first of the pages, or with `--all` each as it comes. When one cannot be had, what was printed stays, and
/// the failure says how to go on.
pub(super) async fn print(
    config: &Config,
    paging: &Paging,
    mut rows: Rows,
    mut pages: Pages<Record>,
) -> Result<(), Failure> {
    let mut place = Place::first(paging);
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| place.interrupted(error, rows.count()))?;
        rows.print(&page.records)?;
        place = place.after(&page);
        if !paging.all {
            rows.finish()?;
            if page.more_records {
                config.output.words(format_args!("there are more: --all, or {}", place.option()));
            }
            return Ok(());
        }
    }
    rows.finish()
}

/// Where a page is.
#[derive(Debug)]
enum Place {
    Number(u32),
    Token(String),
}

impl Place {
    fn first(paging: &Paging) -> Self {
        match &paging.page_token {
            Some(token) => Self::Token(token.clone()),
            None => Self::Number(paging.page.unwrap_or(1)),
        }
    }

    fn after(self, page: &Page) -> Self {
        match (&page.next_page_token, self) {
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
        }
    }

    fn interrupted(&self, error: Error, printed: u64) -> Failure {
        let stands_still = matches!(error, Error::StandsStill);
        let failure = Failure::from(error);
        match printed {
            0 => failure,
            _ if stands_still => failure,
            _ => failure.next_step(format!(
                "run it again with {}: the {printed} records before it were printed",
                self.option()
            )),
        }
    }
}
