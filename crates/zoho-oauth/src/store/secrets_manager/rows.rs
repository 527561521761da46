//! Rows, one secret each. A row is found by its id, through the list of its user, or by a tag. See `lists.rs` for how
//! duplicate rows are prevented.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::token::{OAuthToken, fingerprint};

use super::super::coordination::{Lease, LeaseKey};
use super::super::matching::Criterion;
use super::super::page::TokenPage;
use super::super::plan::Plan;
use super::super::stored::StoredToken;
use super::Backend;
use super::client::Found;
use super::fault::Fault;
use super::lists::UserRows;
use super::secret::{Secret, check_size, retry_delay};

/// A row's content.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Row {
    token: StoredToken,
    /// The lease of the last save under a lease. A save under an older lease on the same credential is rejected.
    written_under: Option<Fence>,
}

/// The lease that a row was written under.
#[derive(Clone, Serialize, Deserialize)]
struct Fence {
    key: String,
    epoch: u64,
}

/// The rows that a look-up returned.
struct Candidates {
    rows: Vec<Secret<Row>>,
    /// The list of the user, if the look-up used it.
    list: Option<Secret<UserRows>>,
}

/// The result of an attempt to save.
#[allow(clippy::large_enum_variant, reason = "an attempt lives for one save")]
enum Attempt {
    Saved(StoredToken),
    Superseded,
    /// Another program changed the same secrets; the save has to start over.
    Conflict,
}

impl Backend {
    /// Finds the row that `criterion` identifies.
    pub(super) async fn find(&self, criterion: &Criterion<'_>) -> Result<Option<StoredToken>, Fault> {
        let candidates = self.candidates(criterion).await?.rows;
        Ok(criterion.choose(candidates.into_iter().map(|row| row.content.token))?)
    }

    /// Reads a page of rows.
    pub(super) async fn page(&self, after: Option<&str>) -> Result<TokenPage, Fault> {
        let page = self.client.page(&self.names.tokens(), None, after).await;
        let page = page.map_err(|fault| match fault.code() {
            Some("InvalidNextTokenException") => TokenPage::unknown_cursor().into(),
            _ => fault,
        })?;
        let rows = page.found.into_iter().map(|found| Ok(Secret::<Row>::of(found)?.content.token.into()));
        Ok(TokenPage { tokens: rows.collect::<Result<_, Fault>>()?, next: page.next })
    }

    /// Overwrites the row that the token identifies, or creates one.
    pub(super) async fn save(&self, token: &StoredToken) -> Result<StoredToken, Fault> {
        // Without a lease, no save is superseded.
        self.save_under(token, None).await?.ok_or(Fault::Contended)
    }

    /// Saves a token under a lease, if one is given. Returns `None` if the row was deleted, replaced, or written under a
    /// newer lease.
    pub(super) async fn save_under(
        &self,
        token: &StoredToken,
        lease: Option<&Lease>,
    ) -> Result<Option<StoredToken>, Fault> {
        let _lock = self.save_locks.lock(token).await;
        for attempt in 0..40 {
            match self.try_to_save(token, lease).await? {
                Attempt::Saved(saved) => return Ok(Some(saved)),
                Attempt::Superseded => return Ok(None),
                Attempt::Conflict => tokio::time::sleep(retry_delay(attempt)).await,
            }
        }
        Err(Fault::Contended)
    }

    /// Deletes a row. Returns whether it existed.
    pub(super) async fn delete(&self, id: &str) -> Result<bool, Fault> {
        let Some(row) = self.client.read::<Row>(&self.names.token(id)).await? else { return Ok(false) };
        let token = &row.content.token;
        if let Some(user) = filled(&token.user_name) {
            self.unlist(user, id).await?;
        }
        self.client.delete(&row.arn).await?;
        self.forget_lease_of(token).await;
        Ok(true)
    }

