//! What only real processes can show: one renewal for eight of them, kills, stops, full disks, missing rights.
//!
//! Every scenario runs over every backend that it makes sense for: files on this machine, and servers. It says what it measured, which
//! `cargo test -p processes -- --nocapture` shows. A test that lacks what it needs says so in a line that begins with
//! `SKIPPED:`; with `ZOHOCRM_REQUIRE_ALL` in the environment it fails instead.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
mod support;

mod damage;
mod fleet;
mod full_disk;
mod kill;
mod locked;
mod million;
mod modes;
mod one_refresh;
mod outage;
mod read_only;
mod secrets;
mod sharing;
mod spool;
mod takeover;
