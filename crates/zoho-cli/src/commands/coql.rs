//! `zoho coql`: runs a query.

use super::pages::{self, Cursor};
use super::whose;
use crate::args::Coql;
use crate::config::Config;
use crate::failure::Failure;
use crate::input;
use crate::messages::Note;
use crate::output::Rows;

pub(crate) async fn run(config: &Config, query: Coql) -> Result<(), Failure> {
    let Coql { query, all, offset, format, whose } = query;
    let text = input::text(&query)?;
    let crm = whose::crm(config, whose).await?;
    let mut query = crm.coql(text.trim().trim_end_matches(';'));
    if let Some(rows) = offset {
        query = query.offset(rows);
    }
    // The columns are known only from the rows.
    let mut rows = Rows::new(&config.output, format, &[""; 0]);
    if all {
        return pages::print(config, all, Cursor::Offset(offset.unwrap_or(0)), None, rows, query.pages())
            .await;
    }
    let page = query.send().await?;
    rows.print(&page.records)?;
    rows.finish()?;
    if page.more_records {
        config.output.note(&Note::MoreRows);
    }
    Ok(())
}