    async fn try_to_save(&self, new: &StoredToken, under: Option<&Lease>) -> Result<Attempt, Fault> {
        let criterion = Criterion::of(new);
        let candidates = match &criterion {
            Some(criterion) => self.candidates(criterion).await?,
            None => Candidates { rows: Vec::new(), list: None },
        };
        if let Some(lease) = under
            && !self.is_permitted(lease, &candidates.rows).await?
        {
            return Ok(Attempt::Superseded);
        }
        let tokens = candidates.rows.iter().map(|row| row.content.token.clone());
        match Plan::for_saving(new, tokens)? {
            Plan::Keep(kept) if under.is_none() => Ok(Attempt::Saved(kept)),
            Plan::Keep(kept) => self.update(&candidates.rows, &kept, kept.clone(), under).await,
            Plan::Update { before, after } => self.update(&candidates.rows, &before, after, under).await,
            Plan::Insert(row) => self.insert(row, &candidates, under).await,
        }
    }

    /// Whether the row of the lease is still the one that the lease was acquired for.
    async fn is_permitted(&self, lease: &Lease, candidates: &[Secret<Row>]) -> Result<bool, Fault> {
        let Some(id) = &lease.row else { return Ok(true) };
        let among = candidates.iter().find(|row| row.content.token.id.as_ref() == Some(id)).cloned();
        let row = match among {
            Some(row) => Some(row),
            None => self.client.read(&self.names.token(id)).await?,
        };
        Ok(lease.permits(row.map(|row| OAuthToken::from(row.content.token)).as_ref()))
    }

    async fn update(
        &self,
        rows: &[Secret<Row>],
        before: &StoredToken,
        after: StoredToken,
        under: Option<&Lease>,
    ) -> Result<Attempt, Fault> {
        let Some(row) = rows.iter().find(|row| row.content.token.id == before.id) else {
            return Ok(Attempt::Conflict);
        };
        let old_fence = &row.content.written_under;
        if let (Some(lease), Some(fence)) = (under, old_fence)
            && fence.is_newer_than(lease)
        {
            return Ok(Attempt::Superseded);
        }
        let fence = under.map(Fence::of).or_else(|| old_fence.clone());
        let content = Row { token: after.clone(), written_under: fence };
        check_size(&content)?;
        let is_renamed = after.user_name != before.user_name;
        let id = after.id.as_deref().unwrap_or_default();
        if let Some(user) = filled(&after.user_name)
            && is_renamed
        {
            self.list(user, id).await?;
        }
        if !self.client.replace(row, &content).await? {
            return Ok(Attempt::Conflict);
        }
        self.update_tags(&row.name, before, &after).await;
        if let Some(user) = filled(&before.user_name)
            && is_renamed
        {
            self.unlist(user, id).await?;
        }
        if after.refresh_token != before.refresh_token {
            self.forget_lease_of(before).await;
        }
        Ok(Attempt::Saved(after))
    }

    /// Updates the tags of a row. The row is already saved, so a failure does not fail the save. Until the token changes
    /// again, look-ups by that token alone then do not find the row.
    async fn update_tags(&self, name: &str, before: &StoredToken, after: &StoredToken) {
        let known = tags(before);
        let changed: Vec<_> = tags(after).into_iter().filter(|tag| !known.contains(tag)).collect();
        if !changed.is_empty()
            && let Err(fault) = self.client.tag(name, &changed).await
        {
            tracing::warn!(?fault, name, "saved a row, but could not update its tags");
        }
    }

