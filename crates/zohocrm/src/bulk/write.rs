//! `crm.bulk_write("Leads")`: writes up to 25,000 rows a job.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use csv::StringRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::package::{Contents, Limits, Package};
use super::polling::Polling;
use super::table::{CsvSource, Missing, Table};
use super::write_job::BulkWrite;
use crate::account;
use crate::caller::Caller;
use crate::error::Error;
use crate::message::{Method, Upload};
use crate::request::Request;
use crate::stream::Items;

/// Which of them may write in bulk; Zoho wants the scope for writing the module, too.
const SCOPES: &[&str] = &["ZohoCRM.bulk.CREATE", "ZohoCRM.bulk.ALL"];
const UPLOAD_SCOPES: &[&str] = &["ZohoFiles.files.ALL"];

/// A bulk write that has not been started; from [`Crm::bulk_write`]. It creates records, if nothing else is said.
///
/// The rows go to Zoho as CSV files in ZIP files, which are made on disk, one for each job: as many as
/// [`MOST_ROWS`](Self::MOST_ROWS) and 25 MB allow. Each item of the stream is a job that was started. Nothing is sent
/// before the first one is wanted.
///
/// ```no_run
/// use zohocrm::Record;
///
/// # async fn bulk_write(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let leads = (1..=60_000).map(|number| Record::new().with("Last_Name", format!("Lead {number}")));
/// let mut jobs = crm.bulk_write("Leads").upsert("Email").records(leads);
/// while let Some(job) = jobs.next().await {
///     let mut rows = job?.rows().await?;
///     while let Some(row) = rows.next().await {
///         let row = row?;
///         println!("{} {:?} {:?}", row.status, row.record_id, row.errors);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a bulk write does nothing until it has rows"]
pub struct StartBulkWrite {
    caller: Caller,
    module: String,
    operation: &'static str,
    find_by: Option<String>,
    ignore_empty: bool,
    fields: Option<Vec<String>>,
    mappings: Vec<(String, String)>,
    formats: Vec<(String, String)>,
    default_values: Map<String, Value>,
    skip_rows: usize,
    before_start: Option<BeforeStart>,
    callback: Option<String>,
    organization: Option<String>,
    rows_per_job: usize,
    polling: Polling,
}

impl StartBulkWrite {
    /// How many rows Zoho takes in one job
    /// (zoho.com/crm/developer/docs/api/v8/bulk-write/limitations.html).
    pub const MOST_ROWS: usize = 25_000;
    /// Zoho takes 25 MB; the compressor still holds some back when it is asked how much it wrote.
    const MOST_BYTES: u64 = 24_000_000;

    pub(crate) fn new(caller: &Caller, module: String) -> Self {
        Self {
            caller: caller.clone(),
            module,
            operation: "insert",
            find_by: None,
            ignore_empty: false,
            fields: None,
            mappings: Vec::new(),
            formats: Vec::new(),
            default_values: Map::new(),
            skip_rows: 0,
            before_start: None,
            callback: None,
            organization: None,
            rows_per_job: Self::MOST_ROWS,
            polling: Polling::default(),
        }
    }

    /// Creates a record of each row.
    pub fn insert(self) -> Self {
        Self { operation: "insert", find_by: None, ..self }
    }

    /// Changes the records that have the row's value in a field: `id`, or a unique one.
    pub fn update(self, find_by: impl Into<String>) -> Self {
        Self { operation: "update", find_by: Some(find_by.into()), ..self }
    }

    /// Changes the records that have the row's value in a field (`id`, or a unique one), and creates those that are not
    /// there.
    pub fn upsert(self, find_by: impl Into<String>) -> Self {
        Self { operation: "upsert", find_by: Some(find_by.into()), ..self }
    }

    /// Leaves a field as it is where the row has nothing for it. Else it is emptied.
    pub fn ignore_empty(self) -> Self {
        Self { ignore_empty: true, ..self }
    }

