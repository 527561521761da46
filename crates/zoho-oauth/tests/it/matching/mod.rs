//! The stores and the matching rule compared with a minimal model of the contract, under random sequences of calls.
//!
//! The model is written from the contract's documentation and shares no code with the stores, so that a mistake
//! in the rule that all of them share is found.

mod model;
mod random;

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{
    Criterion, FileStore, MemoryStore, SqliteStore, StoreError, StoreErrorKind, StoredToken, TokenStore,
};

use crate::sqlite::support::folder;

use model::{Model, Row};
use random::{Step, steps, token, wanted_and_rows};

/// A store and the model of its expected behavior.
struct Pair<S> {
    store: S,
    model: Model,
    /// The outcomes seen, for the test that checks the coverage of the random steps.
    events: BTreeSet<String>,
}

impl<S: TokenStore> Pair<S> {
    async fn step(&mut self, step: &Step, open: &impl Fn() -> S) -> Result<(), TestCaseError> {
        let event = match step {
            Step::Save(token) => self.save(token).await?,
            Step::Find(token) => self.find(token).await?,
            Step::FindById(id) => self.find_by_id(id).await?,
            Step::Delete(id) => {
                let was_there = self.store.delete_token(id).await.expect("the store can be written");
                prop_assert_eq!(was_there, self.model.delete(id));
                String::from(if was_there { "deleted" } else { "found nothing to delete" })
            }
            Step::DeleteAll => {
                self.store.delete_tokens().await.expect("the store can be written");
                self.model.rows.clear();
                "deleted all".to_owned()
            }
            Step::Reopen => {
                self.store = open();
                "reopened".to_owned()
            }
        };
        self.events.insert(event);
        let tokens = self.store.get_tokens().await.expect("the store can be read");
        let mut content: Vec<Row> = tokens.into_iter().map(Row::from).collect();
        content.sort();
        prop_assert_eq!(content, self.model.content());
        Ok(())
    }

    async fn find(&self, token: &Row) -> Result<String, TestCaseError> {
        let found = self.store.find_token(&token.token()).await;
        let token = token.clone().without_empty_values();
        let meant = match self.model.rows_meant(&token) {
            Ok(meant) => meant,
            Err(differing) => {
                expect_ambiguous(found, &differing)?;
                return Ok("found several that differ".to_owned());
            }
        };
        let found = found.expect("the store can be read").map(Row::from);
        let Some(found) = found else {
            prop_assert_eq!(meant, Vec::<&Row>::new());
            return Ok("found none".to_owned());
        };
        let event = format!("found {}", self.model.match_kind(&token));
        let possible: Vec<Row> = meant.into_iter().map(|row| token.clone().or(row.clone())).collect();
        prop_assert!(possible.contains(&found), "found {:?}, expected one of {:?}", found, possible);
        Ok(event)
    }

    async fn save(&mut self, token: &Row) -> Result<String, TestCaseError> {
        let saved = self.store.save_token(&token.token()).await;
        let token = token.clone().without_empty_values();
        if token.access.is_none() && token.refresh.is_none() && token.grant.is_none() {
            prop_assert_eq!(
                saved.map(Row::from).map_err(|error| error.kind()),
                Err(StoreErrorKind::Rejected)
            );
            return Ok("rejected".to_owned());
        }
        let meant = match self.model.rows_meant(&token) {
            Ok(meant) => meant,
            Err(differing) => {
                expect_ambiguous(saved, &differing)?;
                return Ok("saved over several that differ".to_owned());
            }
        };
        let saved = Row::from(saved.expect("the store can be written"));
        let id = saved.id.clone().expect("a saved token has an id");
        let (expected, event) = if meant.is_empty() {
            if token.id.is_some() {
                (token, "inserted under a chosen id".to_owned())
            } else {
                let is_decimal = id.len() <= 10 && id.chars().all(|digit| digit.is_ascii_digit());
                prop_assert!(is_decimal, "{id} is not a decimal id");
                prop_assert!(!self.model.ids_ever_used.contains(&id), "{id} was in use before");
                (Row { id: Some(id), ..token }, "inserted".to_owned())
            }
        } else {
            prop_assert!(meant.iter().any(|row| row.id == saved.id), "wrote {saved:?}, meant {meant:?}");
            let event = format!("updated {}", self.model.match_kind(&token));
            let row = self.model.row(&id).expect("one of those meant");
            (token.or(row.clone()), event)
        };
        prop_assert_eq!(&saved, &expected);
        self.model.put(expected);
        Ok(event)
    }

    async fn find_by_id(&self, id: &str) -> Result<String, TestCaseError> {
        let found = self.store.find_token_by_id(id).await.expect("the store can be read").map(Row::from);
        prop_assert_eq!(found.as_ref(), self.model.row(id));
        Ok(String::from(if found.is_some() { "had the id" } else { "had no such id" }))
    }
}

/// Checks that the error is `Ambiguous`, names a column that distinguishes the rows, and says what to give.
fn expect_ambiguous<T: std::fmt::Debug>(
    result: Result<T, StoreError>,
    differing: &[&str],
) -> Result<(), TestCaseError> {
    match result {
        Err(error) => {
            prop_assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
            let text = error.to_string();
            let (evidence, next_step) = text.rsplit_once("; pass the ").unwrap_or_default();
            prop_assert!(differing.iter().any(|column| evidence.contains(column)), "{text}: {differing:?}");
            prop_assert!(next_step.ends_with("id"), "{text}: the id is always an option");
        }
        Ok(row) => prop_assert!(false, "one row of several that differ in {differing:?}: {row:?}"),
    }
    Ok(())
}

