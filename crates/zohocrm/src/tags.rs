//! `crm.tags("Leads")`: the tags of a module.

use std::collections::HashMap;

use serde::Deserialize;

use crate::caller::Caller;
use crate::error::{Error, ResponseProblem};
use crate::message::Method;
use crate::record::Lookup;
use crate::request::{Request, Response};
use crate::value::described::described;
use crate::value::{DateTime, Nullable};
use crate::written::{WrittenRecord, outcome, outcomes};

/// The tags of a module; from [`Crm::tags`](crate::Crm::tags). They are added to records with
/// [`Records::add_tags`](crate::Records::add_tags).
///
/// ```no_run
/// use zohocrm::Tag;
///
/// # async fn tags(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let tags = crm.tags("Leads");
/// tags.create([Tag::new("hot").color_code("#F17574")]).await?;
/// for tag in tags.list().await?.iter() {
///     println!("{}", tag.name.as_deref().unwrap_or("-"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tags {
    caller: Caller,
    module: String,
}

impl Tags {
    pub(crate) fn new(caller: &Caller, module: String) -> Self {
        Self { caller: caller.clone(), module }
    }

    /// Lists the tags.
    ///
    /// # Errors
    /// If the call fails. Needs the scope `ZohoCRM.settings.tags.READ`.
    pub async fn list(&self) -> Result<Response<Vec<Tag>>, Error> {
        let request = self.request(Method::Get, &["ZohoCRM.settings.tags.READ", "ZohoCRM.settings.ALL"]);
        let response = request.send().await?;
        let tags = match response.json::<TagsBody>()? {
            Some(body) => body.tags,
            None if response.status() == 204 => Vec::new(),
            None => {
                let evidence = "expected a list of tags or an empty response";
                return Err(Error::unusable(&response, ResponseProblem::Unexpected, evidence));
            }
        };
        Ok(Response::of(&response, tags))
    }

    /// Creates tags, from names or from [`Tag`]s with a color. Returns the result for each.
    ///
    /// # Errors
    /// If the call fails as a whole. Needs the scope `ZohoCRM.settings.tags.CREATE`.
    pub async fn create(
        &self,
        tags: impl IntoIterator<Item = impl Into<Tag>>,
    ) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        let tags: Vec<Tag> = tags.into_iter().map(Into::into).collect();
        let request = self.request(Method::Post, &["ZohoCRM.settings.tags.CREATE", "ZohoCRM.settings.ALL"]);
        outcomes(&request.body(&HashMap::from([("tags", &tags)])), tags.len()).await
    }

    /// Changes the name or color of a tag.
    ///
    /// # Errors
    /// If the call fails, or Zoho rejects the change. Needs the scope `ZohoCRM.settings.tags.UPDATE`.
    pub async fn update(&self, id: impl Into<String>, tag: impl Into<Tag>) -> Result<WrittenRecord, Error> {
        let request = self.about(Method::Put, id.into());
        let request = request.query("module", &self.module).body(&HashMap::from([("tags", [tag.into()])]));
        outcome(&request.scopes(&["ZohoCRM.settings.tags.UPDATE", "ZohoCRM.settings.ALL"])).await
    }

    /// Deletes a tag, and removes it from all records.
    ///
    /// # Errors
    /// If the call fails, or Zoho rejects it. Needs the scope `ZohoCRM.settings.tags.DELETE`.
    pub async fn delete(&self, id: impl Into<String>) -> Result<WrittenRecord, Error> {
        let request = self.about(Method::Delete, id.into());
        outcome(&request.scopes(&["ZohoCRM.settings.tags.DELETE", "ZohoCRM.settings.ALL"])).await
    }

    fn request(&self, method: Method, scopes: &'static [&'static str]) -> Request {
        let request = Request::new(&self.caller, method, "/crm/v8/settings/tags");
        request.query("module", &self.module).scopes(scopes)
    }

    fn about(&self, method: Method, id: String) -> Request {
        Request::operation(&self.caller, method, "/crm/v8/settings/tags/{id}", [("id", id)])
    }
}

/// The list, as Zoho writes it.
#[derive(Debug, Deserialize)]
struct TagsBody {
    tags: Vec<Tag>,
}

described! {
    /// A tag: a word that marks records.
    pub struct Tag {
        /// The id.
        pub id: Nullable<String> = "id" or_number,
        /// The name, at most 25 characters.
        pub name: Nullable<String> = "name" or_number,
        /// The color, such as `#F17574`.
        pub color_code: Nullable<String> = "color_code" or_number,
        /// When the tag was created.
        pub created_time: Nullable<DateTime> = "created_time",
        /// When the tag was last modified.
        pub modified_time: Nullable<DateTime> = "modified_time",
        /// The user who created the tag.
        pub created_by: Nullable<Lookup> = "created_by",
        /// The user who last modified the tag.
        pub modified_by: Nullable<Lookup> = "modified_by",
    }
}

impl Tag {
    /// Creates a tag with a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Nullable::Value(name.into()), ..Self::default() }
    }

    /// Creates a reference to a tag, given by its id.
    pub fn with_id(id: impl Into<String>) -> Self {
        Self { id: Nullable::Value(id.into()), ..Self::default() }
    }

    /// Sets the color, one of those that Zoho offers, such as `#F17574`.
    #[must_use]
    pub fn color_code(self, color_code: impl Into<String>) -> Self {
        Self { color_code: Nullable::Value(color_code.into()), ..self }
    }
}

impl From<&str> for Tag {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Tag {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}
