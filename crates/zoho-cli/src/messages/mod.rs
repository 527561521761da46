//! Every sentence that the command prints itself, apart from `--help`. Each is a type with its text beside it, and
//! `tests` lists all of them in one snapshot.

mod advice;
mod next_step;
mod note;
mod problem;
mod story;
#[cfg(test)]
mod tests;

pub(crate) use advice::{Advice, CheckLine, OnlineFinding};
pub(crate) use next_step::NextStep;
pub(crate) use note::{CopyCount, Note, Progress, Totals, Warning};
pub(crate) use problem::{Problem, Unsavable};
pub(crate) use story::{Claim, Greeting, Line};

/// A count with its noun: `1 token`, `2 tokens`.
fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}
