//! The store's requests to the server. Each method is one round trip and one atomic step.

use redis::{Script, ScriptInvocation, cmd};

use super::super::identity::StoreIdentity;
use super::super::stored::StoredToken;
use super::fault::Fault;
use super::link::Link;
use super::options::RedisOptions;
use super::row::{self, Row, entries};

/// A server, and the store's keys and scripts.
pub(super) struct Server {
    pub(super) link: Link,
    keys: Keys,
    scripts: Scripts,
}

/// The names of the store's keys. All of them begin with the prefix in braces, so that a cluster has all keys on one node,
/// where a script can use all of them. A cluster requires that a script gets every key as an argument.
struct Keys {
    tokens: String,
    index: String,
    rows: String,
    version: String,
    highest_id: String,
    identity: String,
    lease: String,
}

struct Scripts {
    find: Script,
    view: Script,
    change: Script,
    page: Script,
    clear: Script,
    reconcile: Script,
    put_lease: Script,
    update_lease: Script,
}

macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(include_str!("scripts/common.lua"), include_str!(concat!("scripts/", $file))))
    };
}

/// A consistent read of the store.
pub(super) struct View {
    /// The server's clock, in epoch milliseconds.
    pub(super) now: u64,
    /// The five values of the requested lease; all `None` if it was never acquired.
    pub(super) lease: Vec<Option<String>>,
    /// The rows that each look-up found.
    pub(super) found: Vec<Vec<Row>>,
}

/// Rows to write, if nothing has changed since they were read.
pub(super) struct Change<'c> {
    /// The look-ups and the rows that they found. They must still find the same.
    pub(super) seen: &'c [(String, Vec<Row>)],
    /// The rows to write.
    pub(super) writes: &'c [Write],
    /// The highest id that the caller chose for a new row.
    pub(super) highest_chosen: u64,
    /// The lease that must still be held, and is released.
    pub(super) fence: Option<Fence<'c>>,
}

/// A row to write. If `id` is empty, the server assigns one. If `text` is empty, the row is deleted.
#[derive(Default)]
pub(super) struct Write {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) removed: Vec<String>,
    pub(super) added: Vec<String>,
}

/// A row, or with an empty text a row that is gone, and which entries the index must have and must not have.
pub(super) struct Indexed {
    pub(super) row: Row,
    pub(super) wanted: Vec<String>,
    pub(super) unwanted: Vec<String>,
}

/// A lease, and what is stored when it is renewed or released.
pub(super) struct Fence<'c> {
    pub(super) key: &'c str,
    pub(super) epoch: u64,
    pub(super) holder: &'c str,
    pub(super) ledger: &'c str,
    /// After how many milliseconds the server deletes the entry.
    pub(super) retention: u64,
}

impl Server {
    /// Creates a server without connecting.
    pub(super) fn new(options: RedisOptions) -> Self {
        let key = |name: &str| format!("{{{}}}:{name}", options.prefix);
        let keys = Keys {
            tokens: key("tokens"),
            index: key("index"),
            rows: key("rows"),
            version: key("version"),
            highest_id: key("highest_id"),
            identity: key("identity"),
            lease: key("lease:"),
        };
        let scripts = Scripts {
            find: Script::new(include_str!("scripts/find.lua")),
            view: script!("view.lua"),
            change: script!("change.lua"),
            page: script!("page.lua"),
            clear: script!("clear.lua"),
            reconcile: script!("reconcile.lua"),
            put_lease: script!("put_lease.lua"),
            update_lease: script!("update_lease.lua"),
        };
        Self { link: Link::new(options, keys.tokens.clone()), keys, scripts }
    }

    /// Reads the clock, the lease with this key if one is given, and the rows that the look-ups find.
    pub(super) async fn view(&self, lease: Option<&str>, look_ups: &[String]) -> Result<View, Fault> {
        let mut script = self.on_rows(&self.scripts.view);
        if let Some(key) = lease {
            script.key(self.lease(key));
        }
        let (now, lease, found) = self.link.run(script.arg(look_ups)).await?;
        let found: Vec<Vec<(String, Option<String>)>> = found;
        Ok(View { now, lease, found: found.into_iter().map(rows).collect::<Result<_, _>>()? })
    }

