//! Carries out the commands.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use processes::{Answer, Command, Failed, Found, Setup, Tokens};
use token_store_torture::parts::{self as tasks, reading_of, row};
use tokio::task::JoinSet;
use zoho_oauth::store::{AnyStore, StoreError, TokenStore, connect};
use zoho_oauth::{
    Authenticator, Environment, Error, ExposeSecret, Grant, OAuthClient, OAuthToken, UserSignature,
};

use crate::lock::Lock;

type Outcome = Result<Answer, Error>;

/// The worker's open store and its lock.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    authenticator: Option<Authenticator>,
    lock: Option<Lock>,
}

impl Desk {
    pub(crate) async fn answer(&mut self, command: Command) -> Answer {
        self.carry_out(command).await.unwrap_or_else(|error| {
            tracing::trace!(?error, %error, "failed");
            Answer::Failed(told(&error))
        })
    }

    async fn carry_out(&mut self, command: Command) -> Outcome {
        match command {
            Command::Log => Ok(log()),
            Command::Open(setup) => self.open(&setup),
            Command::HoldLock { path } => {
                let lock = Lock::take(&path).map_err(|error| failed("take a lock", error.to_string()))?;
                self.lock = Some(lock);
                Ok(Answer::Done)
            }
            Command::ReleaseLock => {
                self.lock = None;
                Ok(Answer::Done)
            }
            Command::AccessToken { user, tasks } => {
                access_token(self.authenticator()?, user.into(), tasks).await
            }
            Command::Refresh { user } => refresh(self.authenticator()?, &user.into()).await,
            Command::Exchange { code } => exchange(self.authenticator()?, code).await,
            Command::Revoke { user } => {
                self.authenticator()?.revoke(&OAuthToken::new().with_user(user)).await?;
                Ok(Answer::Done)
            }
            Command::Save { user, number } => save(&self.store()?, user, number).await,
            Command::SaveWithoutEnd { first, with_new_users } => {
                save_without_end(&self.store()?, first, with_new_users).await
            }
            Command::SaveThroughOutages { first, name } => {
                save_through_outages(&self.store()?, first, &name).await
            }
            Command::SaveAll { users, at_once } => save_all(&self.store()?, users, at_once).await,
            Command::Find { user, times } => Ok(find(&self.store()?, &user, times).await),
            Command::ReadAll { in_pages } => read_all(&self.store()?, in_pages).await,
        }
    }

    fn open(&mut self, setup: &Setup) -> Outcome {
        let authenticator = Authenticator::builder(Environment::local(&setup.zoho)?)
            .client(OAuthClient::new(setup.client_id.clone(), setup.client_secret.clone()))
            .store(connect(&setup.store)?)
            .margin(Duration::from_secs(1))
            .early_window(Duration::from_millis(setup.early_window))
            .lease_life(Duration::from_millis(setup.lease_life))
            .request_timeout(Duration::from_millis(setup.timeout))
            .attempts(setup.attempts)
            .build()?;
        tracing::trace!(?authenticator, "open");
        self.authenticator = Some(authenticator);
        Ok(Answer::Done)
    }

    fn authenticator(&self) -> Result<&Authenticator, Error> {
        self.authenticator.as_ref().ok_or_else(|| failed("use a store", "none was opened"))
    }

    fn store(&self) -> Result<AnyStore, Error> {
        self.authenticator().map(|authenticator| authenticator.store().clone())
    }
}

fn log() -> Answer {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    Answer::Done
}

async fn access_token(authenticator: &Authenticator, user: UserSignature, tasks: usize) -> Outcome {
    let mut told = Tokens { began: now(), ..Tokens::default() };
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let (authenticator, user) = (authenticator.clone(), user.clone());
        running.spawn(async move { authenticator.access_token(&user).await });
    }
    while let Some(done) = running.join_next().await {
        let outcome = done.unwrap_or_else(|error| Err(failed("finish a task", error)));
        match outcome {
            Ok(token) => {
                tracing::trace!(?token, "got");
                *told.tokens.entry(token.expose_secret().to_owned()).or_default() += 1;
            }
            Err(error) => {
                tracing::trace!(?error, %error, "got none");
                *told.errors.entry(error.to_string()).or_default() += 1;
            }
        }
    }
    Ok(Answer::Tokens(Tokens { ended: now(), ..told }))
}

