//! `crm.bulk_write("Leads")`: writes records in jobs of up to 25,000 rows.

use std::path::PathBuf;

use csv::StringRecord;
use serde::Serialize;

use super::package::{Contents, Limits, Package};
use super::polling::Polling;
use super::table::{CsvSource, Missing, Table};
use super::write_batch::BulkWriteBatch;
use crate::account;
use crate::caller::Caller;
use crate::error::{Error, Invalid, ResponseProblem};
use crate::message::{Method, Upload};
use crate::request::Request;
use crate::stream::Items;
use crate::value::{Map, Value, object};

const UPLOAD_SCOPES: &[&str] = &["ZohoFiles.files.ALL"];

/// A bulk write to set up. Returned by [`Crm::bulk_write`](crate::Crm::bulk_write). Default: it creates records.
///
/// The rows are sent as CSV files in ZIP files, which are written to disk first, one for each job. A job has up to
/// [`MAX_ROWS`](Self::MAX_ROWS) rows and 25 MB. Each item of the stream is a batch whose file was uploaded, and
/// [`BulkWriteBatch::start`] starts its job. The stream sends nothing before its first item is requested.
///
/// ```no_run
/// use zohocrm::Record;
///
/// # async fn bulk_write(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let leads = (1..=60_000).map(|number| Record::new().with("Last_Name", format!("Lead {number}")));
/// let mut batches = crm.bulk_write("Leads").upsert("Email").records(leads);
/// while let Some(batch) = batches.next().await {
///     let job = batch?.start().await?;
///     let mut rows = job.rows().await?;
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
    default_values: Map,
    skip_rows: usize,
    callback: Option<String>,
    organization: Option<String>,
    rows_per_job: usize,
    polling: Polling,
}

