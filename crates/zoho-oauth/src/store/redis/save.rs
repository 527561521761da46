//! Saves and deletions: they read the rows, decide in this process, and write if the rows have not changed since.

use super::super::error::StoreError;
use super::super::ids::id_number;
use super::super::matching::Criterion;
use super::super::stored::{StoredToken, is_empty};
use super::fault::Fault;
use super::rounds::Rounds;
use super::row::{Row, look_up, look_up_id};
use super::server::{Change, Fence, Server, Write};

/// Saves tokens in one atomic step. Each save sees the ones before it. If a token is rejected, those before it are saved.
pub(super) async fn save(server: &Server, tokens: &[StoredToken]) -> Result<Vec<StoredToken>, Fault> {
    let look_ups: Vec<String> = tokens.iter().map(look_up).collect();
    let mut rounds = Rounds::over(&server.link);
    loop {
        let round = save_now(server, tokens, &look_ups, rounds.may_have_written()).await;
        if let Some(saved) = rounds.judge(round).await? {
            return Ok(saved);
        }
    }
}

/// Deletes one row. Returns whether it existed.
pub(super) async fn delete(server: &Server, id: &str) -> Result<bool, Fault> {
    let mut rounds = Rounds::over(&server.link);
    loop {
        // If the row is gone after a write that got no response, that write deleted it.
        let Some(row) = server.row(id).await? else { return Ok(rounds.was_lost()) };
        let round = delete_now(server, row).await;
        if rounds.judge(round).await?.is_some() {
            return Ok(true);
        }
    }
}

async fn save_now(
    server: &Server,
    tokens: &[StoredToken],
    look_ups: &[String],
    may_have_written: bool,
) -> Result<Option<Vec<StoredToken>>, Fault> {
    let found = server.view(None, look_ups).await?.found;
    let (draft, rejection) = Draft::of(tokens, &found, may_have_written)?;
    let seen: Vec<_> = look_ups.iter().cloned().zip(found).collect();
    let Some(saved) = draft.write(server, &seen, None).await? else { return Ok(None) };
    match rejection {
        None => Ok(Some(saved)),
        Some(error) => Err(error.into()),
    }
}

async fn delete_now(server: &Server, row: Row) -> Result<Option<()>, Fault> {
    let writes = [Write::delete(&row.id, &row.token()?)];
    let seen = [(look_up_id(&row.id), vec![row])];
    let change = Change { seen: &seen, writes: &writes, highest_chosen: 0, fence: None };
    Ok(server.change(&change).await?.map(|_| ()))
}

/// The content of rows before and after tokens are saved.
pub(super) struct Draft {
    /// The rows as they were read.
    before: Vec<StoredToken>,
    /// The same rows as they will be written, followed by the new ones.
    after: Vec<StoredToken>,
    /// For each token, the position of its row and the row's content after this save.
    saved: Vec<(usize, StoredToken)>,
    /// Whether an earlier attempt may have written the tokens without getting a response.
    may_have_written: bool,
}

impl Draft {
    /// Saves tokens one after the other, given the rows that were found for them. Stops at the first token that is rejected,
    /// and returns its error too.
    pub(super) fn of(
        tokens: &[StoredToken],
        found: &[Vec<Row>],
        may_have_written: bool,
    ) -> Result<(Self, Option<StoreError>), Fault> {
        let mut rows: Vec<&Row> = found.iter().flatten().collect();
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        rows.dedup();
        let before = rows.into_iter().map(Row::token).collect::<Result<Vec<_>, _>>()?;
        let saved = Vec::with_capacity(tokens.len());
        let mut draft = Self { after: before.clone(), before, saved, may_have_written };
        let rejection = tokens.iter().try_for_each(|token| draft.save(token)).err();
        Ok((draft, rejection))
    }

    fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        let position = match Criterion::of(token) {
            Some(criterion) => criterion.position_in(&self.after)?,
            // The token identifies no row, so it becomes a new one, unless an earlier attempt has inserted it.
            None if self.may_have_written => {
                self.before.iter().position(|row| row.values()[1..] == token.values()[1..])
            }
            None => None,
        };
        let position = match position {
            Some(position) => {
                let row = std::mem::take(&mut self.after[position]);
                self.after[position] = row.overwritten_by(token);
                position
            }
            None => {
                self.after.push(token.clone());
                self.after.len() - 1
            }
        };
        self.saved.push((position, self.after[position].clone()));
        Ok(())
    }

    /// Whether the rows already have their new content.
    pub(super) fn is_written(&self) -> bool {
        self.before == self.after
    }

    /// Returns what was saved. All rows must have an id.
    pub(super) fn saved(&self) -> Vec<StoredToken> {
        let with_id = |(position, row): &(usize, StoredToken)| StoredToken {
            id: self.after[*position].id.clone(),
            ..row.clone()
        };
        self.saved.iter().map(with_id).collect()
    }

    /// Writes the changed rows and returns what was saved, or `None` if the rows have changed since they were read.
    pub(super) async fn write(
        mut self,
        server: &Server,
        seen: &[(String, Vec<Row>)],
        fence: Option<Fence<'_>>,
    ) -> Result<Option<Vec<StoredToken>>, Fault> {
        if self.is_written() && fence.is_none() {
            return Ok(Some(self.saved()));
        }
        let changed = self.changed();
        let writes = changed.iter().map(|row| self.write_of(*row)).collect::<Result<Vec<_>, _>>()?;
        let change = Change { seen, writes: &writes, highest_chosen: self.highest_chosen(), fence };
        let Some(ids) = server.change(&change).await? else { return Ok(None) };
        for (row, id) in changed.into_iter().zip(ids) {
            self.after[row].id = Some(id);
        }
        Ok(Some(self.saved()))
    }

    /// Returns the positions of the rows to write. Rows with an id come first, so that no new id is one of theirs.
    fn changed(&self) -> Vec<usize> {
        let differs = |row: &usize| self.before.get(*row) != Some(&self.after[*row]);
        let mut changed: Vec<usize> = (0..self.after.len()).filter(differs).collect();
        changed.sort_by_key(|row| is_empty(self.after[*row].id.as_deref()));
        changed
    }

    fn write_of(&self, row: usize) -> Result<Write, Fault> {
        let after = &self.after[row];
        let id = after.id.as_deref();
        match self.before.get(row) {
            Some(before) => Write::update(id.unwrap_or_default(), before, after),
            None => Write::insert(id, after),
        }
    }

    fn highest_chosen(&self) -> u64 {
        let new = self.after.iter().skip(self.before.len());
        new.filter_map(|token| id_number(token.id.as_deref()?)).max().unwrap_or(0)
    }
}
