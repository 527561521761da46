//! Counts records.

use super::{Records, Search};
use crate::error::{Error, ResponseProblem};
use crate::message::Method;
use crate::request::{Request, Response, awaited};
use crate::value::described::described;

impl Records {
    /// Counts the records of the module.
    ///
    /// ```no_run
    /// use zohocrm::Criteria;
    ///
    /// # async fn count(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
    /// let leads = crm.records("Leads");
    /// let all = leads.count().await?;
    /// let lost = leads.count().matching(Criteria::field("Lead_Status").equals("Lost Lead")).await?;
    /// println!("{} of {}", lost.into_inner(), all.into_inner());
    /// # Ok(())
    /// # }
    /// ```
    pub fn count(&self) -> CountRecords {
        let template = "/crm/v8/{module}/actions/count";
        let request =
            Request::operation(&self.caller, Method::Get, template, [("module", self.module.clone())]);
        CountRecords { request: request.scopes(super::scopes(Method::Get)) }
    }
}

/// A count that has not been requested; from [`Records::count`]. Await it, or call [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "a count does nothing until it is sent"]
pub struct CountRecords {
    request: Request,
}

impl CountRecords {
    /// Counts only the records that match a search. Cannot be combined with a custom view.
    pub fn matching(self, search: impl Into<Search>) -> Self {
        let unmatched =
            ["criteria", "email", "phone", "word"].into_iter().fold(self.request, Request::without_query);
        Self { request: search.into().applied_to(unmatched) }
    }

    /// Counts only the records of a custom view, given by its id.
    pub fn custom_view(self, id: impl Into<String>) -> Self {
        Self { request: self.request.replace_query("cvid", id) }
    }

    /// Requests the count.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn send(&self) -> Result<Response<u64>, Error> {
        let response = self.request.send().await?;
        let count = response.json::<Count>()?.and_then(|body| body.count);
        let count = count.ok_or_else(|| {
            Error::unusable(&response, ResponseProblem::Unexpected, "it has no number of records")
        })?;
        Ok(Response::of(&response, count))
    }
}

awaited!(CountRecords -> Response<u64>);

described! {
    /// The response to a count.
    struct Count {
        /// The number of records.
        pub count: Option<u64> = "count" or_text,
    }
}
