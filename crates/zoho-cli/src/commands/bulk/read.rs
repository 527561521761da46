//! `zoho bulk read`: all records of a module.

use zohocrm::bulk::{self, BulkReadResult};

use crate::args::{BulkRead, RowFormat};
use crate::commands::whose;
use crate::config::Config;
use crate::failure::Failure;
use crate::input;
use crate::output::{Destination, Rows, printable};

pub(super) async fn run(config: &Config, options: BulkRead) -> Result<(), Failure> {
    let BulkRead { module, fields, criteria, view, page_token, job, output, whose } = options;
    let criteria = criteria.as_deref().map(input::json).transpose()?;
    let destination = output.as_deref().map_or(Ok(Destination::Stdout), Destination::file)?;
    let crm = whose::crm(config, whose).await?;
    let format = RowFormat { csv: !config.output.is_json(), json_lines: false };
    // Which columns there are, the rows say.
    let mut rows = Rows::new(config.output, format, &[""; 0]).going_to(destination);
    if let Some(id) = job {
        let result = take(&crm.bulk_read_job(id), &mut rows).await?;
        if let Some(token) = result.next_page_token.filter(|_| result.more_records) {
            let token = printable(&token);
            rows.words(format_args!(
                "there are more records: go on with the options of that job and --page-token {token}"
            ));
        }
        return rows.finish();
    }
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
    if let Some(token) = page_token {
        read = read.page_token(token);
    }
    let mut jobs = read.all_pages();
    while let Some(job) = jobs.next().await {
        let job = job?;
        // Zoho works on, whether anybody waits or not.
        rows.words(format_args!("job {0} was started; --job {0} takes it up again", printable(job.id())));
        take(&job, &mut rows).await?;
    }
    rows.finish()
}

/// Waits for a job and prints its rows.
async fn take(job: &bulk::BulkRead, rows: &mut Rows) -> Result<BulkReadResult, Failure> {
    let status = job.wait_with_progress(|status| rows.doing(job.id(), status.state.as_str())).await?;
    let mut records = job.rows().await?;
    while let Some(record) = records.next().await {
        rows.push(record?)?;
    }
    Ok(status.result.unwrap_or_default())
}