impl StartBulkWrite {
    /// The maximum number of rows in one job
    /// (zoho.com/crm/developer/docs/api/v8/bulk-write/limitations.html).
    pub const MAX_ROWS: usize = 25_000;
    /// Zoho accepts 25 MB. The margin covers what the compressor still buffers when the size is checked.
    const MAX_BYTES: u64 = 24_000_000;

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
            callback: None,
            organization: None,
            rows_per_job: Self::MAX_ROWS,
            polling: Polling::default(),
        }
    }

    /// Creates a record from each row.
    pub fn insert(self) -> Self {
        Self { operation: "insert", find_by: None, ..self }
    }

    /// Updates the record that has the row's value in a field, which is `id` or a unique field.
    pub fn update(self, find_by: impl Into<String>) -> Self {
        Self { operation: "update", find_by: Some(find_by.into()), ..self }
    }

    /// Updates the record that has the row's value in a field, which is `id` or a unique field. Creates a record if there is
    /// none.
    pub fn upsert(self, find_by: impl Into<String>) -> Self {
        Self { operation: "upsert", find_by: Some(find_by.into()), ..self }
    }

    /// Keeps the value of a field if the row has an empty cell for it. Default: an empty cell clears the field.
    pub fn ignore_empty(self) -> Self {
        Self { ignore_empty: true, ..self }
    }

    /// Sets the fields of the records to write. Default: those of the first record.
    pub fn fields(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { fields: Some(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// Maps a column of a CSV file to a field. Default: the field with the name of the column. A field such as
    /// `Account_Name.id` finds the record for a lookup by one of that record's fields.
    pub fn column(mut self, name: impl Into<String>, field: impl Into<String>) -> Self {
        self.mappings.push((name.into(), field.into()));
        self
    }

    /// Sets the date format of a column, such as `dd.MM.yyyy`. [`records`](Self::records) detects it.
    ///
    /// Zoho's sources disagree on the default. The documentation of v7 names `MM/dd/yyyy` and `MM/dd/yyyy HH:mm:ss`
    /// (zoho.com/crm/developer/docs/api/v7/bulk-write/create-job.html). The community post "Kaizen #13 - Bulk Write API"
    /// (help.zoho.com/portal/en/community/topic/kaizen-13-bulk-write-api) names `2019-08-28` for dates and ISO 8601 for times.
    /// This crate was tested with neither, nor with a format for a text field. An empty pattern sends no format.
    pub fn format(mut self, column: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.formats.push((column.into(), pattern.into()));
        self
    }

    /// Skips the first `rows` rows, for example those that an earlier run sent. Skipped rows are still read and checked, and
    /// the first one still determines the columns.
    pub fn skip_rows(self, rows: usize) -> Self {
        Self { skip_rows: rows, ..self }
    }

    /// Sets the value of a field that has no column.
    pub fn default_value(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.default_values.insert(field, value);
        self
    }

    /// Sets a URL that Zoho posts to when a job has finished.
    pub fn callback(self, url: impl Into<String>) -> Self {
        Self { callback: Some(url.into()), ..self }
    }

    /// Sets Zoho's id of the organization (`zgid`), which an upload requires. Default: it is requested from Zoho.
    pub fn organization(self, zgid: impl Into<String>) -> Self {
        Self { organization: Some(zgid.into()), ..self }
    }

    /// Sets the number of rows per job, from 1 to [`MAX_ROWS`](Self::MAX_ROWS). Default: the maximum.
    pub fn rows_per_job(self, rows: usize) -> Self {
        Self { rows_per_job: rows.clamp(1, Self::MAX_ROWS), ..self }
    }

    /// Sets how often and how long to poll a job.
    pub fn polling(self, polling: Polling) -> Self {
        Self { polling, ..self }
    }

    /// Writes records: [`Record`](crate::Record)s or the caller's own types. The iterator runs on a blocking thread.
    ///
    /// The values of a multi-select field are joined by semicolons, and a lookup becomes its id. A subform cannot be written
    /// as CSV and is an error.
    ///
    /// All records must have the same fields. An additional field is an error, because it would be lost. A missing field is an
    /// error in an update or upsert without [`ignore_empty`](Self::ignore_empty), because Zoho would clear it: set it to null
    /// to clear it.
    ///
    /// If a column of a job contains only dates in the format of [`Date`](crate::Date), or only times in the format of
    /// [`DateTime`](crate::DateTime), the job declares that format, unless [`format`](Self::format) sets another one.
    pub fn records<I>(self, records: I) -> Items<BulkWriteBatch>
    where
        I: IntoIterator<Item: Serialize, IntoIter: Send + 'static>,
    {
        let (fields, records) = (self.fields.clone(), records.into_iter());
        let clears_fields = self.operation != "insert" && !self.ignore_empty;
        let missing = if clears_fields { Missing::Rejected } else { Missing::Empty };
        self.batches(move || Table::of_records(fields, missing, records))
    }

    /// Writes the rows of a CSV file, whose first row has the names of the columns. [`CsvReader`](crate::CsvReader) says which
    /// files it accepts. [`format`](Self::format) sets the format of its dates.
    pub fn csv_file(self, path: impl Into<PathBuf>) -> Items<BulkWriteBatch> {
        let source = CsvSource::Path(path.into());
        self.batches(move || Table::of_csv(source))
    }

    /// Writes the rows of a CSV text. See [`csv_file`](Self::csv_file).
    pub fn csv_text(self, text: impl Into<Vec<u8>>) -> Items<BulkWriteBatch> {
        let source = CsvSource::Bytes(text.into());
        self.batches(move || Table::of_csv(source))
    }

    /// Writes rows of texts, one text for each column. The iterator runs on a blocking thread.
    ///
    /// This is for a [`CsvReader`](crate::CsvReader) whose columns have other names than the fields, or whose cells are
    /// converted.
    pub fn rows<I>(
        self,
        columns: impl IntoIterator<Item = impl Into<String>>,
        rows: I,
    ) -> Items<BulkWriteBatch>
    where
        I: IntoIterator<Item = Result<Vec<String>, Error>, IntoIter: Send + 'static>,
    {
        let (columns, rows) = (columns.into_iter().map(Into::into).collect(), rows.into_iter());
        self.batches(move || Ok(Table::of_rows(columns, rows)))
    }

    /// Packages as many rows as fit into a job and uploads them, then the next ones.
    fn batches(self, open: impl FnOnce() -> Result<Table, Error> + Send + 'static) -> Items<BulkWriteBatch> {
        let skipped = self.skip_rows;
        let source = Source::Closed(Box::new(move || {
            let mut table = open()?;
            table.skip(skipped)?;
            Ok(table)
        }));
        Items::unfold(
            (self, source, skipped),
            |(mut start, source, first): (Self, Source, usize)| async move {
                let limits = Limits { rows: start.rows_per_job, bytes: Self::MAX_BYTES };
                let Some((table, package)) = source.package(limits).await? else {
                    return Ok((Vec::new(), None));
                };
                let zgid = match start.organization.take() {
                    Some(zgid) => zgid,
                    None => start.find_organization().await?,
                };
                let file_id = start.upload(&package, &zgid).await?;
                let mappings = start.field_mappings(&table.columns, &package.contents);
                let end = first + package.contents.rows;
                let job = start.job(&file_id, &mappings);
                let batch = BulkWriteBatch::new(&start.caller, job, first..end, start.polling.clone());
                start.organization = Some(zgid);
                Ok((vec![batch], Some((start, Source::Open(table), end))))
            },
        )
    }

    async fn find_organization(&self) -> Result<String, Error> {
        let organization = account::organization(&self.caller).await?;
        let zgid = organization.text("zgid").map(str::to_owned);
        zgid.ok_or_else(|| Invalid::NoOrganization.into())
    }

    async fn upload(&self, package: &Package, zgid: &str) -> Result<String, Error> {
        let file = Upload::from_path(&*package.zip).with_name(format!("{}.zip", self.module));
        let request =
            Request::new(&self.caller, Method::Post, "/crm/v8/upload").on_upload_host().scopes(UPLOAD_SCOPES);
        let request = request.header("feature", "bulk-write").header("X-CRM-ORG", zgid).upload("file", file);
        // An uploaded file has no effect until a job refers to it.
        let response = request.repeatable(true).send().await?;
        let body = response.json::<Value>()?.unwrap_or_default();
        match &body["details"]["file_id"] {
            Value::String(id) => Ok(id.clone()),
            Value::Number(id) => Ok(id.to_string()),
            _ => Err(Error::unusable(
                &response,
                ResponseProblem::Unexpected,
                "it has no id of the uploaded file",
            )),
        }
    }

    /// Maps columns to fields.
    fn field_mappings(&self, columns: &StringRecord, contents: &Contents) -> Vec<Map> {
        let of_column = |(index, name): (usize, &str)| {
            let mapped = self.mappings.iter().find(|(column, _)| column == name);
            let field = mapped.map_or(name, |(_, field)| field);
            let (field, find_by) = match field.split_once('.') {
                Some((field, find_by)) => (field, Some(find_by)),
                None => (field, contents.ids.get(index).filter(|is_id| **is_id).map(|_| "id")),
            };
            let mut mapping = object! { "api_name": field, "index": index };
            if let Some(find_by) = find_by {
                mapping.insert("find_by", find_by);
            }
            let set = self.formats.iter().rev().find(|(column, _)| column == name);
            let detected = || contents.dates.get(index)?.format();
            let format = set.map(|(_, pattern)| pattern.as_str()).or_else(detected);
            if let Some(format) = format.filter(|format| !format.is_empty()) {
                mapping.insert("format", format);
            }
            mapping
        };
        let of_default = |(field, value): (&String, &Value)| {
            object! { "api_name": field.as_str(), "default_value": object! { "value": value.clone() } }
        };
        let columns = columns.iter().enumerate().map(of_column);
        columns.chain(self.default_values.iter().map(of_default)).collect()
    }

    /// The body that starts a job.
    fn job(&self, file_id: &str, field_mappings: &[Map]) -> Map {
        let mut resource = object! {
            "type": "data",
            "module": object! { "api_name": self.module.as_str() },
            "file_id": file_id,
            "ignore_empty": self.ignore_empty,
            "field_mappings": field_mappings,
        };
        if let Some(find_by) = &self.find_by {
            resource.insert("find_by", find_by.as_str());
        }
        let mut body = object! { "operation": self.operation, "resource": [resource] };
        if let Some(url) = &self.callback {
            body.insert("callback", object! { "url": url.as_str(), "method": "post" });
        }
        body
    }
}

/// The source of the rows. Opening it can block.
enum Source {
    Closed(Box<dyn FnOnce() -> Result<Table, Error> + Send>),
    Open(Table),
}

impl Source {
    /// Writes the next rows to a ZIP file. `None` if there are none. Both reading rows and writing to disk can block.
    async fn package(self, limits: Limits) -> Result<Option<(Table, Package)>, Error> {
        // The caller owns the file, not the thread: if the caller is dropped, the file is deleted even if the thread still waits
        // for rows.
        let (file, zip) = on_blocking_thread(Package::new_file).await?.into_parts();
        let packed = on_blocking_thread(move || {
            let mut table = match self {
                Self::Closed(open) => open()?,
                Self::Open(table) => table,
            };
            Ok(Contents::fill(file, &mut table, limits)?.map(|contents| (table, contents)))
        });
        Ok(packed.await?.map(|(table, contents)| (table, Package { zip, contents })))
    }
}

/// Runs blocking work on the blocking thread pool.
async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Invalid::Thread { evidence: error.to_string() })?
}
