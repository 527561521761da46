//! `zoho records list`, `search`, `related`, `deleted`, `get` and `count`.

use zohocrm::{Criteria, ListRecords, Search, SortOrder};

use crate::args;
use crate::args::{Count, Deleted, DeletedKind, Filter, Get, List, LongPaging, Related, RowFormat};
use crate::commands::names::Requested;
use crate::commands::pages::{self, Cursor};
use crate::commands::whose;
use crate::config::Config;
use crate::failure::Failure;
use crate::messages::Problem;
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
    print(config, list, &Requested::new(config, crm, module, &fields), &paging, format).await
}

pub(super) async fn search(config: &Config, search: args::Search) -> Result<(), Failure> {
    let args::Search { module, filter, fields, paging, format, whose } = search;
    let crm = whose::crm(config, whose).await?;
    let list = crm.records(&module).search(sought(filter));
    print(config, list, &Requested::new(config, crm, module, &fields), &paging, format).await
}

pub(super) async fn related(config: &Config, related: Related) -> Result<(), Failure> {
    let Related { module, record, list, fields, paging, format, whose } = related;
    let crm = whose::crm(config, whose).await?;
    let records = crm.records(module).related(record, &list).list();
    // A related list usually has the name of the module of its records.
    print(config, records, &Requested::new(config, crm, list, &fields), &paging, format).await
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
    pages::print(config, paging.all, cursor, None, rows, list.pages()).await
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
        return config.output.json(&found.into());
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
    let crm = whose::crm(config, whose).await?;
    let mut count = crm.records(module).count();
    if let Some(filter) = filter {
        count = count.matching(sought(filter));
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
    pages::print(config, pages.all, paging.into(), Some(requested), rows, list.pages()).await
}

fn sought(filter: Filter) -> Search {
    match filter {
        Filter::Criteria(text) => Criteria::raw(text).into(),
        Filter::Email(address) => Search::email(address),
        Filter::Phone(number) => Search::phone(number),
        Filter::Word(word) => Search::word(word),
    }
}
