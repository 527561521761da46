//! What the store asks of the server: each method is one round trip and one atomic step.

use redis::{Script, ScriptInvocation, cmd};

use super::super::stored::StoredToken;
use super::fault::Fault;
use super::link::Link;
use super::options::RedisOptions;
use super::row::{self, Row, entries};

/// A server, and the names of this store's keys on it.
pub(super) struct Server {
    pub(super) link: Link,
    keys: Keys,
    scripts: Scripts,
}

/// All names begin with the same word in braces, so that a cluster keeps all keys on one node, where one script
/// may read and change all of them. A script is told every key that it touches.
struct Keys {
    tokens: String,
    index: String,
    highest_id: String,
    version: String,
    lease: String,
}

struct Scripts {
    find: Script,
    look: Script,
    change: Script,
    page: Script,
    clear: Script,
    take_lease: Script,
    keep_lease: Script,
}

macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(include_str!("scripts/common.lua"), include_str!(concat!("scripts/", $file))))
    };
}

/// What was found at one moment.
pub(super) struct View {
    /// The server's clock, in epoch milliseconds.
    pub(super) now: u64,
    /// The lease that was asked for: its five values, `None` where it was never taken.
    pub(super) lease: Vec<Option<String>>,
    /// What each look-up found.
    pub(super) found: Vec<Vec<Row>>,
}

/// Rows to be written, on condition that nothing has changed since they were decided on.
pub(super) struct Change<'c> {
    /// The look-ups, and what they found.
    pub(super) seen: &'c [(String, Vec<Row>)],
    /// The rows.
    pub(super) writes: &'c [Write],
    /// The highest id among the new rows that the caller chose.
    pub(super) highest_chosen: u64,
    /// The lease that has to be held still, and is given back.
    pub(super) fence: Option<Fence<'c>>,
}

/// One row to be written. Without an id it gets a new one; without a text it is deleted.
#[derive(Default)]
pub(super) struct Write {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) removed: Vec<String>,
    pub(super) added: Vec<String>,
}

/// A lease, and what is written when it is given back.
pub(super) struct Fence<'c> {
    pub(super) key: &'c str,
    pub(super) epoch: u64,
    pub(super) holder: &'c str,
    pub(super) ledger: &'c str,
    /// How long the server remembers the lease after this, in milliseconds.
    pub(super) remembered: u64,
}

impl Server {
    /// A server that nobody has asked anything yet.
    pub(super) fn new(options: RedisOptions) -> Self {
        let key = |name: &str| format!("{{{}}}:{name}", options.prefix);
        let keys = Keys {
            tokens: key("tokens"),
            index: key("index"),
            highest_id: key("highest_id"),
            version: key("version"),
            lease: key("lease:"),
        };
        let scripts = Scripts {
            find: Script::new(include_str!("scripts/find.lua")),
            look: script!("look.lua"),
            change: script!("change.lua"),
            page: script!("page.lua"),
            clear: script!("clear.lua"),
            take_lease: script!("take_lease.lua"),
            keep_lease: script!("keep_lease.lua"),
        };
        Self { link: Link::new(options), keys, scripts }
    }

    /// Reads the clock, the lease with that key if one is given, and what the look-ups find.
    pub(super) async fn look(&self, lease: Option<&str>, look_ups: &[String]) -> Result<View, Fault> {
        let mut script = self.scripts.look.prepare_invoke();
        script.key(&self.keys.tokens).key(&self.keys.index);
        if let Some(key) = lease {
            script.key(self.lease(key));
        }
        let (now, lease, found) = self.link.run(script.arg(look_ups)).await?;
        let found: Vec<Vec<(String, Option<String>)>> = found;
        Ok(View { now, lease, found: found.into_iter().map(rows).collect::<Result<_, _>>()? })
    }

    /// Reads the rows that one look-up finds, which is not by id.
    pub(super) async fn find(&self, look_up: &str) -> Result<Vec<Row>, Fault> {
        let mut script = self.scripts.find.prepare_invoke();
        script.key(&self.keys.tokens).key(&self.keys.index);
        rows(self.link.run(script.arg(look_up)).await?)
    }

    /// Reads one row.
    pub(super) async fn row(&self, id: &str) -> Result<Option<Row>, Fault> {
        let text: Option<String> = self.link.ask(cmd("HGET").arg(&self.keys.tokens).arg(id)).await?;
        Ok(text.map(|text| Row { id: id.to_owned(), text }))
    }