    /// Reads the rows that a look-up finds. The look-up must not be by id. If it finds none, another round trip rules out that
    /// the rows are lost.
    pub(super) async fn find(&self, look_up: &str) -> Result<Vec<Row>, Fault> {
        let mut script = self.scripts.find.prepare_invoke();
        script.key(&self.keys.tokens).key(&self.keys.index);
        let found = rows(self.link.run(script.arg(look_up)).await?);
        if !found.as_ref().is_ok_and(|rows| !rows.is_empty()) {
            self.view(None, &[]).await?;
        }
        found
    }

    /// Reads one row. If there is none, another round trip rules out that the rows are lost.
    pub(super) async fn row(&self, id: &str) -> Result<Option<Row>, Fault> {
        let text: Option<String> = self.link.query(cmd("HGET").arg(&self.keys.tokens).arg(id)).await?;
        if text.is_none() {
            self.view(None, &[]).await?;
        }
        Ok(text.map(|text| Row { id: id.to_owned(), text }))
    }

    /// Writes rows and returns their ids, or `None` if anything has changed since.
    pub(super) async fn change(&self, change: &Change<'_>) -> Result<Option<Vec<String>>, Fault> {
        let mut script = self.on_rows(&self.scripts.change);
        script.key(&self.keys.highest_id);
        if let Some(fence) = &change.fence {
            script.key(self.lease(fence.key));
            script.arg(fence.epoch).arg(fence.holder).arg(fence.ledger).arg(fence.retention);
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
            push_list(&mut script, &write.removed);
            push_list(&mut script, &write.added);
        }
        self.link.run_once(&script).await
    }

    /// Reads at most `length` rows after an entry of the index.
    pub(super) async fn page(&self, after: &str, length: usize) -> Result<Vec<Row>, Fault> {
        let mut script = self.on_rows(&self.scripts.page);
        rows(self.link.run(script.arg(after).arg(length)).await?)
    }

    /// Deletes all rows.
    pub(super) async fn clear(&self) -> Result<(), Fault> {
        self.link.run(&self.on_rows(&self.scripts.clear)).await
    }

    /// Reads some of the rows without the index, and the cursor for the next ones; 0 starts and ends.
    pub(super) async fn scan(&self, cursor: u64, length: usize) -> Result<(u64, Vec<Row>), Fault> {
        let mut command = cmd("HSCAN");
        command.arg(&self.keys.tokens).arg(cursor).arg("COUNT").arg(length);
        let (next, found): (u64, Vec<(String, String)>) = self.link.query(&command).await?;
        Ok((next, found.into_iter().map(|(id, text)| Row { id, text }).collect()))
    }

    /// Reads at most `length` entries of the index after this one.
    pub(super) async fn entries_after(&self, after: &str, length: usize) -> Result<Vec<String>, Fault> {
        let mut command = cmd("ZRANGE");
        let after = if after.is_empty() { "-".to_owned() } else { format!("({after}") };
        command.arg(&self.keys.index).arg(after).arg("+").arg("BYLEX").arg("LIMIT").arg(0).arg(length);
        self.link.query(&command).await
    }

    /// Reads the content of these rows.
    pub(super) async fn texts(&self, ids: &[String]) -> Result<Vec<Option<String>>, Fault> {
        self.link.query(cmd("HMGET").arg(&self.keys.tokens).arg(ids)).await
    }

    /// Compares rows with the index, or repairs the index. Returns how many entries are missing and how many are superfluous.
    pub(super) async fn reconcile(
        &self,
        is_repair: bool,
        highest_id: u64,
        rows: &[Indexed],
    ) -> Result<(u64, u64), Fault> {
        let mut script = self.on_rows(&self.scripts.reconcile);
        script.key(&self.keys.highest_id).arg(if is_repair { "repair" } else { "check" });
        script.arg(highest_id).arg(rows.len());
        for Indexed { row, wanted, unwanted } in rows {
            script.arg(&row.id).arg(&row.text);
            push_list(&mut script, wanted);
            push_list(&mut script, unwanted);
        }
        self.link.run(&script).await
    }

