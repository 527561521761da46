//! What Zoho stores, as plain data and rules. Nothing here knows the request or the server; the time is a parameter.

pub(crate) mod channels;
pub(crate) mod consents;
pub(crate) mod credits;
pub(crate) mod criteria;
pub(crate) mod files;
pub(crate) mod grants;
pub(crate) mod identity;
pub(crate) mod jobs;
pub(crate) mod metadata;
pub(crate) mod records;
