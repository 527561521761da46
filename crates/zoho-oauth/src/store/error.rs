//! Why a store could not do what it was asked.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// A failure of a token store: which store, what it was doing, what was seen, and what to do next.
///
/// Cheap to clone, since many callers may wait for one operation.
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    store: Option<Arc<str>>,
    action: Cow<'static, str>,
    evidence: Option<Arc<str>>,
    next_step: Option<Cow<'static, str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What went wrong, by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Someone else holds the store, or it cannot be reached for the moment: try again.
    Busy,
    /// There is no room left.
    Full,
    /// The store may not be written, or not be read, by this account.
    Permission,
    /// The content cannot be understood; it was left as it is.
    Damaged,
    /// More than one row answers the look-up, and they differ.
    Ambiguous,
    /// The token or the value cannot be stored as it is.
    Refused,
    /// Anything else.
    Other,
}

impl StoreError {
    /// An error of a store of one's own: its name, what it was doing (`"save a token"`), and the cause.
    pub fn new(
        store: impl Into<String>,
        action: impl Into<Cow<'static, str>>,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::of(StoreErrorKind::Other, action).in_store(store).caused_by(cause)
    }

    /// An error of one kind, without a store's name yet.
    pub fn of(kind: StoreErrorKind, action: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, store: None, action: action.into(), evidence: None, next_step: None, source: None }
    }

    /// An error of a store that cannot be opened with the options that it was given.
    #[cfg(any(feature = "mysql", feature = "postgres", feature = "redis", feature = "secrets-manager"))]
    pub(super) fn invalid_options(evidence: &'static str, next_step: &'static str) -> Self {
        Self::of(StoreErrorKind::Refused, "open the token store").evidence(evidence).next_step(next_step)
    }

    /// Says which store it was: its kind and place, never its password.
    #[must_use]
    pub fn in_store(mut self, store: impl Into<String>) -> Self {
        self.store.get_or_insert_with(|| Arc::from(store.into()));
        self
    }

    /// Says what was seen.
    #[must_use]
    pub fn evidence(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = Some(Arc::from(evidence.into()));
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn next_step(mut self, next_step: impl Into<Cow<'static, str>>) -> Self {
        self.next_step = Some(next_step.into());
        self
    }

    /// Keeps the cause, for `source()`.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(cause.into()));
        self
    }

    /// What went wrong, by what can be done about it.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether the same call may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == StoreErrorKind::Busy
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.store {
            Some(store) => write!(formatter, "{store} could not {}", self.action)?,
            None => write!(formatter, "could not {}", self.action)?,
        }
        if let Some(evidence) = &self.evidence {
            write!(formatter, ": {evidence}")?;
        }
        if let Some(next_step) = &self.next_step {
            write!(formatter, "; {next_step}")?;
        }
        Ok(())
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
