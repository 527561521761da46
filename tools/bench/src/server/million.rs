//! A million tokens on a server with enough memory for them: look-ups, and reading all of them.

use std::time::Duration;

use servers::{Kind, Server};
use tokio::runtime;

use super::bare::Bare;
use super::finds::{KEYS, Wanted, beside_bare, find_often};
use super::pinned::Pinned;
use super::place::Place;
use crate::Outcome;
use crate::alone::Done;
use crate::options::Options;
use crate::report::{Fact, Limit, Line, Report, count};

/// The servers, with settings that keep the rows in memory.
const SERVERS: [(Kind, &[&str]); 2] = [
    (Kind::MariaDb, &["--innodb-buffer-pool-size=2G", "--innodb-log-file-size=512M"]),
    (Kind::Postgres, &["--shared_buffers=1GB", "--max_wal_size=4GB", "--maintenance_work_mem=256MB"]),
];

const FEW: u64 = 1_000;
/// The limit in bytes for reading all pages.
const MEMORY: u64 = 50_000_000;

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    let rows = if options.quick { 20_000 } else { 1_000_000 };
    for (kind, settings) in SERVERS {
        report.part(&format!("{kind}: {}", count(rows, "token")), "bare driver; or a small table");
        if let Some(pinned) = Pinned::start(kind, settings, report)? {
            measure(options, report, kind, &pinned.server, rows)?;
        }
    }
    Ok(())
}

fn measure(options: &Options, report: &mut Report, kind: Kind, server: &Server, rows: u64) -> Outcome {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let place = |name: &str| Place::at(kind, &format!("{}?table={name}", server.url())).ok_or("no table");
    let (many, few) = (place("many")?, place("few")?);
    runtime.block_on(few.fill(FEW))?;
    runtime.block_on(many.fill_table(rows))?;
    let settled = runtime.block_on(many.settle())?;

    let (store, small_store) = (many.store()?, few.store()?);
    let mut bare = runtime.block_on(Bare::connect(&many))?;
    for key in KEYS {
        let what = format!("look-up by {}; bare driver", key.name());
        let wanted = Wanted::of(key, rows);
        beside_bare(options, report, &runtime, &store, &mut bare, &wanted, what)?;
        let small = Wanted::of(key, FEW);
        let (mut ours, mut theirs) = (wanted.tokens.iter().cycle(), small.tokens.iter().cycle());
        let (product, other) = options.effort(Duration::from_millis(20)).pair(
            |calls| runtime.block_on(find_often(&store, &mut ours, calls)),
            |calls| runtime.block_on(find_often(&small_store, &mut theirs, calls)),
        )?;
        let what = format!("look-up by {}; a table of {}", key.name(), count(FEW, "row"));
        report.line(&Line { what, product, other: Some(other), limit: Limit::AtMost(1.5) });
    }

    let read = Done::by_another_process("tokens", &many.url)?;
    if read.count != rows {
        return Err(format!("read {}, expected {rows}", count(read.count, "row")).into());
    }
    report.fact(&Fact {
        what: format!("memory for reading all, page by page; {:.1} s", read.took.as_secs_f64()),
        product: format!("{:.1} MB more", read.more_bytes as f64 / 1e6),
        other: String::new(),
        limit: format!("at most {} MB more", MEMORY / 1_000_000),
        is_met: Some(read.more_bytes <= MEMORY),
    });
    report.fact(&Fact {
        what: "the first write, which adds the indexes to the official table".to_owned(),
        product: format!("{:.1} s", settled.as_secs_f64()),
        other: String::new(),
        limit: String::new(),
        is_met: None,
    });
    Ok(())
}
