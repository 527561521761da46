//! `crm.metadata()`: modules, fields and layouts, and checks of records against them.

mod cache;
mod check;
mod field;
mod module;
mod module_name;
mod names;
mod rust_struct;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use cache::Cache;
use check::Purpose;

use crate::caller::Caller;
use crate::error::{Error, ResponseProblem};
use crate::message::Method;
use crate::record::Record;
use crate::request::Request;

pub use crate::error::{FieldProblem, FieldProblemKind};
pub use field::{Field, FieldType, LookupTarget, OperationType, PickListValue, SubformTarget};
pub use module::{Layout, LayoutSection, Module, RelatedList, nearest_module};
pub use module_name::ModuleName;
pub use rust_struct::rust_struct;

/// The modules, fields, layouts and related lists of an organization; from [`Crm::metadata`](crate::Crm::metadata).
///
/// Each call requests them, unless they are [`cached`](Self::cached). Clones share the cache.
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
/// metadata.check_create("Leads", &lead).await?; // fails, because `Nowhere` is not in the pick list
/// crm.records("Leads").create([lead]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Metadata {
    caller: Caller,
    /// The maximum age of cached lists; `None` without a cache.
    max_age: Option<Duration>,
    caches: Arc<Caches>,
}

#[derive(Debug, Default)]
struct Caches {
    modules: Cache<Module>,
    fields: Cache<Field>,
    layouts: Cache<Layout>,
    related_lists: Cache<RelatedList>,
}

impl Metadata {
    /// A failed check requests the fields again, unless they are newer than this. Otherwise a program that writes many invalid
    /// records would request them each time.
    const FRESH_AGE: Duration = Duration::from_secs(10);

    pub(crate) fn new(caller: &Caller) -> Self {
        Self { caller: caller.clone(), max_age: None, caches: Arc::default() }
    }

    /// Caches what is read, up to this age. Concurrent callers that need the same list share one call.
    #[must_use]
    pub fn cached(self, max_age: Duration) -> Self {
        Self { max_age: Some(max_age), caches: Arc::default(), ..self }
    }

    /// Empties the cache.
    pub fn refresh(&self) {
        self.caches.modules.clear();
        self.caches.fields.clear();
        self.caches.layouts.clear();
        self.caches.related_lists.clear();
    }

    /// Lists the modules.
    ///
    /// # Errors
    /// If the call fails. Needs the scope `ZohoCRM.settings.modules.READ`.
    pub async fn modules(&self) -> Result<Arc<[Module]>, Error> {
        let request = Request::new(&self.caller, Method::Get, "/crm/v8/settings/modules");
        let request = request.scopes(&["ZohoCRM.settings.modules.READ", "ZohoCRM.settings.ALL"]);
        self.list(&self.caches.modules, "", request, self.max_age).await
    }

    /// Lists the fields of a module, in Zoho's order.
    ///
    /// # Errors
    /// If the call fails. Needs the scope `ZohoCRM.settings.fields.READ`.
    pub async fn fields(&self, module: &str) -> Result<Fields, Error> {
        self.fields_up_to(module, self.max_age).await
    }

    /// Lists the layouts of a module.
    ///
    /// # Errors
    /// If the call fails. Needs the scope `ZohoCRM.settings.layouts.READ`.
    pub async fn layouts(&self, module: &str) -> Result<Arc<[Layout]>, Error> {
        let request = self.of_module("/crm/v8/settings/layouts", module);
        let request = request.scopes(&["ZohoCRM.settings.layouts.READ", "ZohoCRM.settings.ALL"]);
        self.list(&self.caches.layouts, module, request, self.max_age).await
    }

    /// Lists the related lists of a module's records.
    ///
    /// # Errors
    /// If the call fails. Needs the scope `ZohoCRM.settings.related_lists.READ`.
    pub async fn related_lists(&self, module: &str) -> Result<Arc<[RelatedList]>, Error> {
        let request = self.of_module("/crm/v8/settings/related_lists", module);
        let request = request.scopes(&["ZohoCRM.settings.related_lists.READ", "ZohoCRM.settings.ALL"]);
        self.list(&self.caches.related_lists, module, request, self.max_age).await
    }

