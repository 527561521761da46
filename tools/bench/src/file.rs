//! `FileStore`, beside a bare write of the same bytes.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{FileStore, TokenStore};

use crate::Outcome;
use crate::fixture::{self, AtRandom, Key};
use crate::measure::{repeat, repeat_async};
use crate::options::Options;
use crate::report::{Limit, Line, Report, count};

const TOKENS: u64 = 10_000;

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    let folder = options.fresh_folder()?;
    let path = folder.path().join("sdk_tokens.txt");
    fixture::write_file(&path, TOKENS)?;
    let store = FileStore::open(&path)?;
    let runtime = runtime::Builder::new_current_thread().build()?;
    // The store reads a file again while its last change is recent.
    sleep(Duration::from_millis(100));

    report.part(&format!("File of {}", count(TOKENS, "token")), "bare file");
    for key in Key::ALL {
        find(options, report, &runtime, &store, key)?;
    }
    save(options, report, &runtime, &store, &path)
}

fn find(options: &Options, report: &mut Report, runtime: &Runtime, store: &FileStore, key: Key) -> Outcome {
    let chosen = AtRandom::below(TOKENS).take(TOKENS as usize).map(fixture::row);
    let wanted: Vec<OAuthToken> = chosen.map(|row| key.wanted(&row)).collect();
    let mut wanted = wanted.iter().cycle();
    let product = options.effort(Duration::from_millis(10)).alone(|calls| {
        runtime.block_on(repeat_async(calls, || {
            let wanted = wanted.next();
            async move {
                let wanted = wanted.ok_or("no rows")?;
                black_box(store.find_token(wanted).await?.ok_or("the row was not found")?);
                Ok(())
            }
        }))
    })?;
    let what = format!("`find_token` by {}, file unchanged", key.name());
    report.line(&Line { what, product, other: None, limit: Limit::Within(10_000.0) });
    Ok(())
}

/// Saves known rows, one after the other.
fn save(
    options: &Options,
    report: &mut Report,
    runtime: &Runtime,
    store: &FileStore,
    path: &Path,
) -> Outcome {
    let mut numbers = AtRandom::below(TOKENS);
    let mut random = rand::rng();
    let bare = path.with_file_name("bare.txt");
    let mut product = |calls| {
        runtime.block_on(repeat_async(calls, || {
            let number = numbers.next();
            let token = OAuthToken::new().with_access_token(fixture::secret(&mut random));
            async move {
                let user = fixture::user_name(number.ok_or("no rows")?);
                black_box(store.save_token(&token.with_user(user)).await?);
                Ok(())
            }
        }))
    };
    let effort = options.effort(Duration::from_millis(60));
    let bytes = fs::read(path)?;
    let (ours, floor) = effort.pair(&mut product, |calls| repeat(calls, || replace(&bare, &bytes, false)))?;
    let what = "`save_token`; bare: write, sync, rename".to_owned();
    report.line(&Line { what, product: ours, other: Some(floor), limit: Limit::AtMost(1.5) });
    let (ours, floor) = effort.pair(&mut product, |calls| repeat(calls, || replace(&bare, &bytes, true)))?;
    let what = "`save_token`; bare: the same, and sync the folder, as the store does".to_owned();
    report.line(&Line { what, product: ours, other: Some(floor), limit: Limit::AtMost(1.5) });
    Ok(())
}

/// Replaces a file.
fn replace(path: &Path, bytes: &[u8], sync_folder: bool) -> Outcome {
    let unfinished = path.with_extension("unfinished");
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    if sync_folder {
        File::open(path.parent().ok_or("the path of the file has no folder")?)?.sync_all()?;
    }
    Ok(())
}
