//! Saves under a lease, and one renewal for all processes.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use zoho_emulator::{Emulator, Fault};

use super::leases::granted_for;
use crate::failure::{Failure, Outcome, check};
use crate::process::ask_all;
use crate::promise::Promise;
use crate::protocol::{Command, Renewed, Saved, Tokens, Wanted};
use crate::row::NEXT_LOGIN;
use crate::scene::{LONG_LIFE, SHORT_LIFE, Scene};

const USER: &str = "ada";

pub(super) fn a_row_that_was_deleted_during_its_renewal_stays_deleted(scene: &Scene) -> Outcome {
    let row = scene.saved(USER)?;
    let (mut holder, mut other) = (scene.process()?, scene.process()?);
    granted_for(&mut holder, LONG_LIFE, USER, Some(&row.id))?;
    other.ask::<bool>(&Command::Delete { id: row.id })?;
    let is_saved: bool = holder.ask(&Command::SaveAndRelease { number: 2 })?;
    let rows = scene.rows()?;
    check(!is_saved && rows.is_empty(), Promise::DeletionsStay, || {
        format!("the store reported to the holder that it has saved: {is_saved}; the rows are {rows:?}")
    })
}

pub(super) fn a_new_login_is_not_overwritten_by_a_late_renewal(scene: &Scene) -> Outcome {
    let row = scene.saved(USER)?;
    let (mut holder, mut other) = (scene.process()?, scene.process()?);
    granted_for(&mut holder, LONG_LIFE, USER, Some(&row.id))?;
    let login = Command::Save { user: USER.to_owned(), number: NEXT_LOGIN };
    other.ask::<Saved>(&login)?;
    let is_saved: bool = holder.ask(&Command::SaveAndRelease { number: 2 })?;
    let rows = scene.rows()?;
    check(
        !is_saved && matches!(&rows[..], [row] if row.number == Some(NEXT_LOGIN)),
        Promise::LoginsStay,
        || {
            format!(
                "the store reported to the holder that it has saved: {is_saved}; the login is {NEXT_LOGIN}, and the rows are {rows:?}"
            )
        },
    )
}

pub(super) fn holders_that_are_killed_while_they_save_lose_no_acknowledged_token(scene: &Scene) -> Outcome {
    let row = scene.saved(USER)?;
    let mut last = Renewed { epoch: 0, number: 1 };
    for round in 0..scene.sizes.rounds as u64 {
        let mut process = scene.process()?;
        let first = (round + 1) * 100_000;
        let (user, row) = (USER.to_owned(), row.id.clone());
        process.tell(&Command::RenewWithoutEnd { user, row, first, life: SHORT_LIFE })?;
        let mut renewed = vec![process.hear::<Renewed>()?];
        sleep(Duration::from_millis(round % 40));
        renewed.extend(process.kill::<Renewed>()?);
        for next in renewed {
            check(next.epoch > last.epoch, Promise::EpochsRise, || {
                format!("epoch {} came after {} of a killed process", next.epoch, last.epoch)
            })?;
            last = next;
        }
        let rows = scene.rows()?;
        check(
            matches!(&rows[..], [row] if row.number >= Some(last.number)),
            Promise::TokensOfHoldersStay,
            || format!("state {} was acknowledged, and the rows are {rows:?}", last.number),
        )?;
    }
    Ok(())
}

pub(super) fn an_expired_token_is_renewed_once_for_all_processes(scene: &Scene) -> Outcome {
    const TOKEN_REQUEST: &str = "POST /oauth/v2/token";
    const TASKS: usize = 20;
    let zoho = Emulator::builder().start_blocking().map_err(Failure::of_the_kit)?;
    let client = zoho.default_client();
    let mut processes = scene.processes()?;
    // With and without a delay, during which everybody asks.
    for (round, delay) in [0, 600, 0, 600].into_iter().enumerate() {
        let wanted = Wanted {
            user: format!("user {round}"),
            server: zoho.base_url(),
            client_id: client.id().to_owned(),
            client_secret: client.secret().to_owned(),
            refresh_token: zoho.grant_refresh_token(client.id(), "ada@example.com"),
        };
        processes[0].ask::<()>(&Command::SaveExpired { wanted: wanted.clone() })?;
        zoho.fault(Fault::on(TOKEN_REQUEST).delay(Duration::from_millis(delay)));
        let requests_before = zoho.journal().count(TOKEN_REQUEST);
        let got: Vec<Tokens> =
            ask_all(&mut processes, |_| Command::AccessToken { wanted: wanted.clone(), tasks: TASKS })?;
        let requests = zoho.journal().count(TOKEN_REQUEST) - requests_before;
        check(requests == 1, Promise::OneRenewal, || {
            format!("{TASKS} tasks in each of {} processes sent {requests} requests", got.len())
        })?;
        let tokens: BTreeSet<&String> = got.iter().flat_map(|got| got.tokens.keys()).collect();
        let errors: BTreeSet<&String> = got.iter().flat_map(|got| got.errors.keys()).collect();
        check(tokens.len() == 1 && errors.is_empty(), Promise::EverybodyGetsTheToken, || {
            format!("there were {} different tokens and these errors: {errors:?}", tokens.len())
        })?;
    }
    Ok(())
}
