//! Printing: data to standard output, messages to standard error. No other module prints.

mod activity;
mod destination;
mod rows;
mod stdout;
mod table;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{Note, Problem, Progress, Question, Waiting, Warning};

use activity::Activity;
pub(crate) use destination::Destination;
pub(crate) use rows::{Rows, cell, field_of, id_first};
#[cfg(test)]
pub(crate) use rows::{csv, csv_cell};
use table::Table;

/// Prints the results and messages of a command.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    json: bool,
    activity: Arc<Activity>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, activity: Arc::new(Activity::new(Instant::now())) }
    }

    /// The same output, with data as JSON.
    pub(crate) fn with_json(&self) -> Self {
        Self { json: true, ..self.clone() }
    }

    /// Whether `--json` was given.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints data and a line break.
    pub(crate) fn data(&self, text: impl Display) -> Result<(), Failure> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Prints data as JSON.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value);
        self.data(text.map_err(|error| Failure::from(Problem::RecordAsJson).caused_by(&error))?)
    }

    /// Prints bytes unchanged.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.activity.showed(Instant::now());
        stdout::write(bytes).map_err(|error| Failure::unwritable(&error))
    }

    /// Prints a table at its full width, so that cells can be copied.
    pub(crate) fn table(&self, lines: &[Vec<String>]) -> Result<(), Failure> {
        let table = Table::new(lines);
        let text: String = lines.iter().map(|line| table.line(line) + "\n").collect();
        self.bytes(text.as_bytes())
    }

    /// A progress bar on standard error, hidden if that is not a terminal.
    pub(crate) fn progress(&self) -> ProgressBar {
        if !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        self.without_notices();
        let style = ProgressStyle::with_template(Progress::BAR);
        ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }

    /// A counter for work of unknown length, hidden if standard error is not a terminal.
    pub(crate) fn counter(&self) -> ProgressBar {
        let style = ProgressStyle::with_template(Progress::COUNTER);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.progress().with_style(style).with_message(Progress::Records.to_string());
        let bar = bar.with_finish(ProgressFinish::AndClear);
        if !bar.is_hidden() {
            // Nothing else moves while Zoho works on a job.
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        bar
    }

    /// Prints a note to standard error.
    pub(crate) fn note(&self, note: &Note) {
        self.activity.showed(Instant::now());
        say(&printable(&note.to_string()));
    }

    /// Notes what the command waits for from now on.
    pub(crate) fn waits_for(&self, waiting: Waiting) {
        self.activity.waits_for(waiting, Instant::now());
    }

    /// Says what the command waits for, if the user has seen nothing for a few seconds.
    pub(crate) fn announce_wait(&self) {
        if let Some((waiting, silence)) = self.activity.due(Instant::now()) {
            say(&printable(&Note::StillWaiting { waiting, seconds: silence.as_secs() }.to_string()));
        }
    }

    /// Announces no wait from now on, because the user sees that the command is alive.
    pub(crate) fn without_notices(&self) {
        self.activity.shows_progress();
    }

    /// Prints a question to standard error. The answer is typed behind it.
    pub(crate) fn question(&self, question: &Question) {
        self.activity.showed(Instant::now());
        // If standard error is closed, there is nowhere to report it.
        let _ =
            io::stderr().lock().write_all(format!("{} [y/N] ", printable(&question.to_string())).as_bytes());
    }

    /// Prints a warning to standard error.
    pub(crate) fn warning(&self, warning: &Warning) {
        self.activity.showed(Instant::now());
        say(&format!("{} {}", heading("warning:", "33"), printable(&warning.to_string())));
    }
}

/// Prints a failure to standard error.
pub(crate) fn failure(failure: &Failure) {
    if failure.exit() != Exit::ReaderLeft {
        let lines: Vec<String> = failure.lines().iter().map(|line| printable(line)).collect();
        say(&format!("{} {}", heading("error:", "31"), lines.join("\n")));
    }
}

/// Prints a message of clap: help and version to standard output, errors to standard error. Returns whether that failed.
///
/// A misplaced value is quoted only if it cannot be a secret: `zoho login CODE` is an easy mistake.
pub(crate) fn clap_message(message: &mut clap::Error) -> Result<(), Failure> {
    let misplaced = match message.kind() {
        ErrorKind::UnknownArgument => Some(ContextKind::InvalidArg),
        ErrorKind::InvalidSubcommand => Some(ContextKind::InvalidSubcommand),
        ErrorKind::TooManyValues => Some(ContextKind::InvalidValue),
        _ => None,
    };
    if let Some(kind) = misplaced
        && let Some(ContextValue::String(text)) = message.get(kind)
        && !text.starts_with('-')
        && !is_word(text)
    {
        message.insert(kind, ContextValue::String("…".to_owned()));
    }
    if message.use_stderr() || io::stdout().is_terminal() {
        // If standard error is closed, there is nowhere to report it.
        let _ = message.print();
        return Ok(());
    }
    stdout::write(message.render().to_string().as_bytes()).map_err(|error| Failure::unwritable(&error))
}

/// Whether a text is a word, the name of a file or a number, such as an id. Zoho's secrets mix letters and digits.
fn is_word(text: &str) -> bool {
    const MAX_LETTERS: usize = 40;
    let is_letter = |letter: char| letter.is_alphabetic() || matches!(letter, '_' | '.' | '/');
    let is_of_one_kind = text.chars().all(is_letter) || text.bytes().all(|digit| digit.is_ascii_digit());
    is_of_one_kind && text.chars().count() <= MAX_LETTERS
}

/// Escapes the control characters of a text, so that stored values cannot move the cursor, change colors or reorder
/// letters.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() || turns(letter) {
            true => printable.extend(letter.escape_default()),
            false => printable.push(letter),
        }
    }
    printable
}

/// Whether a character changes the writing direction of others. Arabic and Hebrew text does not need these.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn say(text: &str) {
    // If standard error is closed, there is nowhere to report it.
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

#[expect(clippy::disallowed_methods, reason = "https://no-color.org names a variable")]
fn heading(word: &str, color: &str) -> String {
    let colored =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if colored { format!("\u{1b}[1;{color}m{word}\u{1b}[0m") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_quoted_and_a_secret_is_not() {
        for typo in ["recrods", "Leads", "exports/leads.csv", "5725767000000524157", "Größe"] {
            assert!(is_word(typo), "{typo}");
        }
        let secrets =
            ["1000.abcdef", "d41d8cd98f00b204e980", "mysql://u:p@h/d", "code=abc", "a b", &"a".repeat(41)];
        for secret in secrets {
            assert!(!is_word(secret), "{secret}");
        }
    }

    #[test]
    fn a_stored_name_cannot_steer_the_terminal() {
        assert_eq!(printable("ada\u{1b}[2J\n\u{9b}x"), "ada\\u{1b}[2J\\n\\u{9b}x");
        assert_eq!(printable("Zoë 🦊"), "Zoë 🦊");
        assert_eq!(printable("a\u{202e}b\u{2066}c\u{2069}"), "a\\u{202e}b\\u{2066}c\\u{2069}");
        assert_eq!(printable("שלום"), "שלום");
    }
}
