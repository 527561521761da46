//! `CsvOptions`: how a CSV file is read.

use clap::{Args, ValueEnum};
use zohocrm::Encoding;

use crate::messages::Problem;

/// How a CSV file is read.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct CsvOptions {
    /// Delimiter of CSV [default: the most frequent of them in the first line]
    #[arg(long, value_name = "DELIMITER")]
    pub(crate) delimiter: Option<Delimiter>,

    /// Encoding of CSV, such as windows-1252 [default: utf-8; utf-16 is detected]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub(crate) encoding: Option<Encoding>,
}

/// What separates the cells of CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Delimiter {
    #[value(alias = ",")]
    Comma,
    #[value(alias = ";")]
    Semicolon,
    #[value(aliases = ["\t", "\\t"])]
    Tab,
    #[value(alias = "|")]
    Pipe,
}

impl CsvOptions {
    /// Whether one of them is given, so that the input is CSV.
    pub(crate) fn is_given(self) -> bool {
        self.delimiter.is_some() || self.encoding.is_some()
    }
}

impl From<Delimiter> for zohocrm::Delimiter {
    fn from(delimiter: Delimiter) -> Self {
        match delimiter {
            Delimiter::Comma => Self::Comma,
            Delimiter::Semicolon => Self::Semicolon,
            Delimiter::Tab => Self::Tab,
            Delimiter::Pipe => Self::Pipe,
        }
    }
}

fn encoding(name: &str) -> Result<Encoding, Problem> {
    Encoding::named(name).ok_or(Problem::UnknownEncoding)
}