    /// Reads how many rows there are, and how many there should be. `None`: that number is gone.
    pub(super) async fn counts(&self) -> Result<(u64, Option<u64>), Fault> {
        let stored = self.link.query(cmd("HLEN").arg(&self.keys.tokens)).await?;
        let counted: Option<u64> = self.link.query(cmd("GET").arg(&self.keys.rows)).await?;
        let was_never_written = counted.is_none() && self.version().await? == 0;
        Ok((stored, if was_never_written { Some(0) } else { counted }))
    }

    /// Writes the five values of a lease, if they are still equal to `before`.
    pub(super) async fn put_lease(
        &self,
        key: &str,
        before: &[Option<String>],
        after: &[String],
        retention: u64,
    ) -> Result<bool, Fault> {
        let mut script = self.scripts.put_lease.key(self.lease(key));
        for value in before {
            script.arg(value.as_deref().unwrap_or_default());
        }
        self.link.run_once(script.arg(after).arg(retention)).await
    }

    /// Renews a lease, or releases it if `life` is `None`. Returns `false` if it is no longer held.
    pub(super) async fn update_lease(&self, fence: &Fence<'_>, life: Option<u64>) -> Result<bool, Fault> {
        let mut script = self.scripts.update_lease.key(self.lease(fence.key));
        script.arg(fence.epoch).arg(fence.holder);
        match life {
            Some(life) => script.arg(life),
            None => script.arg(""),
        };
        self.link.run_once(script.arg(fence.ledger).arg(fence.retention)).await
    }

    /// Reads the counter of changes to rows.
    pub(super) async fn version(&self) -> Result<u64, Fault> {
        let version: Option<u64> = self.link.query(cmd("GET").arg(&self.keys.version)).await?;
        Ok(version.unwrap_or(0))
    }

    /// Reads the store's identity.
    pub(super) async fn identity(&self) -> Result<Option<StoreIdentity>, Fault> {
        let text: Option<String> = self.link.query(cmd("GET").arg(&self.keys.identity)).await?;
        Ok(text.map(StoreIdentity::new))
    }

    /// Stores an identity, unless the store has one.
    pub(super) async fn insert_identity(&self, identity: &StoreIdentity) -> Result<(), Fault> {
        let text = identity.to_string();
        // A replica that has no identity yet is not waited for.
        self.link.query_now(cmd("SET").arg(&self.keys.identity).arg(text).arg("NX")).await
    }

    fn lease(&self, key: &str) -> String {
        format!("{}{key}", self.keys.lease)
    }

    fn on_rows<'s>(&'s self, script: &'s Script) -> ScriptInvocation<'s> {
        let mut script = script.prepare_invoke();
        let Keys { tokens, index, rows, version, .. } = &self.keys;
        script.key(tokens).key(index).key(rows).key(version);
        script
    }
}

impl Write {
    /// Inserts a row.
    pub(super) fn insert(id: Option<&str>, token: &StoredToken) -> Result<Self, Fault> {
        let id = id.unwrap_or_default().to_owned();
        Ok(Self { id, text: row::text(token)?, removed: Vec::new(), added: entries(token) })
    }

    /// Updates a row. Entries of the index that stay are not written.
    pub(super) fn update(id: &str, before: &StoredToken, after: &StoredToken) -> Result<Self, Fault> {
        let (mut removed, mut added) = (entries(before), entries(after));
        let old = removed.clone();
        removed.retain(|entry| !added.contains(entry));
        added.retain(|entry| !old.contains(entry));
        Ok(Self { id: id.to_owned(), text: row::text(after)?, removed, added })
    }

    /// Deletes a row.
    pub(super) fn delete(id: &str, token: &StoredToken) -> Self {
        Self { id: id.to_owned(), removed: entries(token), ..Self::default() }
    }
}

fn push_list(script: &mut ScriptInvocation<'_>, values: &[String]) {
    script.arg(values.len()).arg(values);
}

fn rows(found: Vec<(String, Option<String>)>) -> Result<Vec<Row>, Fault> {
    let row = |(id, text): (String, Option<String>)| match text {
        Some(text) => Ok(Row { id, text }),
        None => Err(Fault::Unreadable("the index contains an id without a row".into())),
    };
    found.into_iter().map(row).collect()
}
