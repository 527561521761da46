//! Our stores beside those of the official SDK for Python, each with its own copy of the same tokens.

use std::hint::black_box;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, UNIX_EPOCH};

use rand::RngExt;
use servers::Kind;
use tokio::runtime::{self, Runtime};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, FileStore, SqliteStore, TokenStore};

use crate::Outcome;
use crate::fixture::{self, Key};
use crate::measure::Effort;
use crate::options::Options;
use crate::peer::{self, Peer, python_with_sdk};
use crate::report::{Limit, Line, Report, count};
use crate::server::place_on;

/// An operation; a look-up has the name that the script uses.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Find(Key, &'static str),
    FindAbsent,
    SaveKnown,
    SaveNew,
}

const OPERATIONS: [Operation; 7] = [
    Operation::Find(Key::User, "user"),
    Operation::Find(Key::Refresh, "refresh"),
    Operation::Find(Key::Access, "access"),
    Operation::Find(Key::Id, "id"),
    Operation::FindAbsent,
    Operation::SaveKnown,
    Operation::SaveNew,
];

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    let (python, version) = match python_with_sdk() {
        Ok(found) => found,
        Err(reason) => {
            report.part("Beside the official SDK for Python", "official SDK");
            report.note(reason);
            return Ok(());
        }
    };
    report.part(&format!("Beside the official SDK for Python, {version}"), "official SDK");
    let sizes: &[_] = if options.quick {
        &[("sqlite", 1_000), ("file", 1_000)]
    } else {
        &[("sqlite", 1_000), ("sqlite", 100_000), ("file", 1_000), ("file", 10_000)]
    };
    for (kind, tokens) in sizes {
        compare_files(options, report, &python, kind, *tokens)?;
    }
    for tokens in if options.quick { &[1_000][..] } else { &[1_000, 100_000] } {
        compare_tables(options, report, &python, *tokens)?;
    }
    Ok(())
}

fn compare_files(options: &Options, report: &mut Report, python: &str, kind: &str, tokens: u64) -> Outcome {
    let folder = options.fresh_folder()?;
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    match kind {
        "sqlite" => {
            fixture::write_indexed_database(&ours, tokens)?;
            fixture::write_database(&theirs, tokens)?;
        }
        _ => [&ours, &theirs].into_iter().try_for_each(|path| fixture::write_file(path, tokens))?,
    }
    let store = open(kind, &ours)?;
    let peer =
        Peer::start(python, peer::STORES, &[kind, theirs.to_str().ok_or("a path that is not UTF-8")?])?;
    sleep(Duration::from_millis(100));
    let runtime = runtime::Builder::new_current_thread().build()?;
    compare(options, report, &runtime, (&store, peer), (kind, tokens), &OPERATIONS)
}

/// Two tables on one MariaDB server. The official one is as its documentation makes it, without indexes.
fn compare_tables(options: &Options, report: &mut Report, python: &str, tokens: u64) -> Outcome {
    let Some(ours) = place_on(Kind::MariaDb, report) else { return Ok(()) };
    let Some(theirs) = place_on(Kind::MariaDb, report) else { return Ok(()) };
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(ours.fill(tokens))?;
    runtime.block_on(theirs.fill_table(tokens))?;
    let (store, peer) = (ours.store()?, Peer::start(python, peer::STORES, &["mysql", &theirs.url])?);
    // The official store compares ids as text to find the highest, so it cannot add a user to ten rows or more.
    let operations: Vec<_> =
        OPERATIONS.into_iter().filter(|operation| !matches!(operation, Operation::SaveNew)).collect();
    compare(options, report, &runtime, (&store, peer), ("MariaDB", tokens), &operations)?;
    runtime.block_on(ours.clear())?;
    runtime.block_on(theirs.clear())
}

