//! The cost of a lease: its round trips around a save, counted by a proxy.

use std::time::Duration;

use servers::Proxy;
use tokio::runtime;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, LeaseKey};
use zoho_oauth::store::{AnyStore, TokenStore};

use super::place::Place;
use super::{KINDS, place_on};
use crate::Outcome;
use crate::fixture;
use crate::options::Options;
use crate::report::{Fact, Report};

const ROWS: u64 = 10;
/// The limit of a lease's round trips beyond those of a plain save.
const MORE: u64 = 3;

pub(crate) fn run(_options: &Options, report: &mut Report) -> Outcome {
    report.part(
        "Servers: round trips of acquiring a lease, renewing it and releasing it with a save",
        "a plain save",
    );
    for kind in KINDS {
        let Some(place) = place_on(kind, report) else { continue };
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (leased, plain) = runtime.block_on(count(&place))?;
        report.fact(&Fact {
            what: kind.to_string(),
            product: span(&leased),
            other: span(&plain),
            limit: format!("at most {MORE} more"),
            is_met: Some(leased.iter().zip(&plain).all(|(leased, plain)| *leased <= plain + MORE)),
        });
    }
    Ok(())
}

/// Returns the round trips for each row: saved under a lease, and saved without one.
async fn count(place: &Place) -> Outcome<(Vec<u64>, Vec<u64>)> {
    place.fill(ROWS).await?;
    let port = servers::port_of(&place.url).ok_or("the URL names no port")?;
    let proxy = Proxy::to(port).await?;
    let store = zoho_oauth::store::connect(&proxy.url(&place.url))?;
    // The first calls open connections and prepare statements.
    save(&store, 0).await?;
    renew(&store, 0).await?;
    renew(&store, 0).await?;
    let (mut leased, mut plain) = (Vec::new(), Vec::new());
    for number in 1..ROWS {
        proxy.reset_count();
        save(&store, number).await?;
        plain.push(proxy.round_trips());
        proxy.reset_count();
        renew(&store, number).await?;
        leased.push(proxy.round_trips());
    }
    drop((store, proxy));
    place.clear().await?;
    Ok((leased, plain))
}

async fn save(store: &AnyStore, number: u64) -> Outcome {
    store.save_token(&renewed(number)).await?;
    Ok(())
}

/// Makes the calls of a renewal: takes the lease, writes the ledger, and saves the new token if the lease is still held.
async fn renew(store: &AnyStore, number: u64) -> Outcome {
    const LIFE: Duration = Duration::from_secs(30);
    let row = OAuthToken::from(fixture::row(number));
    let key = LeaseKey::refresh(row.refresh_token().ok_or("the row has no refresh token")?);
    let Acquired::Granted(mut lease) = store.acquire(&key, "bench", LIFE).await? else {
        return Err("the lease was not granted".into());
    };
    lease.row = row.id().map(str::to_owned);
    if !store.renew(&lease, LIFE).await? {
        return Err("the lease was lost".into());
    }
    match store.save_and_release(&lease, &renewed(number)).await? {
        Fenced::Saved(_) => Ok(()),
        _ => Err("the token was not saved".into()),
    }
}

fn renewed(number: u64) -> OAuthToken {
    fixture::renewed(&fixture::user_name(number))
}

/// Formats the minimum and the maximum, or the number if they are equal.
fn span(counts: &[u64]) -> String {
    match (counts.iter().min(), counts.iter().max()) {
        (Some(fewest), Some(most)) if fewest != most => format!("{fewest} to {most}"),
        (Some(fewest), _) => fewest.to_string(),
        _ => String::new(),
    }
}
