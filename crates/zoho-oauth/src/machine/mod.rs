//! The machine that an authenticator runs on.

pub(crate) mod http;
