//! The worker: carries out the commands on its standard input.

mod desk;
mod lock;

use std::error::Error;

use token_store_torture::parts::serve;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut desk = desk::Desk::default();
    Ok(serve(|command| runtime.block_on(desk.answer(command)))?)
}
