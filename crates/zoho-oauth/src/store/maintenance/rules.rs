//! The rules of a check. Rows are read twice: the first pass counts duplicates by hash, the second one locates them. So a
//! million rows do not have to fit into memory.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};

use crate::origin::one_spelling;
use crate::store::coordination::LeaseKey;
use crate::store::ids::id_number;
use crate::store::matching::Criterion;
use crate::store::stored::{StoredToken, is_empty};

use super::finding::{Finding, FindingKind};

/// The first pass: which ids and owners occur more than once.
#[derive(Debug, Default)]
pub(crate) struct FirstPass {
    rows: u64,
    ids: Tally,
    owners: Tally,
}

impl FirstPass {
    /// Counts a row.
    pub(crate) fn count(&mut self, row: &StoredToken) {
        self.rows += 1;
        if let Some(id) = row.id.as_deref().filter(|id| !id.is_empty()) {
            self.ids.count(id);
        }
        if let Some(owner) = Owner::of(row) {
            self.owners.count(&owner);
        }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Starts the second pass.
    pub(crate) fn second_pass(self) -> SecondPass {
        SecondPass { first: self, ..SecondPass::default() }
    }
}

/// The second pass: what is wrong with each row.
#[derive(Debug, Default)]
pub(crate) struct SecondPass {
    first: FirstPass,
    findings: Vec<Finding>,
    owners: HashMap<Owner, usize>,
    ids: HashMap<String, usize>,
}

impl SecondPass {
    /// Checks a row, which begins on `line` if it is in a CSV file.
    pub(crate) fn check(&mut self, row: &StoredToken, line: Option<usize>) {
        let id = row.id.as_deref();
        let mut found = |kind, text: &str| self.findings.push(Finding::new(kind, text).of_row(id, line));
        if lacks_a_token(row) {
            found(FindingKind::MissingToken, "the row has no access, refresh or grant token");
            return;
        }
        if is_empty(id) {
            found(FindingKind::NonNumericId, "the row has no id; official SDKs cannot save while it exists");
        } else if !is_decimal(id) {
            let text =
                "the id is not a number of at most ten digits; official SDKs cannot save while it exists";
            found(FindingKind::NonNumericId, text);
        }
        if row.expiry_milliseconds() == Some(0) {
            let text = "the expiry is not a number of milliseconds, so the access token counts as expired";
            found(FindingKind::NonNumericExpiry, text);
        }
        let lacks_its_client = is_empty(row.client_id.as_deref()) || is_empty(row.client_secret.as_deref());
        if !is_empty(row.refresh_token.as_deref()) && lacks_its_client {
            let text = "the row has a refresh token without the client id and secret that a renewal needs";
            found(FindingKind::MissingClient, text);
        }
        self.compare(row, line);
    }

    /// Notes that the entry of the lease on a row's refresh token is damaged.
    pub(crate) fn note_damaged_lease(&mut self, row: &StoredToken) {
        let text = "the lease or the ledger of its refresh token cannot be read, and counts as empty";
        self.findings.push(Finding::new(FindingKind::DamagedLease, text).of_row(row.id.as_deref(), None));
    }

    /// Returns what was found.
    pub(crate) fn finish(self) -> Vec<Finding> {
        let Self { first, mut findings, .. } = self;
        // Two values may have the same hash, and a row may have been deleted since the first pass.
        let is_about_several = |kind| matches!(kind, FindingKind::DuplicateRows | FindingKind::DuplicateId);
        findings.retain(|finding| finding.ids.len() > 1 || !is_about_several(finding.kind));
        for finding in &mut findings {
            // Outside of a CSV file the id alone identifies a row, and a repair must not change another one.
            let is_known = |id: &String| !id.is_empty() && !first.ids.is_repeated(id.as_str());
            if finding.lines.is_empty() && !finding.ids.iter().all(is_known) {
                finding.can_be_repaired = false;
            }
        }
        findings.sort_by(|one, other| one.lines.first().cmp(&other.lines.first()));
        findings
    }

    fn compare(&mut self, row: &StoredToken, line: Option<usize>) {
        if let Some(owner) = Owner::of(row).filter(|owner| self.first.owners.is_repeated(owner)) {
            let whose = match row.user_name.as_deref() {
                Some(user) if !user.is_empty() => format!("{user} has several rows"),
                _ => "several rows have the same token".to_owned(),
            };
            let position = *self.owners.entry(owner).or_insert(self.findings.len());
            let text = format!("{whose} for one client app and API domain");
            self.add_to(position, FindingKind::DuplicateRows, &text, row, line);
        }
        let Some(id) = row.id.as_deref().filter(|id| self.first.ids.is_repeated(*id)) else { return };
        let position = *self.ids.entry(id.to_owned()).or_insert(self.findings.len());
        self.add_to(position, FindingKind::DuplicateId, "several rows have this id", row, line);
    }

    fn add_to(
        &mut self,
        position: usize,
        kind: FindingKind,
        text: &str,
        row: &StoredToken,
        line: Option<usize>,
    ) {
        if position == self.findings.len() {
            self.findings.push(Finding::new(kind, text));
        }
        self.findings[position].add_row(row.id.as_deref(), line);
    }
}

/// What two copies of one token have in common: the look-up value, the client app and the API domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner([String; 4]);

impl Owner {
    pub(crate) fn of(row: &StoredToken) -> Option<Self> {
        if lacks_a_token(row) {
            return None;
        }
        let row = StoredToken { id: None, ..row.clone() };
        let criterion = Criterion::of(&row)?;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Some(Self([
            criterion.column().to_owned(),
            criterion.value().to_owned(),
            text(&row.client_id),
            one_spelling(row.api_domain.as_deref().unwrap_or_default()).into_owned(),
        ]))
    }
}

/// Returns the key of the lease on a row's refresh token, if it has one.
pub(crate) fn lease_key(row: &StoredToken) -> Option<LeaseKey> {
    let refresh_token = row.refresh_token.as_deref().filter(|token| !token.is_empty())?;
    Some(LeaseKey::refresh(&refresh_token.into()))
}

/// Whether a row has no token.
pub(super) fn lacks_a_token(row: &StoredToken) -> bool {
    [&row.access_token, &row.refresh_token, &row.grant_token]
        .into_iter()
        .all(|token| is_empty(token.as_deref()))
}

/// Whether official SDKs can read the id as a number.
pub(super) fn is_decimal(id: Option<&str>) -> bool {
    id.is_some_and(|id| id_number(id).is_some())
}

/// Counts values by hash: which occurred, and which more than once.
#[derive(Debug, Default)]
struct Tally {
    hasher: RandomState,
    seen: HashSet<u64>,
    repeated: HashSet<u64>,
}

impl Tally {
    fn count(&mut self, value: impl Hash) {
        let hash = self.hasher.hash_one(value);
        if !self.seen.insert(hash) {
            self.repeated.insert(hash);
        }
    }

    fn is_repeated(&self, value: impl Hash) -> bool {
        self.repeated.contains(&self.hasher.hash_one(value))
    }
}
