//! Checks and repairs a token file. Unreadable lines are skipped, and the file is replaced as a whole.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::store::boxed::Boxed;
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::lock_file::LockFile;
use crate::store::maintenance::{
    Backup, CheckReport, Finding, FindingKind, FirstPass, Maintenance, RepairStep, Repaired, repair_steps,
    repairable,
};
use crate::store::stored::StoredToken;

use super::FileStore;
use super::csv::without_end;
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
            let plan = self.plan(&reading.lenient, &findings)?;
            let path = self.file.path();
            let backup = write(Backup::begin(backup, path)?, &reading.content)?;
            let removed = plan.removed(&reading.lenient);
            let removed = match removed {
                Some(text) => Some(write(Backup::removed_beside(path)?, &text)?),
                None => None,
            };
            match self.replace(&lock, &reading, plan) {
                Ok(true) => return Ok(Repaired { backup: Some(backup), removed, findings }),
                // Another process has written the file: the backup is outdated.
                outcome => {
                    for path in removed.iter().chain([&backup]) {
                        let _ = std::fs::remove_file(path);
                    }
                    outcome?;
                }
            }
        }
        Err(self.always_changing("repair"))
    }

    fn plan(&self, lenient: &Lenient, findings: &[Finding]) -> Result<Plan, StoreError> {
        let mut draft = Draft::over(&lenient.table, self.state().read_locked()?);
        for finding in findings {
            repair_one(&mut draft, lenient, finding);
        }
        draft.note_highest_id();
        Ok(draft.into_plan())
    }

    /// Writes the side file, then the table. Returns `false` if another process has written one of them since they were
    /// read.
    fn replace(&self, lock: &LockFile, reading: &Reading, plan: Plan) -> Result<bool, StoreError> {
        if let Some(state) = plan.state
            && !self.state().write(lock, state)?
        {
            return Ok(false);
        }
        let text = reading.lenient.table.text_with(&plan.changes);
        let replaced = self.file.replace(lock, Some(reading.identity), &text);
        Ok(replaced.map_err(|error| fault("write the tokens", self.file.path(), error))?.is_some())
    }
}

fn write(mut copy: Backup, content: &[u8]) -> Result<PathBuf, StoreError> {
    copy.file().write_all(content).map_err(|error| copy.failed(error))?;
    copy.finish()
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

impl Plan {
    /// Returns a token file with what the repair takes out: every line that cannot be read, and every row whose refresh token
    /// no other row has. `None` if there is nothing.
    fn removed(&self, lenient: &Lenient) -> Option<Vec<u8>> {
        let table = &lenient.table;
        let mut text: Vec<u8> = Vec::new();
        for torn in &lenient.torn {
            text.extend_from_slice(without_end(&torn.text));
            text.push(b'\n');
        }
        let deleted: Vec<u64> =
            self.changes.iter().filter(|(_, row)| row.is_none()).map(|(number, _)| *number).collect();
        if !deleted.is_empty() {
            let kept = table.numbers().filter_map(|number| match self.changes.get(&number) {
                Some(change) => change.as_ref().map(|row| row.token.clone()),
                None => table.token(number),
            });
            let kept: HashSet<String> = kept.filter_map(|row| row.refresh_token).collect();
            let is_lost = |row: StoredToken| row.refresh_token.is_some_and(|token| !kept.contains(&token));
            for number in deleted.into_iter().filter(|number| table.token(*number).is_some_and(is_lost)) {
                text.extend_from_slice(table.row_text(number));
            }
        }
        (!text.is_empty()).then(|| [table.header_text(), &text].concat())
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
        let lenient = &self.lenient;
        let unrepairable =
            |kind, text: String| Finding { can_be_repaired: false, ..Finding::new(kind, text).at_line(1) };
        if let Some(why) = &lenient.foreign {
            let text = format!("{why}; a repair does not change the file");
            return CheckReport { rows: 0, findings: vec![unrepairable(FindingKind::UnreadableRow, text)] };
        }
        if lenient.table.has_six_columns() {
            let text = "the file has the six columns of the first SDKs, so it is only read".to_owned();
            let mut findings = vec![unrepairable(FindingKind::OlderColumns, text)];
            findings.extend(lenient.torn.iter().map(|torn| Finding {
                can_be_repaired: false,
                ..Finding::new(FindingKind::UnreadableRow, &*torn.damage.what).at_line(torn.damage.line)
            }));
            return CheckReport { rows: lenient.lines.len() as u64, findings };
        }
        let mut findings = self.findings_about_the_text();
        let mut first = FirstPass::default();
        lenient.table.tokens().for_each(|row| first.count(&row));
        let rows = first.rows();
        let mut second = first.second_pass();
        for (row, line) in lenient.table.tokens().zip(&lenient.lines) {
            second.check(&row, Some(*line));
        }
        findings.extend(second.finish());
        findings.sort_by(|one, other| one.lines.first().cmp(&other.lines.first()));
        CheckReport { rows, findings }
    }

    fn findings_about_the_text(&self) -> Vec<Finding> {
        let Lenient { not_utf8, lacking_quotes, torn, has_header, is_utf16, .. } = &self.lenient;
        let at = |kind, text: &str, line: usize| Finding::new(kind, text).at_line(line);
        let mut findings: Vec<Finding> = torn
            .iter()
            .map(|torn| at(FindingKind::UnreadableRow, &torn.damage.what, torn.damage.line))
            .collect();
        if !has_header {
            let text = if self.content.is_empty() {
                "the file is empty and has no header"
            } else {
                "the header is missing; official SDKs skip the row in its place"
            };
            findings.push(at(FindingKind::MissingHeader, text, 1));
        }
        if *is_utf16 {
            findings.push(at(
                FindingKind::WrongEncoding,
                "the file is in UTF-16; official SDKs cannot read it",
                1,
            ));
        }
        let text =
            "the row is not in UTF-8 and is read as Windows-1252; some official SDKs cannot read the file";
        findings.extend(not_utf8.iter().map(|line| at(FindingKind::WrongEncoding, text, *line)));
        let text =
            "a value has a comma or a quote and is not in quotes; some official SDKs read other values";
        findings.extend(lacking_quotes.iter().map(|line| at(FindingKind::MissingQuotes, text, *line)));
        findings
    }
}
