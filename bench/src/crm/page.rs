//! A page of 200 records, from the call to the records.

use std::hint::black_box;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::runtime::{self, Runtime};
use zohocrm::{Crm, Record};

use super::bare::Bare;
use super::leads::{self, Lead};
use super::server::Server;
use super::{crm_at, list_of};
use crate::Outcome;
use crate::measure::{Effort, repeat_async};
use crate::options::Options;
use crate::peer::{self, Peer, python_with_sdk};
use crate::report::{Line, Reach, Report};

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    let server = Server::start(1)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let crm = runtime.block_on(crm_at(&server.url))?;

    let size = leads::page().len() / 1_000;
    report.part(&format!("A page of 200 records, {size} KB"), "bare reqwest and serde_json");
    let bare = Bare::at(&server.url)?;
    beside_bare::<Record, Map<String, Value>>(options, report, &runtime, (&crm, &bare), "into `Record`")?;
    beside_bare::<Lead, Lead>(options, report, &runtime, (&crm, &bare), "into a struct of 41 fields")?;

    let (python, version) = match python_with_sdk() {
        Ok(found) => found,
        Err(reason) => {
            report.note(reason);
            return Ok(());
        }
    };
    report.part(&format!("The same page beside the official SDK for Python, {version}"), "official SDK");
    let mut sdk = Peer::start(&python, peer::PAGES, &[&server.url])?;
    beside_sdk::<Record>(options, report, &runtime, &crm, &mut sdk, ("into `Record`", 15.0))?;
    beside_sdk::<Lead>(options, report, &runtime, &crm, &mut sdk, ("into a struct of 41 fields", 30.0))
}

fn beside_bare<T: DeserializeOwned, B: DeserializeOwned>(
    options: &Options,
    report: &mut Report,
    runtime: &Runtime,
    (crm, bare): (&Crm, &Bare),
    what: &str,
) -> Outcome {
    let (product, floor) = options.effort(Duration::from_millis(60)).in_many_rounds().pair(
        |calls| runtime.block_on(repeat_async(calls, || read_page::<T>(crm))),
        |calls| {
            runtime.block_on(repeat_async(calls, || async {
                let page = bare.page::<B>().await?;
                black_box(&page.info);
                is_whole(&page.data)
            }))
        },
    )?;
    report.line(&Line { what: what.to_owned(), product, other: Some(floor), reach: Reach::AtMost(1.15) });
    Ok(())
}

fn beside_sdk<T: DeserializeOwned>(
    options: &Options,
    report: &mut Report,
    runtime: &Runtime,
    crm: &Crm,
    sdk: &mut Peer,
    (what, times): (&str, f64),
) -> Outcome {
    // A call of the official SDK takes a twentieth of a second.
    let Effort { rounds, round } = options.effort(Duration::from_millis(30));
    let (product, other) = Effort { rounds: rounds.min(15), round }.pair(
        |calls| runtime.block_on(repeat_async(calls, || read_page::<T>(crm))),
        |calls| sdk.measure("list", &vec!["Leads".to_owned(); calls as usize]),
    )?;
    let reach = Reach::TimesAsFast(times);
    report.line(&Line { what: what.to_owned(), product, other: Some(other), reach });
    Ok(())
}

async fn read_page<T: DeserializeOwned>(crm: &Crm) -> Outcome {
    is_whole(&list_of(crm).send_as::<T>().await?.records)
}

fn is_whole<T>(records: &[T]) -> Outcome {
    match black_box(records).len() as u32 == leads::PER_PAGE {
        true => Ok(()),
        false => Err("a page has fewer records than it should".into()),
    }
}
