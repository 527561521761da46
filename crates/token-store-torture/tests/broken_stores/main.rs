//! Stores that break one promise each, and the test of the kit that finds it.

#![expect(clippy::disallowed_methods, reason = "the environment says what can be tested")]

mod store;

use std::env;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use token_store_torture::{Kit, Place};

#[path = "../../examples/folder_store/main.rs"]
mod folder_store;

use folder_store::FolderStore;
use store::{BrokenStore, Flaw};

/// Each flaw, the test that finds it, and a part of its report.
const CASES: [(Flaw, &str, &str); 19] = [
    (
        Flaw::WritesBackWhatItHasRead,
        "processes_that_save_new_users_at_once_lose_none",
        "was acknowledged, and no row is stored",
    ),
    (
        Flaw::LooksBeforeItInserts,
        "processes_that_save_the_same_new_users_make_one_row_each",
        "several processes that save one new user make one row",
    ),
    (
        Flaw::GivesIdsTwice,
        "processes_that_save_and_delete_never_get_an_id_twice",
        "an id is given out once, even after its row was deleted",
    ),
    (
        Flaw::PanicsWhenItDeletes,
        "processes_that_save_and_delete_never_get_an_id_twice",
        "this store cannot delete",
    ),
    (
        Flaw::RejectsTheSecondUser,
        "processes_that_save_new_users_at_once_lose_none",
        "this store has room for one user",
    ),
    (
        Flaw::AcknowledgesBeforeItWrites,
        "processes_that_are_killed_while_they_save_lose_no_acknowledged_save",
        "an acknowledged save stays in the store",
    ),
    (
        Flaw::WritesInTwoParts,
        "processes_that_are_killed_while_they_save_lose_no_acknowledged_save",
        "is a part or a mixture",
    ),
    (
        Flaw::WritesInTwoParts,
        "a_reader_beside_a_writer_always_finds_one_whole_state",
        "look-ups found a part or a mixture",
    ),
    (
        Flaw::DeletesAndInserts,
        "a_reader_beside_a_writer_always_finds_one_whole_state",
        "look-ups found no row",
    ),
    (
        Flaw::KeepsLeasesToItself,
        "of_many_processes_that_ask_at_once_one_gets_the_lease",
        "of many processes that ask for a free lease at once, exactly one gets it",
    ),
    (
        Flaw::KeepsLeasesToItself,
        "an_expired_token_is_renewed_once_for_all_processes",
        "an expired token is requested once",
    ),
    (Flaw::DoesNotRenewLeases, "a_renewed_lease_cannot_be_taken", "a renewed lease lasts"),
    (Flaw::NeverEndsLeases, "the_lease_of_a_killed_process_expires", "a lease expires"),
    (
        Flaw::ForgetsLedgers,
        "a_ledger_outlives_its_holder",
        "every process sees the ledger that was stored with a lease",
    ),
    (
        Flaw::SavesWhateverTheRow,
        "a_row_that_was_deleted_during_its_renewal_stays_deleted",
        "the store reported to the holder that it has saved: true",
    ),
    (
        Flaw::SavesWhateverTheRow,
        "a_new_login_is_not_overwritten_by_a_late_renewal",
        "the store reported to the holder that it has saved: true",
    ),
    (
        Flaw::ReleasesBeforeItWrites,
        "holders_that_are_killed_while_they_save_lose_no_acknowledged_token",
        "an acknowledged token of a lease holder stays in the store",
    ),
    (
        Flaw::SavesWhateverTheLease,
        "a_holder_that_was_stopped_past_its_lease_cannot_write",
        "it saved while the next one holds the lease",
    ),
    (
        Flaw::LooksAtTheLeaseBeforeItSaves,
        "a_holder_that_was_stopped_while_it_saves_does_not_overwrite_the_newer_token",
        "a stopped holder whose lease expired does not overwrite a newer token",
    ),
];

/// Tells a process which flaw its store has: an index into [`CASES`].
const FLAW: &str = "TOKEN_STORE_TORTURE_FLAW";

fn main() -> ExitCode {
    if let Ok(number) = env::var(FLAW) {
        let (flaw, ..) = CASES[number.parse::<usize>().expect("a number")];
        let open = move |place: Place| async move {
            FolderStore::open(place.path()).map(|store| BrokenStore::new(store, flaw))
        };
        return token_store_torture::run([Kit::coordinated(open).processes(4).rounds(10)]);
    }
    let trials = CASES.iter().enumerate().filter(|(_, (_, test, _))| cfg!(unix) || !test.contains("stopped"));
    let trials = trials.map(|(number, (flaw, test, words))| {
        Trial::test(format!("{flaw:?}::is_found_by::{test}"), move || is_found(number, test, words))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// Runs one test of the kit over a broken store, and checks that it fails with the right report.
fn is_found(number: usize, test: &str, words: &str) -> Result<(), Failed> {
    let output =
        Command::new(env::current_exe()?).args(["--exact", test]).env(FLAW, number.to_string()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let is_found = !output.status.success()
        && said.contains(&format!("test {test} ... FAILED"))
        && said.contains("promised: ")
        && said.contains(words)
        && said.contains("test result: FAILED. 0 passed; 1 failed;");
    if is_found { Ok(()) } else { Err(format!("{}; it said: {said}", output.status).into()) }
}
