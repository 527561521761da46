//! A cold `cargo check` of `zohocrm` with its dependencies.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::measure::Samples;
use crate::options::Options;
use crate::report::{Limit, Line, Report};

/// The name of a check, its arguments, and its limit in seconds.
const SUBJECTS: [(&str, &[&str], f64); 2] =
    [("default features", &[], 35.0), ("`--features full`", &["--features", "full"], 60.0)];

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("Cold `cargo check -p zohocrm`, dependencies included, two jobs", "");
    // Downloads are not measured.
    let fetched = cargo(&["fetch", "--locked"]).status()?;
    if !fetched.success() {
        return Err("cargo fetch failed; see its message above".into());
    }
    for (what, words, seconds) in SUBJECTS {
        let before = time_of_children()?;
        let runs = if options.quick { 1 } else { 3 };
        match Samples::cold(runs, || check(options, words)) {
            Ok(product) => {
                let worked = (time_of_children()? - before) / u32::try_from(runs)?;
                let what = format!("{what}; {} s of processor time", worked.as_secs());
                let limit = Limit::Within(seconds * 1e9);
                report.line(&Line { what, product, other: None, limit });
            }
            Err(error) => report.note(&format!("Not measured: {what}: {error}")),
        }
    }
    Ok(())
}

/// Checks with an empty target folder.
fn check(options: &Options, words: &[&str]) -> Outcome<Duration> {
    let folder = options.fresh_folder()?;
    let mut command = cargo(&["check", "--frozen", "--jobs", "2", "--package", "zohocrm"]);
    command.args(words).env("CARGO_TARGET_DIR", folder.path()).env("CARGO_INCREMENTAL", "0");
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output()?;
    let took = started.elapsed();
    match output.status.success() {
        true => Ok(took),
        false => {
            let evidence = String::from_utf8_lossy(&output.stderr);
            Err(evidence.lines().find(|line| line.starts_with("error")).unwrap_or("it failed").into())
        }
    }
}

/// Returns the processor time of all finished child processes, which does not depend on what else runs. The file has it in
/// hundredths of a second: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
fn time_of_children() -> Outcome<Duration> {
    let status = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the name of the program, which may contain blanks.
    let fields = status.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    let hundredths: Vec<u64> =
        fields.split_whitespace().skip(13).take(2).filter_map(|field| field.parse().ok()).collect();
    match hundredths[..] {
        [user, system] => Ok(Duration::from_millis((user + system) * 10)),
        _ => Err("/proc/self/stat lacks the times of the children".into()),
    }
}

fn cargo(words: &[&str]) -> Command {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(program);
    command.args(words).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command
}
