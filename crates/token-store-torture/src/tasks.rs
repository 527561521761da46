//! Saves from several tasks of one process.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Saves one row for each user, at most `at_once` at the same time. Returns the results, or the first error.
///
/// # Errors
/// If a save fails.
///
/// # Panics
/// If a save panics.
pub async fn save_all<T, E, F>(
    users: Vec<String>,
    at_once: usize,
    save: impl Fn(String) -> F,
) -> Result<Vec<T>, E>
where
    T: Send + 'static,
    E: Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(at_once));
    let mut tasks = JoinSet::new();
    for user in users {
        let (slots, saving) = (slots.clone(), save(user));
        tasks.spawn(async move {
            let _slot = slots.acquire().await;
            saving.await
        });
    }
    let mut saved = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        saved.push(ended.expect("no save panics")?);
    }
    Ok(saved)
}

/// Saves without end, from four tasks: each saves states of five users in turn, or of four users and, every fifth time,
/// of a new user.
///
/// # Errors
/// If a save fails.
///
/// # Panics
/// If a save panics.
pub async fn save_without_end<E, F>(
    first: u64,
    with_new_users: bool,
    save: impl Fn(String, u64) -> F + Clone + Send + 'static,
) -> Result<(), E>
where
    E: Send + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let save = save.clone();
        tasks.spawn(async move {
            for number in first + 1.. {
                let user = match number % 5 {
                    0 if with_new_users => format!("new {task} {number}"),
                    digit => format!("known {task} {digit}"),
                };
                save(user, number).await?;
            }
            Ok(())
        });
    }
    tasks.join_next().await.map_or(Ok(()), |ended| ended.expect("no save panics"))
}
