//! `store::check` and `store::repair`: damage that official SDKs leave behind is found and repaired without loss.

mod permissions;
mod repair;
mod rows;
mod sharing;
mod support;
