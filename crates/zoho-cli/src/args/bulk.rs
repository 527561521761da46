//! What may be typed after `zoho bulk`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{RowFormat, Whose, name};

#[derive(Debug, Subcommand)]
pub(crate) enum Bulk {
    /// Read all records of a module, 200,000 in each job: as CSV, unless something else is said
    Read(BulkRead),

    /// Write a CSV file of any length, 25,000 rows in each job
    Write(BulkWrite),
}

#[derive(Debug, Args)]
pub(crate) struct BulkRead {
    /// The module's API name, such as Leads
    pub(crate) module: String,

    /// The fields to read, by their API names: all, unless some are named
    #[arg(long, value_delimiter = ',', value_parser = name)]
    pub(crate) fields: Vec<String>,

    /// Only some records: a JSON object as Zoho's bulk read takes it, @FILE, or @- for standard input
    #[arg(long, value_name = "JSON")]
    pub(crate) criteria: Option<String>,

    /// Only the records of this custom view
    #[arg(long, value_name = "ID")]
    pub(crate) view: Option<String>,

    /// Go on after a job that was taken up with --job, which says this token
    #[arg(long, value_name = "TOKEN")]
    pub(crate) page_token: Option<String>,

    /// Take up a job that was started before, in place of starting one
    #[arg(long, value_name = "ID", conflicts_with_all = ["fields", "criteria", "view", "page_token"])]
    pub(crate) job: Option<String>,

    /// The file to write, which appears when it is complete; standard output for -, or if left out
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("operation").required(true))]
pub(crate) struct BulkWrite {
    /// The module's API name, such as Leads
    pub(crate) module: String,

    /// The CSV file; its first line names the fields
    pub(crate) file: PathBuf,

    /// Create records
    #[arg(long, group = "operation")]
    pub(crate) insert: bool,

    /// Update records, which are known by their ids
    #[arg(long, group = "operation")]
    pub(crate) update: bool,

    /// Create records, or update those that have the same value in this field
    #[arg(long, group = "operation", value_name = "FIELD")]
    pub(crate) upsert: Option<String>,

    /// Empty a field whose cell is empty; it is left alone else
    #[arg(long, conflicts_with = "insert")]
    pub(crate) clear_empty: bool,

    /// Leave out so many rows at the beginning: those that an interrupted run has sent
    #[arg(long, value_name = "ROWS", default_value_t = 0, hide_default_value = true)]
    pub(crate) skip: usize,

    /// The file for what became of each row, as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) result: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) whose: Whose,
}
