//! What Zoho keeps, as plain data and rules. Nothing here knows requests, the server or the time: a moment is a parameter.

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
