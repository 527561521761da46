//! `zoho bulk`: very many records, in jobs that Zoho does in the background.

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
