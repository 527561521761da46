//! Copying all rows of one store to another. Every row is verified, and a copy can be repeated.

mod replace;
mod report;
mod step;
mod there;

use std::fmt;
use std::time::Duration;

use crate::token::OAuthToken;

use super::error::{StoreError, StoreErrorKind};
use super::ids::id_number;
use super::stored::StoredToken;
use super::token_store::{AnyStore, TokenStore};

use replace::{Replaced, replace};
use step::{How, Step};
use there::{There, digest};

pub use report::{CopyReport, RejectedRow};

/// Copies all tokens of one store to another one of any kind.
///
/// A row keeps its id if the id is free in the target store. A row that the target store already has is left unchanged if it
/// has the same content or expires later, and is overwritten otherwise. At the end, every copied row is read again and
/// compared. Nothing is ever deleted. To resume an interrupted copy, run it again.
///
/// Leases and ledgers are not copied, because they matter only for the next ten minutes. Programs can use both stores
/// during the copy; a change to the source store after a row was read is not copied.
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
#[must_use = "nothing is copied until it is run"]
pub struct TokenCopy<'a> {
    from: &'a AnyStore,
    to: &'a AnyStore,
    is_dry: bool,
    progress: Box<dyn FnMut(&CopyReport) + Send + 'a>,
}

impl<'a> TokenCopy<'a> {
    /// Creates a copy from one store to another.
    pub fn new(from: &'a AnyStore, to: &'a AnyStore) -> Self {
        Self { from, to, is_dry: false, progress: Box::new(|_| {}) }
    }

    /// Sets whether only to report what a copy would do. Default: `false`.
    pub fn dry_run(mut self, is_dry: bool) -> Self {
        self.is_dry = is_dry;
        self
    }

    /// Sets a callback that receives the report after every page.
    pub fn on_progress(mut self, progress: impl FnMut(&CopyReport) + Send + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Runs the copy.
    ///
    /// # Errors
    /// If one of the stores fails repeatedly for some seconds. What was copied until then stays. A row that the target
    /// store rejects is not an error; the report lists it.
    pub async fn run(mut self) -> Result<CopyReport, StoreError> {
        if with_retries(|| self.from.is_same_as(self.to)).await? {
            return Err(StoreError::of(StoreErrorKind::Rejected, "copy tokens")
                .evidence(format!("source and target are both {}", self.to.name()))
                .next_step("choose two different stores"));
        }
        let mut report = CopyReport::default();
        let highest = self.look_ahead(&mut report).await?;
        let mut there = There::default();
        there.read(self.to).await?;
        // The row with the highest id is copied first, so that users who log in during the copy get higher ids. Rows that
        // were added before that keep their ids.
        self.copy(highest.as_slice(), &mut there, &mut report).await?;
        there.read(self.to).await?;
        let mut copied = highest;
        let mut cursor = None;
        loop {
            let page = with_retries(|| self.from.get_token_page(cursor.as_deref())).await?;
            let is_left = |row: &StoredToken| copied.take_if(|copied| copied == row).is_none();
            let rows: Vec<_> = page.tokens.iter().map(StoredToken::from).filter(is_left).collect();
            for part in rows.chunks(MAX_STEP) {
                self.copy(part, &mut there, &mut report).await?;
                (self.progress)(&report);
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        // Rows that get a new id come last, when all ids that must be kept are taken.
        for part in std::mem::take(&mut there.renumbered).chunks(MAX_STEP) {
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
                Step::Write(How::Renumber) => there.renumbered.push(row.clone()),
                Step::Write(how) => steps.push((row, how)),
            }
        }
        self.write(steps, there, report).await
    }

    /// Overwrites an older state of the same token. Such rows are few, so they are written one by one.
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
            Err(error) if is_about_a_row(&error) => report.reject(row, &error),
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
        match with_retries(|| self.to.save_tokens(&tokens)).await {
            Ok(saved) => {
                for ((row, how), saved) in steps.iter().zip(&saved) {
                    there.expect(row, saved);
                    how.count(report);
                }
                Ok(())
            }
            // One of them cannot be saved. Saving them one by one shows which.
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
        let error = match with_retries(|| self.to.save_token(&token)).await {
            Ok(saved) => {
                there.expect(row, &saved);
                how.count(report);
                return Ok(());
            }
            Err(error) => error,
        };
        match how {
            _ if !is_about_a_row(&error) => return Err(error),
            // The id may be what the target store cannot hold.
            How::Add if error.kind() == StoreErrorKind::Rejected => there.renumbered.push(row.clone()),
            _ => report.reject(row, &error),
        }
        Ok(())
    }

    /// Counts the rows and finds the one with the highest id.
    async fn look_ahead(&self, report: &mut CopyReport) -> Result<Option<StoredToken>, StoreError> {
        let mut highest: Option<StoredToken> = None;
        let number = |row: &StoredToken| row.id.as_deref().and_then(id_number);
        let mut cursor = None;
        loop {
            let page = with_retries(|| self.from.get_token_page(cursor.as_deref())).await?;
            report.total += page.tokens.len() as u64;
            for row in page.tokens.iter().map(StoredToken::from) {
                if number(&row) > highest.as_ref().and_then(number) {
                    highest = Some(row);
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(highest),
            }
        }
    }

    /// Reads the target store again and compares.
    async fn verify(&mut self, there: There, report: &mut CopyReport) -> Result<(), StoreError> {
        let mut expected = there.expected;
        let mut cursor = None;
        while !expected.is_empty() {
            let page = with_retries(|| self.to.get_token_page(cursor.as_deref())).await?;
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
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        // A row may have been inserted after its place in the listing had passed.
        for (id, (content, rows)) in expected {
            let row = with_retries(|| self.to.find_token_by_id(&id)).await?.as_ref().map(StoredToken::from);
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

/// How many rows are saved in one step, and so how many an interruption can lose.
const MAX_STEP: usize = 1_000;

fn is_about_a_row(error: &StoreError) -> bool {
    matches!(error.kind(), StoreErrorKind::Rejected | StoreErrorKind::Ambiguous)
}

/// Runs an operation on a store and retries transient failures, so that the restart of a server does not end a copy of a
/// million rows.
async fn with_retries<T, F>(mut work: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    const DELAYS: [Duration; 4] = [
        Duration::from_millis(100),
        Duration::from_millis(500),
        Duration::from_secs(2),
        Duration::from_secs(5),
    ];
    for delay in DELAYS {
        match work().await {
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "the copy retries");
                tokio::time::sleep(delay).await;
            }
            outcome => return outcome,
        }
    }
    work().await
}
