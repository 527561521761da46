//! `zoho bulk`: reads and writes many records with Zoho's background jobs.

mod outcome;
mod progress;
mod read;
mod write;

use crate::args::Bulk;
use crate::config::Config;
use crate::failure::Failure;

pub(crate) async fn run(config: &Config, command: Bulk) -> Result<(), Failure> {
    match command {
        Bulk::Read(options) => read::run(config, options).await,
        Bulk::Write(options) => write::run(config, options).await,
    }
}
