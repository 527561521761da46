//! How much memory it takes to read every token by pages: in a process that has done nothing else before.

use std::process::Command;
use std::time::{Duration, Instant};

use tokio::runtime;
use zoho_oauth::store::{TokenStore, connect};

use crate::Outcome;

/// The environment variable that makes this program read all pages of the store whose URL it has. An argument would
/// show the password to everybody.
pub(crate) const VARIABLE: &str = "ZOHOCRM_BENCH_PAGES";

/// What reading came to.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) rows: u64,
    /// How much more memory the process had at its peak than before.
    pub(super) more_bytes: u64,
    pub(super) took: Duration,
}

/// Has another process of this program read everything.
pub(super) fn read_in_a_process_of_its_own(url: &str) -> Outcome<Read> {
    let output = Command::new(std::env::current_exe()?).env(VARIABLE, url).output()?;
    let words = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = words.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [rows, more_bytes, nanoseconds] = numbers[..] else {
        return Err(format!("pages were not read: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    };
    Ok(Read { rows, more_bytes, took: Duration::from_nanos(nanoseconds) })
}

/// Reads everything, and says what it came to: rows, bytes, nanoseconds.
pub(crate) fn read(url: &str) -> Outcome<String> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = connect(url)?;
        let before = peak_bytes()?;
        let started = Instant::now();
        let (mut rows, mut next) = (0, None);
        loop {
            let page = store.get_token_page(next.as_deref()).await?;
            rows += page.tokens.len();
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        Ok(format!("{rows} {} {}", peak_bytes()? - before, started.elapsed().as_nanos()))
    })
}

/// The most memory that this process ever had. <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
fn peak_bytes() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024)
}
