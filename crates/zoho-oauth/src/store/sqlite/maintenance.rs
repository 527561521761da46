//! Checking and mending a database: with a consistent copy of it first, then in one transaction.

use std::path::{Path, PathBuf};

use crate::store::erased::Boxed;
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::maintenance::{Backup, Mended, Report, Upkeep, by_pages, to_be_mended};

use super::SqliteStore;

impl Upkeep for SqliteStore {
    fn examine(&self) -> Boxed<'_, Report> {
        Box::pin(by_pages(self))
    }

    fn mend(&self, backup: Option<PathBuf>) -> Boxed<'_, Mended> {
        Box::pin(async move {
            let findings = to_be_mended(by_pages(self).await?);
            if findings.is_empty() {
                return Ok(Mended::default());
            }
            let backup =
                self.back_up(backup.as_deref()).map_err(|error| error.in_store(&*self.shared.name))?;
            let wrong = findings.clone();
            self.write("repair", move |batch| batch.mend(&wrong)).await?;
            Ok(Mended { backup: Some(backup), findings })
        })
    }
}

impl SqliteStore {
    fn back_up(&self, wanted: Option<&Path>) -> Result<PathBuf, StoreError> {
        let beside = self.shared.path.as_deref().unwrap_or(Path::new("zoho-tokens"));
        let backup = Backup::begin(wanted, beside)?;
        let Some(path) = backup.path().to_str() else {
            return Err(StoreError::of(StoreErrorKind::Refused, "keep a backup, and was not repaired")
                .evidence("its path is no UTF-8 text")
                .next_step("give another path"));
        };
        // SQLite writes into a file that is there, if it is empty; so the mode is right from the beginning.
        let copied = self.shared.readers.read(|connection| Ok(connection.execute("vacuum into ?", [path])?));
        self.told("keep a backup, and was not repaired", copied)?;
        backup.finish()
    }
}
