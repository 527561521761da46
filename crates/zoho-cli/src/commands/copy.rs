//! `zoho tokens copy`: copies all tokens to another store.

use indicatif::ProgressBar;
use serde_json::json;
use zoho_oauth::store::{
    AnyStore, CopyReport, MemoryStore, RejectedRow, StoreErrorKind, StoreUrl, TokenCopy,
};

use super::interruption::Interruption;
use crate::args::Copy;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{CopyCount, MissingStore, NextStep, Note, Problem, Progress, Waiting, Warning};

pub(crate) async fn run(config: &Config, copy: Copy) -> Result<(), Failure> {
    let from = url(&copy.from)?;
    if is_missing_file(&from) {
        return Err(Problem::NoSourceFile.into());
    }
    let (from, to) = (open(&from)?, url(&copy.to)?);
    // Opening a file creates it, and a dry run must not create anything.
    let to = if copy.dry_run && is_missing_file(&to) {
        AnyStore::from(MemoryStore::new()).named(MissingStore(&to).to_string())
    } else {
        open(&to)?
    };
    config.output.waits_for(Waiting::Store { name: to.name().to_owned() });
    let bar = config.output.progress();
    let mut last = CopyReport::default();
    let interruption = Interruption::start()?;
    interruption.leads_to(NextStep::ResumeCopy);
    let copying = TokenCopy::new(&from, &to)
        .dry_run(copy.dry_run)
        .on_progress(|report| {
            show(&bar, report, copy.dry_run);
            report.clone_into(&mut last);
        })
        .run();
    let outcome = interruption.unless(copying).await;
    bar.finish_and_clear();
    let outcome = outcome?;
    let report = outcome.map_err(|error| {
        if error.kind() == StoreErrorKind::Rejected {
            return Failure::of(Exit::Usage, &error);
        }
        let written = last.added + last.updated + last.renumbered;
        Failure::from(Problem::CopyStopped { read: last.read, written }).caused_by(&error)
    })?;
    tell(config, &from, &to, &report, copy.dry_run)
}

fn url(text: &str) -> Result<StoreUrl, Failure> {
    text.parse().map_err(|error| Failure::of(Exit::Usage, &error))
}

/// Whether a URL names a file that does not exist.
fn is_missing_file(url: &StoreUrl) -> bool {
    url.path().is_some_and(|path| !path.exists())
}

fn open(url: &StoreUrl) -> Result<AnyStore, Failure> {
    url.connect().map_err(|error| match error.kind() {
        StoreErrorKind::Rejected => Failure::of(Exit::Usage, &error),
        _ => error.into(),
    })
}

/// Moves the bar, which covers the rows twice: when they are read and when they are verified.
fn show(bar: &ProgressBar, report: &CopyReport, is_dry: bool) {
    let is_verifying = report.read == report.total && !is_dry;
    bar.set_length(report.total);
    bar.set_message(if is_verifying { Progress::Verified } else { Progress::Read }.to_string());
    bar.set_position(if is_verifying { report.verified } else { report.read });
}

fn tell(
    config: &Config,
    from: &AnyStore,
    to: &AnyStore,
    report: &CopyReport,
    is_dry: bool,
) -> Result<(), Failure> {
    if config.output.is_json() {
        config.output.json(&json!({
            "dry_run": is_dry,
            "read": report.read,
            "added": report.added,
            "updated": report.updated,
            "renumbered": report.renumbered,
            "same": report.same,
            "newer": report.newer,
            "changed": report.changed,
            "verified": report.verified,
            "rejected": report.rejected.iter().map(rejected).collect::<Vec<_>>(),
        }))?;
    } else {
        let (from, to) = (from.name().to_owned(), to.name().to_owned());
        config.output.note(&Note::Copied { from, to, dry_run: is_dry });
        for (kind, count) in counts(report, is_dry) {
            config.output.note(&Note::CopyCount { kind, count });
        }
        for RejectedRow { id, reason, .. } in &report.rejected {
            config.output.warning(&Warning::RowNotCopied { id: id.clone(), reason: reason.clone() });
        }
    }
    if is_dry || report.is_complete() {
        return Ok(());
    }
    let missing = report.rejected.len() as u64 + report.changed;
    Err(Problem::CopyIncomplete { missing, count: report.read }.into())
}

fn rejected(row: &RejectedRow) -> serde_json::Value {
    json!({ "id": row.id, "reason": row.reason })
}

/// The counts to print: those that are not zero, and the number of rows read.
fn counts(report: &CopyReport, is_dry: bool) -> impl Iterator<Item = (CopyCount, u64)> {
    let kinds = [
        (CopyCount::Read, report.read),
        (CopyCount::Added, report.added),
        (CopyCount::Updated, report.updated),
        (CopyCount::Renumbered, report.renumbered),
        (CopyCount::Same, report.same),
        (CopyCount::Newer, report.newer),
        (CopyCount::Changed, report.changed),
        (CopyCount::Verified, if is_dry { 0 } else { report.verified }),
    ];
    kinds.into_iter().filter(|(kind, count)| *count > 0 || *kind == CopyCount::Read)
}
