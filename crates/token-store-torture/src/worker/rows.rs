//! Rows saved, read and deleted.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, TokenStore};

use super::{patiently, tell_now};
use crate::protocol::{Answer, LookUps, Row, Saved};
use crate::row::{reading_of, row};
use crate::tasks;

pub(super) async fn save(store: &AnyStore, user: &str, number: u64) -> Result<Saved, String> {
    let token = row(user, number);
    let saved = patiently(|| store.save_token(&token)).await?;
    let id = saved.id().ok_or("a row that was saved has no id")?.to_owned();
    Ok(Saved { user: user.to_owned(), number, id })
}

pub(super) async fn save_all(store: &AnyStore, users: Vec<String>) -> Result<Vec<Saved>, String> {
    tasks::save_all(users, 10, |user| {
        let store = store.clone();
        async move { save(&store, &user, 1).await }
    })
    .await
}

pub(super) async fn save_and_delete(store: &AnyStore, users: &[String]) -> Result<Vec<Saved>, String> {
    let mut all = Vec::with_capacity(users.len());
    for user in users {
        let saved = save(store, user, 1).await?;
        patiently(|| store.delete_token(&saved.id)).await?;
        all.push(saved);
    }
    Ok(all)
}

pub(super) async fn save_without_end(store: &AnyStore, first: u64) -> Answer {
    let store = store.clone();
    let ended = tasks::save_without_end(first, true, move |user, number| {
        let store = store.clone();
        async move { tell_now(save(&store, &user, number).await?) }
    });
    ended.await.map(Into::into)
}

pub(super) async fn save_over_and_over(store: &AnyStore, user: &str, first: u64) -> Answer {
    let mut number = first;
    loop {
        number += 1;
        tell_now(save(store, user, number).await?)?;
    }
}

pub(super) async fn all_rows(store: &AnyStore) -> Result<Vec<Row>, String> {
    let rows = patiently(|| store.get_tokens()).await?;
    Ok(rows.iter().map(Row::from).collect())
}

pub(super) async fn look_up(store: &AnyStore, user: &str, time: Duration) -> Result<LookUps, String> {
    let wanted = OAuthToken::new().with_user(user);
    let (mut look_ups, mut states) = (LookUps::default(), BTreeSet::new());
    let began = Instant::now();
    while began.elapsed() < time {
        match patiently(|| store.find_token(&wanted)).await? {
            None => look_ups.missing += 1,
            Some(stored) => match reading_of(&stored) {
                None => look_ups.torn += 1,
                Some(number) => {
                    look_ups.whole += 1;
                    states.insert(number);
                }
            },
        }
    }
    look_ups.states = states.len();
    Ok(look_ups)
}
