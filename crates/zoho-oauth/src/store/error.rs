//! Errors of token stores.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// An error of a token store: which store, what failed, the evidence, and what to do.
///
/// Cheap to clone, because many callers can wait for one operation.
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    store: Option<Arc<str>>,
    action: Cow<'static, str>,
    evidence: Option<Arc<str>>,
    next_step: Option<Cow<'static, str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kinds of errors, by what can be done about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store is locked, overloaded or unreachable. A retry may succeed.
    Busy,
    /// The disk, the quota or the memory of the store is full.
    Full,
    /// This account may not read or write the store.
    Permission,
    /// The content cannot be parsed, or a part of it is gone. It was not changed.
    Damaged,
    /// Several rows match the look-up, and they differ.
    Ambiguous,
    /// The input is invalid: a token or value that the store cannot hold, a URL, an option or a cursor.
    Rejected,
    /// Anything else.
    Other,
}

impl StoreError {
    /// Creates the error of a custom store from its name, what it could not do (`"save a token"`), and the cause.
    pub fn new(
        store: impl Into<String>,
        action: impl Into<Cow<'static, str>>,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::of(StoreErrorKind::Other, action).in_store(store).caused_by(cause)
    }

    /// Creates an error of a kind, for what could not be done (`"save a token"`).
    pub fn of(kind: StoreErrorKind, action: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, store: None, action: action.into(), evidence: None, next_step: None, source: None }
    }

    /// Creates the error for invalid options.
    #[cfg(any(feature = "mysql", feature = "postgres", feature = "redis", feature = "secrets-manager"))]
    pub(super) fn invalid_options(
        evidence: impl Into<String>,
        next_step: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::of(StoreErrorKind::Rejected, "open the token store").evidence(evidence).next_step(next_step)
    }

    /// Sets the name of the store, unless it is set. It must not contain a password.
    #[must_use]
    pub fn in_store(mut self, store: impl Into<String>) -> Self {
        self.store.get_or_insert_with(|| Arc::from(store.into()));
        self
    }

    /// Sets the evidence: what was observed.
    #[must_use]
    pub fn evidence(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = Some(Arc::from(evidence.into()));
        self
    }

    /// Sets what to do next.
    #[must_use]
    pub fn next_step(mut self, next_step: impl Into<Cow<'static, str>>) -> Self {
        self.next_step = Some(next_step.into());
        self
    }

    /// Sets the cause, which `source()` returns.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(cause.into()));
        self
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether a retry of the same call may succeed.
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
