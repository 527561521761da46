//! `crm.notifications()`: channels through which Zoho reports changes of records.

mod channel;
mod notification;

use crate::caller::Caller;
use crate::error::Error;
use crate::message::Method;
use crate::page::Page;
use crate::paginate::{page, pages};
use crate::request::{Request, Response, awaited};
use crate::stream::Items;
use crate::value::{Map, Value, object};
use crate::written::{WrittenRecord, outcomes, outcomes_of_any_number};

pub use channel::Channel;
pub use notification::{AffectedValues, InvalidNotification, Notification, RecordOperation};

/// The channels of the CRM. Returned by [`Crm::notifications`](crate::Crm::notifications).
///
/// ```no_run
/// use zohocrm::Channel;
///
/// # async fn watch(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let channel = Channel::new("1000000068001")
///     .events(["Leads.create", "Contacts.edit"])
///     .notify_url("https://example.com/zoho")
///     .token("a text that is hard to guess");
/// for enabled in crm.notifications().enable([channel]).await? {
///     enabled?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// Every call needs a scope such as `ZohoCRM.notifications.READ`.
/// <https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html>
#[derive(Clone, Debug)]
pub struct Notifications {
    caller: Caller,
}

impl Notifications {
    pub(crate) fn new(caller: &Caller) -> Self {
        Self { caller: caller.clone() }
    }

    /// Lists the open channels.
    pub fn list(&self) -> ListChannels {
        ListChannels { request: self.request(Method::Get) }
    }

    /// Opens channels and returns a result for each. A channel stays open for one hour, or until its [`Channel::expiry`].
    ///
    /// # Errors
    /// When the call fails as a whole.
    pub async fn enable(
        &self,
        channels: impl IntoIterator<Item = Channel>,
    ) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        self.send(Method::Post, channels, &[]).await
    }

    /// Changes the given properties of channels, keeps the others, and returns a result for each. A later
    /// [`Channel::expiry`] keeps a channel open longer.
    ///
    /// # Errors
    /// When the call fails as a whole.
    pub async fn update(
        &self,
        channels: impl IntoIterator<Item = Channel>,
    ) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        self.send(Method::Patch, channels, &[]).await
    }

    /// Replaces the channels with the same ids and returns a result for each. Properties that are not given are removed.
    ///
    /// # Errors
    /// When the call fails as a whole.
    pub async fn replace(
        &self,
        channels: impl IntoIterator<Item = Channel>,
    ) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        self.send(Method::Put, channels, &[]).await
    }

    /// Removes the given events from channels and returns a result for each.
    ///
    /// # Errors
    /// When the call fails as a whole.
    pub async fn disable_events(
        &self,
        channels: impl IntoIterator<Item = Channel>,
    ) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        self.send(Method::Patch, channels, &[("_delete_events", true.into())]).await
    }

    /// Closes channels by their ids. Zoho returns a result for each module that they watched.
    ///
    /// # Errors
    /// When the call fails as a whole.
    pub async fn disable(
        &self,
        channel_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        let ids: Vec<String> = channel_ids.into_iter().map(Into::into).collect();
        outcomes_of_any_number(&self.request(Method::Delete).query("channel_ids", ids.join(","))).await
    }

    async fn send(
        &self,
        method: Method,
        channels: impl IntoIterator<Item = Channel>,
        more: &[(&str, Value)],
    ) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        let mut bodies: Vec<Map> = channels.into_iter().map(|channel| channel.body()).collect();
        bodies.iter_mut().for_each(|body| body.extend(more.iter().cloned()));
        let count = bodies.len();
        outcomes(&self.request(method).json(object! { "watch": bodies }), count).await
    }

    fn request(&self, method: Method) -> Request {
        // Replacing a channel twice has the same effect as once.
        let repeatable = matches!(method, Method::Get | Method::Put);
        Request::new(&self.caller, method, "/crm/v8/actions/watch").repeatable(repeatable).scopes(
            match method {
                Method::Get => &["ZohoCRM.notifications.READ", "ZohoCRM.notifications.ALL"],
                Method::Post => &["ZohoCRM.notifications.CREATE", "ZohoCRM.notifications.ALL"],
                Method::Put | Method::Patch => &["ZohoCRM.notifications.UPDATE", "ZohoCRM.notifications.ALL"],
                Method::Delete => &["ZohoCRM.notifications.DELETE", "ZohoCRM.notifications.ALL"],
            },
        )
    }
}

/// A request for the open channels. Returned by [`Notifications::list`]. Await it, or call [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "a list does nothing until it is sent"]
pub struct ListChannels {
    request: Request,
}

impl ListChannels {
    /// Restricts the list to the channel with this id.
    pub fn channel(self, id: impl Into<String>) -> Self {
        self.with("channel_id", id.into())
    }

    /// Restricts the list to channels that watch this module.
    pub fn module(self, module: impl Into<String>) -> Self {
        self.with("module", module.into())
    }

    /// Sets the page, counted from 1.
    pub fn page(self, page: u32) -> Self {
        self.with("page", page.to_string())
    }

    /// Sets the number of channels per page: at most 200.
    pub fn per_page(self, channels: u32) -> Self {
        self.with("per_page", channels.to_string())
    }

    /// Requests one page.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn send(&self) -> Result<Response<Page<Channel>>, Error> {
        page(&self.request).await
    }

    /// Streams all channels, starting with this page.
    pub fn stream(&self) -> Items<Channel> {
        pages(self.request.clone()).items()
    }

    fn with(self, name: &str, value: String) -> Self {
        Self { request: self.request.replace_query(name, value) }
    }
}

awaited!(ListChannels -> Response<Page<Channel>>);
