//! `cargo check` of a program that uses `zohocrm`, from nothing, dependencies included.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::measure::Samples;
use crate::options::Options;
use crate::report::{Line, Reach, Report};

/// What is checked: by its name, the words for it, and within how many seconds.
const SUBJECTS: [(&str, &[&str], f64); 2] =
    [("default features", &[], 35.0), ("`--features full`", &["--features", "full"], 60.0)];

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("Cold `cargo check -p zohocrm`, dependencies included, two jobs", "");
    // What has to be downloaded first is not measured.
    let fetched = cargo(&["fetch", "--locked"]).status()?;
    if !fetched.success() {
        return Err("cargo fetch failed; see above".into());
    }
    for (what, words, seconds) in SUBJECTS {
        let before = time_of_children()?;
        let runs = if options.quick { 1 } else { 3 };
        match Samples::cold(runs, || check(options, words)) {
            Ok(product) => {
                let worked = (time_of_children()? - before) / u32::try_from(runs)?;
                let what = format!("{what}; the cores worked for {} s", worked.as_secs());
                let reach = Reach::Within(seconds * 1e9);
                report.line(&Line { what, product, other: None, reach });
            }
            Err(error) => report.note(&format!("Not measured: {what}: {error}")),
        }
    }
    Ok(())
}

/// Checks into a folder of its own, which is gone afterwards.
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

/// How long processors have worked for all processes that this one has started and that have ended, and for theirs: what
/// other programs do in the meantime does not count. In hundredths of a second:
/// <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
fn time_of_children() -> Outcome<Duration> {
    let status = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program, which is the second field, may have blanks in it.
    let fields = status.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    let hundredths: Vec<u64> =
        fields.split_whitespace().skip(13).take(2).filter_map(|field| field.parse().ok()).collect();
    match hundredths[..] {
        [user, system] => Ok(Duration::from_millis((user + system) * 10)),
        _ => Err("/proc/self/stat does not say how long its children worked".into()),
    }
}

fn cargo(words: &[&str]) -> Command {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(program);
    command.args(words).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command
}