    /// Checks a record against the fields of its module before it is created. If it does not fit the cached fields, they are
    /// requested again, because the field or the value of the pick list may be new.
    ///
    /// # Errors
    /// [`Error::InvalidRecord`] with everything that is wrong, and if the fields cannot be read.
    pub async fn check_create(&self, module: &str, record: &Record) -> Result<(), Error> {
        self.check(module, record, Purpose::Create).await
    }

    /// Checks the changes of a record against the fields of its module: see [`check_create`](Self::check_create). Fields may be
    /// missing; they stay unchanged.
    ///
    /// # Errors
    /// As for [`check_create`](Self::check_create).
    pub async fn check_update(&self, module: &str, record: &Record) -> Result<(), Error> {
        self.check(module, record, Purpose::Update).await
    }

    async fn check(&self, module: &str, record: &Record, purpose: Purpose) -> Result<(), Error> {
        let problems = check::problems(&self.fields(module).await?, record, purpose);
        let may_be_stale =
            self.max_age.is_some() && problems.iter().any(|problem| problem.kind.may_be_stale());
        let problems = match may_be_stale {
            true => {
                let newer = self.fields_up_to(module, Some(Self::FRESH_AGE)).await?;
                check::problems(&newer, record, purpose)
            }
            false => problems,
        };
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Error::InvalidRecord { module: module.to_owned(), problems: problems.into() }),
        }
    }

    async fn fields_up_to(&self, module: &str, max_age: Option<Duration>) -> Result<Fields, Error> {
        let request = self.of_module("/crm/v8/settings/fields", module);
        let request = request.scopes(&["ZohoCRM.settings.fields.READ", "ZohoCRM.settings.ALL"]);
        Ok(Fields { fields: self.list(&self.caches.fields, module, request, max_age).await? })
    }

    fn of_module(&self, path: &str, module: &str) -> Request {
        Request::new(&self.caller, Method::Get, path).query("module", module)
    }

    async fn list<T: DeserializeOwned>(
        &self,
        cache: &Cache<T>,
        name: &str,
        request: Request,
        max_age: Option<Duration>,
    ) -> Result<Arc<[T]>, Error> {
        let request_list = async {
            let response = request.send().await?;
            match response.json::<Listed<T>>()? {
                Some(listed) => Ok(listed.items),
                None if response.status() == 204 => Ok(Vec::new()),
                None => Err(Error::unusable(
                    &response,
                    ResponseProblem::Unexpected,
                    "expected a list or an empty response",
                )),
            }
        };
        match max_age {
            Some(max_age) => cache.get(name, max_age, request_list).await,
            None => request_list.await.map(Arc::from),
        }
    }
}

/// The fields of a module; from [`Metadata::fields`]. A slice of [`Field`].
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    fields: Arc<[Field]>,
}

impl Fields {
    /// Returns the field with this API name.
    #[must_use]
    pub fn field(&self, api_name: &str) -> Option<&Field> {
        self.iter().find(|field| field.api_name == api_name)
    }

    /// Returns the fields that a name can mean, such as the heading of a column: the one with this API name, or else those
    /// whose API name or label is equal apart from capitals, blanks, `_` and `-`.
    #[must_use]
    pub fn meant(&self, name: &str) -> Vec<&Field> {
        match self.field(name) {
            Some(field) => vec![field],
            None => names::meant(self, Field::names, name),
        }
    }

    /// Returns the field that a misspelled name probably means, if there is one.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&Field> {
        names::nearest(self, Field::names, name)
    }

    /// Checks a record that is to be created, without a call.
    ///
    /// # Errors
    /// Everything that is wrong with the record.
    pub fn check_create(&self, record: &Record) -> Result<(), Vec<FieldProblem>> {
        ok_if_empty(check::problems(self, record, Purpose::Create))
    }

    /// Checks the changes of a record, without a call.
    ///
    /// # Errors
    /// Everything that is wrong with the record.
    pub fn check_update(&self, record: &Record) -> Result<(), Vec<FieldProblem>> {
        ok_if_empty(check::problems(self, record, Purpose::Update))
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

fn ok_if_empty(problems: Vec<FieldProblem>) -> Result<(), Vec<FieldProblem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// A list as Zoho wraps it: under its name.
#[derive(Debug, Deserialize)]
struct Listed<T> {
    #[serde(alias = "modules", alias = "fields", alias = "layouts", alias = "related_lists")]
    items: Vec<T>,
}
