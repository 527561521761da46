//! Every message that the command prints, apart from `--help` and the errors of the libraries. A message is a value of
//! an enum, so that commands report facts and the text stands here. A test lists all of them in one snapshot.

mod advice;
mod next_step;
mod note;
mod problem;
mod story;
#[cfg(test)]
mod tests;

pub(crate) use advice::{Advice, CheckLine, OnlineFinding};
pub(crate) use next_step::NextStep;
pub(crate) use note::{CopyCount, MissingStore, Note, Progress, Question, Totals, Waiting, Warning};
pub(crate) use problem::{InvalidCell, Origin, Problem, UnknownName, Unsavable};
pub(crate) use story::{Claim, Greeting, Line};

/// Values in backticks: `` `Citty`, `Emial` ``.
fn quoted(values: &[String]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}

/// A count with its noun: `1 token`, `2 tokens`.
fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}
