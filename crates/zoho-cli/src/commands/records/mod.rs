//! `zoho records`: reads and writes the records of a module.

mod read;
mod write;

use crate::args::Records;
use crate::config::Config;
use crate::failure::Failure;

pub(crate) async fn run(config: &Config, command: Records) -> Result<(), Failure> {
    match command {
        Records::List(list) => read::list(config, list).await,
        Records::Search(search) => read::search(config, search).await,
        Records::Get(get) => read::get(config, get).await,
        Records::Create(create) => write::create(config, create).await,
        Records::Update(update) => write::update(config, update).await,
        Records::Upsert(upsert) => write::upsert(config, upsert).await,
        Records::Delete(delete) => write::delete(config, delete).await,
        Records::Count(count) => read::count(config, count).await,
        Records::Deleted(deleted) => read::deleted(config, deleted).await,
        Records::Related(related) => read::related(config, related).await,
    }
}
