//! A stream of many records: the memory of a process that does nothing else.

use std::hint::black_box;

use tokio::runtime;

use super::server::Server;
use super::{crm_at, leads, list_of};
use crate::Outcome;
use crate::alone::Peaks;
use crate::options::Options;
use crate::report::{Fact, Report, count};

/// The limit for the whole process, in bytes.
const MAX_BYTES: u64 = 50_000_000;

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    let (few, many) = if options.quick { (2_000, 20_000) } else { (10_000, 100_000) };
    report.part("`list().stream()`: memory of a process that does nothing else", &count(few, "record"));
    let peaks = |records: u64| {
        let server = Server::with_pages(records / u64::from(leads::PER_PAGE))?;
        Peaks::of(options, "records", &server.url, records)
    };
    let (much, little) = (peaks(many)?, peaks(few)?);
    report.fact(&Fact {
        what: format!("{} in {:.1} s, at the peak", count(many, "record"), much.seconds()),
        product: much.to_string(),
        other: little.to_string(),
        limit: format!("at most {} MB", MAX_BYTES / 1_000_000),
        is_met: Some(much.median() <= MAX_BYTES),
    });
    report.fact(&much.beyond(&little));
    Ok(())
}

/// Reads everything at a URL and counts it.
pub(crate) fn read(url: &str) -> Outcome<u64> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut count, mut leads) = (0, list_of(&crm_at(url).await?, leads::PER_PAGE).stream());
        while let Some(lead) = leads.next().await {
            black_box(lead?);
            count += 1;
        }
        Ok(count)
    })
}
