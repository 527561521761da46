//! The rules of a check, over rows that pass by twice: first to learn what is there more than once, by hashes
//! alone, then to say where. So a million rows need no memory for a million.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};

use crate::store::ids::id_number;
use crate::store::matching::Criterion;
use crate::store::stored::{StoredToken, is_empty};

use super::finding::{Finding, FindingKind};

/// The first pass.
#[derive(Debug, Default)]
pub(crate) struct Census {
    rows: u64,
    ids: Tally,
    owners: Tally,
}

impl Census {
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

    /// Goes on to the second pass.
    pub(crate) fn look_closer(self) -> Examination {
        Examination { census: self, ..Examination::default() }
    }
}

/// The second pass.
#[derive(Debug, Default)]
pub(crate) struct Examination {
    census: Census,
    findings: Vec<Finding>,
    owners: HashMap<Owner, usize>,
    ids: HashMap<String, usize>,
}

impl Examination {
    /// Looks at a row, which stands on `line` of a CSV file if it is in one.
    pub(crate) fn look_at(&mut self, row: &StoredToken, line: Option<usize>) {
        let id = row.id.as_deref();
        let mut found = |kind, text: &str| self.findings.push(Finding::new(kind, text).of_row(id, line));
        if lacks_a_token(row) {
            found(FindingKind::NoToken, "the row has neither an access, nor a refresh, nor a grant token");
            return;
        }
        if is_empty(id) {
            found(
                FindingKind::IdNotANumber,
                "the row has no id; official SDKs stop saving while it is there",
            );
        } else if !is_decimal(id) {
            let text =
                "its id is no number of at most ten digits; official SDKs stop saving while it is there";
            found(FindingKind::IdNotANumber, text);
        }
        if row.expiry_milliseconds() == Some(0) {
            let text = "its expiry is no number of milliseconds, so its access token counts as ended";
            found(FindingKind::ExpiryNotANumber, text);
        }
        let lacks_its_client = is_empty(row.client_id.as_deref()) || is_empty(row.client_secret.as_deref());
        if !is_empty(row.refresh_token.as_deref()) && lacks_its_client {
            let text = "it has a refresh token and lacks the client id or secret that renewing takes";
            found(FindingKind::NoClient, text);
        }
        self.compare(row, line);
    }

    /// What was found.
    pub(crate) fn finish(self) -> Vec<Finding> {
        let Self { census, mut findings, .. } = self;
        // Of two values with one hash, or of two rows one of which has gone since, one is left alone.
        let is_about_several = |kind| matches!(kind, FindingKind::DuplicateRows | FindingKind::IdUsedTwice);
        findings.retain(|finding| finding.ids.len() > 1 || !is_about_several(finding.kind));
        for finding in &mut findings {
            // Without lines a row is known by its id alone, and a repair must not hit another one.
            let is_known = |id: &String| !id.is_empty() && !census.ids.is_repeated(id.as_str());
            if finding.lines.is_empty() && !finding.ids.iter().all(is_known) {
                finding.can_be_repaired = false;
            }
        }
        findings.sort_by(|one, other| one.lines.first().cmp(&other.lines.first()));
        findings
    }

    fn compare(&mut self, row: &StoredToken, line: Option<usize>) {
        if let Some(owner) = Owner::of(row).filter(|owner| self.census.owners.is_repeated(owner)) {
            let whose = match row.user_name.as_deref() {
                Some(user) if !user.is_empty() => format!("{user} has several rows"),
                _ => "one token stands in several rows".to_owned(),
            };
            let position = *self.owners.entry(owner).or_insert(self.findings.len());
            let text = format!("{whose} for one client app and API domain");
            self.add_to(position, FindingKind::DuplicateRows, &text, row, line);
        }
        let Some(id) = row.id.as_deref().filter(|id| self.census.ids.is_repeated(*id)) else { return };
        let position = *self.ids.entry(id.to_owned()).or_insert(self.findings.len());
        self.add_to(position, FindingKind::IdUsedTwice, "several rows have this id", row, line);
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

/// What makes two rows copies of one token: what they are looked up by, the client app and the API domain.
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
            text(&row.api_domain),
        ]))
    }
}

/// Whether there is nothing in a row that could be used.
pub(super) fn lacks_a_token(row: &StoredToken) -> bool {
    [&row.access_token, &row.refresh_token, &row.grant_token]
        .into_iter()
        .all(|token| is_empty(token.as_deref()))
}

/// Whether an id is one that official SDKs can count on from.
pub(super) fn is_decimal(id: Option<&str>) -> bool {
    id.is_some_and(|id| id_number(id).is_some())
}

/// What passes by once, and what more than once.
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
