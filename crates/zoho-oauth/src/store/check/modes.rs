//! Access rights of a store's files.

#[cfg(unix)]
use std::fs;
use std::io;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;

use crate::store::maintenance::{Finding, FindingKind};
#[cfg(unix)]
use crate::store::unfinished;

/// Returns a finding for each file of the store at `place` that other accounts can read or write. On other systems than Unix, files
/// have the rights of the folder, and nothing is found.
#[cfg(unix)]
pub(super) fn look(place: &Path) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;

    let mut findings = Vec::new();
    for path in files_of(place) {
        // A database removes its side files at any time. A symbolic link is not followed: its author must not be able to
        // have the mode of another file changed.
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let mode = metadata.permissions().mode() & 0o777;
        if metadata.is_file() && mode & 0o077 != 0 {
            let text = format!("the mode is {mode:04o}, so other accounts can open it");
            findings.push(Finding { path: Some(path), ..Finding::new(FindingKind::OpenToOthers, text) });
        }
    }
    findings
}

#[cfg(not(unix))]
pub(super) fn look(_: &Path) -> Vec<Finding> {
    Vec::new()
}

/// Closes a file to other accounts.
#[cfg(unix)]
pub(super) fn close(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
pub(super) fn close(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The store's file, its side files, and its backups.
#[cfg(unix)]
fn files_of(place: &Path) -> Vec<PathBuf> {
    let Ok(place) = place.canonicalize() else { return Vec::new() };
    let (Some(folder), Some(name)) = (place.parent(), place.file_name().and_then(|name| name.to_str()))
    else {
        return vec![place];
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.into_string().ok())
        .filter(|entry| is_of_store(entry, name))
        .collect();
    names.sort_unstable();
    names.into_iter().map(|name| folder.join(name)).collect()
}

#[cfg(unix)]
fn is_of_store(entry: &str, name: &str) -> bool {
    const BESIDE: [&str; 7] = ["", ".lock", ".state", ".state.damaged", "-wal", "-shm", "-journal"];
    match entry.strip_prefix(name) {
        Some(rest) => BESIDE.contains(&rest) || rest.starts_with(".backup-") || rest.starts_with(".removed-"),
        // What a killed process left of a file that it was writing.
        None => unfinished::target(entry).is_some_and(|entry| is_of_store(entry, name)),
    }
}
