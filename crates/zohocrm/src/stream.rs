//! `Pages` and `Items`: what comes a page at a time, followed to its end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::error::Error;
use crate::page::Page;

/// Pages, asked for one at a time as they are needed. After an error it ends.
///
/// It is a `futures_core::Stream`, too.
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
#[must_use = "nothing is asked for until the first page is wanted"]
pub struct Pages<T> {
    inner: Pin<Box<dyn Stream<Item = Result<Page<T>, Error>> + Send>>,
}

impl<T: Send + 'static> Pages<T> {
    /// Pages by a cursor: `fetch` gets a page, and the cursor of the one after it.
    pub(crate) fn unfold<C, F, Fut>(first: C, fetch: F) -> Self
    where
        C: Send + 'static,
        F: Fn(C) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(Page<T>, Option<C>), Error>> + Send + 'static,
    {
        let pages = futures_util::stream::try_unfold(Some(first), move |cursor| {
            let fetching = cursor.map(&fetch);
            async move {
                match fetching {
                    Some(fetching) => fetching.await.map(Some),
                    None => Ok(None),
                }
            }
        });
        Self { inner: Box::pin(pages) }
    }

    /// The next page; `None` at the end. May be dropped and called again: nothing is lost.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The items of the pages, one by one.
    pub fn items(self) -> Items<T> {
        Items { pages: self, ready: Vec::new().into_iter() }
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

/// Items, asked for a page at a time as they are needed. After an error it ends.
///
/// It is a `futures_core::Stream`, too.
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
#[must_use = "nothing is asked for until the first item is wanted"]
pub struct Items<T> {
    pages: Pages<T>,
    ready: std::vec::IntoIter<T>,
}

impl<T: Send + Unpin + 'static> Items<T> {
    /// The next item; `None` at the end. May be dropped and called again: nothing is lost.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// All items that are left, or as many as `most`.
    ///
    /// # Errors
    /// When a page cannot be had; the items before it are dropped.
    pub async fn collect_up_to(mut self, most: usize) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while items.len() < most {
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
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => self.ready = page.records.into_iter(),
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
