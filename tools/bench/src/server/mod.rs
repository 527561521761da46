//! Stores on servers, beside the bare drivers of the same servers.

mod bare;
#[cfg(unix)]
pub(crate) mod copy;
#[cfg(unix)]
pub(crate) mod finds;
pub(crate) mod leases;
#[cfg(unix)]
pub(crate) mod million;
#[cfg(unix)]
pub(crate) mod pages;
#[cfg(unix)]
mod pinned;
mod place;
#[cfg(unix)]
pub(crate) mod saves;
mod sql;
pub(crate) mod tasks;

use servers::Kind;

use crate::report::Report;
use place::Place;

/// The kinds of servers that are measured.
const KINDS: [Kind; 3] = [Kind::MariaDb, Kind::Postgres, Kind::Redis];

/// Returns an empty place on the server of this kind, or adds a note to the report if there is no server.
pub(crate) fn place_on(kind: Kind, report: &mut Report) -> Option<Place> {
    let place = kind.shared_url().and_then(|url| Place::at(kind, &kind.with_fresh_place(&url)));
    if place.is_none() {
        report.note(&format!("Not measured: {kind}; set {} to the URL of a server.", kind.variable()));
    }
    place
}
