//! Adds tags to records and removes them.

use serde::Serialize;

use super::Records;
use super::write::in_batches;
use crate::error::Error;
use crate::message::Method;
use crate::request::{Request, awaited};
use crate::tags::Tag;
use crate::written::WrittenRecord;

impl Records {
    /// Adds tags to records, by name. Tags that the module does not have yet are created.
    ///
    /// ```no_run
    /// # async fn tag(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
    /// let leads = crm.records("Leads");
    /// leads.add_tags(["5725767000000412001"], ["hot", "trade fair"]).await?;
    /// leads.remove_tags(["5725767000000412001"], ["hot"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_tags(
        &self,
        ids: impl IntoIterator<Item = impl Into<String>>,
        tags: impl IntoIterator<Item = impl Into<Tag>>,
    ) -> TagRecords {
        TagRecords::new(self, "/crm/v8/{module}/actions/add_tags", ids, tags)
    }

    /// Removes tags from records, by name or id.
    pub fn remove_tags(
        &self,
        ids: impl IntoIterator<Item = impl Into<String>>,
        tags: impl IntoIterator<Item = impl Into<Tag>>,
    ) -> TagRecords {
        TagRecords::new(self, "/crm/v8/{module}/actions/remove_tags", ids, tags)
    }
}

/// A change of tags that has not been sent; from [`Records::add_tags`] and [`Records::remove_tags`]. Await it, or call
/// [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "a change does nothing until it is sent"]
pub struct TagRecords {
    request: Request,
    ids: Vec<String>,
    tags: Vec<Tag>,
    over_write: Option<bool>,
}

impl TagRecords {
    fn new(
        records: &Records,
        template: &'static str,
        ids: impl IntoIterator<Item = impl Into<String>>,
        tags: impl IntoIterator<Item = impl Into<Tag>>,
    ) -> Self {
        let request =
            Request::operation(&records.caller, Method::Post, template, [("module", records.module.clone())]);
        Self {
            // A record never has the same tag twice, so the call may be repeated.
            request: request.scopes(super::scopes(Method::Put)).repeatable(true),
            ids: ids.into_iter().map(Into::into).collect(),
            tags: tags.into_iter().map(Into::into).collect(),
            over_write: None,
        }
    }

    /// Sets whether the added tags replace the existing ones. Zoho's default: they do not.
    pub fn over_write(self, over_write: bool) -> Self {
        Self { over_write: Some(over_write), ..self }
    }

    /// Changes the records, in batches of a hundred, and returns the result for each, in the given order: see
    /// [`WriteRecords::send`](crate::WriteRecords::send).
    ///
    /// # Errors
    /// If the first call fails as a whole.
    pub async fn send(&self) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        in_batches(&self.ids, |batch| {
            let Self { request, tags, over_write, .. } = self;
            request.clone().body(&Body { tags, over_write: *over_write, ids: batch })
        })
        .await
    }
}

awaited!(TagRecords -> Vec<Result<WrittenRecord, Error>>);

/// The body of a call.
#[derive(Serialize)]
struct Body<'a> {
    tags: &'a [Tag],
    #[serde(skip_serializing_if = "Option::is_none")]
    over_write: Option<bool>,
    ids: &'a [String],
}
