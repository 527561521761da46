//! `zoho coql`: runs a query.

use super::pages::{Cursor, Listing};
use super::whose;
use crate::args::Coql;
use crate::config::Config;
use crate::failure::Failure;
use crate::input;
use crate::messages::Note;
use crate::output::Rows;

pub(crate) async fn run(config: &Config, query: Coql) -> Result<(), Failure> {
    let Coql { query, all, offset, after, format, whose } = query;
    let text = input::text(&query)?;
    let crm = whose::crm(config, whose).await?;
    let mut query = crm.coql(text.trim().trim_end_matches(';'));
    if let Some(rows) = offset {
        query = query.offset(rows);
    }
    if let Some(id) = &after {
        query = query.after(id);
    }
    // The columns are known only from the rows.
    let mut rows = Rows::new(&config.output, format, &[""; 0]);
    if all {
        let cursor = after.map_or(Cursor::Offset(offset.unwrap_or(0)), Cursor::After);
        let listing = Listing { pages: query.pages(), requested: None, cursor, beyond: None };
        return listing.print(config, all, rows).await;
    }
    let page = query.send().await?;
    rows.print(&page.records)?;
    rows.finish()?;
    // A query with a limit has returned what it was asked for.
    if page.more_records && !query.is_limited() {
        config.output.note(&Note::MoreRows);
    }
    Ok(())
}
