//! The SQLite store, used by several processes concurrently.

use std::collections::HashSet;

use zoho_oauth::store::TokenStore;

use super::support::{fresh_path, open, path_from_parent, process, succeeded, token, users};

const PROCESSES: usize = 8;
const USERS_EACH: usize = 250;

#[tokio::test]
async fn eight_processes_saving_new_users_concurrently_lose_none() {
    let path = fresh_path();
    let started: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let mut command = process("sqlite::processes::child_saves_new_users", &path);
            command.env("ZOHO_TEST_NUMBER", number.to_string()).spawn().expect("a process starts")
        })
        .collect();
    started.into_iter().for_each(succeeded);

    let store = open(&path);
    let mut expected: Vec<_> = (0..PROCESSES)
        .flat_map(|process| (0..USERS_EACH).map(move |user| user_name(process, user)))
        .collect();
    expected.sort();
    assert_eq!(users(&store).await, expected);
    let tokens = store.get_tokens().await.unwrap();
    let ids: HashSet<_> = tokens.iter().filter_map(|token| token.id()).collect();
    assert_eq!(ids.len(), PROCESSES * USERS_EACH);
}

#[tokio::test]
async fn processes_saving_the_same_users_concurrently_create_one_row_each() {
    let path = fresh_path();
    let started: Vec<_> = (0..4)
        .map(|_| {
            let mut command = process("sqlite::processes::child_saves_new_users", &path);
            command.env("ZOHO_TEST_NUMBER", "0").spawn().expect("a process starts")
        })
        .collect();
    started.into_iter().for_each(succeeded);
    assert_eq!(users(&open(&path)).await.len(), USERS_EACH);
}

#[tokio::test]
#[ignore = "other tests run it, in separate processes"]
async fn child_saves_new_users() {
    let Some(path) = path_from_parent() else { return };
    let number = std::env::var("ZOHO_TEST_NUMBER").expect("a number").parse().expect("a number");
    let store = open(path);
    for user in 0..USERS_EACH {
        store.save_token(&token(&user_name(number, user))).await.expect("the token is saved");
    }
}

fn user_name(process: usize, user: usize) -> String {
    format!("user {user} of process {process}")
}
