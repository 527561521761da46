//! `FileStore`: the CSV file of Zoho's SDKs.

mod faults;
mod golden;
mod sharing;
pub(crate) mod support;
