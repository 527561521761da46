//! The typed client against Zoho's own description of the API, by a judge that shares no code with the generator.
//!
//! `ZOHOCRM_OPENAPI` names a folder with Zoho's OpenAPI files and `ZOHOCRM_EXAMPLES` one with the bodies that Zoho
//! publishes. They are Zoho's, so neither is part of this project; `cargo xtask test` finds them in `openapi` and
//! `examples-of-zoho`. Each test prints what it counted: `cargo test -p api-check -- --include-ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and says what it saw"
)]

mod coverage;
mod errors;
mod examples;
mod known;
mod left_out;
mod requests;
mod required;
mod round_trips;
mod scopes;
mod support;
