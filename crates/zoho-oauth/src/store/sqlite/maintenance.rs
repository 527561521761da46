//! Checks and repairs a database: writes a consistent copy, then repairs in one transaction.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::store::boxed::Boxed;
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::maintenance::pages::check_by_pages;
use crate::store::maintenance::{Backup, CheckReport, Maintenance, Repaired, changes_rows, repairable};

use super::SqliteStore;

impl Maintenance for SqliteStore {
    fn check(&self) -> Boxed<'_, CheckReport> {
        Box::pin(check_by_pages(self))
    }

    fn repair(&self, backup: Option<PathBuf>) -> Boxed<'_, Repaired> {
        Box::pin(async move {
            let findings = repairable(check_by_pages(self).await?);
            if findings.is_empty() {
                return Ok(Repaired::default());
            }
            let back_up = || self.back_up(backup.as_deref());
            let backup = changes_rows(&findings).then(back_up).transpose();
            let backup = backup.map_err(|error| error.in_store(&*self.shared.name))?;
            let repairable = findings.clone();
            self.write("repair", move |batch| batch.repair(&repairable)).await?;
            Ok(Repaired { backup, findings, ..Repaired::default() })
        })
    }
}

impl SqliteStore {
    fn back_up(&self, wanted: Option<&Path>) -> Result<PathBuf, StoreError> {
        let beside = self.shared.path.as_deref().unwrap_or(Path::new("zoho-tokens"));
        let backup = Backup::begin(wanted, beside)?;
        let Some(path) = backup.path().to_str() else {
            return Err(StoreError::of(StoreErrorKind::Rejected, "write a backup")
                .evidence("the path is not valid UTF-8")
                .next_step("pass another path; the store was not changed"));
        };
        // SQLite accepts an existing file if it is empty, so the file has mode 0600 from the start. If the database is written
        // meanwhile, the query runs again.
        let copied = self.shared.database.read(|connection, _| {
            File::options().write(true).open(path)?.set_len(0)?;
            Ok(connection.execute("vacuum into ?", [path])?)
        });
        self.named("write a backup", copied)?;
        backup.finish()
    }
}
