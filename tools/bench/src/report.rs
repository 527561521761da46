//! The results: each measurement beside what it is compared with and its limit.

use std::fmt;

use crate::machine;
use crate::measure::Samples;
use crate::options::Options;

/// The limit of a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// Nanoseconds per call.
    Within(f64),
    /// At most this many times as long as the other side.
    AtMost(f64),
    /// At least this many times as fast as the other side.
    TimesAsFast(f64),
    /// No limit; the ratio says how many times as fast as the other side it is.
    Stated,
}

/// A measurement in samples.
#[derive(Debug)]
pub(crate) struct Line {
    /// What was measured.
    pub(crate) what: String,
    /// The samples of this project.
    pub(crate) product: Samples,
    /// The samples of the other side, if there is one.
    pub(crate) other: Option<Samples>,
    pub(crate) limit: Limit,
}

/// A count, or a measurement without samples, as text.
#[derive(Debug)]
pub(crate) struct Fact {
    /// What was measured.
    pub(crate) what: String,
    /// The result of this project.
    pub(crate) product: String,
    /// The result of the other side; empty if there is none.
    pub(crate) other: String,
    /// The limit; empty if there is none.
    pub(crate) limit: String,
    /// Whether the limit was met, if there is one.
    pub(crate) is_met: Option<bool>,
}

/// The results of a run.
#[derive(Debug)]
pub(crate) struct Report {
    /// The machine, the commit and the command.
    pub(crate) head: String,
    text: String,
    part: String,
    rows: Vec<Row>,
}

/// A row of a table.
#[derive(Debug)]
pub(crate) struct Row {
    /// The heading of its table.
    pub(crate) part: String,
    /// What was measured, this project, the other side, the ratio, the limit.
    pub(crate) cells: [String; 5],
    is_met: Option<bool>,
}

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        let head = machine::describe(options);
        Self { head, text: String::new(), part: String::new(), rows: Vec::new() }
    }

    /// Starts a table. `other` is what the product is compared with.
    pub(crate) fn part(&mut self, title: &str, other: &str) {
        title.clone_into(&mut self.part);
        self.text += &format!(
            "\n### {title}\n\n| what | this project | {other} | ratio | limit | |\n|---|---|---|---|---|---|\n"
        );
    }

    /// Adds a paragraph below the rows, or instead of rows that could not be measured.
    pub(crate) fn note(&mut self, text: &str) {
        self.text += &format!("\n{text}\n");
    }

    /// Adds a row for a measurement in samples.
    pub(crate) fn line(&mut self, line: &Line) {
        let (ratio, is_met) = line.outcome();
        let other = line.other.as_ref().map_or_else(String::new, times);
        let limit = line.limit.to_string();
        self.row([line.what.clone(), times(&line.product), other, ratio, limit], is_met);
    }

    /// Adds a row for a measurement without samples.
    pub(crate) fn fact(&mut self, fact: &Fact) {
        let Fact { what, product, other, limit, is_met } = fact;
        let [what, product, other, limit] = [what, product, other, limit].map(Clone::clone);
        self.row([what, product, other, String::new(), limit], *is_met);
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn row(&mut self, cells: [String; 5], is_met: Option<bool>) {
        let row = Row { part: self.part.clone(), cells, is_met };
        let text = format!("{} | {}", row.cells.join(" | "), row.mark());
        self.text += &format!("| {text} |\n");
        crate::say(&format!("  {text}"));
        self.rows.push(row);
    }
}

impl Row {
    /// Whether the limit was met, as text.
    pub(crate) fn mark(&self) -> &'static str {
        match self.is_met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "",
        }
    }
}

impl Line {
    /// Returns the ratio as text, and whether the limit was met.
    fn outcome(&self) -> (String, Option<bool>) {
        let ratio = self.other.as_ref().map(|other| match self.limit {
            Limit::AtMost(_) | Limit::Within(_) => self.product.over(other),
            Limit::TimesAsFast(_) | Limit::Stated => other.over(&self.product),
        });
        let is_met = match (self.limit, &ratio) {
            (Limit::Within(limit), _) => Some(self.product.median() <= limit),
            (Limit::AtMost(limit), Some(ratio)) => Some(ratio.median() <= limit),
            (Limit::TimesAsFast(limit), Some(ratio)) => Some(ratio.median() >= limit),
            _ => None,
        };
        let text = ratio.map_or_else(String::new, |ratio| {
            let (low, high) = ratio.quartiles();
            format!("{} ({}-{})", number(ratio.median()), number(low), number(high))
        });
        (text, is_met)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missed = self.rows.iter().filter(|row| row.is_met == Some(false)).count();
        writeln!(formatter, "{}\n{}\nLimits missed: {missed}.", self.head, self.text)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(limit) => write!(formatter, "at most {}", time(*limit)),
            Self::AtMost(limit) => write!(formatter, "at most {limit} x"),
            Self::TimesAsFast(limit) => write!(formatter, "at least {limit} x as fast"),
            Self::Stated => write!(formatter, "times as fast"),
        }
    }
}

/// Formats a count with thousands separators and its noun, in the plural if needed.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let plural = if number == 1 { "" } else { "s" };
    format!("{text} {noun}{plural}")
}

/// Formats the median and the quartiles.
fn times(samples: &Samples) -> String {
    let (low, high) = samples.quartiles();
    format!("{} ({}-{})", time(samples.median()), time(low), time(high))
}

/// Formats nanoseconds in a suitable unit.
fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        value if value < 1e3 => (value, "ns"),
        value if value < 1e6 => (value / 1e3, "µs"),
        value if value < 1e9 => (value / 1e6, "ms"),
        value => (value / 1e9, "s"),
    };
    format!("{} {unit}", number(value))
}

/// Formats three significant digits; the machine is less stable than that.
fn number(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_easy_to_read() {
        let counts = [1, 64, 1_000, 1_000_000].map(|number| count(number, "row"));
        assert_eq!(counts, ["1 row", "64 rows", "1,000 rows", "1,000,000 rows"]);
    }
}