    /// Which fields of the records to write: those of the first record, if nothing is said.
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { fields: Some(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// Says which field a column of a CSV file is for: the field of its name, if nothing is said. A column such as
    /// `Account_Name.id` finds the record that a lookup means, by one of that record's fields.
    pub fn column(mut self, name: impl Into<String>, field: impl Into<String>) -> Self {
        self.mappings.push((name.into(), field.into()));
        self
    }

    /// How the dates or moments of a column are written: `dd.MM.yyyy`, for example. `records` says so by itself.
    ///
    /// Zoho's documentation of v7 says that it takes `MM/dd/yyyy` and `MM/dd/yyyy HH:mm:ss` where nothing is said
    /// (zoho.com/crm/developer/docs/api/v7/bulk-write/create-job.html); its community post "Kaizen #13 - Bulk Write API"
    /// (help.zoho.com/portal/en/community/topic/kaizen-13-bulk-write-api) that a date is `2019-08-28`, and a moment as in
    /// ISO 8601. Nobody has tried it for this crate, nor what Zoho makes of the format of a field of texts: an empty
    /// pattern sends none.
    pub fn format(mut self, column: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.formats.push((column.into(), pattern.into()));
        self
    }

    /// Leaves out so many rows at the beginning, such as those that an earlier run has sent. They are read all the same,
    /// and the first of them still says which columns there are.
    pub fn skip_rows(self, rows: usize) -> Self {
        Self { skip_rows: rows, ..self }
    }

    /// Calls `tell` with the number of rows each time that Zoho is about to be asked for a job. If the stream fails after
    /// that with an answer that did not come or cannot be read, there may be a job for these rows; before it there is
    /// none.
    pub fn before_start(self, tell: impl Fn(usize) + Send + Sync + 'static) -> Self {
        Self { before_start: Some(BeforeStart(Arc::new(tell))), ..self }
    }

    /// What a field gets that no column is for.
    pub fn default_value(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.default_values.insert(field.into(), value.into());
        self
    }

    /// A URL of yours that Zoho posts to when a job is over.
    pub fn callback(self, url: impl Into<String>) -> Self {
        Self { callback: Some(url.into()), ..self }
    }

    /// Zoho's id of the organisation (`zgid`), which an upload has to name. It is asked for, if it is not given.
    pub fn organization(self, zgid: impl Into<String>) -> Self {
        Self { organization: Some(zgid.into()), ..self }
    }

    /// Sets how many rows go into a job: at least one, and [`MOST_ROWS`](Self::MOST_ROWS) at most.
    pub fn rows_per_job(self, rows: usize) -> Self {
        Self { rows_per_job: rows.clamp(1, Self::MOST_ROWS), ..self }
    }

    /// Sets how the jobs are waited for.
    pub fn polling(self, polling: Polling) -> Self {
        Self { polling, ..self }
    }

    /// Writes records: [`Record`](crate::Record)s, or the caller's own types. They are taken one by one, on a thread that
    /// may wait.
    /// Multi-select fields are joined by semicolons; of a lookup the id is written. A subform has no form in CSV, and is an
    /// error.
    ///
    /// All records have the same fields. One more is an error, since it would be lost. One less is an error for an update
    /// or an upsert without [`ignore_empty`](Self::ignore_empty), since Zoho would empty the field: where that is meant,
    /// it is null.
    ///
    /// Where all that a job writes into a column are days as [`Date`](crate::Date) writes them, or moments as
    /// [`DateTime`](crate::DateTime) does, Zoho is told so, unless [`format`](Self::format) says something else.
    pub fn records<I>(self, records: I) -> Items<BulkWrite>
    where
        I: IntoIterator<Item: Serialize, IntoIter: Send + 'static>,
    {
        let (fields, records) = (self.fields.clone(), records.into_iter());
        let empties_fields = self.operation != "insert" && !self.ignore_empty;
        let missing = if empties_fields { Missing::Refused } else { Missing::Empty };
        self.jobs(move || Table::of_records(fields, missing, records))
    }

    /// Writes the rows of a CSV file in UTF-8, with commas, whose first row names the columns. How its dates are written,
    /// [`format`](Self::format) says.
    pub fn csv_file(self, path: impl Into<PathBuf>) -> Items<BulkWrite> {
        let source = CsvSource::Path(path.into());
        self.jobs(move || Table::of_csv(source))
    }

    /// Writes the rows of a CSV text, as in [`csv_file`](Self::csv_file).
    pub fn csv_text(self, text: impl Into<Vec<u8>>) -> Items<BulkWrite> {
        let source = CsvSource::Bytes(text.into());
        self.jobs(move || Table::of_csv(source))
    }

    /// A job for as many rows as fit, then one for the next ones.
    fn jobs(self, open: impl FnOnce() -> Result<Table, Error> + Send + 'static) -> Items<BulkWrite> {
        let skipped = self.skip_rows;
        let source = Source::Closed(Box::new(move || {
            let mut table = open()?;
            table.skip(skipped)?;
            Ok(table)
        }));
        Items::unfold((self, source), |(mut start, source): (Self, Source)| async move {
            let limits = Limits { rows: start.rows_per_job, bytes: Self::MOST_BYTES };
            let Some((table, package)) = source.package(limits).await? else {
                return Ok((Vec::new(), None));
            };
            let zgid = match start.organization.take() {
                Some(zgid) => zgid,
                None => start.find_organization().await?,
            };
            let file_id = start.upload(&package, &zgid).await?;
            let mappings = start.field_mappings(&table.columns, &package.contents);
            let rows = package.contents.rows;
            if let Some(BeforeStart(tell)) = &start.before_start {
                tell(rows);
            }
            let job = start.start(file_id, mappings).await?.with_rows_sent(rows);
            start.organization = Some(zgid);
            Ok((vec![job], Some((start, Source::Open(table)))))
        })
    }

    async fn find_organization(&self) -> Result<String, Error> {
        let organization = account::organization(&self.caller).await?;
        let zgid = organization.text("zgid").map(str::to_owned);
        zgid.ok_or_else(|| Error::Request("Zoho names no zgid; give it with `organization`".to_owned()))
    }

    async fn upload(&self, package: &Package, zgid: &str) -> Result<String, Error> {
        let file = Upload::from_path(&*package.zip).with_name(format!("{}.zip", self.module));
        let request =
            Request::new(&self.caller, Method::Post, "/crm/v8/upload").on_upload_host().scopes(UPLOAD_SCOPES);
        let request = request.header("feature", "bulk-write").header("X-CRM-ORG", zgid).upload("file", file);
        // A file that nothing refers to does no harm.
        let response = request.repeatable(true).send().await?;
        let body = response.json::<Value>()?.unwrap_or_default();
        match &body["details"]["file_id"] {
            Value::String(id) => Ok(id.clone()),
            Value::Number(id) => Ok(id.to_string()),
            _ => Err(Error::unusable(&response, "it does not name the file that was uploaded")),
        }
    }

    /// Which column is for which field.
    fn field_mappings(&self, columns: &StringRecord, contents: &Contents) -> Vec<Value> {
        let of_column = |(index, name): (usize, &str)| {
            let mapped = self.mappings.iter().find(|(column, _)| column == name);
            let field = mapped.map_or(name, |(_, field)| field);
            let (field, find_by) = match field.split_once('.') {
                Some((field, find_by)) => (field, Some(find_by)),
                None => (field, contents.ids.get(index).filter(|is_id| **is_id).map(|_| "id")),
            };
            let mut mapping = json!({ "api_name": field, "index": index });
            if let Some(find_by) = find_by {
                mapping["find_by"] = find_by.into();
            }
            let said = self.formats.iter().rev().find(|(column, _)| column == name);
            let seen = || contents.dates.get(index)?.format();
            let format = said.map(|(_, pattern)| pattern.as_str()).or_else(seen);
            if let Some(format) = format.filter(|format| !format.is_empty()) {
                mapping["format"] = format.into();
            }
            mapping
        };
        let of_default = |(field, value): (&String, &Value)| json!({ "api_name": field, "default_value": { "value": value } });
        let columns = columns.iter().enumerate().map(of_column);
        columns.chain(self.default_values.iter().map(of_default)).collect()
    }

    async fn start(&self, file_id: String, field_mappings: Vec<Value>) -> Result<BulkWrite, Error> {
        let mut resource = json!({
            "type": "data",
            "module": { "api_name": self.module },
            "file_id": file_id,
            "ignore_empty": self.ignore_empty,
            "field_mappings": field_mappings,
        });
        if let Some(find_by) = &self.find_by {
            resource["find_by"] = find_by.as_str().into();
        }
        let mut body = json!({ "operation": self.operation, "resource": [resource] });
        if let Some(url) = &self.callback {
            body["callback"] = json!({ "url": url, "method": "post" });
        }
        let request =
            Request::new(&self.caller, Method::Post, "/crm/bulk/v8/write").scopes(SCOPES).json(body);
        let id = request.send_as::<Added>().await?.into_inner().details.id;
        Ok(BulkWrite::new(&self.caller, id).with_polling(self.polling.clone()))
    }
}

/// Whom [`StartBulkWrite::before_start`] is to tell.
#[derive(Clone)]
struct BeforeStart(Arc<dyn Fn(usize) + Send + Sync>);

impl fmt::Debug for BeforeStart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BeforeStart")
    }
}

/// Where the rows come from.
enum Source {
    Closed(Box<dyn FnOnce() -> Result<Table, Error> + Send>),
    Open(Table),
}

impl Source {
    /// The next rows in a ZIP file; `None` if there are none. Rows may be slow to come, and a disk is.
    async fn package(self, limits: Limits) -> Result<Option<(Table, Package)>, Error> {
        // Whoever gives up waiting deletes the file, also if the rows never come: the thread does not own it.
        let (file, zip) = on_a_thread(Package::new_file).await?.into_parts();
        let packed = on_a_thread(move || {
            let mut table = match self {
                Self::Closed(open) => open()?,
                Self::Open(table) => table,
            };
            Ok(Contents::fill(file, &mut table, limits)?.map(|contents| (table, contents)))
        });
        Ok(packed.await?.map(|(table, contents)| (table, Package { zip, contents })))
    }
}

/// Does something on a thread that may wait.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Request(format!("the rows cannot be taken ({error})")))?
}

/// A job that was added.
#[derive(Debug, Deserialize)]
struct Added {
    details: AddedDetails,
}

#[derive(Debug, Deserialize)]
struct AddedDetails {
    id: String,
}
