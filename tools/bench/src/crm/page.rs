//! A page of 200 records, from the call to the records.

use std::hint::black_box;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::runtime::{self, Runtime};
use zohocrm::{Crm, Number, Record};

use super::bare::Bare;
use super::leads::{self, Lead};
use super::server::Server;
use super::{crm_at, list_of};
use crate::Outcome;
use crate::measure::{Effort, Samples, repeat_async};
use crate::options::Options;
use crate::peer::{self, Peer, python_with_sdk};
use crate::report::{Limit, Line, Report};

const INTO_RECORD: &str = "into `Record`";
const INTO_STRUCT: &str = "into a struct of 41 fields";

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    let server = Server::with_pages(1)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let clients =
        Clients { crm: runtime.block_on(crm_at(&server.url))?, bare: Bare::at(&server.url)?, runtime };

    let size = leads::page(leads::PER_PAGE).len() / 1_000;
    report.part(&format!("A page of 200 records, {size} KB"), "bare reqwest and serde_json");
    for (what, both, limit) in [
        (
            INTO_RECORD,
            clients.beside_bare::<Record, Map<String, Value>>(options, leads::PER_PAGE)?,
            Limit::AtMost(1.10),
        ),
        (
            INTO_STRUCT,
            clients.beside_bare::<Lead<Number>, Lead<f64>>(options, leads::PER_PAGE)?,
            Limit::AtMost(1.10),
        ),
        (
            "a page of one record, into `Record`",
            clients.beside_bare::<Record, Map<String, Value>>(options, 1)?,
            Limit::Stated,
        ),
    ] {
        let (product, floor) = both;
        report.line(&Line { what: what.to_owned(), product, other: Some(floor), limit });
    }

    let (python, version) = match python_with_sdk() {
        Ok(found) => found,
        Err(reason) => {
            report.note(reason);
            return Ok(());
        }
    };
    report.part(&format!("The same page beside the official SDK for Python, {version}"), "official SDK");
    let mut sdk = Peer::start(&python, peer::PAGES, &[&server.url])?;
    clients.beside_sdk::<Record>(options, report, &mut sdk, (INTO_RECORD, 15.0))?;
    clients.beside_sdk::<Lead<Number>>(options, report, &mut sdk, (INTO_STRUCT, 30.0))
}

/// The two sides, which talk to the same server in turns.
#[derive(Debug)]
struct Clients {
    runtime: Runtime,
    crm: Crm,
    bare: Bare,
}

impl Clients {
    /// Measures pages that the client decodes as `T` and the floor as `B`.
    fn beside_bare<T: DeserializeOwned, B: DeserializeOwned>(
        &self,
        options: &Options,
        records: u32,
    ) -> Outcome<(Samples, Samples)> {
        options.effort(Duration::from_millis(60)).in_many_rounds().pair(
            |calls| self.runtime.block_on(repeat_async(calls, || self.read::<T>(records))),
            |calls| {
                self.runtime.block_on(repeat_async(calls, || async {
                    let page = self.bare.page::<B>(records).await?;
                    black_box(&page.info);
                    is_whole(&page.data, records)
                }))
            },
        )
    }

    fn beside_sdk<T: DeserializeOwned>(
        &self,
        options: &Options,
        report: &mut Report,
        sdk: &mut Peer,
        (what, times): (&str, f64),
    ) -> Outcome {
        // A call of the official SDK takes a twentieth of a second.
        let Effort { rounds, round } = options.effort(Duration::from_millis(30));
        let (product, other) = Effort { rounds: rounds.min(15), round }.pair(
            |calls| self.runtime.block_on(repeat_async(calls, || self.read::<T>(leads::PER_PAGE))),
            |calls| sdk.measure("list", &vec!["Leads".to_owned(); calls as usize]),
        )?;
        let limit = Limit::TimesAsFast(times);
        report.line(&Line { what: what.to_owned(), product, other: Some(other), limit });
        Ok(())
    }

    async fn read<T: DeserializeOwned>(&self, records: u32) -> Outcome {
        is_whole(&list_of(&self.crm, records).send_as::<T>().await?.records, records)
    }
}

fn is_whole<T>(page: &[T], records: u32) -> Outcome {
    match black_box(page).len() as u32 == records {
        true => Ok(()),
        false => Err("a page has the wrong number of records".into()),
    }
}
