//! Random tokens and calls with so few distinct values that rows collide, repeat and contradict each other.

use proptest::prelude::*;
use proptest::sample::select;

use super::model::Row;

/// A call to a store.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Save(Row),
    Find(Row),
    FindById(String),
    Delete(String),
    DeleteAll,
    /// Opens the store again. A store in memory keeps its content.
    Reopen,
}

fn value(value: &str) -> Option<String> {
    (value != "none").then(|| value.to_owned())
}

fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> + Clone {
    select(values).prop_map(value)
}

fn id() -> impl Strategy<Value = Option<String>> + Clone {
    one_of(&["none", "none", "none", "none", "", "1", "2", "x"])
}

/// Compared as text, 10000 would sort before 9000.
fn expiry() -> impl Strategy<Value = Option<u64>> + Clone {
    select(&[None, Some(9_000), Some(10_000), Some(1_795_298_101_001)][..])
}

/// A token with any fields, or none.
pub(super) fn token() -> impl Strategy<Value = Row> + Clone {
    let user = one_of(&["none", "none", "", "ada", "ada", "Ada", "bob"]);
    let apps = [("none", "none"), ("c", "s"), ("c", "s"), ("d", "s"), ("", ""), ("c", "none"), ("", "s")];
    let app = select(apps.to_vec());
    let secrets = || one_of(&["none", "none", "", "1", "1", "2"]);
    let urls = || one_of(&["none", "none", "", "a", "b"]);
    (id(), user, app, secrets(), secrets(), secrets(), expiry(), urls(), urls()).prop_map(
        |(id, user, (client, secret), refresh, access, grant, expiry, redirect, domain)| Row {
            id,
            user,
            client: value(client),
            secret: value(secret),
            refresh,
            access,
            grant,
            expiry,
            redirect,
            domain,
        },
    )
}

/// Any token or, equally often, `login` with another id and expiry, which causes duplicates.
fn token_beside(login: Row) -> impl Strategy<Value = Row> + Clone {
    let again = (id(), expiry()).prop_map(move |(id, expiry)| Row { id, expiry, ..login.clone() });
    prop_oneof![token(), again]
}

/// Up to thirty calls.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let id = || select(&["", "1", "1", "2", "3", "4", "01", "x", "X"][..]).prop_map(str::to_owned);
    token().prop_flat_map(move |login| {
        let step = prop_oneof![
            12 => token_beside(login.clone()).prop_map(Step::Save),
            8 => token_beside(login).prop_map(Step::Find),
            2 => id().prop_map(Step::FindById),
            2 => id().prop_map(Step::Delete),
            1 => Just(Step::DeleteAll),
            1 => Just(Step::Reopen),
        ];
        prop::collection::vec(step, 1..=30)
    })
}

/// A token to look for, and the same rows in two orders.
pub(super) fn wanted_and_rows() -> impl Strategy<Value = (Row, Vec<Row>, Vec<Row>)> {
    token().prop_flat_map(|login| {
        let rows = prop::collection::vec(token_beside(login.clone()), 0..8);
        (token_beside(login), rows)
            .prop_flat_map(|(wanted, rows)| (Just(wanted), Just(rows.clone()), Just(rows).prop_shuffle()))
    })
}
