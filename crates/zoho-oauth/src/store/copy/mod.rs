//! From one store to another: every row, each checked, and as often as wanted.

mod replace;
mod report;
mod step;
mod there;

use std::fmt;
use std::time::Duration;

use crate::token::OAuthToken;

use super::any::AnyStore;
use super::error::{StoreError, StoreErrorKind};
use super::ids::id_number;
use super::stored::StoredToken;
use super::token_store::TokenStore;

use replace::{Replaced, replace};
use step::{How, Step};
use there::{There, digest};

pub use report::{CopyReport, RefusedRow};

/// Copies every token of one store into another, of whatever kind the two are.
///
/// Rows keep their ids where these are free. A row that the other store has already is left alone if it says the same
/// or ends later, and is written over otherwise. In the end every copied row is read again and compared. Nothing is
/// ever deleted, so a copy that was interrupted is simply run again: it goes on where it stopped.
///
/// Leases and ledgers are not copied: they are about the next ten minutes. Programs may go on using either store
/// meanwhile; what they change in the first one after it was read is not seen.
///
/// ```
/// use zoho_oauth::OAuthToken;
/// use zoho_oauth::store::{AnyStore, MemoryStore, TokenCopy, TokenStore};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let old: AnyStore = MemoryStore::new().into();
/// old.save_token(&OAuthToken::new().with_user("ada").with_refresh_token("1000.r")).await?;
/// let new: AnyStore = MemoryStore::new().into();
///
/// let report = TokenCopy::new(&old, &new).run().await?;
/// assert_eq!((report.read, report.added, report.verified), (1, 1, 1));
/// # Ok::<_, zoho_oauth::store::StoreError>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is copied before it is run"]
pub struct TokenCopy<'a> {
    from: &'a AnyStore,
    to: &'a AnyStore,
    is_dry: bool,
    progress: Box<dyn FnMut(&CopyReport) + Send + 'a>,
}

impl<'a> TokenCopy<'a> {
    /// A copy from one store to another.
    pub fn new(from: &'a AnyStore, to: &'a AnyStore) -> Self {
        Self { from, to, is_dry: false, progress: Box::new(|_| {}) }
    }

    /// Only says what would be done; nothing is written.
    pub fn dry_run(mut self, is_dry: bool) -> Self {
        self.is_dry = is_dry;
        self
    }

