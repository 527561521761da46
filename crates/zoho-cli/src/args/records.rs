//! What may be typed after `zoho records` and `zoho coql`.

use clap::{Args, Subcommand, ValueEnum};

use super::{Whose, name};

#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    /// List records: a page of them, or all
    List(List),

    /// Search records, by one of criteria, e-mail address, phone number and word
    ///
    /// Zoho finds 2,000 records at most, and may miss for a moment what was just written; zoho coql does not.
    Search(Search),

    /// Read one record
    Get(Get),

    /// Create records
    Create(Write),

    /// Update records; each has its id among its fields
    Update(Write),

    /// Create records, or update those that are there already
    Upsert(Upsert),

    /// Delete records: they go to the recycle bin
    Delete(Delete),

    /// Count records: all, or those that a search would find
    Count(Count),

    /// List what was deleted
    Deleted(Deleted),

    /// List what belongs to a record: its notes, contacts, deals
    Related(Related),
}

/// How rows are printed: as a table, unless something else is said.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct RowFormat {
    /// Print CSV: a line of names, then a record in each line
    #[arg(long, conflicts_with_all = ["json", "json_lines"])]
    pub(crate) csv: bool,

    /// Print JSON, a record in each line; --json prints one array
    #[arg(long, conflicts_with = "json")]
    pub(crate) json_lines: bool,
}

/// Which page is printed.
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// Every page from this one on
    #[arg(long)]
    pub(crate) all: bool,

    /// Which page, from 1
    #[arg(long)]
    pub(crate) page: Option<u32>,

    /// How many records in a page: 200 at most
    #[arg(long)]
    pub(crate) per_page: Option<u32>,
}

/// Which page is printed, of a list that goes beyond record 2,000.
#[derive(Debug, Args)]
pub(crate) struct LongPaging {
    #[command(flatten)]
    pub(crate) paging: Paging,

    /// Where to go on, beyond record 2,000
    #[arg(long, value_name = "TOKEN", conflicts_with = "page")]
    pub(crate) page_token: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The module's API name, such as Leads
    pub(crate) module: String,

    /// The fields to read, by their API names: 50 at most
    #[arg(long, value_delimiter = ',', value_parser = name, default_value = "id,Created_Time,Modified_Time")]
    pub(crate) fields: Vec<String>,

    #[command(flatten)]
    pub(crate) paging: LongPaging,

    /// What to sort by: id, Created_Time or Modified_Time
    #[arg(long, value_name = "FIELD")]
    pub(crate) sort_by: Option<String>,

    /// Smallest or oldest first
    #[arg(long)]
    pub(crate) ascending: bool,

    /// Only the records of this custom view
    #[arg(long, value_name = "ID")]
    pub(crate) view: Option<String>,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

/// What a search goes by: one of these.
#[derive(Debug, Args)]
#[group(id = "filter", multiple = false)]
pub(crate) struct Filter {
    /// By fields, as Zoho writes it: (Last_Name:equals:Hopper)and(City:starts_with:New)
    #[arg(long)]
    pub(crate) criteria: Option<String>,

    /// By an e-mail address, in any field for one
    #[arg(long)]
    pub(crate) email: Option<String>,

    /// By a phone number, in any field for one
    #[arg(long)]
    pub(crate) phone: Option<String>,

    /// By a word, in any field
    #[arg(long)]
    pub(crate) word: Option<String>,
}

#[derive(Debug, Args)]
#[command(mut_group("filter", |filter| filter.required(true)))]
pub(crate) struct Search {
    /// The module's API name
    pub(crate) module: String,

    #[command(flatten)]
    pub(crate) filter: Filter,

    /// The fields to read, by their API names
    #[arg(long, value_delimiter = ',', value_parser = name, default_value = "id,Created_Time,Modified_Time")]
    pub(crate) fields: Vec<String>,

    #[command(flatten)]
    pub(crate) paging: LongPaging,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The module's API name
    pub(crate) module: String,

    /// The record's id
    pub(crate) record: String,

    /// The fields to read: all, unless some are named
    #[arg(long, value_delimiter = ',', value_parser = name)]
    pub(crate) fields: Vec<String>,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

/// Records that are given.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// The records: JSON, @FILE, or @- for standard input, which a write reads if this is left out
    ///
    /// A record is a JSON object. There may be one, an array of them, or one in each line; or CSV, whose first line
    /// names the fields. CSV and lines are read as they are needed, however many there are.
    #[arg(short, long, value_name = "JSON")]
    pub(crate) data: Option<String>,

    /// What the data is: CSV if its file is called so, else JSON
    #[arg(long, value_name = "FORMAT")]
    pub(crate) input: Option<InputFormat>,

    /// Leave out so many records at the beginning: those that an interrupted run has seen to
    #[arg(long, value_name = "RECORDS", default_value_t = 0, hide_default_value = true)]
    pub(crate) skip: usize,
}

/// How records are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// An object, an array of them, or one in each line
    Json,
    /// A line of field names, then a record in each line
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct Write {
    /// The module's API name
    pub(crate) module: String,

    #[command(flatten)]
    pub(crate) data: Data,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Upsert {
    /// By which fields a record is known to be there; by the module's unique fields, if left out
    #[arg(long, value_name = "FIELD", value_delimiter = ',', value_parser = name)]
    pub(crate) check: Vec<String>,

    #[command(flatten)]
    pub(crate) write: Write,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The module's API name
    pub(crate) module: String,

    /// The records' ids, or --data with records
    #[arg(required_unless_present = "data", conflicts_with_all = ["data", "input", "skip"])]
    pub(crate) records: Vec<String>,

    #[command(flatten)]
    pub(crate) data: Data,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Count {
    /// The module's API name
    pub(crate) module: String,

    #[command(flatten)]
    pub(crate) filter: Filter,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Deleted {
    /// The module's API name
    pub(crate) module: String,

    /// Which of them
    #[arg(long, value_name = "KIND", default_value = "all")]
    pub(crate) kind: DeletedKind,

    #[command(flatten)]
    pub(crate) paging: Paging,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

/// What a list of deleted records is about.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DeletedKind {
    /// Every one
    All,
    /// Those that can be brought back
    Recycle,
    /// Those that cannot
    Permanent,
}

#[derive(Debug, Args)]
pub(crate) struct Related {
    /// The module's API name
    pub(crate) module: String,

    /// The record's id
    pub(crate) record: String,

    /// The related list's API name, such as Notes or Contacts
    pub(crate) list: String,

    /// The fields to read, by their API names
    #[arg(long, value_delimiter = ',', value_parser = name, default_value = "id,Created_Time,Modified_Time")]
    pub(crate) fields: Vec<String>,

    #[command(flatten)]
    pub(crate) paging: LongPaging,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Coql {
    /// The query, @FILE, or @- for standard input: select Last_Name from Leads where City = 'Arlington'
    pub(crate) query: String,

    /// Every row up to the hundred-thousandth, 2,000 in each call; the query has no limit of its own then
    #[arg(long)]
    pub(crate) all: bool,

    /// Leave out so many rows at the beginning
    #[arg(long, value_name = "ROWS")]
    pub(crate) offset: Option<u64>,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}
