//! `Page`: some of the records of a module, and how to get the next ones.

use serde::Deserialize;

use crate::record::Record;

/// One page of records. No records at all is an empty page, not an error.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The records, in Zoho's order.
    pub records: Vec<Record>,
    /// Whether there are more after these.
    pub more_records: bool,
    /// What to give to [`page_token`](crate::ListRecords::page_token) for the next page. Beyond record 2,000 it is
    /// the only way. It is good for 24 hours, for the same user.
    pub next_page_token: Option<String>,
}

/// A page as Zoho writes it.
#[derive(Debug, Deserialize)]
pub(crate) struct PageBody {
    data: Vec<Record>,
    #[serde(default)]
    info: Info,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Info {
    more_records: bool,
    next_page_token: Option<String>,
}

impl From<PageBody> for Page {
    fn from(body: PageBody) -> Self {
        let Info { more_records, next_page_token } = body.info;
        Self { records: body.data, more_records, next_page_token }
    }
}
