//! The token file: what is promised beyond the contract of every store.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A path in a folder of its own.
pub(crate) fn fresh_path() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("file-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder.join("sdk_tokens.txt")
}
