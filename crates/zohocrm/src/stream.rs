//! `Pages` and `Items`: lists as streams, requested page by page.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::TryStreamExt;

use crate::error::Error;
use crate::page::Page;

/// A stream of pages. Each page is requested when it is needed. The stream ends after an error.
///
/// It also implements `futures_core::Stream`.
///
/// ```no_run
/// # async fn pages(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let mut pages = crm.records("Leads").list().fields(["Last_Name"]).pages();
/// while let Some(page) = pages.next().await {
///     println!("{} more", page?.records.len());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "the first page is requested when `next` is called"]
pub struct Pages<T> {
    inner: Pin<Box<dyn Stream<Item = Result<Page<T>, Error>> + Send>>,
}

impl<T: Send + 'static> Pages<T> {
    /// Makes a stream of pages: `fetch` returns the page at a cursor, and the cursor of the next page.
    pub(crate) fn unfold<C, F, Fut>(first: C, fetch: F) -> Self
    where
        C: Send + 'static,
        F: Fn(C) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(Page<T>, Option<C>), Error>> + Send + 'static,
    {
        Self { inner: Box::pin(unfold(first, fetch)) }
    }

    /// Returns the next page; `None` at the end. Dropping the future loses nothing: call it again.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Turns the stream of pages into a stream of their items.
    pub fn items(self) -> Items<T> {
        Items::of_batches(self.map_ok(|page| page.records))
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inner.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pages")
    }
}

/// A stream of items. They are requested a page at a time, when they are needed. The stream ends after an error.
///
/// It also implements `futures_core::Stream`.
///
/// ```no_run
/// # async fn items(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let mut leads = crm.records("Leads").list().fields(["Last_Name"]).stream();
/// while let Some(lead) = leads.next().await {
///     println!("{}", lead?.text("Last_Name").unwrap_or("-"));
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "the first item is requested when `next` is called"]
pub struct Items<T> {
    batches: Pin<Box<dyn Stream<Item = Result<Vec<T>, Error>> + Send>>,
    ready: std::vec::IntoIter<T>,
}

impl<T> Items<T> {
    fn of_batches(batches: impl Stream<Item = Result<Vec<T>, Error>> + Send + 'static) -> Self {
        Self { batches: Box::pin(batches), ready: Vec::new().into_iter() }
    }
}

#[cfg(feature = "bulk")]
impl<T: Send + 'static> Items<T> {
    /// Makes a stream of items: `fetch` returns some items, and the state that the next ones are fetched with.
    pub(crate) fn unfold<C, F, Fut>(first: C, fetch: F) -> Self
    where
        C: Send + 'static,
        F: Fn(C) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(Vec<T>, Option<C>), Error>> + Send + 'static,
    {
        Self::of_batches(unfold(first, fetch))
    }
}

impl<T: Send + Unpin + 'static> Items<T> {
    /// Returns the next item; `None` at the end. Dropping the future loses nothing: call it again.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Collects the remaining items, at most `max`.
    ///
    /// # Errors
    /// If a page cannot be read. The items before it are dropped.
    pub async fn collect_up_to(mut self, max: usize) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while items.len() < max {
            match self.next().await {
                Some(item) => items.push(item?),
                None => break,
            }
        }
        Ok(items)
    }
}

impl<T: Unpin> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.ready.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.batches.as_mut().poll_next(context)) {
                Some(Ok(batch)) => self.ready = batch.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Items")
    }
}

/// A stream that fetches its next item from the state that came with the one before.
fn unfold<T, C, F, Fut>(first: C, fetch: F) -> impl Stream<Item = Result<T, Error>> + Send + 'static
where
    T: Send + 'static,
    C: Send + 'static,
    F: Fn(C) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(T, Option<C>), Error>> + Send + 'static,
{
    futures_util::stream::try_unfold(Some(first), move |state| {
        let fetching = state.map(&fetch);
        async move {
            match fetching {
                Some(fetching) => fetching.await.map(Some),
                None => Ok(None),
            }
        }
    })
}
