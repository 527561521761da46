//! What happens later, in the order of virtual time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;
use std::task::Waker;
use std::time::Duration;

/// The events to come. Those at the same moment happen in the order in which they were added.
#[derive(Debug)]
pub(crate) struct Timers<W> {
    heap: BinaryHeap<Entry<W>>,
    added: u64,
}

/// What happens.
pub(crate) enum Event<W> {
    Wake(Waker),
    Act(Box<dyn FnOnce(&mut W) + Send>),
}

struct Entry<W> {
    at: Duration,
    number: u64,
    event: Event<W>,
}

impl<W> Timers<W> {
    pub(crate) fn add(&mut self, at: Duration, event: Event<W>) {
        self.added += 1;
        self.heap.push(Entry { at, number: self.added, event });
    }

    /// Removes the first event, with its moment.
    pub(crate) fn pop(&mut self) -> Option<(Duration, Event<W>)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

impl<W> Default for Timers<W> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), added: 0 }
    }
}

impl<W> fmt::Debug for Entry<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entry").field("at", &self.at).finish_non_exhaustive()
    }
}

impl<W> Ord for Entry<W> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Reversed, because the heap returns the greatest.
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl<W> PartialOrd for Entry<W> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<W> PartialEq for Entry<W> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<W> Eq for Entry<W> {}