    /// Creates a row. If the row has a user but no chosen id, the list of the user must not have changed since it was read.
    async fn insert(
        &self,
        mut row: StoredToken,
        candidates: &Candidates,
        under: Option<&Lease>,
    ) -> Result<Attempt, Fault> {
        let content = |row: &StoredToken| Row { token: row.clone(), written_under: under.map(Fence::of) };
        check_size(&content(&row))?;
        let user = filled(&row.user_name).map(str::to_owned);
        let chosen = filled(&row.id).map(str::to_owned);
        let id = match (&chosen, candidates.id_without_a_row()) {
            (Some(id), _) => {
                self.ids.skip(self, id).await?;
                id.clone()
            }
            (None, Some(listed)) => listed.clone(),
            (None, None) => self.ids.next(self).await?,
        };
        row.id = Some(id.clone());
        if let Some(user) = &user {
            let list = candidates.list.as_ref();
            if chosen.is_some() {
                self.list(user, &id).await?;
            } else if candidates.id_without_a_row().is_none()
                && !self.list_if_unchanged(user, list, &id).await?
            {
                return Ok(Attempt::Conflict);
            }
        }
        let name = self.names.token(&id);
        let Some(created) = self.client.create(&name, &content(&row), &tags(&row)).await? else {
            // Another caller chose this id for another row, or has created this row.
            let other = self.client.read::<Row>(&name).await?;
            if let (Some(user), Some(other)) = (&user, other)
                && other.content.token.user_name.as_ref() != Some(user)
            {
                self.unlist(user, &id).await?;
            }
            return Ok(Attempt::Conflict);
        };
        // A deletion removes the id from the list first. If the id is not there now, the row was deleted.
        if let Some(user) = &user
            && !self.is_listed(user, &id).await?
        {
            self.client.delete(&created.arn).await?;
            return Ok(Attempt::Conflict);
        }
        Ok(Attempt::Saved(row))
    }

    async fn candidates(&self, criterion: &Criterion<'_>) -> Result<Candidates, Fault> {
        let (found, list) = match *criterion {
            Criterion::Id(id) => (self.client.get(&self.names.token(id)).await?.into_iter().collect(), None),
            Criterion::User { name, .. } => {
                let list = self.read_list(name).await?;
                let ids = list.as_ref().map(|list| &list.content.ids[..]).unwrap_or_default();
                let names: Vec<_> = ids.iter().map(|id| self.names.token(id)).collect();
                (self.client.get_all(&names).await?, list)
            }
            Criterion::AccessToken(token)
            | Criterion::GrantToken { token, .. }
            | Criterion::RefreshToken { token, .. } => (self.tagged(token).await?, None),
        };
        let rows = found.into_iter().map(Secret::of).collect::<Result<_, _>>()?;
        Ok(Candidates { rows, list })
    }

    async fn tagged(&self, token: &str) -> Result<Vec<Found>, Fault> {
        let (prefix, tag) = (self.names.tokens(), fingerprint(&SecretString::from(token)));
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.client.page(&prefix, Some(&tag), after.as_deref()).await?;
            all.extend(page.found);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Deletes the lease on a refresh token that is no longer stored, because AWS charges for every secret.
    async fn forget_lease_of(&self, token: &StoredToken) {
        if let Some(refresh_token) = filled(&token.refresh_token) {
            self.forget(&LeaseKey::refresh(&SecretString::from(refresh_token))).await;
        }
    }
}

impl Candidates {
    /// Returns an id of the user's list that has no row.
    fn id_without_a_row(&self) -> Option<&String> {
        let list = self.list.as_ref().filter(|list| !list.content.closed)?;
        let has_row = |id: &String| self.rows.iter().any(|row| row.content.token.id.as_ref() == Some(id));
        list.content.ids.iter().find(|id| !has_row(id))
    }
}

impl Fence {
    fn of(lease: &Lease) -> Self {
        Self { key: lease.key.as_str().to_owned(), epoch: lease.epoch }
    }

    fn is_newer_than(&self, lease: &Lease) -> bool {
        self.key == lease.key.as_str() && self.epoch > lease.epoch
    }
}

/// Returns the tags for look-ups by token. They contain only hashes, because every account that can list secrets sees them.
fn tags(token: &StoredToken) -> Vec<(&'static str, String)> {
    let columns = [
        ("zoho:access_token", &token.access_token),
        ("zoho:grant_token", &token.grant_token),
        ("zoho:refresh_token", &token.refresh_token),
    ];
    let hash = |text: &str| fingerprint(&SecretString::from(text));
    columns.into_iter().filter_map(|(key, column)| Some((key, hash(filled(column)?)))).collect()
}

fn filled(column: &Option<String>) -> Option<&str> {
    column.as_deref().filter(|text| !text.is_empty())
}
