//! Checks the typed client against Zoho's own description of the API, without any code of the generator.
//!
//! `ZOHOCRM_OPENAPI` names a folder with Zoho's OpenAPI files and `ZOHOCRM_EXAMPLES` one with the bodies that Zoho
//! publishes. Both belong to Zoho and are not part of this project; `cargo xtask test` finds them in `openapi` and
//! `examples-of-zoho`. Each test prints what it counted: `cargo test -p api-check -- --include-ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot continue fails, and prints what it found"
)]

mod contradictions;
mod coverage;
mod errors;
mod examples;
mod known;
mod left_out;
mod requests;
mod required;
mod round_trips;
mod scopes;
mod selections;
mod support;
