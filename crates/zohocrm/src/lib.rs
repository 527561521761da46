//! A client for the Zoho CRM API, version 8.
//!
//! ```no_run
//! use zohocrm::store::SqliteStore;
//! use zohocrm::{Authenticator, Crm, DataCenter, Grant, OAuthClient, Record};
//!
//! # async fn first_call() -> Result<(), Box<dyn std::error::Error>> {
//! // The client id, the secret and the code come from https://api-console.zoho.com (Self Client).
//! let authenticator = Authenticator::builder(DataCenter::Eu.production())
//!     .client(OAuthClient::new("1000.…", "the client secret"))
//!     .store(SqliteStore::open("zohooauth.db")?)
//!     .build()?;
//! // Once. From then on, every program that opens the store is logged in.
//! let login = authenticator.exchange(Grant::from_self_client("1000.…")).await?;
//! let user = login.token().user_signature().ok_or("the scope ZohoCRM.users.READ is missing")?;
//!
//! let crm = Crm::new(&authenticator, user); // later: Crm::new(&authenticator, "ada@example.com:60000001")
//! for lead in crm.records("Leads").list().fields(["Last_Name", "Email"]).await?.records.iter() {
//!     println!("{}", lead.text("Last_Name").unwrap_or("-"));
//! }
//!
//! for result in crm.records("Leads").create([Record::new().with("Last_Name", "Hopper")]).await? {
//!     match result {
//!         Ok(written) => println!("created {}", written.id().unwrap_or("?")),
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The [`guide`] has an example for each common task, from the login to errors.
//!
//! Tokens come from [`zoho_oauth`]: an [`Authenticator`] stores and renews them. This crate asks it for an access token
//! before each call, and for another one if Zoho rejects a token early.
//!
//! # Contents
//!
//! * [`Crm`]: the client for one user.
//! * [`Records`]: lists, gets, creates, updates, deletes, searches ([`Search`], [`Criteria`]) and counts the records of a
//!   module, and works with what belongs to a record: related records, notes, tags, attachments, a photo.
//! * [`Record`], [`Page`]: the data that is read, with exact [`Number`]s; [`WrittenRecord`], [`RecordError`]: the result for
//!   each record of a write.
//! * [`Coql`]: queries, as text or built with [`Select`].
//! * [`Composite`]: several requests in one call. [`Notifications`]: calls of your URL when records change.
//! * `bulk` (feature `bulk`): many records, in background jobs. `CsvReader`: the rows of a CSV file.
//! * [`Files`]: files that fields of records refer to.
//! * [`metadata`]: modules, fields and layouts; checks of records against them; a Rust type for the records of a module.
//! * [`api`]: every operation that Zoho describes, one module for each area, behind features.
//! * [`Request`], [`RawResponse`]: any other call.
//! * [`Error`], [`ApiError`]: why a call failed, and what to do next.
//!
//! # Features
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `bulk` | bulk read and bulk write jobs, with streamed rows | yes |
//! | `file`, `sqlite` | [token stores](store) for one machine | yes |
//! | `mysql`, `postgres`, `redis`, `secrets-manager` | token stores for several machines | no |
//! | `automation`, `bulk-operations`, `email`, `files`, `portals`, `records-extra`, `services`, `settings`, `sharing`, `templates`, `users`, `zia` | groups of areas under [`Crm::api`]; [`api`] lists which area is in which | no |
//! | `full` | all of these groups, and `bulk` | no |
//!
//! # Logging
//!
//! The crate logs with [`tracing`](https://docs.rs/tracing) and installs no subscriber. At INFO there is one event for each
//! login, each renewal of a token and who led it, each call that is repeated with another token, and each retry and pause,
//! with its operation, reason and duration. Each request and each attempt is at DEBUG. No event contains a secret or a query.

mod account;
pub mod api;
mod backoff;
#[cfg(feature = "bulk")]
pub mod bulk;
mod caller;
mod client;
mod composite;
mod coql;
mod criteria;
#[cfg(feature = "bulk")]
mod csv_reader;
mod error;
mod files;
pub mod guide;
mod message;
pub mod metadata;
mod notifications;
#[allow(dead_code, unused_imports, unused_macros, reason = "the features decide what is used")]
mod operation;
mod page;
mod paginate;
mod record;
mod records;
mod request;
mod stream;
mod tags;
mod transport;
mod value;
mod written;

pub use client::{Crm, CrmBuilder};
pub use composite::{Composite, CompositeResponse, SubRequest};
pub use coql::{Column, Coql, CoqlQuery, Select};
pub use criteria::{Criteria, CriteriaField};
#[cfg(feature = "bulk")]
pub use csv_reader::{CsvFormat, CsvReader, CsvRow, Delimiter, Encoding};
pub use error::{
    ApiError, ConnectionFailure, CsvError, CsvProblem, Error, ErrorKind, RecordError, RequestError,
    ResponseProblem,
};
pub use files::{Files, UploadedFile};
pub use message::{Headers, Method, RawResponse, UnknownMethod, Upload};
pub use notifications::{
    AffectedValues, Channel, InvalidNotification, ListChannels, Notification, Notifications, RecordOperation,
};
pub use operation::Api;
pub use page::Page;
pub use record::{Consent, FieldError, FileField, Lookup, Record};
pub use records::{
    Attachment, CountRecords, DeleteRecords, DeletedKind, DeletedRecord, GetRecord, ListDeleted, ListRecords,
    Note, RecordAttachments, RecordNotes, RecordPhoto, Records, RelatedRecords, Search, SortOrder,
    TagRecords, WriteRecord, WriteRecords,
};
pub use request::{Download, Request, Response};
pub use stream::{Items, Pages};
pub use tags::{Tag, Tags};
pub use transport::Retries;
pub use value::{
    ActionResult, Date, DateTime, Described, Extra, InvalidDate, InvalidNumber, JobState, Map, Misfit,
    Nullable, Number, Value,
};
pub use written::WrittenRecord;
pub use zoho_oauth::{
    self, Authenticator, CertificateProblem, DataCenter, Environment, Grant, OAuthClient, OAuthToken,
    UserSignature, store,
};

/// The README's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