    /// Writes, and hands back the rows' ids; `None` if something has changed since.
    pub(super) async fn change(&self, change: &Change<'_>) -> Result<Option<Vec<String>>, Fault> {
        let mut script = self.scripts.change.prepare_invoke();
        let Keys { tokens, index, highest_id, version, .. } = &self.keys;
        script.key(tokens).key(index).key(highest_id).key(version);
        if let Some(fence) = &change.fence {
            script.key(self.lease(fence.key));
            script.arg(fence.epoch).arg(fence.holder).arg(fence.ledger).arg(fence.remembered);
        }
        script.arg(change.seen.len());
        for (look_up, rows) in change.seen {
            script.arg(look_up).arg(2 * rows.len());
            for row in rows {
                script.arg(&row.id).arg(&row.text);
            }
        }
        script.arg(change.highest_chosen).arg(change.writes.len());
        for write in change.writes {
            script.arg(&write.id).arg(&write.text);
            counted(&mut script, &write.removed);
            counted(&mut script, &write.added);
        }
        self.link.run_once(&script).await
    }

    /// Reads the rows behind an entry of the index, at most so many.
    pub(super) async fn page(&self, after: &str, length: usize) -> Result<Vec<Row>, Fault> {
        let mut script = self.on_rows(&self.scripts.page);
        rows(self.link.run(script.arg(after).arg(length)).await?)
    }

    /// Deletes every row.
    pub(super) async fn clear(&self) -> Result<(), Fault> {
        self.link.run(self.on_rows(&self.scripts.clear).key(&self.keys.version)).await
    }

    /// Writes a lease's five values, if they are still what they were.
    pub(super) async fn take_lease(
        &self,
        key: &str,
        before: &[Option<String>],
        after: &[String],
        remembered: u64,
    ) -> Result<bool, Fault> {
        let mut script = self.scripts.take_lease.key(self.lease(key));
        for value in before {
            script.arg(value.as_deref().unwrap_or_default());
        }
        self.link.run_once(script.arg(after).arg(remembered)).await
    }

    /// Prolongs a lease, or gives it back where there is no life; `false` if it is not held any more.
    pub(super) async fn keep_lease(&self, fence: &Fence<'_>, life: Option<u64>) -> Result<bool, Fault> {
        let mut script = self.scripts.keep_lease.key(self.lease(fence.key));
        script.arg(fence.epoch).arg(fence.holder);
        match life {
            Some(life) => script.arg(life),
            None => script.arg(""),
        };
        self.link.run_once(script.arg(fence.ledger).arg(fence.remembered)).await
    }

    /// Reads the number that goes up with every change of rows.
    pub(super) async fn version(&self) -> Result<u64, Fault> {
        let version: Option<u64> = self.link.ask(cmd("GET").arg(&self.keys.version)).await?;
        Ok(version.unwrap_or(0))
    }

    fn lease(&self, key: &str) -> String {
        format!("{}{key}", self.keys.lease)
    }

    fn on_rows<'s>(&'s self, script: &'s Script) -> ScriptInvocation<'s> {
        let mut script = script.prepare_invoke();
        script.key(&self.keys.tokens).key(&self.keys.index).key(&self.keys.highest_id);
        script
    }
}

impl Write {
    /// A new row.
    pub(super) fn insert(id: Option<&str>, token: &StoredToken) -> Result<Self, Fault> {
        let id = id.unwrap_or_default().to_owned();
        Ok(Self { id, text: row::text(token)?, removed: Vec::new(), added: entries(token) })
    }

    /// Another content for a row. An entry that stays is not touched.
    pub(super) fn update(id: &str, before: &StoredToken, after: &StoredToken) -> Result<Self, Fault> {
        let (mut removed, mut added) = (entries(before), entries(after));
        let old = removed.clone();
        removed.retain(|entry| !added.contains(entry));
        added.retain(|entry| !old.contains(entry));
        Ok(Self { id: id.to_owned(), text: row::text(after)?, removed, added })
    }

    /// The end of a row.
    pub(super) fn delete(id: &str, token: &StoredToken) -> Self {
        Self { id: id.to_owned(), removed: entries(token), ..Self::default() }
    }
}

fn counted(script: &mut ScriptInvocation<'_>, values: &[String]) {
    script.arg(values.len()).arg(values);
}

fn rows(found: Vec<(String, Option<String>)>) -> Result<Vec<Row>, Fault> {
    let row = |(id, text): (String, Option<String>)| match text {
        Some(text) => Ok(Row { id, text }),
        None => Err(Fault::Unreadable("the index has an id without a row".into())),
    };
    found.into_iter().map(row).collect()
}
