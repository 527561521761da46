//! The table: what was measured, beside what was to be reached.

use std::fmt;

use crate::machine;
use crate::measure::Samples;
use crate::options::Options;

/// What is to be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reach {
    /// Nanoseconds per call.
    Within(f64),
    /// At most that many times what the other takes.
    AtMost(f64),
    /// At least that many times as fast as the other.
    TimesAsFast(f64),
    /// Nothing in particular: how many times as fast as the other it is.
    Stated,
}

/// One thing that was measured.
#[derive(Debug)]
pub(crate) struct Line {
    /// What was done.
    pub(crate) what: String,
    /// How long this project takes.
    pub(crate) product: Samples,
    /// How long the other takes, if there is another.
    pub(crate) other: Option<Samples>,
    /// What is to be reached.
    pub(crate) reach: Reach,
}

/// One thing that was counted, or measured as a whole, in words.
#[derive(Debug)]
pub(crate) struct Fact {
    /// What was done.
    pub(crate) what: String,
    /// What this project came to.
    pub(crate) product: String,
    /// What the other came to, if there is another.
    pub(crate) other: String,
    /// What is to be reached, if anything is.
    pub(crate) reach: String,
    /// Whether it was.
    pub(crate) is_reached: Option<bool>,
}

/// All that was measured in a run.
#[derive(Debug)]
pub(crate) struct Report {
    head: String,
    text: String,
    missed: usize,
}

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        Self { head: machine::describe(options), text: String::new(), missed: 0 }
    }

    /// Starts a part. `other` is what the product is compared with.
    pub(crate) fn part(&mut self, title: &str, other: &str) {
        self.text += &format!(
            "\n### {title}\n\n| what | this project | {other} | ratio | reach | |\n|---|---|---|---|---|---|\n"
        );
    }

    /// Says something in place of lines that could not be measured, or below those that were.
    pub(crate) fn note(&mut self, text: &str) {
        self.text += &format!("\n{text}\n");
    }

    /// Adds a line to the part.
    pub(crate) fn line(&mut self, line: &Line) {
        let (ratio, is_reached) = line.outcome();
        let other = line.other.as_ref().map_or_else(String::new, times);
        self.row([&line.what, &times(&line.product), &other, &ratio, &line.reach.to_string()], is_reached);
    }

    /// Adds a line to the part of which there are no samples.
    pub(crate) fn fact(&mut self, fact: &Fact) {
        let Fact { what, product, other, reach, is_reached } = fact;
        self.row([what, product, other, "", reach], *is_reached);
    }

    fn row(&mut self, cells: [&str; 5], is_reached: Option<bool>) {
        self.missed += usize::from(is_reached == Some(false));
        let mark = match is_reached {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "",
        };
        let row = format!("{} | {mark}", cells.join(" | "));
        self.text += &format!("| {row} |\n");
        crate::say(&format!("  {row}"));
    }
}

impl Line {
    /// The ratio as text, and whether the limit was kept.
    fn outcome(&self) -> (String, Option<bool>) {
        let ratio = self.other.as_ref().map(|other| match self.reach {
            Reach::AtMost(_) | Reach::Within(_) => self.product.over(other),
            Reach::TimesAsFast(_) | Reach::Stated => other.over(&self.product),
        });
        let reached = match (self.reach, &ratio) {
            (Reach::Within(limit), _) => Some(self.product.median() <= limit),
            (Reach::AtMost(limit), Some(ratio)) => Some(ratio.median() <= limit),
            (Reach::TimesAsFast(limit), Some(ratio)) => Some(ratio.median() >= limit),
            _ => None,
        };
        let text = ratio.map_or_else(String::new, |ratio| {
            let (low, high) = ratio.quartiles();
            format!("{} ({}-{})", number(ratio.median()), number(low), number(high))
        });
        (text, reached)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { head, text, missed } = self;
        writeln!(formatter, "{head}\n{text}\nLimits missed: {missed}.")
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(limit) => write!(formatter, "at most {}", time(*limit)),
            Self::AtMost(limit) => write!(formatter, "at most {limit} x"),
            Self::TimesAsFast(limit) => write!(formatter, "at least {limit} x as fast"),
            Self::Stated => write!(formatter, "times as fast"),
        }
    }
}

/// A count with its thousands set apart, and what is counted, of which there may be one.
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

/// The median and the quartiles.
fn times(samples: &Samples) -> String {
    let (low, high) = samples.quartiles();
    format!("{} ({}-{})", time(samples.median()), time(low), time(high))
}

/// Nanoseconds in a unit that suits them.
fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        value if value < 1e3 => (value, "ns"),
        value if value < 1e6 => (value / 1e3, "µs"),
        value if value < 1e9 => (value / 1e6, "ms"),
        value => (value / 1e9, "s"),
    };
    format!("{} {unit}", number(value))
}

/// Three digits that mean something are more than the machine keeps.
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
