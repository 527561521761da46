//! For each user the list of their rows' ids: what makes a look-up by user exact, and a new user one row.
//!
//! A list is read by its name and changed by compare-and-set. Tags would not do: AWS may take five minutes to bring up
//! to date what is found by them, and two programs that save the same new user would make two rows.
//!
//! A new row is announced in the list before it is made, so the list decides who makes it. An id that is in a list
//! without a row is that of a row being made, or of one whose maker was killed: the next saver of that user makes it
//! in their place. A row is taken from the list before it is deleted.

use serde::{Deserialize, Serialize};

use super::Backend;
use super::fault::Fault;
use super::secret::{Secret, pause};

/// The ids of a user's rows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UserRows {
    pub(super) ids: Vec<String>,
    /// Nothing is added to it any more: it is being deleted.
    pub(super) closed: bool,
}

impl Backend {
    /// A user's list.
    pub(super) async fn read_list(&self, user: &str) -> Result<Option<Secret<UserRows>>, Fault> {
        self.client.read(&self.names.user(user)).await
    }

    /// Whether an id that was on a user's list is there still. An old answer is given time to get newer.
    pub(super) async fn is_listed(&self, user: &str, id: &str) -> Result<bool, Fault> {
        for attempt in 0..4 {
            if self.read_list(user).await?.is_some_and(|list| list.content.has(id)) {
                return Ok(true);
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        Ok(false)
    }

    /// Puts an id on a user's list.
    pub(super) async fn list(&self, user: &str, id: &str) -> Result<(), Fault> {
        for attempt in 0..10 {
            let list = self.read_list(user).await?;
            let is_there = list.as_ref().is_some_and(|list| list.content.has(id) && !list.content.closed);
            if is_there || self.list_if_unchanged(user, list.as_ref(), id).await? {
                return Ok(());
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(Fault::Contended)
    }

    /// Puts an id on a user's list, if that is still as it was read.
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

    /// Takes an id from a user's list; a list with nothing in it is deleted.
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
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(Fault::Contended)
    }
}

impl UserRows {
    fn has(&self, id: &str) -> bool {
        self.ids.iter().any(|other| other == id)
    }
}
