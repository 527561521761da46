//! What the command line may say.

use std::path::PathBuf;
use std::time::Duration;

use crate::Outcome;
use crate::measure::Effort;

/// How, where and what to measure.
#[derive(Debug)]
pub(crate) struct Options {
    /// As it was typed, for the report.
    pub(crate) words: Vec<String>,
    /// Small numbers and few rounds: shows that everything runs, says little about speed.
    pub(crate) quick: bool,
    only: Vec<String>,
    folder: Option<PathBuf>,
}

impl Options {
    /// Reads `--only NAME` (as often as wanted), `--quick` and `--folder PATH`.
    pub(crate) fn parse(words: impl Iterator<Item = String>, names: &[&str]) -> Outcome<Self> {
        let words: Vec<String> = words.collect();
        let mut options = Self { words: words.clone(), quick: false, only: Vec::new(), folder: None };
        let mut rest = words.into_iter();
        while let Some(word) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => options.quick = true,
                "--only" => options.only.push(value()?),
                "--folder" => options.folder = Some(value()?.into()),
                other => return Err(format!("{other} is not known; {USAGE}").into()),
            }
        }
        match options.only.iter().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(format!("nothing is called {name}; there are {}", names.join(", ")).into()),
            None => Ok(options),
        }
    }

    /// Whether a subject is to be measured.
    pub(crate) fn wants(&self, subject: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == subject)
    }

    /// The folder under which the data of a run lies: beside the program unless told otherwise, which is a real
    /// disk where the workspace is on one. In memory, a sync would cost nothing.
    pub(crate) fn folder(&self) -> Outcome<PathBuf> {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => program_folder()?,
        };
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A fresh folder that is removed when it is dropped.
    pub(crate) fn fresh_folder(&self) -> Outcome<tempfile::TempDir> {
        Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(self.folder()?)?)
    }

    /// Many short rounds, each lasting about as long as `round`.
    pub(crate) fn effort(&self, round: Duration) -> Effort {
        if self.quick { Effort { rounds: 5, round: round / 5 } } else { Effort { rounds: 31, round } }
    }
}

/// Where this program is, and where `zoho` is if it was built the same way.
pub(crate) fn program_folder() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().ok_or("this program is in no folder")?.to_path_buf())
}

const USAGE: &str = "there are --only NAME, --quick and --folder PATH";
