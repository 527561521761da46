//! The worker: does what it is told on standard input, a line at a time, until the input ends.

mod desk;
mod lock;

use std::error::Error;
use std::io::{self, BufRead, Write};

use processes::Answer;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut desk = desk::Desk::default();
    for line in io::stdin().lock().lines() {
        let command = serde_json::from_str(&line?)?;
        let answer = runtime.block_on(desk.answer(command));
        say(&answer)?;
    }
    Ok(())
}

/// Says something, and has it out of this process before it returns.
fn say(answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}
