//! The rows of a bulk read: the time, and the memory of a process that does nothing else.

use std::hint::black_box;
use std::time::Duration;

use csv::StringRecord;
use serde_json::{Map, Value};
use tokio::runtime::{self, Runtime};
use zohocrm::{Items, Number};

use super::bare::Bare;
use super::crm_at;
use super::leads::Row;
use super::server::Server;
use crate::Outcome;
use crate::alone::Peaks;
use crate::measure::{Effort, repeat_async};
use crate::options::Options;
use crate::report::{Fact, Limit, Line, Report, count};

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    let rows = if options.quick { 20_000 } else { 200_000 };
    let server = Server::with_rows(rows)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (crm, bare) = (runtime.block_on(crm_at(&server.url))?, Bare::at(&server.url)?);

    report.part(
        &format!("Bulk read: {} of 13 columns, ZIP and CSV", count(rows, "row")),
        "bare reqwest, zip and csv",
    );
    let (crm, bare) = (&crm, &bare);
    let mut beside_bare = Comparison { options, report, runtime: &runtime };
    beside_bare.line(
        "into `Record`",
        || async move { all(rows, drain(crm.bulk_read_job("1").rows().await?).await?) },
        || async move { all(rows, bare.rows(as_texts).await?) },
    )?;
    beside_bare.line(
        "into a struct of 13 fields",
        || async move { all(rows, drain(crm.bulk_read_job("1").rows_as::<Row<Number>>().await?).await?) },
        || async move { all(rows, bare.rows(as_struct).await?) },
    )?;
    measure_memory(options, report, rows)
}

struct Comparison<'a> {
    options: &'a Options,
    report: &'a mut Report,
    runtime: &'a Runtime,
}

impl Comparison<'_> {
    fn line<P: Future<Output = Outcome>, F: Future<Output = Outcome>>(
        &mut self,
        what: &str,
        mut product: impl FnMut() -> P,
        mut floor: impl FnMut() -> F,
    ) -> Outcome {
        // A round reads all rows once.
        let effort = Effort { rounds: if self.options.quick { 3 } else { 11 }, round: Duration::ZERO };
        let (product, floor) = effort.pair(
            |calls| self.runtime.block_on(repeat_async(calls, &mut product)),
            |calls| self.runtime.block_on(repeat_async(calls, &mut floor)),
        )?;
        let limit = Limit::AtMost(1.3);
        self.report.line(&Line { what: what.to_owned(), product, other: Some(floor), limit });
        Ok(())
    }
}

fn as_texts(columns: &StringRecord, row: &StringRecord) -> Outcome {
    let cell = |cell: &str| if cell.is_empty() { Value::Null } else { cell.into() };
    let cells = columns.iter().zip(row).map(|(name, value)| (name.to_owned(), cell(value)));
    black_box(cells.collect::<Map<_, _>>());
    Ok(())
}

fn as_struct(columns: &StringRecord, row: &StringRecord) -> Outcome {
    black_box(row.deserialize::<Row<f64>>(Some(columns))?);
    Ok(())
}

fn measure_memory(options: &Options, report: &mut Report, many: u64) -> Outcome {
    let few = many / 10;
    report.part("`rows()`: memory of a process that does nothing else", &count(few, "row"));
    let peaks = |rows: u64| Peaks::of(options, "rows", &Server::with_rows(rows)?.url, rows);
    let (much, little) = (peaks(many)?, peaks(few)?);
    report.fact(&Fact {
        what: format!("{} in {:.1} s, at the peak", count(many, "row"), much.seconds()),
        product: much.to_string(),
        other: little.to_string(),
        limit: String::new(),
        is_met: None,
    });
    report.fact(&much.beyond(&little));
    Ok(())
}

/// Reads all rows at a URL and counts them.
pub(crate) fn read(url: &str) -> Outcome<u64> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { drain(crm_at(url).await?.bulk_read_job("1").rows().await?).await })
}

async fn drain<T: Send + Unpin + 'static>(mut rows: Items<T>) -> Outcome<u64> {
    let mut count = 0;
    while let Some(row) = rows.next().await {
        black_box(row?);
        count += 1;
    }
    Ok(count)
}

fn all(rows: u64, count: u64) -> Outcome {
    if count == rows { Ok(()) } else { Err(format!("read {count} rows, expected {rows}").into()) }
}
