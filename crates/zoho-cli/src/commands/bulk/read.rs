//! `zoho bulk read`: all records of a module.

use crate::args::{BulkRead, RowFormat};
use crate::commands::whose;
use crate::config::Config;
use crate::failure::Failure;
use crate::input;
use crate::output::{Destination, Rows};

pub(super) async fn run(config: &Config, options: BulkRead) -> Result<(), Failure> {
    let BulkRead { module, fields, criteria, view, output, whose } = options;
    let criteria = criteria.as_deref().map(input::json).transpose()?;
    let destination = output.as_deref().map_or(Ok(Destination::Stdout), Destination::file)?;
    let crm = whose::crm(config, whose).await?;
    let mut read = crm.bulk_read(module);
    if !fields.is_empty() {
        read = read.fields(fields);
    }
    if let Some(criteria) = criteria {
        read = read.option("criteria", criteria);
    }
    if let Some(id) = view {
        read = read.custom_view(id);
    }
    let format = RowFormat { csv: !config.output.is_json(), json_lines: false };
    // Which columns there are, the rows say.
    let mut rows = Rows::new(config.output, format, &[""; 0]).going_to(destination);
    let mut jobs = read.all_pages();
    while let Some(job) = jobs.next().await {
        let mut records = job?.rows().await?;
        while let Some(record) = records.next().await {
            rows.push(record?)?;
        }
    }
    rows.finish()
}
