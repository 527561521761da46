//! Saving and deleting: read what is meant, decide here, and write if nothing has changed in between.

use super::super::error::StoreError;
use super::super::ids::id_number;
use super::super::matching::Criterion;
use super::super::stored::{StoredToken, is_empty};
use super::fault::Fault;
use super::rounds::Rounds;
use super::row::{Row, look_up, look_up_id};
use super::server::{Change, Fence, Server, Write};

/// Saves tokens, each over what those before it left, in one atomic step. If one of them cannot be saved, those
/// before it are.
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

/// Deletes one row and says whether it was there.
pub(super) async fn delete(server: &Server, id: &str) -> Result<bool, Fault> {
    let mut rounds = Rounds::over(&server.link);
    loop {
        // A row that was there is gone, and a write of ours was not answered: it was that write.
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
    let found = server.look(None, look_ups).await?.found;
    let (draft, trouble) = Draft::of(tokens, &found, may_have_written)?;
    let seen: Vec<_> = look_ups.iter().cloned().zip(found).collect();
    let Some(saved) = draft.write(server, &seen, None).await? else { return Ok(None) };
    match trouble {
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

/// What rows become when tokens are saved over them.
pub(super) struct Draft {
    /// The rows that were there.
    before: Vec<StoredToken>,
    /// The same rows as they are to be, and behind them the new ones.
    after: Vec<StoredToken>,
    /// Which row each token became, and what the row said then.
    saved: Vec<(usize, StoredToken)>,
    /// Whether the tokens may have been written before, though nobody has heard so.
    may_have_written: bool,
}

impl Draft {
    /// Saves tokens, one after the other, over the rows that were found for them; with the error that one of them
    /// is refused for, which is where it ends.
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
        let trouble = tokens.iter().try_for_each(|token| draft.save(token)).err();
        Ok((draft, trouble))
    }

    fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        let position = match Criterion::of(token) {
            Some(criterion) => criterion.position_in(&self.after)?,
            // No row is meant, so it is a new one; but if it may have become one already, that is it.
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

    /// Whether the rows say all of it already.
    pub(super) fn is_written(&self) -> bool {
        self.before == self.after
    }

    /// What was saved, once all rows have an id.
    pub(super) fn saved(&self) -> Vec<StoredToken> {
        let with_id = |(position, row): &(usize, StoredToken)| StoredToken {
            id: self.after[*position].id.clone(),
            ..row.clone()
        };
        self.saved.iter().map(with_id).collect()
    }

    /// Writes what has changed, and hands back what was saved; `None` if something else was found meanwhile.
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

    /// The rows to be written. Those that have an id come first: an id that is given out must not be one of them.
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
