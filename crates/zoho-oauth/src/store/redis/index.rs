//! Checks the index against the rows, and creates it again from the rows. A server that evicts keys takes each of them as a
//! whole, so either can be gone.

use std::path::PathBuf;

use super::super::boxed::Boxed;
use super::super::error::StoreError;
use super::super::ids::id_number;
use super::super::maintenance::pages::check_by_pages;
use super::super::maintenance::{CheckReport, Finding, FindingKind, Maintenance, Repaired};
use super::RedisStore;
use super::fault::Fault;
use super::row::{self, Row};
use super::server::{Indexed, Server};

/// How many rows or entries are read in one step.
const LENGTH: usize = 500;

impl Maintenance for RedisStore {
    fn check(&self) -> Boxed<'_, CheckReport> {
        Box::pin(async move {
            let audit = self.audit(false).await?;
            let findings = audit.findings();
            // The pages of rows come from the index.
            if findings.is_empty() {
                check_by_pages(self).await
            } else {
                Ok(CheckReport { rows: audit.rows, findings })
            }
        })
    }

    /// Repairs the index, which has no content that a backup would have to keep.
    fn repair(&self, _: Option<PathBuf>) -> Boxed<'_, Repaired> {
        Box::pin(async move {
            let mut findings = self.audit(false).await?.findings();
            if !findings.is_empty() {
                findings = self.audit(true).await?.findings();
            }
            Ok(Repaired { findings, ..Repaired::default() })
        })
    }

    fn repairs_rows(&self) -> bool {
        false
    }
}

impl RedisStore {
    /// Compares all rows and the whole index, and repairs the index if `is_repair`.
    async fn audit(&self, is_repair: bool) -> Result<Audit, StoreError> {
        let server = self.server();
        let mut audit = Audit { is_repair, ..Audit::default() };
        let (stored, counted) = self.call("check the index", server.counts()).await?;
        audit.rows = stored;
        audit.lost_all = stored == 0 && counted != Some(0);
        let mut cursor = 0;
        loop {
            let (next, rows) = self.call("check the index", server.scan(cursor, LENGTH)).await?;
            self.call("check the index", audit.add_rows(server, rows)).await?;
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        let mut after = String::new();
        loop {
            let entries = self.call("check the index", server.entries_after(&after, LENGTH)).await?;
            let Some(last) = entries.last() else { break };
            after = last.clone();
            self.call("check the index", audit.add_entries(server, &entries)).await?;
        }
        // The number of rows and the highest id.
        self.call("check the index", audit.reconcile(server, &[])).await?;
        Ok(audit)
    }
}

/// What was found so far.
#[derive(Default)]
struct Audit {
    is_repair: bool,
    rows: u64,
    highest_id: u64,
    missing: u64,
    superfluous: u64,
    lost_all: bool,
    /// The ids of some lost rows.
    lost_ids: Vec<String>,
}

impl Audit {
    /// Adds rows: the index must have all of their entries.
    async fn add_rows(&mut self, server: &Server, rows: Vec<Row>) -> Result<(), Fault> {
        let mut indexed = Vec::with_capacity(rows.len());
        for row in rows {
            self.highest_id = self.highest_id.max(id_number(&row.id).unwrap_or_default());
            let wanted = row::entries(&row.token()?);
            indexed.push(Indexed { row, wanted, unwanted: Vec::new() });
        }
        self.reconcile(server, &indexed).await
    }

    /// Adds entries of the index: each must be one of its row.
    async fn add_entries(&mut self, server: &Server, entries: &[String]) -> Result<(), Fault> {
        let parts: Vec<(String, String)> = entries.iter().map(|entry| row::parts(entry)).collect();
        let ids: Vec<String> = parts.iter().map(|(_, id)| id.clone()).collect();
        let mut indexed = Vec::new();
        for ((prefix, id), text) in parts.into_iter().zip(server.texts(&ids).await?) {
            let is_gone = text.is_none();
            let row = Row { id, text: text.unwrap_or_default() };
            if is_gone && prefix == row::ID {
                self.lost_ids.push(row.id.clone());
            }
            if is_gone || !row::entries(&row.token()?).contains(&prefix) {
                indexed.push(Indexed { row, wanted: Vec::new(), unwanted: vec![prefix] });
            }
        }
        self.reconcile(server, &indexed).await
    }

    async fn reconcile(&mut self, server: &Server, rows: &[Indexed]) -> Result<(), Fault> {
        let (missing, superfluous) = server.reconcile(self.is_repair, self.highest_id, rows).await?;
        self.missing += missing;
        self.superfluous += superfluous;
        Ok(())
    }

    fn findings(&self) -> Vec<Finding> {
        /// More ids would hide what the finding says.
        const SHOWN: usize = 20;
        let mut findings = Vec::new();
        if self.lost_all || !self.lost_ids.is_empty() {
            let which = if self.lost_all { "all rows".to_owned() } else { self.lost_ids.len().to_string() };
            let text = format!(
                "{which} are gone, as after an eviction; restore a backup, or log these users in again"
            );
            let finding = Finding::new(FindingKind::LostRows, text);
            let shown = self.lost_ids.iter().take(SHOWN);
            findings.push(shown.fold(finding, |finding, id| finding.of_row(Some(id), None)));
        }
        if self.missing + self.superfluous > 0 {
            let Self { missing, superfluous, .. } = self;
            let text = format!(
                "the index lacks {missing} entries of rows and has {superfluous} that belong to none, so look-ups fail"
            );
            findings.push(Finding::new(FindingKind::DamagedIndex, text));
        }
        findings
    }
}
