//! Lists deleted records.

use super::Records;
use crate::error::Error;
use crate::message::Method;
use crate::page::Page;
use crate::paginate::{page, pages};
use crate::record::Lookup;
use crate::request::{Request, Response, awaited};
use crate::stream::{Items, Pages};
use crate::value::described::described;
use crate::value::{DateTime, Nullable};

impl Records {
    /// Lists deleted records, as a page or as a stream of all.
    ///
    /// ```no_run
    /// use zohocrm::DeletedKind;
    ///
    /// # async fn deleted(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
    /// let mut deleted = crm.records("Leads").deleted().kind(DeletedKind::Recycle).stream();
    /// while let Some(record) = deleted.next().await {
    ///     let record = record?;
    ///     println!("{}, until {:?}", record.id, record.deleted_time.get());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn deleted(&self) -> ListDeleted {
        ListDeleted { request: self.request_below(Method::Get, "deleted") }
    }
}

/// A list of deleted records that has not been requested; from [`Records::deleted`]. Await it, or call [`send`](Self::send), for
/// one page.
#[derive(Clone, Debug)]
#[must_use = "a list does nothing until it is sent"]
pub struct ListDeleted {
    request: Request,
}

impl ListDeleted {
    /// Sets which deleted records to list. Zoho's default: all.
    pub fn kind(self, kind: DeletedKind) -> Self {
        self.with("type", kind.as_str())
    }

    /// Sets the page, counted from 1.
    pub fn page(self, page: u32) -> Self {
        self.with("page", &page.to_string())
    }

    /// Sets the number of records on a page: at most 200, which is Zoho's default.
    pub fn per_page(self, records: u32) -> Self {
        self.with("per_page", &records.to_string())
    }

    /// Lists only the records that were deleted after this time. If there are none, [`Response::is_not_modified`] is true.
    pub fn if_modified_since(self, moment: impl Into<DateTime>) -> Self {
        Self { request: self.request.header("If-Modified-Since", moment.into().to_string()) }
    }

    /// Requests one page.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn send(&self) -> Result<Response<Page<DeletedRecord>>, Error> {
        page(&self.request).await
    }

    /// Streams this page and the following ones.
    pub fn pages(&self) -> Pages<DeletedRecord> {
        pages(self.request.clone())
    }

    /// Streams the deleted records from this page on.
    pub fn stream(&self) -> Items<DeletedRecord> {
        self.pages().items()
    }

    fn with(self, name: &str, value: &str) -> Self {
        Self { request: self.request.replace_query(name, value) }
    }
}

awaited!(ListDeleted -> Response<Page<DeletedRecord>>);

/// Where a deleted record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletedKind {
    /// In the recycle bin, or deleted permanently.
    All,
    /// In the recycle bin.
    Recycle,
    /// Deleted permanently.
    Permanent,
}

impl DeletedKind {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Recycle => "recycle",
            Self::Permanent => "permanent",
        }
    }
}

described! {
    /// What remains of a deleted record.
    pub struct DeletedRecord {
        /// The id of the record.
        pub id: String = "id" or_number,
        /// The name under which the CRM showed the record.
        pub display_name: Nullable<String> = "display_name" or_number,
        /// `recycle` or `permanent`.
        pub kind: Nullable<String> = "type",
        /// Who deleted it.
        pub deleted_by: Nullable<Lookup> = "deleted_by",
        /// Who had made it.
        pub created_by: Nullable<Lookup> = "created_by",
        /// When it was deleted.
        pub deleted_time: Nullable<DateTime> = "deleted_time",
    }
}
