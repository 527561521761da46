//! `crm.metadata()`: which modules there are, which fields they have, and whether a record fits them.

mod check;
mod field;
mod module;
mod rust_struct;
mod shelf;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use check::Purpose;
use shelf::Shelf;

use crate::caller::Caller;
use crate::error::Error;
use crate::message::Method;
use crate::record::Record;
use crate::request::Request;

pub use crate::error::{FieldProblem, FieldProblemKind};
pub use field::{Field, FieldType, LookupTarget, OperationType, PickListValue, SubformTarget};
pub use module::{Layout, LayoutSection, Module, ModuleName, RelatedList};
pub use rust_struct::rust_struct;

/// What an organisation's CRM is made of: modules, fields, layouts, related lists; from [`Crm::metadata`].
///
/// Zoho is asked each time, unless it is [`cached`](Self::cached). Clones share what is kept.
///
/// ```no_run
/// use std::time::Duration;
/// use zohocrm::Record;
///
/// # async fn fields(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let metadata = crm.metadata().cached(Duration::from_secs(3600));
/// for field in metadata.fields("Leads").await?.iter() {
///     println!("{} ({})", field.api_name, field.data_type);
/// }
///
/// let lead = Record::new().with("Last_Name", "Hopper").with("Lead_Source", "Nowhere");
/// metadata.check_create("Leads", &lead).await?; // says that `Nowhere` is not in the pick list
/// crm.records("Leads").create([lead]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Metadata {
    caller: Caller,
    /// How old what is kept may be, if anything is kept.
    oldest: Option<Duration>,
    kept: Arc<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    modules: Shelf<Module>,
    fields: Shelf<Field>,
    layouts: Shelf<Layout>,
    related_lists: Shelf<RelatedList>,
}

impl Metadata {
    /// A check that fails asks Zoho again, unless what it knows is no older than this. Else a program that writes many
    /// wrong records would ask each time.
    const NEW_ENOUGH: Duration = Duration::from_secs(10);

    pub(crate) fn new(caller: &Caller) -> Self {
        Self { caller: caller.clone(), oldest: None, kept: Arc::default() }
    }

    /// Keeps what was read for so long. Those who want the same thing at the same time share one call.
    #[must_use]
    pub fn cached(self, oldest: Duration) -> Self {
        Self { oldest: Some(oldest), kept: Arc::default(), ..self }
    }

    /// Forgets what is kept.
    pub fn refresh(&self) {
        self.kept.modules.clear();
        self.kept.fields.clear();
        self.kept.layouts.clear();
        self.kept.related_lists.clear();
    }

    /// The modules.
    ///
    /// # Errors
    /// When the call fails. Needs the scope `ZohoCRM.settings.modules.READ`.
    pub async fn modules(&self) -> Result<Arc<[Module]>, Error> {
        let request = Request::new(&self.caller, Method::Get, "/crm/v8/settings/modules");
        let request = request.scopes(&["ZohoCRM.settings.modules.READ", "ZohoCRM.settings.ALL"]);
        self.list(&self.kept.modules, "", request, self.oldest).await
    }

    /// The fields of a module, in Zoho's order.
    ///
    /// # Errors
    /// When the call fails. Needs the scope `ZohoCRM.settings.fields.READ`.
    pub async fn fields(&self, module: &str) -> Result<Fields, Error> {
        self.fields_no_older(module, self.oldest).await
    }

    /// The layouts of a module.
    ///
    /// # Errors
    /// When the call fails. Needs the scope `ZohoCRM.settings.layouts.READ`.
    pub async fn layouts(&self, module: &str) -> Result<Arc<[Layout]>, Error> {
        let request = self.of_module("/crm/v8/settings/layouts", module);
        let request = request.scopes(&["ZohoCRM.settings.layouts.READ", "ZohoCRM.settings.ALL"]);
        self.list(&self.kept.layouts, module, request, self.oldest).await
    }

