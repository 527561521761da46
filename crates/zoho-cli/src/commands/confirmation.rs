//! Asks the user before something that cannot be undone.

use std::io::{self, IsTerminal};

use crate::config::Config;
use crate::failure::Failure;
use crate::messages::{Problem, Question};

/// Asks on a terminal, unless `is_confirmed`. A script is not asked.
pub(super) fn confirm(config: &Config, is_confirmed: bool, question: &Question) -> Result<(), Failure> {
    if is_confirmed || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    config.output.question(question);
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Failure::from(Problem::NotConfirmed).caused_by(&error))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Problem::NotConfirmed.into()),
    }
}
