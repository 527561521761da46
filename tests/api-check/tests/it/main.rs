//! The typed client against Zoho's own description of the API, by a judge that shares no code with the generator.
//!
//! `ZOHOCRM_OPENAPI` names a folder with Zoho's OpenAPI files and `ZOHOCRM_EXAMPLES` one with the bodies that Zoho
//! publishes. They are Zoho's, so neither is part of this project; `cargo xtask test` finds them in `openapi` and
//! `examples-of-zoho`. Where they are not there, a test says `SKIPPED:` and why. What it counted, each test says too:
//! `cargo test -p api-check -- --nocapture`.

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