    /// What hangs on a record of a module.
    ///
    /// # Errors
    /// When the call fails. Needs the scope `ZohoCRM.settings.related_lists.READ`.
    pub async fn related_lists(&self, module: &str) -> Result<Arc<[RelatedList]>, Error> {
        let request = self.of_module("/crm/v8/settings/related_lists", module);
        let request = request.scopes(&["ZohoCRM.settings.related_lists.READ", "ZohoCRM.settings.ALL"]);
        self.list(&self.kept.related_lists, module, request, self.oldest).await
    }

    /// Checks a record against the fields of its module, before it is created. If it does not fit what is kept, Zoho is
    /// asked once more: the field, or the value of the pick list, may be new.
    ///
    /// # Errors
    /// [`Error::InvalidRecord`] with all that is wrong; and when the fields cannot be had.
    pub async fn check_create(&self, module: &str, record: &Record) -> Result<(), Error> {
        self.check(module, record, Purpose::Create).await
    }

    /// Checks what is to be changed of a record against the fields of its module: see
    /// [`check_create`](Self::check_create). Fields that are not there stay as they are.
    ///
    /// # Errors
    /// As for [`check_create`](Self::check_create).
    pub async fn check_update(&self, module: &str, record: &Record) -> Result<(), Error> {
        self.check(module, record, Purpose::Update).await
    }

    async fn check(&self, module: &str, record: &Record, purpose: Purpose) -> Result<(), Error> {
        let problems = check::problems(&self.fields(module).await?, record, purpose);
        let may_be_stale =
            self.oldest.is_some() && problems.iter().any(|problem| problem.kind.may_be_stale());
        let problems = match may_be_stale {
            true => {
                let newer = self.fields_no_older(module, Some(Self::NEW_ENOUGH)).await?;
                check::problems(&newer, record, purpose)
            }
            false => problems,
        };
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Error::InvalidRecord { module: module.to_owned(), problems: problems.into() }),
        }
    }

    async fn fields_no_older(&self, module: &str, oldest: Option<Duration>) -> Result<Fields, Error> {
        let request = self.of_module("/crm/v8/settings/fields", module);
        let request = request.scopes(&["ZohoCRM.settings.fields.READ", "ZohoCRM.settings.ALL"]);
        Ok(Fields { fields: self.list(&self.kept.fields, module, request, oldest).await? })
    }

    fn of_module(&self, path: &str, module: &str) -> Request {
        Request::new(&self.caller, Method::Get, path).query("module", module)
    }

    async fn list<T: DeserializeOwned>(
        &self,
        shelf: &Shelf<T>,
        name: &str,
        request: Request,
        oldest: Option<Duration>,
    ) -> Result<Arc<[T]>, Error> {
        let ask = async {
            let response = request.send().await?;
            match response.json::<Listed<T>>()? {
                Some(listed) => Ok(listed.items),
                None if response.status() == 204 => Ok(Vec::new()),
                None => Err(Error::unusable(&response, "it is no list, and not none either")),
            }
        };
        match oldest {
            Some(oldest) => shelf.take(name, oldest, ask).await,
            None => ask.await.map(Arc::from),
        }
    }
}

/// The fields of a module; from [`Metadata::fields`]. A slice of [`Field`].
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    fields: Arc<[Field]>,
}

impl Fields {
    /// The field with this API name.
    #[must_use]
    pub fn field(&self, api_name: &str) -> Option<&Field> {
        self.iter().find(|field| field.api_name == api_name)
    }

    /// Checks a record that is to be created. Nothing is asked.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn check_create(&self, record: &Record) -> Result<(), Vec<FieldProblem>> {
        none(check::problems(self, record, Purpose::Create))
    }

    /// Checks what is to be changed of a record. Nothing is asked.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn check_update(&self, record: &Record) -> Result<(), Vec<FieldProblem>> {
        none(check::problems(self, record, Purpose::Update))
    }
}

impl Deref for Fields {
    type Target = [Field];

    fn deref(&self) -> &[Field] {
        &self.fields
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        Self { fields: fields.into_iter().collect() }
    }
}

fn none(problems: Vec<FieldProblem>) -> Result<(), Vec<FieldProblem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// How Zoho wraps a list: under its name.
#[derive(Debug, Deserialize)]
struct Listed<T> {
    #[serde(alias = "modules", alias = "fields", alias = "layouts", alias = "related_lists")]
    items: Vec<T>,
}