fn compare(
    options: &Options,
    report: &mut Report,
    runtime: &Runtime,
    (store, mut peer): (&AnyStore, Peer),
    (kind, tokens): (&str, u64),
    operations: &[Operation],
) -> Outcome {
    let mut script = Script { tokens, news: 0 };
    for operation in operations.iter().copied() {
        // A call of the official SDK takes up to a tenth of a second.
        let Effort { rounds, round } = options.effort(Duration::from_millis(30));
        let effort = Effort { rounds: rounds.min(15), round };
        let mut other_script = Script { tokens, news: 0 };
        let (product, other) = effort.pair(
            |calls| script.play(runtime, store, operation, calls),
            |calls| {
                let words: Vec<_> = (0..calls).map(|_| other_script.words(operation).join(" ")).collect();
                peer.measure(operation.name(), &words)
            },
        )?;
        let what = format!("{kind}, {}: {}", count(tokens, "token"), operation.title());
        report.line(&Line { what, product, other: Some(other), limit: Limit::Stated });
    }
    Ok(())
}

fn open(kind: &str, path: &Path) -> Outcome<AnyStore> {
    Ok(match kind {
        "sqlite" => SqliteStore::open(path)?.into(),
        _ => FileStore::open(path)?.into(),
    })
}

/// Chooses the tokens of the calls of one side.
#[derive(Debug)]
struct Script {
    tokens: u64,
    news: u64,
}

impl Script {
    /// Returns the arguments of the next call.
    fn words(&mut self, operation: Operation) -> Vec<String> {
        let mut random = rand::rng();
        let row = |number| fixture::row(number);
        let known = random.random_range(0..self.tokens);
        match operation {
            Operation::Find(Key::Refresh, _) => {
                let row = row(known);
                let client =
                    [row.client_id.clone(), row.client_secret.clone()].map(Option::unwrap_or_default);
                let [id, secret] = client;
                vec![Key::Refresh.value(&row), id, secret]
            }
            Operation::Find(key, _) => vec![key.value(&row(known))],
            Operation::FindAbsent => vec![fixture::user_name(u64::from(u32::MAX) + known)],
            Operation::SaveKnown | Operation::SaveNew => {
                let is_known = matches!(operation, Operation::SaveKnown);
                self.news += u64::from(!is_known);
                let number = if is_known { known } else { self.tokens + self.news };
                let secret = fixture::secret(&mut random);
                vec![fixture::user_name(number), secret, fixture::tomorrow().to_string()]
            }
        }
    }

    /// Makes the calls on our side.
    fn play(
        &mut self,
        runtime: &Runtime,
        store: &AnyStore,
        operation: Operation,
        calls: u64,
    ) -> Outcome<Duration> {
        let tokens: Vec<_> = (0..calls).map(|_| operation.token(&self.words(operation))).collect();
        runtime.block_on(async {
            let started = Instant::now();
            for token in &tokens {
                match operation {
                    Operation::Find(..) => {
                        black_box(store.find_token(token).await?.ok_or("the row was not found")?);
                    }
                    Operation::FindAbsent if store.find_token(token).await?.is_none() => {}
                    Operation::FindAbsent => return Err("a row of an unknown user was found".into()),
                    Operation::SaveKnown | Operation::SaveNew => {
                        black_box(store.save_token(token).await?);
                    }
                }
            }
            Ok(started.elapsed())
        })
    }
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Find(_, name) => name,
            Self::FindAbsent => "absent",
            Self::SaveKnown => "known",
            Self::SaveNew => "new",
        }
    }

    fn title(self) -> String {
        match self {
            Self::Find(key, _) => format!("find by {}", key.name()),
            Self::FindAbsent => "find an unknown user".to_owned(),
            Self::SaveKnown => "save a known user".to_owned(),
            Self::SaveNew => "save a new user".to_owned(),
        }
    }

    fn token(self, words: &[String]) -> OAuthToken {
        let token = OAuthToken::new();
        match (self, words) {
            (Self::Find(Key::Id, _), [id, ..]) => token.with_id(id),
            (Self::Find(Key::Access, _), [access, ..]) => token.with_access_token(access.as_str()),
            (Self::Find(Key::Refresh, _), [refresh, client, secret]) => {
                token.with_client(client, secret.as_str()).with_refresh_token(refresh.as_str())
            }
            (Self::SaveKnown | Self::SaveNew, [user, access, end]) => {
                let end = Duration::from_millis(end.parse().unwrap_or_default());
                token
                    .with_user(user.as_str())
                    .with_access_token(access.as_str())
                    .with_expires_at(UNIX_EPOCH + end)
            }
            (_, words) => token.with_user(words.first().map(String::as_str).unwrap_or_default()),
        }
    }
}
