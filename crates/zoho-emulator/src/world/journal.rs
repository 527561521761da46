//! The requests that arrived, for assertions.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::http::Call;

/// A live view of the requests that arrived, except those to the control endpoints.
///
/// A request is recorded as soon as it has been read, whether or not it gets a response.
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
    /// The body as text; empty if it is not UTF-8.
    pub body: String,
    /// The status of the response; `None` until there is one, and forever if the connection was dropped.
    pub status: Option<u16>,
    /// The location code of the data center that received the request.
    pub location: String,
    /// When the request arrived: simulated milliseconds since 1970.
    pub at: u64,
}

impl Entry {
    /// A parameter of the form or, if the form lacks it, of the query string.
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
    /// Creates an empty journal that keeps the last `capacity` entries.
    pub(crate) fn new(capacity: usize) -> Self {
        let pages = Pages { capacity, first: 0, entries: VecDeque::new(), counts: HashMap::new() };
        Self { pages: Arc::new(Mutex::new(pages)) }
    }

    /// The number of requests with exactly this method and path, such as `"POST /oauth/v2/token"`.
    ///
    /// Counts every request since the start or the last [`clear`](Self::clear), including those whose entry has been
    /// discarded.
    #[must_use]
    pub fn count(&self, method_and_path: &str) -> usize {
        self.lock().counts.get(method_and_path).copied().unwrap_or_default()
    }

    /// The number of kept entries that meet a condition.
    pub fn count_where(&self, condition: impl Fn(&Entry) -> bool) -> usize {
        self.lock().entries.iter().filter(|entry| condition(entry)).count()
    }

    /// The kept entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.iter().cloned().collect()
    }

    /// Removes all entries and counts.
    pub fn clear(&self) {
        let mut pages = self.lock();
        pages.first += pages.entries.len() as u64;
        pages.entries.clear();
        pages.counts.clear();
    }

    /// Records a request and returns the number for [`record_response`](Self::record_response).
    pub(crate) fn record_request(&self, call: &Call, location: &str, at: u64) -> u64 {
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

    /// Records the status of the response, if the entry is still kept.
    pub(crate) fn record_response(&self, number: u64, status: u16) {
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
    fn a_full_journal_discards_entries_but_keeps_counting() {
        let journal = Journal::new(2);
        let numbers = ["/a", "/a", "/b"].map(|path| journal.record_request(&call(path), "us", 1));
        journal.record_response(numbers[0], 500);
        journal.record_response(numbers[2], 204);
        assert_eq!(journal.count("GET /a"), 2);
        let statuses: Vec<_> = journal.entries().iter().map(|entry| entry.status).collect();
        assert_eq!(statuses, [None, Some(204)]);
    }

    #[test]
    fn a_response_after_clear_is_not_recorded() {
        let journal = Journal::new(2);
        let old = journal.record_request(&call("/a"), "us", 1);
        journal.clear();
        journal.record_request(&call("/b"), "us", 2);
        journal.record_response(old, 200);
        assert_eq!(journal.entries()[0].status, None);
    }
}
