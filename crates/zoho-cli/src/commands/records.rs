//! `zoho records`: the records of a module.

use serde_json::{Value, json};
use zohocrm::{Error, Record, Written};

use crate::args::{ListOptions, Records, Whose, Write};
use crate::config::Config;
use crate::failure::Failure;

pub(crate) async fn run(config: &Config, command: Records) -> Result<(), Failure> {
    match command {
        Records::List { module, list: options, whose } => list(config, module, options, whose).await,
        Records::Get { module, record, fields, whose } => get(config, module, record, fields, whose).await,
        Records::Create(write) => create(config, write).await,
        Records::Update(write) => update(config, write).await,
        Records::Delete { module, records, whose } => delete(config, module, records, whose).await,
    }
}

async fn list(config: &Config, module: String, options: ListOptions, whose: Whose) -> Result<(), Failure> {
    let crm = super::whose::crm(config, whose).await?;
    let ListOptions { fields, page, per_page, page_token } = options;
    let mut list = crm.records(module).list().fields(&fields);
    if let Some(page) = page {
        list = list.page(page);
    }
    if let Some(records) = per_page {
        list = list.per_page(records);
    }
    if let Some(token) = page_token {
        list = list.page_token(token);
    }
    let found = list.send().await?;
    print_records(config, &found.records, &fields)?;
    if found.more_records {
        let next = match &found.next_page_token {
            Some(token) => format!("--page-token {token}"),
            None => format!("--page {}", page.unwrap_or(1).saturating_add(1)),
        };
        config.output.words(format_args!("there are more: {next}"));
    }
    Ok(())
}

async fn get(
    config: &Config,
    module: String,
    record: String,
    fields: Vec<String>,
    whose: Whose,
) -> Result<(), Failure> {
    let crm = super::whose::crm(config, whose).await?;
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

async fn create(config: &Config, Write { module, data, whose }: Write) -> Result<(), Failure> {
    let records = records_in(data.as_deref())?;
    let crm = super::whose::crm(config, whose).await?;
    print_results(config, &crm.records(module).create(records).await?)
}

async fn update(config: &Config, Write { module, data, whose }: Write) -> Result<(), Failure> {
    let records = records_in(data.as_deref())?;
    if let Some(index) = records.iter().position(|record| record.id().is_none()) {
        return Err(Failure::failed(format!("record {} has no `id`; nothing was updated", index + 1)));
    }
    let crm = super::whose::crm(config, whose).await?;
    print_results(config, &crm.records(module).update(records).await?)
}

async fn delete(config: &Config, module: String, ids: Vec<String>, whose: Whose) -> Result<(), Failure> {
    let crm = super::whose::crm(config, whose).await?;
    print_results(config, &crm.records(module).delete(ids).await?)
}

/// The records that were given: one JSON object, or an array of them.
fn records_in(data: Option<&str>) -> Result<Vec<Record>, Failure> {
    let given = super::json_body(data.unwrap_or("@-"))?;
    let objects = match given {
        Value::Array(objects) => objects,
        object => vec![object],
    };
    let record = |(index, object)| match object {
        Value::Object(fields) => Ok(Record::from(fields)),
        _ => Err(Failure::failed(format!("record {} is not a JSON object; nothing was written", index + 1))),
    };
    objects.into_iter().enumerate().map(record).collect()
}

fn print_records(config: &Config, records: &[Record], fields: &[String]) -> Result<(), Failure> {
    if config.output.is_json() {
        return config.output.json(&records.iter().cloned().map(Value::from).collect());
    }
    if records.is_empty() {
        config.output.words("no records");
        return Ok(());
    }
    let mut names: Vec<&str> = fields.iter().map(String::as_str).filter(|name| *name != "id").collect();
    names.insert(0, "id");
    let line = |record: &Record| {
        names.iter().map(|name| record.field(name).map_or_else(|| "-".to_owned(), cell)).collect::<Vec<_>>()
    };
    let heading = names.iter().map(|name| (*name).to_owned()).collect();
    let lines: Vec<_> = std::iter::once(heading).chain(records.iter().map(line)).collect();
    config.output.table(&lines)
}

/// Prints what became of each record, in the order in which they were given; failures are words, too.
fn print_results(config: &Config, results: &[Result<Written, Error>]) -> Result<(), Failure> {
    if config.output.is_json() {
        let entry = |result: &Result<Written, Error>| match result {
            Ok(written) => json!({
                "status": "success",
                "code": written.code(),
                "message": written.message(),
                "id": written.id(),
                "details": written.details(),
            }),
            Err(error) => match error.record() {
                Some(refused) => json!({
                    "status": "error",
                    "code": refused.code(),
                    "message": refused.message(),
                    "id": null,
                    "details": refused.details(),
                }),
                None => json!({ "status": "error", "code": null, "message": error.to_string(), "id": null }),
            },
        };
        config.output.json(&results.iter().map(entry).collect())?;
    } else {
        let written = results.iter().flatten();
        let lines: Vec<_> = written
            .map(|written| vec![written.id().unwrap_or("-").to_owned(), written.message().to_owned()])
            .collect();
        config.output.table(&lines)?;
    }
    let mut failed = 0;
    for (index, result) in results.iter().enumerate() {
        if let Err(error) = result {
            failed += 1;
            config.output.words(format_args!("record {}: {error}", index + 1));
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::failed(format!("{failed} of {} records were refused", results.len()))),
    }
}

/// A field's value in a table: a text as it is, a look-up by its name, the rest as JSON.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(fields) => match fields.get("name").and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => value.to_string(),
        },
        other => other.to_string(),
    }
}
