//! Rows saved, read and deleted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, TokenStore};

use super::{patiently, tell_now};
use crate::protocol::{Answer, Looks, Row, Saved};
use crate::row::{reading_of, row};

pub(super) async fn save(store: &AnyStore, user: &str, number: u64) -> Result<Saved, String> {
    let token = row(user, number);
    let saved = patiently(|| store.save_token(&token)).await?;
    let id = saved.id().ok_or("a row that was saved has no id")?.to_owned();
    Ok(Saved { user: user.to_owned(), number, id })
}

pub(super) async fn save_all(store: &AnyStore, users: Vec<String>) -> Result<Vec<Saved>, String> {
    let turns = Arc::new(Semaphore::new(10));
    let mut tasks = JoinSet::new();
    for user in users {
        let (store, turns) = (store.clone(), turns.clone());
        tasks.spawn(async move {
            let _turn = turns.acquire().await;
            save(&store, &user, 1).await
        });
    }
    all(tasks).await
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

/// Four tasks with four users each whom everybody knows; every fifth time with one whom nobody has seen before.
pub(super) async fn save_without_end(store: &AnyStore, first: u64) -> Answer {
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut number = first;
            loop {
                number += 1;
                let user = match number % 5 {
                    0 => format!("new {task} {number}"),
                    digit => format!("known {task} {digit}"),
                };
                tell_now(save(&store, &user, number).await?)?;
            }
        });
    }
    all::<Value>(tasks).await.map(Value::from)
}

pub(super) async fn save_over_and_over(store: &AnyStore, user: &str, first: u64) -> Answer {
    let mut number = first;
    loop {
        number += 1;
        tell_now(save(store, user, number).await?)?;
    }
}

/// What all tasks come to, or the first failure.
async fn all<T: 'static>(mut tasks: JoinSet<Result<T, String>>) -> Result<Vec<T>, String> {
    let mut results = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        results.push(ended.map_err(|error| error.to_string())??);
    }
    Ok(results)
}

pub(super) async fn all_rows(store: &AnyStore) -> Result<Vec<Row>, String> {
    let rows = patiently(|| store.get_tokens()).await?;
    Ok(rows.iter().map(as_row).collect())
}

fn as_row(stored: &OAuthToken) -> Row {
    Row {
        id: stored.id().unwrap_or_default().to_owned(),
        user: stored.user_signature().map(|user| user.name().to_owned()).unwrap_or_default(),
        number: reading_of(stored),
    }
}

pub(super) async fn look(store: &AnyStore, user: &str, time: Duration) -> Result<Looks, String> {
    let wanted = OAuthToken::new().with_user(user);
    let (mut looks, mut states) = (Looks::default(), BTreeSet::new());
    let began = Instant::now();
    while began.elapsed() < time {
        match patiently(|| store.find_token(&wanted)).await? {
            None => looks.missing += 1,
            Some(stored) => match reading_of(&stored) {
                None => looks.torn += 1,
                Some(number) => {
                    looks.whole += 1;
                    states.insert(number);
                }
            },
        }
    }
    looks.states = states.len();
    Ok(looks)
}
