//! On what it was measured.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use crate::options::Options;

/// The lines above the table. What cannot be found out is left out.
pub(crate) fn describe(options: &Options) -> String {
    let mut text = String::new();
    let mut tell = |what: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            // Writing to a text does not fail.
            let _ = writeln!(text, "- {what}: {value}");
        }
    };
    tell("command", Some(format!("`cargo xtask bench {}`", options.words.join(" ")).replace(" `", "`")));
    tell("date", answer("date", &["-u", "+%Y-%m-%d %H:%M UTC"]));
    tell("commit", answer("git", &["describe", "--always", "--dirty"]));
    tell("processor", processor());
    tell("system", answer("uname", &["-sr"]));
    tell("load before the run", load());
    tell("file system of the data", options.folder().ok().and_then(|folder| file_system(&folder)));
    tell("Rust", answer("rustc", &["--version"]));
    tell("SQLite", Some(rusqlite::version().to_owned()));
    text
}

fn processor() -> Option<String> {
    let cores = std::thread::available_parallelism().ok()?;
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    Some(format!("{}, {cores} cores", model.unwrap_or_else(|| std::env::consts::ARCH.to_owned())))
}

/// How many programs wanted to run during the last one, five and fifteen minutes.
fn load() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split(' ').take(3).collect::<Vec<_>>().join(", "))
}

/// The kind of file system that a folder is on.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let holds_it = fields.filter(|fields| fields.len() > 2 && folder.starts_with(fields[1]));
    holds_it.max_by_key(|fields| fields[1].len()).map(|fields| fields[2].to_owned())
}

fn answer(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
