//! The Zoho CRM v8 client.
//!
//! Tokens come from [`zoho_oauth`]: an [`Authenticator`] keeps them and renews them. This crate asks it for an
//! access token before each call, and once more if Zoho turns a token down before its time.
//!
//! ```no_run
//! use zohocrm::{Authenticator, Crm, DataCenter, OAuthClient, Record};
//!
//! # async fn first_call() -> Result<(), zohocrm::Error> {
//! let authenticator = Authenticator::builder(DataCenter::Eu.production())
//!     .client(OAuthClient::new("1000.EXAMPLE", "secret"))
//!     .build()?;
//! let crm = Crm::new(&authenticator, "ada@example.com:60000001");
//!
//! let page = crm.records("Leads").list().fields(["Last_Name", "Email"]).per_page(50).send().await?;
//! for lead in &page.records {
//!     println!("{}", lead.text("Last_Name").unwrap_or("-"));
//! }
//!
//! let results = crm.records("Leads").create([Record::new().with("Last_Name", "Hopper")]).await?;
//! for result in results {
//!     match result {
//!         Ok(written) => println!("created {}", written.id().unwrap_or("?")),
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Contents
//!
//! * [`Crm`]: the CRM as one user sees it.
//! * [`Records`]: list, get, create, update and delete the records of a module; look for them ([`Search`], [`Criteria`]),
//!   count them, and work with what hangs on them: related records, notes, tags, attachments, a photo.
//! * [`Record`], [`Page`]: what comes back; [`WrittenRecord`], [`RecordError`]: what became of each record of a write.
//! * [`Coql`]: queries, as text or built with [`Select`].
//! * [`Composite`]: several calls in one. [`Notifications`]: Zoho tells of changes.
//! * `bulk` (feature `bulk`): many records, by jobs in the background.
//! * [`Files`]: files that fields of records refer to.
//! * [`metadata`]: modules, fields and layouts; whether a record fits its module; a Rust type for it.
//! * [`api`]: every operation that Zoho describes, one module for each area; behind features.
//! * [`Request`], [`RawResponse`]: any other call.
//! * [`Error`], [`ApiError`]: why a call failed, and what to do next.

pub mod api;
#[cfg(feature = "bulk")]
pub mod bulk;
mod client;
mod composite;
mod coql;
mod criteria;
mod error;
mod files;
pub mod guide;
pub mod metadata;
mod notifications;
#[allow(dead_code, unused_imports, unused_macros, reason = "what is used depends on the features")]
mod operation;
mod page;
mod record;
mod records;
mod request;
mod stream;
mod tags;
mod transport;
mod value;

pub use client::{Api, Crm, CrmBuilder};
pub use composite::{Composite, CompositeResponse, SubRequest};
pub use coql::{Column, Coql, CoqlQuery, Select};
pub use criteria::{Criteria, CriteriaField};
pub use error::{ApiError, Error, ErrorKind, RecordError};
pub use files::{Files, UploadedFile};
pub use notifications::{
    AffectedValues, Channel, ListChannels, NotANotification, Notification, Notifications, RecordOperation,
};
pub use page::Page;
pub use record::{Consent, FieldError, FileField, Lookup, Record};
pub use records::{
    Attachment, CountRecords, DeleteRecords, DeletedKind, DeletedRecord, GetRecord, ListDeleted, ListRecords,
    Note, RecordAttachments, RecordNotes, RecordPhoto, Records, RelatedRecords, Search, SortOrder,
    TagRecords, WriteRecord, WriteRecords, WrittenRecord,
};
pub use request::{Download, Headers, Method, RawResponse, Request, Response, UnknownMethod, Upload};
pub use stream::{Items, Pages};
pub use tags::{Tag, Tags};
pub use transport::Retries;
pub use value::{ActionResult, Date, DateTime, Extra, NotADate, Nullable};
pub use zoho_oauth::{
    self, Authenticator, DataCenter, Environment, Grant, OAuthClient, OAuthToken, UserSignature, store,
};

/// The README's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
