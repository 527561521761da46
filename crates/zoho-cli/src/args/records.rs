//! The arguments of `zoho records` and `zoho coql`.

use clap::{Args, Subcommand, ValueEnum};

use super::csv::CsvOptions;
use super::filter::Filter;
use super::{Whose, name};

#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    /// List one page of records, or all pages
    List(List),

    /// Search records by criteria, email address, phone number or word
    ///
    /// Zoho returns at most 2,000 records and can miss the latest changes for a moment. `zoho coql` has neither limit.
    Search(Search),

    /// Read one record
    Get(Get),

    /// Create records
    Create(Write),

    /// Update records, identified by their field id
    Update(Write),

    /// Create records, or update existing ones
    Upsert(Upsert),

    /// Move records to the recycle bin, from where they can be restored
    Delete(Delete),

    /// Count all records, or those that match a search
    Count(Count),

    /// List deleted records
    Deleted(Deleted),

    /// List the records that belong to a record, such as its notes
    Related(Related),
}

impl Records {
    pub(super) fn target(&self) -> (&String, &Whose) {
        match self {
            Self::List(List { module, whose, .. })
            | Self::Search(Search { module, whose, .. })
            | Self::Get(Get { module, whose, .. })
            | Self::Create(Write { module, whose, .. })
            | Self::Update(Write { module, whose, .. })
            | Self::Upsert(Upsert { write: Write { module, whose, .. }, .. })
            | Self::Delete(Delete { module, whose, .. })
            | Self::Count(Count { module, whose, .. })
            | Self::Deleted(Deleted { module, whose, .. })
            | Self::Related(Related { module, whose, .. }) => (module, whose),
        }
    }
}

/// How rows are printed. Default: as a table.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct RowFormat {
    /// Print CSV with a header
    #[arg(long, conflicts_with_all = ["json", "json_lines"])]
    pub(crate) csv: bool,

    /// Print one JSON record per line; --json prints an array
    #[arg(long, conflicts_with = "json")]
    pub(crate) json_lines: bool,
}

/// The page to print.
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// Read all pages, starting at the selected one
    #[arg(long)]
    pub(crate) all: bool,

    /// Number of the page, starting at 1
    #[arg(long)]
    pub(crate) page: Option<u32>,

    /// Records per page, at most 200
    #[arg(long)]
    pub(crate) per_page: Option<u32>,
}

/// The page to print, of a list that can have more than 2,000 records.
#[derive(Debug, Args)]
pub(crate) struct LongPaging {
    #[command(flatten)]
    pub(crate) paging: Paging,

    /// Page token, needed after record 2,000
    #[arg(long, value_name = "TOKEN", conflicts_with = "page")]
    pub(crate) page_token: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// API name of the module, such as Leads
    pub(crate) module: String,

    /// API names of the fields to read, at most 50; Owner.name prints the name of a lookup in CSV, too
    #[arg(long, value_delimiter = ',', value_parser = name, default_value = "id,Created_Time,Modified_Time")]
    pub(crate) fields: Vec<String>,

    #[command(flatten)]
    pub(crate) paging: LongPaging,

    /// Field to sort by
    #[arg(long, value_name = "FIELD", value_parser = ["id", "Created_Time", "Modified_Time"])]
    pub(crate) sort_by: Option<String>,

    /// Sort in ascending order
    #[arg(long)]
    pub(crate) ascending: bool,

    /// Read only the records of this custom view
    #[arg(long, value_name = "ID")]
    pub(crate) view: Option<String>,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
#[command(mut_group("filter", |filter| filter.required(true)))]
pub(crate) struct Search {
    /// API name of the module, such as Leads
    pub(crate) module: String,

    #[command(flatten)]
    pub(crate) filter: Filter,

    /// API names of the fields to read
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
    /// API name of the module, such as Leads
    pub(crate) module: String,

    /// Id of the record
    pub(crate) record: String,

    /// API names of the fields to read [default: all]
    #[arg(long, value_delimiter = ',', value_parser = name)]
    pub(crate) fields: Vec<String>,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

/// Input records.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// Records: JSON, @FILE, or @- for standard input, which is the default
    ///
    /// JSON is one object, an array of objects, one object per line, or {"data": [...]}. CSV and lines of JSON are streamed,
    /// so their number is not limited.
    ///
    /// The first line of CSV names the fields, by API name or label. A lookup is given by its id, a list by its values with
    /// semicolons between them, a subform as JSON. An empty cell leaves its field unchanged. The CSV output of `zoho records
    /// list` and Zoho's exports can be used as they are.
    #[arg(short, long, value_name = "JSON")]
    pub(crate) data: Option<String>,

    /// Format of the data [default: csv for a file named *.csv or *.tsv, json otherwise]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) input: Option<InputFormat>,

    #[command(flatten)]
    pub(crate) csv: CsvOptions,

    /// Number of records to skip, for example those that an interrupted run sent
    #[arg(long, value_name = "RECORDS", default_value_t = 0, hide_default_value = true)]
    pub(crate) skip: usize,
}

/// The format of input records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// One object, an array of objects, or one object per line
    Json,
    /// A line of field names, then one record per line
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct Write {
    /// API name of the module, such as Leads
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
    /// Fields that identify an existing record [default: the unique fields of the module]
    #[arg(long, value_name = "FIELD", value_delimiter = ',', value_parser = name)]
    pub(crate) check: Vec<String>,

    #[command(flatten)]
    pub(crate) write: Write,
}

const DELETE_DATA: &str = "Records to delete, in place of ids: JSON, @FILE, or @- for standard input. Only their field \
                           id counts, so the output of a list can be passed on";

#[derive(Debug, Args)]
#[command(mut_arg("data", |data| data.help(DELETE_DATA).long_help(DELETE_DATA)))]
pub(crate) struct Delete {
    /// API name of the module, such as Leads
    pub(crate) module: String,

    /// Ids of the records
    #[arg(required_unless_present = "data", conflicts_with_all = ["data", "input", "delimiter", "encoding"])]
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
    /// API name of the module, such as Leads
    pub(crate) module: String,

    #[command(flatten)]
    pub(crate) filter: Option<Filter>,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Deleted {
    /// API name of the module, such as Leads
    pub(crate) module: String,

    /// Kind of deleted records
    #[arg(long, value_name = "KIND", default_value = "all")]
    pub(crate) kind: DeletedKind,

    #[command(flatten)]
    pub(crate) paging: Paging,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

/// The kind of deleted records to list.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DeletedKind {
    /// Both kinds
    All,
    /// Records in the recycle bin
    Recycle,
    /// Records that cannot be restored
    Permanent,
}

#[derive(Debug, Args)]
pub(crate) struct Related {
    /// API name of the module, such as Leads
    pub(crate) module: String,

    /// Id of the record
    pub(crate) record: String,

    /// API name of the related list, such as Notes or Contacts
    pub(crate) list: String,

    /// API names of the fields to read
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
    /// Query, @FILE, or @- for standard input: select Last_Name from Leads where City = 'Arlington'
    pub(crate) query: String,

    /// Read all rows, 2,000 per call; the query must not have a limit
    ///
    /// Zoho returns at most 100,000 rows of a query. The rows after these are read by id, unless the query has a `group by`,
    /// or an `order by` other than by id.
    #[arg(long)]
    pub(crate) all: bool,

    /// Number of rows to skip, less than 100,000
    #[arg(long, value_name = "ROWS")]
    pub(crate) offset: Option<u64>,

    /// Read only the rows after the record with this id, in the order of their ids
    #[arg(long, value_name = "ID", conflicts_with = "offset")]
    pub(crate) after: Option<String>,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}
