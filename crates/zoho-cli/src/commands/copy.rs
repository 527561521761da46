//! `zoho tokens copy`: from one store into another.

use std::path::Path;

use indicatif::ProgressBar;
use serde_json::json;
use zoho_oauth::store::{self, AnyStore, CopyReport, RefusedRow, StoreErrorKind, TokenCopy};

use crate::args::Copy;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::printable;

pub(crate) async fn run(config: &Config, copy: Copy) -> Result<(), Failure> {
    if is_missing_file(&copy.from) {
        return Err(Failure::not_found("there is no file at --from").next_step("check its path"));
    }
    let from = open(&copy.from)?;
    // Opening a file makes it, and a dry run makes nothing.
    let to = if copy.dry_run && is_missing_file(&copy.to) {
        open("memory:")?.named(format!("{}, which is not there yet", printable(&copy.to)))
    } else {
        open(&copy.to)?
    };
    let bar = config.output.progress();
    let mut last = CopyReport::default();
    let outcome = TokenCopy::new(&from, &to)
        .dry_run(copy.dry_run)
        .on_progress(|report| {
            show(&bar, report, copy.dry_run);
            report.clone_into(&mut last);
        })
        .run()
        .await;
    bar.finish_and_clear();
    let report = outcome.map_err(|error| {
        if error.kind() == StoreErrorKind::Refused {
            return Failure::usage(error.to_string());
        }
        let written = last.added + last.updated + last.renumbered;
        Failure::failed(format!("the copy stopped after {} rows, {written} of them written", last.read))
            .caused_by(&error)
            .next_step("run the same command again: it goes on where it stopped")
    })?;
    tell(config, &from, &to, &report, copy.dry_run)
}

/// Whether a URL names a file that is not there.
fn is_missing_file(url: &str) -> bool {
    let (scheme, place) = url.split_once(':').unwrap_or((url, ""));
    let place = place.strip_prefix("//").unwrap_or(place);
    let is_file = matches!(scheme, "file" | "sqlite") && !place.is_empty() && place != ":memory:";
    is_file && !Path::new(place).exists()
}

fn open(url: &str) -> Result<AnyStore, Failure> {
    store::connect(url).map_err(|error| match error.kind() {
        StoreErrorKind::Refused => Failure::usage(error.to_string()),
        _ => error.into(),
    })
}

/// Rows are read first and verified last; the bar goes through them twice.
fn show(bar: &ProgressBar, report: &CopyReport, is_dry: bool) {
    let is_verifying = report.read == report.total && !is_dry;
    bar.set_length(report.total);
    bar.set_message(if is_verifying { "verified" } else { "read" });
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
            "refused": report.refused.iter().map(refused).collect::<Vec<_>>(),
        }))?;
    } else {
        let verb = if is_dry { "would copy" } else { "copied" };
        config.output.words(format_args!("{verb} from {} to {}:", from.name(), to.name()));
        for line in lines(report, is_dry) {
            config.output.words(format_args!("  {line}"));
        }
        for row in &report.refused {
            config.output.warning(format_args!("row {} was refused: {}", printable(&row.id), row.reason));
        }
    }
    if is_dry || report.is_complete() {
        return Ok(());
    }
    let left = report.refused.len() as u64 + report.changed;
    Err(Failure::failed(format!("{left} of {} rows are not there as they were read", report.read))
        .next_step("mend what was refused, and run the same command again"))
}

fn refused(row: &RefusedRow) -> serde_json::Value {
    json!({ "id": row.id, "reason": row.reason })
}

/// What was done, one kind a line; kinds of which there is none are left out.
fn lines(report: &CopyReport, is_dry: bool) -> Vec<String> {
    let kinds = [
        (report.read, "read"),
        (report.added, "added"),
        (report.updated, "written over an older state"),
        (report.renumbered, "saved under another id"),
        (report.same, "there already"),
        (report.newer, "left alone, since a later state is there"),
        (report.changed, "changed or deleted there by somebody else meanwhile"),
        (if is_dry { 0 } else { report.verified }, "verified"),
    ];
    let told = kinds.into_iter().filter(|(count, kind)| *count > 0 || *kind == "read");
    told.map(|(count, kind)| format!("{count:>9} {kind}")).collect()
}