    /// Is told how far it is, page by page.
    pub fn on_progress(mut self, progress: impl FnMut(&CopyReport) + Send + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Copies.
    ///
    /// # Errors
    /// When one of the stores fails and goes on failing for some seconds: what was copied until then stays. Rows that
    /// the other store refuses are no error; the report lists them.
    pub async fn run(mut self) -> Result<CopyReport, StoreError> {
        if self.from.is_same_as(self.to) {
            return Err(StoreError::of(StoreErrorKind::Refused, "copy tokens")
                .evidence(format!("both ends are {}", self.to.name()))
                .next_step("name two different stores"));
        }
        let mut report = CopyReport::default();
        let highest = self.look_ahead(&mut report).await?;
        let mut there = There::default();
        there.read(self.to).await?;
        // The highest id goes first: whoever adds a user to the other store from now on gets a higher one. Users who
        // were added just before have ids that are to be left alone.
        self.copy(highest.as_slice(), &mut there, &mut report).await?;
        there.read(self.to).await?;
        let mut copied = highest;
        let mut place = None;
        loop {
            let page = patiently(|| self.from.get_token_page(place.as_deref())).await?;
            let is_left = |row: &StoredToken| copied.take_if(|copied| copied == row).is_none();
            let rows: Vec<_> = page.tokens.iter().map(StoredToken::from).filter(is_left).collect();
            for part in rows.chunks(LARGEST_STEP) {
                self.copy(part, &mut there, &mut report).await?;
                (self.progress)(&report);
            }
            match page.next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
        // A row that gets a new id has to wait until every other has its own.
        for part in std::mem::take(&mut there.without_place).chunks(LARGEST_STEP) {
            let steps = part.iter().map(|row| (row, How::Renumber)).collect();
            self.write(steps, &mut there, &mut report).await?;
        }
        if !self.is_dry {
            self.verify(there, &mut report).await?;
        }
        (self.progress)(&report);
        Ok(report)
    }

    async fn copy(
        &self,
        rows: &[StoredToken],
        there: &mut There,
        report: &mut CopyReport,
    ) -> Result<(), StoreError> {
        let mut steps = Vec::with_capacity(rows.len());
        for row in rows {
            report.read += 1;
            match step::of(row, self.from, self.to, there).await? {
                Step::Same => {
                    report.same += 1;
                    report.verified += 1;
                }
                Step::Newer => report.newer += 1,
                Step::Replace(old, how) => self.replace(row, &old, how, there, report).await?,
                Step::Write(How::Renumber) => there.without_place.push(row.clone()),
                Step::Write(how) => steps.push((row, how)),
            }
        }
        self.write(steps, there, report).await
    }

    /// Writes a row over an older state of the same token. Such rows are few, and each goes alone.
    async fn replace(
        &self,
        row: &StoredToken,
        old: &StoredToken,
        how: How,
        there: &mut There,
        report: &mut CopyReport,
    ) -> Result<(), StoreError> {
        if self.is_dry {
            how.count(report);
            return Ok(());
        }
        match replace(row, old, self.to).await {
            Ok(Replaced::Written(saved)) => {
                there.expect(row, &saved);
                how.count(report);
            }
            Ok(Replaced::Same) => {
                report.same += 1;
                report.verified += 1;
            }
            Ok(Replaced::Newer) => report.newer += 1,
            Ok(Replaced::Changed) => report.changed += 1,
            Err(error) if is_about_a_row(&error) => report.refuse(row, &error),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn write(
        &self,
        steps: Vec<(&StoredToken, How)>,
        there: &mut There,
        report: &mut CopyReport,
    ) -> Result<(), StoreError> {
        if self.is_dry {
            steps.iter().for_each(|(_, how)| how.count(report));
            return Ok(());
        }
        let tokens: Vec<OAuthToken> = steps.iter().map(|(row, how)| how.token(row)).collect();
        match patiently(|| self.to.save_tokens(&tokens)).await {
            Ok(saved) => {
                for ((row, how), saved) in steps.iter().zip(&saved) {
                    there.expect(row, saved);
                    how.count(report);
                }
                Ok(())
            }
            // One of them cannot be saved; which one shows when each goes alone.
            Err(error) if is_about_a_row(&error) => {
                for (row, how) in steps {
                    self.write_alone(row, how, there, report).await?;
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn write_alone(
        &self,
        row: &StoredToken,
        how: How,
        there: &mut There,
        report: &mut CopyReport,
    ) -> Result<(), StoreError> {
        let token = how.token(row);
        let error = match patiently(|| self.to.save_token(&token)).await {
            Ok(saved) => {
                there.expect(row, &saved);
                how.count(report);
                return Ok(());
            }
            Err(error) => error,
        };
        match how {
            _ if !is_about_a_row(&error) => return Err(error),
            // Its own id may be what there is no room for.
            How::Add if error.kind() == StoreErrorKind::Refused => there.without_place.push(row.clone()),
            _ => report.refuse(row, &error),
        }
        Ok(())
    }

    /// Counts the rows, and finds the one with the highest id.
    async fn look_ahead(&self, report: &mut CopyReport) -> Result<Option<StoredToken>, StoreError> {
        let mut highest: Option<StoredToken> = None;
        let number = |row: &StoredToken| row.id.as_deref().and_then(id_number);
        let mut place = None;
        loop {
            let page = patiently(|| self.from.get_token_page(place.as_deref())).await?;
            report.total += page.tokens.len() as u64;
            for row in page.tokens.iter().map(StoredToken::from) {
                if number(&row) > highest.as_ref().and_then(number) {
                    highest = Some(row);
                }
            }
            match page.next {
                Some(next) => place = Some(next),
                None => return Ok(highest),
            }
        }
    }

    /// Reads the other store again and compares.
    async fn verify(&mut self, there: There, report: &mut CopyReport) -> Result<(), StoreError> {
        let mut expected = there.expected;
        let mut place = None;
        while !expected.is_empty() {
            let page = patiently(|| self.to.get_token_page(place.as_deref())).await?;
            for token in &page.tokens {
                let row = StoredToken::from(token);
                let id = row.id.clone().unwrap_or_default();
                if let Some((content, rows)) = expected.get(&id)
                    && *content == digest(&row)
                {
                    report.verified += rows;
                    expected.remove(&id);
                }
            }
            (self.progress)(report);
            match page.next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
        // What the pages did not bring may have come after them.
        for (id, (content, rows)) in expected {
            let row = patiently(|| self.to.find_token_by_id(&id)).await?.as_ref().map(StoredToken::from);
            match row {
                Some(row) if digest(&row) == content => report.verified += rows,
                _ => report.changed += rows,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for TokenCopy<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, is_dry, .. } = self;
        let ends = formatter.debug_struct("TokenCopy").field("from", from).field("to", to).finish();
        ends.and_then(|()| if *is_dry { formatter.write_str(" (dry run)") } else { Ok(()) })
    }
}

/// So many rows are saved in one step: an interruption costs no more than that.
const LARGEST_STEP: usize = 1_000;

fn is_about_a_row(error: &StoreError) -> bool {
    matches!(error.kind(), StoreErrorKind::Refused | StoreErrorKind::Ambiguous)
}

/// Does something on a store, again if it failed for the moment: a copy of a million rows does not end because a
/// server starts anew.
async fn patiently<T, F>(mut work: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    const PAUSES: [Duration; 4] = [
        Duration::from_millis(100),
        Duration::from_millis(500),
        Duration::from_secs(2),
        Duration::from_secs(5),
    ];
    for pause in PAUSES {
        match work().await {
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "the copy waits");
                tokio::time::sleep(pause).await;
            }
            outcome => return outcome,
        }
    }
    work().await
}
