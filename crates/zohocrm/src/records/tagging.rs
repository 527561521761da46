//! Putting tags on records, and taking them off.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde_json::{Map, Value, json};

use super::Records;
use super::write::in_chunks;
use crate::error::Error;
use crate::message::Method;
use crate::request::Request;
use crate::tags::Tag;
use crate::written::WrittenRecord;

impl Records {
    /// Puts tags on records, by name. A tag that the module does not have yet is made.
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

    /// Takes tags off records, by name or id.
    pub fn remove_tags(
        &self,
        ids: impl IntoIterator<Item = impl Into<String>>,
        tags: impl IntoIterator<Item = impl Into<Tag>>,
    ) -> TagRecords {
        TagRecords::new(self, "/crm/v8/{module}/actions/remove_tags", ids, tags)
    }
}

/// Tags that have not been put on records, or taken off; from [`Records::add_tags`] and [`Records::remove_tags`]. Await it,
/// or call [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "no record is changed until it is sent"]
pub struct TagRecords {
    request: Request,
    ids: Vec<String>,
    body: Map<String, Value>,
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
        let tags: Vec<Tag> = tags.into_iter().map(Into::into).collect();
        Self {
            // A tag that is there is not put there twice, so Zoho may be asked twice.
            request: request.scopes(super::scopes(Method::Put)).repeatable(true),
            ids: ids.into_iter().map(Into::into).collect(),
            body: Map::from_iter([("tags".to_owned(), json!(tags))]),
        }
    }

    /// Whether the added tags take the place of those that the records have. They are added to them, if Zoho is not told.
    pub fn over_write(mut self, over_write: bool) -> Self {
        self.body.insert("over_write".to_owned(), over_write.into());
        self
    }

    /// Changes the records, a hundred at a time, and says what became of each, in the order in which they were given: see
    /// [`WriteRecords::send`](crate::WriteRecords::send).
    ///
    /// # Errors
    /// When the first call fails as a whole.
    pub async fn send(&self) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        in_chunks(&self.ids, |chunk| {
            let mut body = self.body.clone();
            body.insert("ids".to_owned(), chunk.into());
            self.request.clone().body(&body)
        })
        .await
    }
}

impl IntoFuture for TagRecords {
    type Output = Result<Vec<Result<WrittenRecord, Error>>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.send().await })
    }
}