async fn refresh(authenticator: &Authenticator, user: &UserSignature) -> Outcome {
    let began = now();
    let token = authenticator.refresh(user).await?;
    tracing::trace!(?token, "renewed");
    let tokens = [(token.expose_secret().to_owned(), 1)].into();
    Ok(Answer::Tokens(Tokens { began, ended: now(), tokens, ..Tokens::default() }))
}

async fn exchange(authenticator: &Authenticator, code: String) -> Outcome {
    let login = authenticator.exchange(Grant::from_self_client(code)).await?;
    tracing::trace!(?login, "logged in");
    let token = login.token();
    Ok(Answer::Login {
        user: token.user_signature().map(ToString::to_string),
        access_token: token.access_token().map(|secret| secret.expose_secret().to_owned()),
        persistence_error: login.persistence().error().map(|_| login.persistence().to_string()),
    })
}

async fn save(store: &AnyStore, user: String, number: u64) -> Outcome {
    store.save_token(&row(&user, number)).await?;
    Ok(Answer::Saved { user, number })
}

async fn save_without_end(store: &AnyStore, first: u64, with_new_users: bool) -> Outcome {
    let store = store.clone();
    let ended = tasks::save_without_end(first, with_new_users, move |user, number| {
        let store = store.clone();
        async move { tell(&save(&store, user, number).await?) }
    });
    ended.await.map(|()| Answer::Done)
}

async fn save_through_outages(store: &AnyStore, first: u64, name: &str) -> Outcome {
    let mut number = first;
    loop {
        number += 1;
        let user = format!("{name} {}", number % 5);
        loop {
            let outcome = save(store, user.clone(), number).await;
            let is_saved = outcome.is_ok();
            let answer = outcome.or_else(|error| match error {
                error if error.is_transient() => Ok(Answer::Failed(told(&error))),
                error => Err(error),
            })?;
            tell(&answer)?;
            if is_saved {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn save_all(store: &AnyStore, users: Vec<String>, at_once: usize) -> Outcome {
    let saved = tasks::save_all(users, at_once, |user| {
        let store = store.clone();
        async move { save(&store, user, 1).await }
    });
    saved.await.map(|_| Answer::Done)
}

async fn find(store: &AnyStore, user: &str, times: usize) -> Answer {
    let wanted = OAuthToken::new().with_user(user);
    let mut found = Found::default();
    let mut states = BTreeSet::new();
    for _ in 0..times {
        match store.find_token(&wanted).await {
            Ok(Some(stored)) => match reading_of(&stored) {
                Some(number) => {
                    found.whole += 1;
                    states.insert(number);
                }
                None => found.torn += 1,
            },
            Ok(None) => found.missing += 1,
            Err(error) => found.errors.push(error.to_string()),
        }
    }
    found.states = states.len();
    Answer::Found(found)
}

async fn read_all(store: &AnyStore, in_pages: bool) -> Outcome {
    let before = peak_memory()?;
    let mut rows = 0;
    if in_pages {
        let mut place = None;
        loop {
            let page = store.get_token_page(place.as_deref()).await?;
            rows += page.tokens.len();
            match page.next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
    } else {
        rows = store.get_tokens().await?.len();
    }
    Ok(Answer::Read { rows, memory: peak_memory()? - before })
}

/// The peak memory of this process in KiB, see proc_pid_status(5).
fn peak_memory() -> Result<u64, Error> {
    let status =
        std::fs::read_to_string("/proc/self/status").map_err(|error| failed("read its memory use", error))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .ok_or_else(|| failed("read its memory use", "/proc/self/status has no VmHWM"))
}

/// A failure of the worker itself.
fn failed(action: &'static str, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    StoreError::new("the worker", action, cause).into()
}

/// Sends an answer at once, before the command is done.
fn tell(answer: &Answer) -> Result<(), Error> {
    tasks::say(answer).map_err(|error| failed("report an answer", error))
}

fn told(error: &Error) -> Failed {
    let mut details = format!("{error:?}");
    let mut cause = error.source();
    while let Some(source) = cause {
        details = format!("{details}; {source}");
        cause = source.source();
    }
    let kind = match error {
        Error::Store(error) => Some(format!("{:?}", error.kind())),
        _ => None,
    };
    Failed { text: error.to_string(), details, kind, is_transient: error.is_transient() }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
