//! Work in a separate process that does nothing else, so that the memory of the process is that of the work.

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::options::Options;
use crate::report::Fact;

/// The environment variable with the name of the work and a URL. The URL may contain a password, which other users could
/// see in an argument.
pub(crate) const VARIABLE: &str = "ZOHOCRM_BENCH_ALONE";

/// A piece of work, with its name: reads everything at a URL and counts it.
pub(crate) type Work = (&'static str, fn(&str) -> Outcome<u64>);

/// The result of a piece of work.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) count: u64,
    /// The peak memory of the process.
    pub(crate) peak_bytes: u64,
    /// The part of it that the work added.
    pub(crate) more_bytes: u64,
    pub(crate) took: Duration,
}

impl Done {
    /// Runs the work in another process of this program.
    pub(crate) fn by_another_process(work: &str, url: &str) -> Outcome<Self> {
        let order = format!("{work} {url}");
        let output = Command::new(std::env::current_exe()?).env(VARIABLE, order).output()?;
        let words = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<u64> = words.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [count, peak_bytes, more_bytes, nanoseconds] = numbers[..] else {
            let evidence = String::from_utf8_lossy(&output.stderr);
            return Err(format!("could not read the {work}: {}", evidence.trim()).into());
        };
        Ok(Self { count, peak_bytes, more_bytes, took: Duration::from_nanos(nanoseconds) })
    }
}

/// The results of several processes that did the same work, sorted by peak memory.
#[derive(Debug)]
pub(crate) struct Peaks(Vec<Done>);

impl Peaks {
    /// The growth in bytes that still counts as flat, since two runs of the same work differ as well.
    const MAX_GROWTH: u64 = 2_000_000;

    /// Runs the work in one process after the other; each has to count `count`.
    pub(crate) fn of(options: &Options, work: &str, url: &str, count: u64) -> Outcome<Self> {
        let runs = if options.quick { 1 } else { 7 };
        let all: Outcome<Vec<_>> = (0..runs).map(|_| Done::by_another_process(work, url)).collect();
        let mut all = all?;
        if let Some(done) = all.iter().find(|done| done.count != count) {
            return Err(format!("read {} {work}, expected {count}", done.count).into());
        }
        all.sort_by_key(|done| done.peak_bytes);
        Ok(Self(all))
    }

    /// Returns the median of the peaks, in bytes.
    pub(crate) fn median(&self) -> u64 {
        self.0[self.0.len() / 2].peak_bytes
    }

    /// Returns the average duration.
    pub(crate) fn seconds(&self) -> f64 {
        self.0.iter().map(|done| done.took.as_secs_f64()).sum::<f64>() / self.0.len() as f64
    }

    /// Compares the peak with that of less work.
    pub(crate) fn beyond(&self, less: &Self) -> Fact {
        let growth = self.median() as f64 - less.median() as f64;
        Fact {
            what: "the same, compared with a tenth of them".to_owned(),
            product: format!("{:+.1} MB", growth / 1e6),
            other: String::new(),
            limit: format!("at most {} MB more", Self::MAX_GROWTH / 1_000_000),
            is_met: Some(growth <= Self::MAX_GROWTH as f64),
        }
    }
}

impl fmt::Display for Peaks {
    /// Writes the median, the minimum and the maximum.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |done: Option<&Done>| done.map_or(f64::NAN, |done| done.peak_bytes as f64 / 1e6);
        let (low, high) = (megabytes(self.0.first()), megabytes(self.0.last()));
        write!(formatter, "{:.1} MB ({low:.1} MB-{high:.1} MB)", self.median() as f64 / 1e6)
    }
}

/// Does the work that [`VARIABLE`] names, and returns the result as numbers.
pub(crate) fn obey(order: &str, works: &[Work]) -> Outcome<String> {
    let (name, url) = order.split_once(' ').ok_or("expected the name of the work and a URL")?;
    let (_, work) = works.iter().find(|(known, _)| *known == name).ok_or("unknown work")?;
    let (started, before) = (Instant::now(), peak_bytes()?);
    let count = work(url)?;
    let (took, peak) = (started.elapsed(), peak_bytes()?);
    Ok(format!("{count} {peak} {} {}", peak - before, took.as_nanos()))
}

/// Returns the peak memory of this process. <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
fn peak_bytes() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024)
}
