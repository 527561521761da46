//! Searches records by criteria, email address, phone number or word.

use super::{ListRecords, Records};
use crate::criteria::Criteria;
use crate::message::Method;
use crate::request::Request;

impl Records {
    /// Searches records, as a page or as a stream of all.
    ///
    /// A search has the same options as a list, except for sorting and custom views. Zoho finds at most 2,000 records; the
    /// next page is the error `LIMIT_REACHED` ([`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded)). A record that
    /// has just been written may be missing for a moment. [`Crm::coql`](crate::Crm::coql) has neither limitation.
    ///
    /// Needs the scope `ZohoSearch.securesearch.READ` in addition to the one for the module.
    /// <https://www.zoho.com/crm/developer/docs/api/v8/search-records.html>
    ///
    /// ```no_run
    /// use zohocrm::{Criteria, Search};
    ///
    /// # async fn search(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
    /// let leads = crm.records("Leads");
    /// let burns = Criteria::field("Last_Name").equals("Burns, B");
    /// let page = leads.search(burns).fields(["Last_Name", "Email"]).send().await?;
    /// let same_person = leads.search(Search::email("ada@example.com")).send().await?;
    /// println!("{} and {}", page.records.len(), same_person.records.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(&self, search: impl Into<Search>) -> ListRecords {
        let request = self.request_below(Method::Get, "search");
        // Both scopes are needed. A login that can read the module most likely lacks this one.
        let scopes = &["ZohoSearch.securesearch.READ"];
        ListRecords { request: search.into().applied_to(request.scopes(scopes)) }
    }
}

/// What to search for. One search can use one of these.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a search does nothing until it is passed to a call"]
pub struct Search {
    term: Term,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Criteria(Criteria),
    Text { parameter: &'static str, text: String },
}

impl Search {
    /// Records with this address in any of their email fields.
    pub fn email(address: impl Into<String>) -> Self {
        Self::text("email", address)
    }

    /// Records with this number in any of their phone fields.
    pub fn phone(number: impl Into<String>) -> Self {
        Self::text("phone", number)
    }

    /// Records with this word in any of their fields. It must have at least two letters.
    pub fn word(word: impl Into<String>) -> Self {
        Self::text("word", word)
    }

    fn text(parameter: &'static str, text: impl Into<String>) -> Self {
        Self { term: Term::Text { parameter, text: text.into() } }
    }

    pub(super) fn applied_to(self, request: Request) -> Request {
        match self.term {
            Term::Text { parameter, text } => request.replace_query(parameter, text),
            Term::Criteria(criteria) => match criteria.to_text() {
                Ok(text) => request.replace_query("criteria", text),
                Err(problem) => request.with_problem(Some(problem)),
            },
        }
    }
}

impl From<Criteria> for Search {
    fn from(criteria: Criteria) -> Self {
        Self { term: Term::Criteria(criteria) }
    }
}
