//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::Outcome;
use crate::measure::Effort;

/// What to measure, how and where.
#[derive(Debug)]
pub(crate) struct Options {
    /// The arguments as typed, for the report.
    pub(crate) words: Vec<String>,
    /// Small numbers and few rounds, which show that everything runs but say little about speed.
    pub(crate) quick: bool,
    /// Write the results into `docs/`.
    pub(crate) write: bool,
    only: Vec<String>,
    folder: Option<PathBuf>,
}

impl Options {
    /// Reads `--only NAME` (repeatable), `--quick`, `--folder PATH` and `--write`.
    pub(crate) fn parse(words: impl Iterator<Item = String>, names: &[&str]) -> Outcome<Self> {
        let words: Vec<String> = words.collect();
        let mut options =
            Self { words: words.clone(), quick: false, write: false, only: Vec::new(), folder: None };
        let mut rest = words.into_iter();
        while let Some(word) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => options.quick = true,
                "--write" => options.write = true,
                "--only" => options.only.push(value()?),
                "--folder" => options.folder = Some(value()?.into()),
                other => return Err(format!("unknown argument `{other}`; {USAGE}").into()),
            }
        }
        match options.only.iter().find(|name| !names.contains(&name.as_str())) {
            Some(name) => {
                Err(format!("unknown benchmark `{name}`; expected one of {}", names.join(", ")).into())
            }
            None if options.write && (options.quick || !options.only.is_empty()) => {
                Err("the documentation shows a whole run; use `--write` without `--quick` and `--only`"
                    .into())
            }
            None => Ok(options),
        }
    }

    /// Whether a subject is to be measured.
    pub(crate) fn wants(&self, subject: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == subject)
    }

    /// Returns the folder for the data of a run. Default: the folder of the program, which is on a disk if the workspace
    /// is. In memory, a sync would cost nothing.
    pub(crate) fn folder(&self) -> Outcome<PathBuf> {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => program_folder()?,
        };
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Makes an empty folder that is removed when it is dropped.
    pub(crate) fn fresh_folder(&self) -> Outcome<tempfile::TempDir> {
        Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(self.folder()?)?)
    }

    /// Returns many short rounds of about this length.
    pub(crate) fn effort(&self, round: Duration) -> Effort {
        if self.quick { Effort { rounds: 5, round: round / 5 } } else { Effort { rounds: 31, round } }
    }
}

/// Returns the folder of this program, which has `zoho` in it if that was built with the same profile.
pub(crate) fn program_folder() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().ok_or("the path of this program has no folder")?.to_path_buf())
}

const USAGE: &str = "expected --only NAME, --quick, --folder PATH or --write";
