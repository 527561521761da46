//! `crm.records("Leads")`: the records of a module, and everything that can be done with them.

mod attachments;
mod count;
mod deleted;
mod notes;
mod photo;
mod read;
mod related;
mod search;
mod tagging;
mod write;

use crate::caller::Caller;
use crate::message::Method;
use crate::request::Request;

pub use attachments::{Attachment, RecordAttachments};
pub use count::CountRecords;
pub use deleted::{DeletedKind, DeletedRecord, ListDeleted};
pub use notes::{Note, RecordNotes};
pub use photo::RecordPhoto;
pub use read::{GetRecord, ListRecords, SortOrder};
pub use related::RelatedRecords;
pub use search::Search;
pub use tagging::TagRecords;
pub use write::{DeleteRecords, WriteRecord, WriteRecords};

/// The records of one module; from [`Crm::records`](crate::Crm::records).
///
/// Records are read and written as [`Record`](crate::Record), or as your own types that implement serde's traits.
///
/// ```no_run
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Lead {
///     #[serde(rename = "Last_Name")]
///     last_name: String,
///     email: Option<String>,
/// }
///
/// # async fn leads(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let leads = crm.records("Leads");
/// let page = leads.list().fields(["Last_Name", "Email"]).send_as::<Lead>().await?;
/// println!("{}", page.records[0].last_name);
///
/// let hopper = Lead { last_name: "Hopper".to_owned(), email: None };
/// let written = leads.create_one(hopper).await?;
/// println!("{}", written.id().unwrap_or("?"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Records {
    caller: Caller,
    module: String,
}

impl Records {
    /// The maximum number of records in one write. More records are written with several calls, one after the other.
    pub const MAX_PER_WRITE: usize = 100;

    pub(crate) fn new(caller: &Caller, module: String) -> Self {
        Self { caller: caller.clone(), module }
    }

    /// The API name of the module.
    #[must_use]
    pub fn module(&self) -> &str {
        &self.module
    }

    /// A request about the module as a whole.
    pub(crate) fn request(&self, method: Method) -> Request {
        Request::operation(&self.caller, method, "/crm/v8/{module}", [("module", self.module.clone())])
            .scopes(scopes(method))
    }

    /// A request to a path below one record, such as `/crm/v8/{module}/{id}/photo`.
    pub(crate) fn request_about(&self, method: Method, id: &str, template: &'static str) -> Request {
        let values = [("module", self.module.clone()), ("id", id.to_owned())];
        Request::operation(&self.caller, method, template, values).scopes(scopes(method))
    }

    /// A request about one record, or to a path below the module, such as `search`.
    pub(crate) fn request_below(&self, method: Method, part: &str) -> Request {
        let values = [("module", self.module.clone()), ("part", part.to_owned())];
        Request::operation(&self.caller, method, "/crm/v8/{module}/{part}", values).scopes(scopes(method))
    }
}

/// The scopes for all modules. A login may also request those of single modules, such as `ZohoCRM.modules.leads.READ`.
fn scopes(method: Method) -> &'static [&'static str] {
    match method {
        Method::Get => &["ZohoCRM.modules.READ", "ZohoCRM.modules.ALL"],
        Method::Post => &["ZohoCRM.modules.CREATE", "ZohoCRM.modules.ALL"],
        Method::Put | Method::Patch => &["ZohoCRM.modules.UPDATE", "ZohoCRM.modules.ALL"],
        Method::Delete => &["ZohoCRM.modules.DELETE", "ZohoCRM.modules.ALL"],
    }
}
