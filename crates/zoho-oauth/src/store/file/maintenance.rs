//! Checks and repairs a token file. Unreadable lines are skipped, and the file is replaced as a whole.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::store::erased::Boxed;
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::lock_file::LockFile;
use crate::store::maintenance::{
    Backup, CheckReport, Finding, FindingKind, FirstPass, Maintenance, RepairStep, Repaired, repair_steps,
    repairable,
};
use crate::store::stored::StoredToken;

use super::FileStore;
use super::disk::fault;
use super::draft::{Draft, Plan};
use super::identity::Identity;
use super::lenient::Lenient;
use super::shared::{MAX_ATTEMPTS, Shared};

impl Maintenance for FileStore {
    fn check(&self) -> Boxed<'_, CheckReport> {
        Box::pin(
            self.blocking(|shared| {
                Ok(Reading::of(shared)?.map(|reading| reading.report()).unwrap_or_default())
            }),
        )
    }

    fn repair(&self, backup: Option<PathBuf>) -> Boxed<'_, Repaired> {
        Box::pin(self.blocking(move |shared| shared.repair(backup.as_deref())))
    }
}

impl Shared {
    /// Writes a backup and replaces the file by its repaired content, or does neither. Blocks.
    fn repair(&self, backup: Option<&Path>) -> Result<Repaired, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let lock = self.lock()?;
            let Some(reading) = Reading::of(self)? else { return Ok(Repaired::default()) };
            let findings = repairable(reading.report());
            if findings.is_empty() {
                return Ok(Repaired::default());
            }
            let mut copy = Backup::begin(backup, self.file.path())?;
            copy.file().write_all(&reading.content).map_err(|error| copy.failed(error))?;
            let copy = copy.finish()?;
            match self.replace(&lock, &reading, &findings) {
                Ok(true) => return Ok(Repaired { backup: Some(copy), findings }),
                // Another process has written the file: the backup is outdated.
                outcome => {
                    let _ = std::fs::remove_file(&copy);
                    outcome?;
                }
            }
        }
        Err(self.always_changing("repair"))
    }

    /// Writes the side file, then the table. Returns `false` if another process has written one of them since they were
    /// read.
    fn replace(&self, lock: &LockFile, reading: &Reading, findings: &[Finding]) -> Result<bool, StoreError> {
        let table = &reading.lenient.table;
        let mut draft = Draft::over(table, self.state().read_locked()?);
        for finding in findings {
            repair_one(&mut draft, &reading.lenient, finding);
        }
        draft.note_highest_id();
        let Plan { state, changes, .. } = draft.into_plan();
        if let Some(state) = state
            && !self.state().write(lock, state)?
        {
            return Ok(false);
        }
        let replaced = self.file.replace(lock, Some(reading.identity), &table.text_with(&changes));
        Ok(replaced.map_err(|error| fault("write the tokens", self.file.path(), error))?.is_some())
    }
}

/// Repairs one finding in the draft.
fn repair_one(draft: &mut Draft<'_>, lenient: &Lenient, finding: &Finding) {
    let number_of = |line: &usize| lenient.lines.binary_search(line).ok().map(|position| position as u64);
    let (numbers, rows): (Vec<_>, Vec<_>) = finding
        .lines
        .iter()
        .filter_map(number_of)
        .filter_map(|number| Some((number, draft.row(number)?)))
        .unzip();
    for step in repair_steps(finding.kind, &rows) {
        match step {
            RepairStep::Fill(position, filled) => draft.put(numbers[position], filled),
            RepairStep::Delete(position) => draft.delete_rows(&[numbers[position]]),
            RepairStep::Renumber(position) => {
                let id = Some(draft.new_id());
                draft.put(numbers[position], StoredToken { id, ..rows[position].clone() });
            }
        }
    }
}

/// The content of the file at one moment.
struct Reading {
    content: Vec<u8>,
    identity: Identity,
    lenient: Lenient,
}

impl Reading {
    /// Reads the file, even if it is damaged, but not while it is being written. Returns `None` if it does not exist.
    fn of(shared: &Shared) -> Result<Option<Self>, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            // Retries for a moment, because a file that another program is writing looks damaged.
            let is_damaged = match shared.refresh() {
                Err(error) if error.kind() == StoreErrorKind::Damaged => true,
                refreshed => refreshed.map(|()| false)?,
            };
            let read = shared.file.read();
            let read = read.map_err(|error| fault("read the tokens", shared.file.path(), error))?;
            let Some((content, before, identity)) = read else { return Ok(None) };
            if before == identity && (is_damaged || shared.content().is_of(identity)) {
                let lenient = Lenient::read(&content);
                return Ok(Some(Self { content, identity, lenient }));
            }
        }
        Err(shared.always_changing("read the tokens"))
    }

    fn report(&self) -> CheckReport {
        let Lenient { table, lines, torn, has_header, is_foreign } = &self.lenient;
        if *is_foreign {
            let text = "no line is a token or a header; a repair does not change the file";
            let finding = Finding::new(FindingKind::UnreadableRow, text).at_line(1);
            return CheckReport { rows: 0, findings: vec![Finding { can_be_repaired: false, ..finding }] };
        }
        let mut findings: Vec<Finding> = torn
            .iter()
            .map(|damage| Finding::new(FindingKind::UnreadableRow, damage.what.as_str()).at_line(damage.line))
            .collect();
        if !has_header {
            let text = if self.content.is_empty() {
                "the file is empty and has no header"
            } else {
                "the header is missing; official SDKs skip the row in its place"
            };
            findings.push(Finding::new(FindingKind::MissingHeader, text).at_line(1));
        }
        let mut first = FirstPass::default();
        table.tokens().for_each(|row| first.count(&row));
        let rows = first.rows();
        let mut second = first.second_pass();
        for (row, line) in table.tokens().zip(lines) {
            second.check(&row, Some(*line));
        }
        findings.extend(second.finish());
        findings.sort_by(|one, other| one.lines.first().cmp(&other.lines.first()));
        CheckReport { rows, findings }
    }
}
