//! Looking for records: by criteria, an e-mail address, a telephone number or a word.

use super::{ListRecords, Records};
use crate::criteria::Criteria;
use crate::message::Method;
use crate::request::Request;

impl Records {
    /// Looks for records, a page at a time, or all as a stream.
    ///
    /// What a list takes, a search takes too, but for sorting and custom views. Zoho finds at most 2,000 records: the page
    /// after them is the error `LIMIT_REACHED` ([`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded)). A record
    /// that was just written may be missing for a moment. [`Crm::coql`](crate::Crm::coql) has neither weakness.
    ///
    /// Needs the scope `ZohoSearch.securesearch.READ` beside that for the module.
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
        // Both are needed. Whoever may read the module has the other one most likely.
        let scopes = &["ZohoSearch.securesearch.READ"];
        ListRecords { request: search.into().applied_to(request.scopes(scopes)) }
    }
}

/// What to look for. Zoho looks for one of these at a time.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a search does nothing until a call has it"]
pub struct Search {
    sought: Sought,
}

#[derive(Clone, Debug, PartialEq)]
enum Sought {
    Criteria(Criteria),
    Text { parameter: &'static str, text: String },
}

impl Search {
    /// Records with this e-mail address in any of their e-mail fields.
    pub fn email(address: impl Into<String>) -> Self {
        Self::text("email", address)
    }

    /// Records with this telephone number in any of their phone fields.
    pub fn phone(number: impl Into<String>) -> Self {
        Self::text("phone", number)
    }

    /// Records with this word in any of their fields: at least two letters.
    pub fn word(word: impl Into<String>) -> Self {
        Self::text("word", word)
    }

    fn text(parameter: &'static str, text: impl Into<String>) -> Self {
        Self { sought: Sought::Text { parameter, text: text.into() } }
    }

    pub(super) fn applied_to(self, request: Request) -> Request {
        match self.sought {
            Sought::Text { parameter, text } => request.replace_query(parameter, text),
            Sought::Criteria(criteria) => match criteria.to_text() {
                Ok(text) => request.replace_query("criteria", text),
                Err(problem) => request.with_problem(Some(problem)),
            },
        }
    }
}

impl From<Criteria> for Search {
    fn from(criteria: Criteria) -> Self {
        Self { sought: Sought::Criteria(criteria) }
    }
}