/// Runs the steps on a new store; `open` opens the same store again.
fn run<S: TokenStore>(steps: &[Step], open: impl Fn() -> S) -> Result<BTreeSet<String>, TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be started").block_on(async {
        let mut pair = Pair { store: open(), model: Model::default(), events: BTreeSet::new() };
        for step in steps {
            pair.step(step, &open).await?;
        }
        Ok(pair.events)
    })
}

/// Writes no regression file: a failure prints the shortest steps that cause it, which then
/// become a separate test.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn the_memory_store_follows_the_contract(steps in steps()) {
        let store = MemoryStore::new();
        run(&steps, || store.clone())?;
    }

    #[test]
    fn sqlite_in_memory_follows_the_contract(steps in steps()) {
        let store = SqliteStore::in_memory().expect("a database in memory can be opened");
        run(&steps, || store.clone())?;
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn a_sqlite_file_follows_the_contract(steps in steps()) {
        let folder = folder();
        run(&steps, || SqliteStore::open(folder.path().join("zohooauth.db")).expect("the database opens"))?;
    }

    #[test]
    fn a_token_file_follows_the_contract(steps in steps()) {
        let folder = folder();
        run(&steps, || FileStore::open(folder.path().join("sdk_tokens.txt")).expect("the file opens"))?;
    }
}

#[test]
fn the_random_steps_cover_every_outcome() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..1_000 {
        let steps = steps().new_tree(&mut runner).expect("some steps").current();
        let store = MemoryStore::new();
        seen.extend(run(&steps, || store.clone()).expect("the store does what the contract says"));
    }
    let mut expected: BTreeSet<String> = [
        "deleted",
        "deleted all",
        "found nothing to delete",
        "found by id",
        "found none",
        "found several that differ",
        "had no such id",
        "had the id",
        "inserted",
        "inserted under a chosen id",
        "rejected",
        "reopened",
        "saved over several that differ",
        "updated by id",
    ]
    .map(str::to_owned)
    .into();
    for rule in ["user", "access token", "grant token", "refresh token"] {
        for among in ["", ", the last of duplicates", ", one of equal duplicates"] {
            expected.extend(["found", "updated"].map(|done| format!("{done} by {rule}{among}")));
        }
    }
    let missing: Vec<_> = expected.difference(&seen).collect();
    assert!(missing.is_empty(), "not covered: {missing:?}");
}

fn stored(rows: &[Row]) -> Vec<Arc<StoredToken>> {
    rows.iter().map(|row| Arc::new(row.stored())).collect()
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn rows_agree_with_a_criterion_exactly_as_the_contract_says((wanted, rows, _) in wanted_and_rows()) {
        let rows: Vec<Row> = rows.into_iter().map(Row::without_empty_values).collect();
        let model = Model { rows: rows.clone(), ..Model::default() };
        let wanted_row = wanted.stored();
        let criterion = Criterion::of(&wanted_row);
        let agrees = |row: &&Row| criterion.is_some_and(|criterion| criterion.agrees_with(&row.stored()));
        let agreeing: Vec<&Row> = rows.iter().filter(agrees).collect();
        prop_assert_eq!(agreeing, model.rows_that_agree(&wanted.without_empty_values()));
    }

    #[test]
    fn the_chosen_row_agrees_with_the_criterion((wanted, rows, _) in wanted_and_rows()) {
        let wanted = wanted.stored();
        if let Some(criterion) = Criterion::of(&wanted)
            && let Ok(Some(row)) = criterion.choose(stored(&rows))
        {
            prop_assert!(criterion.agrees_with(&row));
        }
    }

    #[test]
    fn row_order_only_decides_among_the_rows_that_expire_last(
        (wanted, rows, shuffled) in wanted_and_rows(),
    ) {
        let wanted_row = wanted.stored();
        let Some(criterion) = Criterion::of(&wanted_row) else { return Ok(()) };
        let (one, other) = (criterion.choose(stored(&rows)), criterion.choose(stored(&shuffled)));
        let model = Model {
            rows: rows.into_iter().map(Row::without_empty_values).collect(),
            ..Model::default()
        };
        let Ok(meant) = model.rows_meant(&wanted.without_empty_values()) else {
            expect_ambiguous(one, &["user_name", "client_id", "api_domain"])?;
            return expect_ambiguous(other, &["user_name", "client_id", "api_domain"]);
        };
        for chosen in [one, other] {
            let chosen = chosen.expect("the rows that agree do not differ");
            let chosen = chosen.map(|row| Row::from(OAuthToken::from((*row).clone())));
            prop_assert_eq!(chosen.is_none(), meant.is_empty());
            prop_assert!(chosen.is_none_or(|row| meant.contains(&&row)));
        }
    }

    #[test]
    fn a_token_has_a_criterion_only_if_one_of_its_fields_is_usable(token in token()) {
        let is_usable = Model::rule(&token.clone().without_empty_values()).is_some();
        prop_assert_eq!(Criterion::of(&token.stored()).is_some(), is_usable);
    }
}
