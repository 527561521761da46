//! `zoho token` with a valid stored token: the whole process, compared with a process that does nothing.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Outcome;
use crate::fixture;
use crate::measure::{Effort, repeat};
use crate::options::{Options, program_folder};
use crate::report::{Limit, Line, Report};

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("`zoho token`, the whole process", "`true`, the whole process");
    let program = program_folder()?.join(format!("zoho{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        report.note(
            "Not measured: `zoho` is not beside this program; run `cargo build --release -p zoho-cli`.",
        );
        return Ok(());
    }
    let folder = options.fresh_folder()?;
    let path = folder.path().join("zohooauth.db");
    fixture::write_indexed_database(&path, 1)?;
    let row = fixture::row(0);
    let mut zoho = Command::new(program);
    zoho.args(["token", "--user", &fixture::user_name(0)])
        .env("ZOHO_STORE", format!("sqlite:{}", path.display()))
        .env("ZOHO_ENVIRONMENT", "us");
    let answer = zoho.output()?;
    if String::from_utf8_lossy(&answer.stdout).trim() != row.access_token.unwrap_or_default() {
        return Err(format!("zoho token: {}", String::from_utf8_lossy(&answer.stderr).trim()).into());
    }

    // A round is one process, so the quartiles show what a user sees.
    let effort = Effort { rounds: if options.quick { 10 } else { 101 }, round: Duration::ZERO };
    let mut nothing = Command::new("true");
    let (product, other) = effort.pair(
        |calls| repeat(calls, || run_to_end(&mut zoho)),
        |calls| repeat(calls, || run_to_end(&mut nothing)),
    )?;
    let what = "a valid token in a SQLite store".to_owned();
    report.line(&Line { what, product, other: Some(other), limit: Limit::Within(20_000_000.0) });
    Ok(())
}

fn run_to_end(command: &mut Command) -> Outcome {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("the command ended with {status}").into()) }
}
