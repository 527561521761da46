//! `zoho records list`, `search`, `related`, `deleted`, `get` and `count`.

use zohocrm::{ListRecords, Search, SortOrder};

use crate::args;
use crate::args::{Count, Deleted, DeletedKind, Filter, Get, List, LongPaging, Related, RowFormat};
use crate::commands::names::Requested;
use crate::commands::pages::{Cursor, Listing};
use crate::commands::whose;
use crate::config::Config;
use crate::criteria::GivenCriteria;
use crate::failure::Failure;
use crate::messages::{NextStep, Problem};
use crate::output::{Rows, cell, id_first};

pub(super) async fn list(config: &Config, list: List) -> Result<(), Failure> {
    let List { module, fields, paging, sort_by, ascending, view, format, whose } = list;
    let crm = whose::crm(config, whose).await?;
    let mut list = crm.records(&module).list();
    if let Some(field) = sort_by {
        list = list.sort_by(field);
    }
    if ascending {
        list = list.sort_order(SortOrder::Ascending);
    }
    if let Some(id) = view {
        list = list.custom_view(id);
    }
    let beyond = NextStep::ReadInBulk { module: module.clone() };
    print(config, list, &Requested::new(config, crm, module, &fields), &paging, format, beyond).await
}

pub(super) async fn search(config: &Config, search: args::Search) -> Result<(), Failure> {
    let args::Search { module, filter, fields, paging, format, whose } = search;
    let (search, beyond) = sought(filter, &module, &fields)?;
    let crm = whose::crm(config, whose).await?;
    let list = crm.records(&module).search(search);
    print(config, list, &Requested::new(config, crm, module, &fields), &paging, format, beyond).await
}

pub(super) async fn related(config: &Config, related: Related) -> Result<(), Failure> {
    let Related { module, record, list, fields, paging, format, whose } = related;
    let crm = whose::crm(config, whose).await?;
    let records = crm.records(module).related(record, &list).list();
    // A related list usually has the name of the module of its records.
    let requested = Requested::new(config, crm, list, &fields);
    print(config, records, &requested, &paging, format, NextStep::NarrowList).await
}

pub(super) async fn deleted(config: &Config, deleted: Deleted) -> Result<(), Failure> {
    let Deleted { module, kind, paging, format, whose } = deleted;
    let crm = whose::crm(config, whose).await?;
    let mut list = crm.records(module).deleted().kind(match kind {
        DeletedKind::All => zohocrm::DeletedKind::All,
        DeletedKind::Recycle => zohocrm::DeletedKind::Recycle,
        DeletedKind::Permanent => zohocrm::DeletedKind::Permanent,
    });
    if let Some(page) = paging.page {
        list = list.page(page);
    }
    if let Some(records) = paging.per_page {
        list = list.per_page(records);
    }
    let columns = ["id", "display_name", "type", "deleted_time", "deleted_by"];
    let rows = Rows::new(&config.output, format, &columns);
    let cursor = Cursor::Number(paging.page.unwrap_or(1));
    let beyond = Some(NextStep::NarrowList);
    let listing = Listing { pages: list.pages(), requested: None, cursor, beyond };
    listing.print(config, paging.all, rows).await
}

pub(super) async fn get(config: &Config, get: Get) -> Result<(), Failure> {
    let Get { module, record, fields, format, whose } = get;
    let crm = whose::crm(config, whose).await?;
    let mut read = crm.records(&module).get(&record);
    let requested = Requested::new(config, crm, module, &fields);
    if !fields.is_empty() {
        read = read.fields(requested.names());
    }
    let Some(found) = read.send().await?.into_inner() else {
        return Err(Problem::NoRecord { module: requested.module, record }.into());
    };
    requested.check(std::slice::from_ref(&found)).await?;
    if config.output.is_json() {
        return config.output.json(&found);
    }
    if format.csv || format.json_lines {
        let columns = if fields.is_empty() { Vec::new() } else { id_first(&fields) };
        let mut rows = Rows::new(&config.output, format, &columns);
        rows.push(found)?;
        return rows.finish();
    }
    let lines: Vec<_> = found.fields().iter().map(|(name, value)| vec![name.clone(), cell(value)]).collect();
    config.output.table(&lines)
}

pub(super) async fn count(config: &Config, count: Count) -> Result<(), Failure> {
    let Count { module, filter, whose } = count;
    let search = filter.map(|filter| sought(filter, &module, &[])).transpose()?;
    let mut count = whose::crm(config, whose).await?.records(module).count();
    if let Some((search, _)) = search {
        count = count.matching(search);
    }
    config.output.data(count.send().await?.into_inner())
}

/// Prints the selected page of a list, or all pages from there on.
async fn print(
    config: &Config,
    list: ListRecords,
    requested: &Requested<'_>,
    paging: &LongPaging,
    format: RowFormat,
    beyond: NextStep,
) -> Result<(), Failure> {
    let mut list = list.fields(requested.names());
    let LongPaging { paging: pages, page_token } = paging;
    if let Some(page) = pages.page {
        list = list.page(page);
    }
    if let Some(records) = pages.per_page {
        list = list.per_page(records);
    }
    if let Some(token) = page_token {
        list = list.page_token(token);
    }
    let rows = Rows::new(&config.output, format, &id_first(requested.fields));
    let (cursor, beyond) = (paging.into(), Some(beyond));
    let listing = Listing { pages: list.pages(), requested: Some(requested), cursor, beyond };
    listing.print(config, pages.all, rows).await
}

/// The search for a filter, and what finds more records than a search does.
fn sought(filter: Filter, module: &str, fields: &[String]) -> Result<(Search, NextStep), Failure> {
    let search = match filter {
        Filter::Criteria(argument) => {
            let criteria = GivenCriteria::read(&argument)?;
            let query = criteria.as_query(module, fields);
            let beyond = query.map_or(NextStep::NarrowSearch, |query| NextStep::QueryInstead { query });
            return Ok((criteria.for_search()?.into(), beyond));
        }
        Filter::Email(address) => Search::email(address),
        Filter::Phone(number) => Search::phone(number),
        Filter::Word(word) => Search::word(word),
    };
    Ok((search, NextStep::NarrowSearch))
}
