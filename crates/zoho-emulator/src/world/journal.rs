//! What arrived, for assertions.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::http::Call;

/// A live view of the requests that arrived. Requests to the control endpoints are not in it.
///
/// A request is in the journal from the moment it has been read, whether or not it is ever answered.
#[derive(Clone, Debug)]
pub struct Journal {
    pages: Arc<Mutex<Pages>>,
}

/// One request that arrived.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The parameters of the query string.
    pub query: Vec<(String, String)>,
    /// The parameters of the form, if the body was one.
    pub form: Vec<(String, String)>,
    /// The headers, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body as text; empty if it is none.
    pub body: String,
    /// The status of the answer; `None` while there is none, and for good if the connection was dropped.
    pub status: Option<u16>,
    /// The data center that was asked: its location code.
    pub location: String,
    /// When it arrived: simulated milliseconds since 1970.
    pub at: u64,
}

impl Entry {
    /// A parameter of the form or, if it is not there, of the query string.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.form, name).or_else(|| find(&self.query, name))
    }

    /// A header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

impl Journal {
    /// An empty journal that keeps the last `capacity` entries.
    pub(crate) fn new(capacity: usize) -> Self {
        let pages = Pages { capacity, first: 0, entries: VecDeque::new(), counts: HashMap::new() };
        Self { pages: Arc::new(Mutex::new(pages)) }
    }

    /// How many requests came with exactly this method and path: `"POST /oauth/v2/token"`.
    ///
    /// Counts every request since the start or the last [`clear`](Self::clear), also those whose entry was let go.
    #[must_use]
    pub fn count(&self, method_and_path: &str) -> usize {
        self.lock().counts.get(method_and_path).copied().unwrap_or_default()
    }

    /// How many of the entries that are kept fulfil a condition.
    pub fn count_where(&self, condition: impl Fn(&Entry) -> bool) -> usize {
        self.lock().entries.iter().filter(|entry| condition(entry)).count()
    }

    /// The entries that are kept, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.iter().cloned().collect()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut pages = self.lock();
        pages.first += pages.entries.len() as u64;
        pages.entries.clear();
        pages.counts.clear();
    }

    /// Writes a request down; the number that comes back is for [`answered`](Self::answered).
    pub(crate) fn arrived(&self, call: &Call, location: &str, at: u64) -> u64 {
        let entry = Entry {
            method: call.method.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            form: call.form.clone(),
            headers: call.headers.clone(),
            body: call.text().to_owned(),
            status: None,
            location: location.to_owned(),
            at,
        };
        let mut pages = self.lock();
        *pages.counts.entry(call.key()).or_default() += 1;
        pages.entries.push_back(entry);
        if pages.entries.len() > pages.capacity {
            pages.entries.pop_front();
            pages.first += 1;
        }
        pages.first + pages.entries.len() as u64 - 1
    }

    /// Adds the status of the answer, if the entry is still kept.
    pub(crate) fn answered(&self, number: u64, status: u16) {
        let mut pages = self.lock();
        let Some(index) = number.checked_sub(pages.first) else { return };
        if let Some(entry) = pages.entries.get_mut(index as usize) {
            entry.status = Some(status);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Pages {
    capacity: usize,
    /// The number of the first entry that is kept.
    first: u64,
    entries: VecDeque<Entry>,
    counts: HashMap<String, usize>,
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str) -> Call {
        Call::new("GET", path, "", Vec::new(), bytes::Bytes::new())
    }

    #[test]
    fn a_full_journal_forgets_entries_but_counts_on() {
        let journal = Journal::new(2);
        let numbers = ["/a", "/a", "/b"].map(|path| journal.arrived(&call(path), "us", 1));
        journal.answered(numbers[0], 500);
        journal.answered(numbers[2], 204);
        assert_eq!(journal.count("GET /a"), 2);
        let statuses: Vec<_> = journal.entries().iter().map(|entry| entry.status).collect();
        assert_eq!(statuses, [None, Some(204)]);
    }

    #[test]
    fn an_answer_that_comes_after_clear_is_not_written_anywhere() {
        let journal = Journal::new(2);
        let old = journal.arrived(&call("/a"), "us", 1);
        journal.clear();
        journal.arrived(&call("/b"), "us", 2);
        journal.answered(old, 200);
        assert_eq!(journal.entries()[0].status, None);
    }
}
