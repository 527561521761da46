//! Bulk reads and bulk writes.

mod read;
mod write;

use std::io::{Cursor, Read as _};
use std::time::Duration;

use serde_json::Value;
use zip::ZipArchive;
use zoho_emulator::Emulator;

use crate::{get, http};

/// Waits until a job has finished, and returns its details.
async fn wait(zoho: &Emulator, token: &str, path: &str) -> Value {
    for _ in 0..600 {
        let reply = get(zoho, token, path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let body = reply.json();
        let job = body.get("data").map_or(body.clone(), |data| data[0].clone());
        let state = job.get("state").or(job.get("status")).unwrap().as_str().unwrap();
        if matches!(state, "COMPLETED" | "FAILURE" | "FAILED") {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the job at {path} did not finish");
}

async fn download(zoho: &Emulator, token: &str, url: &str) -> Vec<u8> {
    let url = if url.starts_with('/') { zoho.base_url() + url } else { url.to_owned() };
    let request = http().get(url).header("Authorization", format!("Zoho-oauthtoken {token}"));
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-download");
    response.bytes().await.unwrap().to_vec()
}

/// The name and the lines of the only file in a ZIP.
fn unzip(zip: &[u8]) -> (String, Vec<csv::StringRecord>) {
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    assert_eq!(archive.len(), 1);
    let mut file = archive.by_index(0).unwrap();
    let name = file.name().unwrap().into_owned();
    let mut text = Vec::new();
    file.read_to_end(&mut text).unwrap();
    let lines = csv::ReaderBuilder::new().has_headers(false).from_reader(&text[..]).into_records();
    (name, lines.map(Result::unwrap).collect())
}

fn cells(line: &csv::StringRecord) -> Vec<&str> {
    line.iter().collect()
}
