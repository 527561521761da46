//! For each user, a list of the ids of their rows. It makes look-ups by user exact and prevents duplicate rows.
//!
//! A list is read by its name and changed by compare-and-set. Tags are not enough: AWS may take five minutes to update
//! searches by tag, and in that time two programs that save the same new user would create two rows.
//!
//! An id is added to the list before its row is created, so the list decides which program creates the row. An id without a
//! row belongs to a row that is being created, or whose creator was killed; the next save for that user then creates it.
//! Before a row is deleted, its id is removed from the list.

use serde::{Deserialize, Serialize};

use super::Backend;
use super::fault::Fault;
use super::secret::{Secret, retry_delay};

/// The ids of a user's rows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UserRows {
    pub(super) ids: Vec<String>,
    /// Whether the list is being deleted, so that no id may be added.
    pub(super) closed: bool,
}

impl Backend {
    /// Reads the list of a user.
    pub(super) async fn read_list(&self, user: &str) -> Result<Option<Secret<UserRows>>, Fault> {
        self.client.read(&self.names.user(user)).await
    }

    /// Whether an id that was added to a user's list is still on it. Retries, because a read can return an old list.
    pub(super) async fn is_listed(&self, user: &str, id: &str) -> Result<bool, Fault> {
        for attempt in 0..4 {
            if self.read_list(user).await?.is_some_and(|list| list.content.has(id)) {
                return Ok(true);
            }
            tokio::time::sleep(retry_delay(attempt)).await;
        }
        Ok(false)
    }

    /// Adds an id to a user's list.
    pub(super) async fn list(&self, user: &str, id: &str) -> Result<(), Fault> {
        for attempt in 0..10 {
            let list = self.read_list(user).await?;
            let is_listed = list.as_ref().is_some_and(|list| list.content.has(id) && !list.content.closed);
            if is_listed || self.list_if_unchanged(user, list.as_ref(), id).await? {
                return Ok(());
            }
            tokio::time::sleep(retry_delay(attempt)).await;
        }
        Err(Fault::Contended)
    }

    /// Adds an id to a user's list, if the list has not changed since it was read.
    pub(super) async fn list_if_unchanged(
        &self,
        user: &str,
        list: Option<&Secret<UserRows>>,
        id: &str,
    ) -> Result<bool, Fault> {
        match list {
            Some(list) if !list.content.closed => {
                let mut content = list.content.clone();
                content.ids.push(id.to_owned());
                self.client.replace(list, &content).await
            }
            old => {
                if let Some(old) = old {
                    self.client.delete(&old.arn).await?;
                }
                let content = UserRows { ids: vec![id.to_owned()], closed: false };
                Ok(self.client.create(&self.names.user(user), &content, &[]).await?.is_some())
            }
        }
    }

    /// Removes an id from a user's list, and deletes the list if it is empty.
    pub(super) async fn unlist(&self, user: &str, id: &str) -> Result<(), Fault> {
        for attempt in 0..10 {
            let Some(list) = self.read_list(user).await? else { return Ok(()) };
            let mut content = list.content.clone();
            content.ids.retain(|other| other != id);
            content.closed = content.ids.is_empty();
            if content == list.content || self.client.replace(&list, &content).await? {
                if content.closed {
                    self.client.delete(&list.arn).await?;
                }
                return Ok(());
            }
            tokio::time::sleep(retry_delay(attempt)).await;
        }
        Err(Fault::Contended)
    }
}

impl UserRows {
    fn has(&self, id: &str) -> bool {
        self.ids.iter().any(|other| other == id)
    }
}
