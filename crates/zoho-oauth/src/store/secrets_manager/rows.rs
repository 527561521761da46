//! Rows, one secret each. A row is found by its id, by its user's list, or by a tag; see `lists.rs` for how a new row
//! becomes one row.

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
use super::secret::{Secret, check_room, pause};

/// A row's content.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Row {
    token: StoredToken,
    /// The lease of the last save under one: a save under an older lease on the same credential is refused.
    written_under: Option<Fence>,
}

/// Which lease a row was written under.
#[derive(Clone, Serialize, Deserialize)]
struct Fence {
    key: String,
    epoch: u64,
}

/// What a look-up brought.
struct Candidates {
    rows: Vec<Secret<Row>>,
    /// The user's list, where the look-up went by it.
    list: Option<Secret<UserRows>>,
}

/// What came of an attempt to save.
#[allow(clippy::large_enum_variant, reason = "an attempt lives for one save")]
enum Attempt {
    Saved(StoredToken),
    Superseded,
    /// Others were at it: look again.
    Again,
}

impl Backend {
    /// The row that is meant.
    pub(super) async fn find(&self, criterion: &Criterion<'_>) -> Result<Option<StoredToken>, Fault> {
        let candidates = self.candidates(criterion).await?.rows;
        Ok(criterion.choose(candidates.into_iter().map(|row| row.content.token))?)
    }

    /// Some rows, and what to ask for the next ones with.
    pub(super) async fn page(&self, after: Option<&str>) -> Result<TokenPage, Fault> {
        let page = self.client.page(&self.names.tokens(), None, after).await;
        let page = page.map_err(|fault| match fault.code() {
            Some("InvalidNextTokenException") => TokenPage::unknown_cursor().into(),
            _ => fault,
        })?;
        let rows = page.found.into_iter().map(|found| Ok(Secret::<Row>::of(found)?.content.token.into()));
        Ok(TokenPage { tokens: rows.collect::<Result<_, Fault>>()?, next: page.next })
    }

    /// Writes a token over the row that it means, or as a new row.
    pub(super) async fn save(&self, token: &StoredToken) -> Result<StoredToken, Fault> {
        // Without a lease nothing can be newer than it.
        self.save_under(token, None).await?.ok_or(Fault::Contended)
    }

    /// The same under a lease. `None`: the row is gone, was replaced, or was written under a newer lease.
    pub(super) async fn save_under(
        &self,
        token: &StoredToken,
        lease: Option<&Lease>,
    ) -> Result<Option<StoredToken>, Fault> {
        let _turn = self.turns.of(token).await;
        for attempt in 0..40 {
            match self.try_to_save(token, lease).await? {
                Attempt::Saved(saved) => return Ok(Some(saved)),
                Attempt::Superseded => return Ok(None),
                Attempt::Again => tokio::time::sleep(pause(attempt)).await,
            }
        }
        Err(Fault::Contended)
    }

    /// Deletes a row; `false` when there is none.
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

    /// Whether the lease's row is still the one that it was taken for.
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
            return Ok(Attempt::Again);
        };
        let before_it = &row.content.written_under;
        if let (Some(lease), Some(fence)) = (under, before_it)
            && fence.is_newer_than(lease)
        {
            return Ok(Attempt::Superseded);
        }
        let fence = under.map(Fence::of).or_else(|| before_it.clone());
        let content = Row { token: after.clone(), written_under: fence };
        check_room(&content)?;
        let is_renamed = after.user_name != before.user_name;
        let id = after.id.as_deref().unwrap_or_default();
        if let Some(user) = filled(&after.user_name)
            && is_renamed
        {
            self.list(user, id).await?;
        }
        if !self.client.replace(row, &content).await? {
            return Ok(Attempt::Again);
        }
        self.tag_what_changed(&row.name, before, &after).await;
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

    /// Brings a row's tags up to date. It is saved already, so a failure is none of the save's: look-ups by the changed
    /// token alone do not find the row until that changes again.
    async fn tag_what_changed(&self, name: &str, before: &StoredToken, after: &StoredToken) {
        let known = tags(before);
        let changed: Vec<_> = tags(after).into_iter().filter(|tag| !known.contains(tag)).collect();
        if !changed.is_empty()
            && let Err(fault) = self.client.tag(name, &changed).await
        {
            tracing::warn!(?fault, name, "a row was saved, but its tags could not be brought up to date");
        }
    }

    /// Makes a new row. Where its user is what it is known by, nobody may have changed the user's list since it was
    /// read.
    async fn insert(
        &self,
        mut row: StoredToken,
        candidates: &Candidates,
        under: Option<&Lease>,
    ) -> Result<Attempt, Fault> {
        let content = |row: &StoredToken| Row { token: row.clone(), written_under: under.map(Fence::of) };
        check_room(&content(&row))?;
        let user = filled(&row.user_name).map(str::to_owned);
        let chosen = filled(&row.id).map(str::to_owned);
        let id = match (&chosen, candidates.id_without_a_row()) {
            (Some(id), _) => {
                self.ids.pass_over(self, id).await?;
                id.clone()
            }
            (None, Some(announced)) => announced.clone(),
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
                return Ok(Attempt::Again);
            }
        }
        let name = self.names.token(&id);
        let Some(made) = self.client.create(&name, &content(&row), &tags(&row)).await? else {
            // Somebody chose this id for another row, or has made this very row.
            let other = self.client.read::<Row>(&name).await?;
            if let (Some(user), Some(other)) = (&user, other)
                && other.content.token.user_name.as_ref() != Some(user)
            {
                self.unlist(user, &id).await?;
            }
            return Ok(Attempt::Again);
        };
        // Whoever deletes a row takes it from the list first: what is not there any more was deleted meanwhile.
        if let Some(user) = &user
            && !self.is_listed(user, &id).await?
        {
            self.client.delete(&made.arn).await?;
            return Ok(Attempt::Again);
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
        let (start, tag) = (self.names.tokens(), fingerprint(&SecretString::from(token)));
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.client.page(&start, Some(&tag), after.as_deref()).await?;
            all.extend(page.found);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Deletes the lease on a refresh token that nobody holds any more. It would cost money for nothing.
    async fn forget_lease_of(&self, token: &StoredToken) {
        if let Some(refresh_token) = filled(&token.refresh_token) {
            self.forget(&LeaseKey::refresh(&SecretString::from(refresh_token))).await;
        }
    }
}

impl Candidates {
    /// An id of the user's list whose row is not there.
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

/// What a row is found by besides its id and its user: the SHA-256 of its tokens. Whoever may list secrets sees tags.
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
