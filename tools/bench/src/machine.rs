//! Describes the machine and the commit of a run.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use crate::options::Options;

/// Returns the lines above the tables. Unknown facts are left out.
pub(crate) fn describe(options: &Options) -> String {
    let mut text = String::new();
    let mut add = |what: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "- {what}: {value}");
        }
    };
    add("command", Some(format!("`cargo xtask bench {}`", options.words.join(" ")).replace(" `", "`")));
    add("date", output_of("date", &["-u", "+%Y-%m-%d %H:%M UTC"]));
    add("commit", output_of("git", &["describe", "--always", "--dirty"]));
    add("processor", processor());
    add("system", output_of("uname", &["-sr"]));
    add("load before the run", load());
    add("file system of the data", options.folder().ok().and_then(|folder| file_system(&folder)));
    add("Rust", output_of("rustc", &["--version"]));
    add("SQLite", Some(rusqlite::version().to_owned()));
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

/// Returns the load of the last one, five and fifteen minutes.
fn load() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split(' ').take(3).collect::<Vec<_>>().join(", "))
}

/// Returns the kind of file system that a folder is on.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let mounted = fields.filter(|fields| fields.len() > 2 && folder.starts_with(fields[1]));
    mounted.max_by_key(|fields| fields[1].len()).map(|fields| fields[2].to_owned())
}

fn output_of(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
