//! Work that is done in a process of its own, which has done nothing else: its memory is that of the work.

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::options::Options;
use crate::report::Fact;
use crate::{Outcome, crm, server};

/// The environment variable that makes this program do one piece of work: its name and a URL, which may hold a
/// password. An argument would show that to everybody.
pub(crate) const VARIABLE: &str = "ZOHOCRM_BENCH_ALONE";

/// Goes through all that is at a URL, and counts it.
type Work = fn(&str) -> Outcome<u64>;

const WORKS: &[(&str, Work)] =
    &[("tokens", server::pages::read), ("records", crm::stream::read), ("rows", crm::bulk::read)];

/// What came of a piece of work.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) count: u64,
    /// The most memory that the process ever had.
    pub(crate) peak_bytes: u64,
    /// How much of that was not there before the work.
    pub(crate) more_bytes: u64,
    pub(crate) took: Duration,
}

impl Done {
    /// Has another process of this program do the work of that name.
    pub(crate) fn by_another_process(work: &str, url: &str) -> Outcome<Self> {
        let order = format!("{work} {url}");
        let output = Command::new(std::env::current_exe()?).env(VARIABLE, order).output()?;
        let words = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<u64> = words.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [count, peak_bytes, more_bytes, nanoseconds] = numbers[..] else {
            let evidence = String::from_utf8_lossy(&output.stderr);
            return Err(format!("the {work} were not read: {}", evidence.trim()).into());
        };
        Ok(Self { count, peak_bytes, more_bytes, took: Duration::from_nanos(nanoseconds) })
    }
}

/// How much memory each of some processes took that did the same work.
#[derive(Debug)]
pub(crate) struct Peaks(Vec<Done>);

impl Peaks {
    /// By how many bytes the work may take more than less of the same work, if memory is flat: the same work done twice
    /// does not take the same, either.
    const MOST_GROWTH: u64 = 2_000_000;

    /// Has the work done by one process after the other; each goes through `count` things.
    pub(crate) fn of(options: &Options, work: &str, url: &str, count: u64) -> Outcome<Self> {
        let runs = if options.quick { 1 } else { 7 };
        let all: Outcome<Vec<_>> = (0..runs).map(|_| Done::by_another_process(work, url)).collect();
        let mut all = all?;
        if let Some(done) = all.iter().find(|done| done.count != count) {
            return Err(format!("{} {work} were read, not {count}", done.count).into());
        }
        all.sort_by_key(|done| done.peak_bytes);
        Ok(Self(all))
    }

    /// Bytes.
    pub(crate) fn median(&self) -> u64 {
        self.0[self.0.len() / 2].peak_bytes
    }

    /// How long the work took, on the average.
    pub(crate) fn seconds(&self) -> f64 {
        self.0.iter().map(|done| done.took.as_secs_f64()).sum::<f64>() / self.0.len() as f64
    }

    /// Whether memory is flat: how much more this took than `less` of the same.
    pub(crate) fn beyond(&self, less: &Self) -> Fact {
        let growth = self.median() as f64 - less.median() as f64;
        Fact {
            what: "the same, beyond that of a tenth of them".to_owned(),
            product: format!("{:+.1} MB", growth / 1e6),
            other: String::new(),
            reach: format!("at most {} MB more", Self::MOST_GROWTH / 1_000_000),
            is_reached: Some(growth <= Self::MOST_GROWTH as f64),
        }
    }
}

impl fmt::Display for Peaks {
    /// The median, and between which values all are.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |done: Option<&Done>| done.map_or(f64::NAN, |done| done.peak_bytes as f64 / 1e6);
        let (low, high) = (megabytes(self.0.first()), megabytes(self.0.last()));
        write!(formatter, "{:.1} MB ({low:.1} MB-{high:.1} MB)", self.median() as f64 / 1e6)
    }
}

/// Does the work, and says in numbers what came of it.
pub(crate) fn obey(order: &str) -> Outcome<String> {
    let (name, url) = order.split_once(' ').ok_or("a piece of work has a name and a URL")?;
    let (_, work) = WORKS.iter().find(|(known, _)| *known == name).ok_or("there is no such work")?;
    let (started, before) = (Instant::now(), peak_bytes()?);
    let count = work(url)?;
    let (took, peak) = (started.elapsed(), peak_bytes()?);
    Ok(format!("{count} {peak} {} {}", peak - before, took.as_nanos()))
}

/// The most memory that this process ever had. <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
fn peak_bytes() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024)
}
