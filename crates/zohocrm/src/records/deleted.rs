//! Records that were deleted.

use serde::{Deserialize, Serialize};

use super::Records;
use crate::error::Error;
use crate::message::Method;
use crate::page::Page;
use crate::paginate::{page, pages};
use crate::record::Lookup;
use crate::request::{Request, Response};
use crate::stream::{Items, Pages};
use crate::value::{DateTime, Extra, Nullable};

impl Records {
    /// Lists the records that were deleted, a page at a time, or all as a stream.
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

/// A list of deleted records that has not been asked for; from [`Records::deleted`].
#[derive(Clone, Debug)]
#[must_use = "a list does nothing until it is sent"]
pub struct ListDeleted {
    request: Request,
}

impl ListDeleted {
    /// Which of them: all, if Zoho is not told.
    pub fn kind(self, kind: DeletedKind) -> Self {
        self.with("type", kind.as_str())
    }

    /// Which page, from 1.
    pub fn page(self, page: u32) -> Self {
        self.with("page", &page.to_string())
    }

    /// How many records to a page: at most 200, which is what Zoho gives if it is not told.
    pub fn per_page(self, records: u32) -> Self {
        self.with("per_page", &records.to_string())
    }

    /// Only the records that were deleted after a moment. If there are none, the page says so:
    /// [`Response::is_not_modified`].
    pub fn if_modified_since(self, moment: impl Into<DateTime>) -> Self {
        Self { request: self.request.header("If-Modified-Since", moment.into().to_string()) }
    }

    /// Asks for one page.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn send(&self) -> Result<Response<Page<DeletedRecord>>, Error> {
        page(&self.request).await
    }

    /// The page and all after it, a page at a time.
    pub fn pages(&self) -> Pages<DeletedRecord> {
        pages(self.request.clone())
    }

    /// The deleted records from this page on, one by one.
    pub fn stream(&self) -> Items<DeletedRecord> {
        self.pages().items()
    }

    fn with(self, name: &str, value: &str) -> Self {
        Self { request: self.request.replace_query(name, value) }
    }
}

/// Where deleted records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletedKind {
    /// In the recycle bin or gone.
    All,
    /// In the recycle bin.
    Recycle,
    /// Gone for good.
    Permanent,
}

impl DeletedKind {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Recycle => "recycle",
            Self::Permanent => "permanent",
        }
    }
}

/// What is left of a record that was deleted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DeletedRecord {
    /// The id that it had.
    pub id: String,
    /// What the CRM showed it as.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub display_name: Nullable<String>,
    /// `recycle` or `permanent`.
    #[serde(rename = "type", skip_serializing_if = "Nullable::is_absent")]
    pub kind: Nullable<String>,
    /// Who deleted it.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub deleted_by: Nullable<Lookup>,
    /// Who had made it.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub created_by: Nullable<Lookup>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub deleted_time: Nullable<DateTime>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}
