//! Reading records: `list`, `get`.

use zohocrm::SortOrder;

use crate::args::{Get, List};
use crate::commands::{pages, whose};
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{Rows, cell};

pub(super) async fn list(config: &Config, list: List) -> Result<(), Failure> {
    let List { module, fields, paging, sort_by, ascending, view, format, whose } = list;
    let crm = whose::crm(config, whose).await?;
    let mut list = crm.records(module).list().fields(&fields);
    if let Some(page) = paging.page {
        list = list.page(page);
    }
    if let Some(records) = paging.per_page {
        list = list.per_page(records);
    }
    if let Some(token) = &paging.page_token {
        list = list.page_token(token);
    }
    if let Some(field) = sort_by {
        list = list.sort_by(field);
    }
    if ascending {
        list = list.sort_order(SortOrder::Ascending);
    }
    if let Some(id) = view {
        list = list.custom_view(id);
    }
    let rows = Rows::new(config.output, format, &id_first(&fields));
    pages::print(config, &paging, rows, list.pages()).await
}

pub(super) async fn get(config: &Config, get: Get) -> Result<(), Failure> {
    let Get { module, record, fields, whose } = get;
    let crm = whose::crm(config, whose).await?;
    let mut read = crm.records(&module).get(&record);
    if !fields.is_empty() {
        read = read.fields(&fields);
    }
    let Some(found) = read.send().await? else {
        return Err(Failure::not_found(format!("{module} has no record {record}")));
    };
    if config.output.is_json() {
        return config.output.json(&found.into());
    }
    let lines: Vec<_> = found.fields().iter().map(|(name, value)| vec![name.clone(), cell(value)]).collect();
    config.output.table(&lines)
}

/// The columns of a list: its fields, behind what a record is known by.
fn id_first(fields: &[String]) -> Vec<&str> {
    let others = fields.iter().map(String::as_str).filter(|name| *name != "id");
    std::iter::once("id").chain(others).collect()
}
