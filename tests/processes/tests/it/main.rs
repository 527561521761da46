//! What only real processes can show: one renewal for all of them, kills, stops, full disks, missing permissions,
//! files of other accounts.
//!
//! Every scenario runs over every backend that it makes sense for. Measurements are shown by
//! `cargo test -p processes -- --include-ignored --nocapture`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
mod support;

mod connections;
mod cut_off;
mod damage;
mod early;
mod fleet;
mod full_disk;
mod hung_store;
mod kill;
mod locked;
mod million;
mod modes;
mod one_refresh;
mod outage;
mod read_only;
mod rejected_row;
mod secrets;
mod sharing;
mod slow_login;
mod spool;
mod stopped;
mod strangers;
mod takeover;
mod unreachable;
mod vanished;
