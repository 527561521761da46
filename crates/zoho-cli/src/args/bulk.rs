//! The arguments of `zoho bulk`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CsvOptions, RowFormat, Whose, name};

#[derive(Debug, Subcommand)]
pub(crate) enum Bulk {
    /// Read all records of a module, 200,000 per job, as CSV by default
    Read(BulkRead),

    /// Write the rows of a CSV file, 25,000 per job
    Write(BulkWrite),
}

impl Bulk {
    pub(super) fn target(&self) -> (&String, &Whose) {
        match self {
            Self::Read(BulkRead { module, whose, .. }) | Self::Write(BulkWrite { module, whose, .. }) => {
                (module, whose)
            }
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct BulkRead {
    /// API name of the module, such as Leads
    pub(crate) module: String,

    /// API names of the fields to read [default: all]
    #[arg(long, value_delimiter = ',', value_parser = name)]
    pub(crate) fields: Vec<String>,

    /// Read only records that match criteria, such as (Last_Name:equals:Hopper)and(City:starts_with:New), or the JSON of a bulk
    /// read; @FILE reads a file, @- standard input
    #[arg(long)]
    pub(crate) criteria: Option<String>,

    /// Read only the records of this custom view
    #[arg(long, value_name = "ID")]
    pub(crate) view: Option<String>,

    /// Page token to start with; a read that was resumed with --job prints the next one
    #[arg(long, value_name = "TOKEN")]
    pub(crate) page_token: Option<String>,

    /// Resume a job instead of starting one
    #[arg(long, value_name = "ID", conflicts_with_all = ["fields", "criteria", "view", "page_token"])]
    pub(crate) job: Option<String>,

    /// File to write; it appears once it is complete [default: -, standard output]
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
    /// API name of the module, such as Leads
    pub(crate) module: String,

    /// CSV file whose first line names the fields, by API name or label
    ///
    /// A lookup is given by the id of its record, or by another field of the record under a heading such as
    /// Account_Name.Account_Name. The CSV output of `zoho records list` and Zoho's exports can be used as they are.
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) csv: CsvOptions,

    /// Create records
    #[arg(long, group = "operation")]
    pub(crate) insert: bool,

    /// Update records, identified by the column id
    #[arg(long, group = "operation")]
    pub(crate) update: bool,

    /// Create records, or update those with the same value in this field
    #[arg(long, group = "operation", value_name = "FIELD")]
    pub(crate) upsert: Option<String>,

    /// Clear the field of an empty cell instead of leaving it unchanged
    #[arg(long, conflicts_with = "insert")]
    pub(crate) clear_empty: bool,

    /// Number of rows to skip, for example those that an interrupted run sent
    #[arg(long, value_name = "ROWS", default_value_t = 0, hide_default_value = true)]
    pub(crate) skip: usize,

    /// CSV file for the result of each row
    #[arg(long, value_name = "FILE")]
    pub(crate) result: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) whose: Whose,
}
