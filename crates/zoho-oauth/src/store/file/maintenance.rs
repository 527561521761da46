//! Checking and mending a token file: what cannot be read is passed over, and the file is replaced as a whole.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::store::erased::Boxed;
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::maintenance::{
    Backup, Census, Finding, FindingKind, Mended, Report, Step, Upkeep, steps, to_be_mended,
};
use crate::store::stored::StoredToken;

use super::FileStore;
use super::disk::fault;
use super::draft::{Draft, Plan};
use super::identity::Identity;
use super::lenient::Lenient;
use super::shared::{ATTEMPTS, Shared};

impl Upkeep for FileStore {
    fn examine(&self) -> Boxed<'_, Report> {
        Box::pin(
            self.blocking(|shared| {
                Ok(Reading::of(shared)?.map(|reading| reading.report()).unwrap_or_default())
            }),
        )
    }

    fn mend(&self, backup: Option<PathBuf>) -> Boxed<'_, Mended> {
        Box::pin(self.blocking(move |shared| shared.mend(backup.as_deref())))
    }
}

impl Shared {
    /// Keeps a copy and replaces the file by what is left of it, or does neither. Blocks.
    fn mend(&self, backup: Option<&Path>) -> Result<Mended, StoreError> {
        let _lock = self.lock()?;
        for _ in 0..ATTEMPTS {
            let Some(reading) = Reading::of(self)? else { return Ok(Mended::default()) };
            let findings = to_be_mended(reading.report());
            if findings.is_empty() {
                return Ok(Mended::default());
            }
            let mut copy = Backup::begin(backup, self.file.path())?;
            copy.file().write_all(&reading.content).map_err(|error| copy.failed(error))?;
            let copy = copy.finish()?;
            match self.replace(&reading, &findings) {
                Ok(true) => return Ok(Mended { backup: Some(copy), findings }),
                // A program that takes no lock was faster: what was copied is old.
                outcome => {
                    let _ = std::fs::remove_file(&copy);
                    outcome?;
                }
            }
        }
        Err(self.always_changing("repair"))
    }

    /// Writes the side file and then the table; `false` if the table is not what was read any more.
    fn replace(&self, reading: &Reading, findings: &[Finding]) -> Result<bool, StoreError> {
        let table = &reading.lenient.table;
        let mut draft = Draft::over(table, self.state().take()?);
        for finding in findings {
            treat(&mut draft, &reading.lenient, finding);
        }
        draft.note_highest_id();
        let Plan { state, changes, .. } = draft.into_plan();
        if let Some(state) = state {
            self.state().write(state)?;
        }
        let replaced = self.file.replace(Some(reading.identity), &table.text_with(&changes));
        Ok(replaced.map_err(|error| fault("write the tokens", self.file.path(), error))?.is_some())
    }
}

/// Carries out the steps that mend one finding.
fn treat(draft: &mut Draft<'_>, lenient: &Lenient, finding: &Finding) {
    let number_of = |line: &usize| lenient.lines.binary_search(line).ok().map(|position| position as u64);
    let (numbers, rows): (Vec<_>, Vec<_>) = finding
        .lines
        .iter()
        .filter_map(number_of)
        .filter_map(|number| Some((number, draft.row(number)?)))
        .unzip();
    for step in steps(finding.kind, &rows) {
        match step {
            Step::Fill(position, filled) => draft.put(numbers[position], filled),
            Step::Delete(position) => draft.delete_rows(&[numbers[position]]),
            Step::Renumber(position) => {
                let id = Some(draft.new_id());
                draft.put(numbers[position], StoredToken { id, ..rows[position].clone() });
            }
        }
    }
}

/// The file at one moment.
struct Reading {
    content: Vec<u8>,
    identity: Identity,
    lenient: Lenient,
}

impl Reading {
    /// Reads the file, which may be damaged, but not one that is being written right now; `None` when there is none.
    fn of(shared: &Shared) -> Result<Option<Self>, StoreError> {
        for _ in 0..ATTEMPTS {
            // This waits a while for a damaged file to become whole.
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

    fn report(&self) -> Report {
        let Lenient { table, lines, torn, has_header, is_foreign } = &self.lenient;
        if *is_foreign {
            let text = "no line is a token or a header; the file is left as it is";
            let finding = Finding::new(FindingKind::TornRow, text).at_line(1);
            return Report { rows: 0, findings: vec![Finding { can_be_repaired: false, ..finding }] };
        }
        let mut findings: Vec<Finding> = torn
            .iter()
            .map(|damage| Finding::new(FindingKind::TornRow, damage.what.as_str()).at_line(damage.line))
            .collect();
        if !has_header {
            let text = if self.content.is_empty() {
                "the file is empty, where a header belongs"
            } else {
                "the header is missing; official SDKs pass over the row that stands in its place"
            };
            findings.push(Finding::new(FindingKind::LostHeader, text).at_line(1));
        }
        let mut census = Census::default();
        table.tokens().for_each(|row| census.count(&row));
        let rows = census.rows();
        let mut examination = census.look_closer();
        for (row, line) in table.tokens().zip(lines) {
            examination.look_at(&row, Some(*line));
        }
        findings.extend(examination.finish());
        findings.sort_by(|one, other| one.lines.first().cmp(&other.lines.first()));
        Report { rows, findings }
    }
}
