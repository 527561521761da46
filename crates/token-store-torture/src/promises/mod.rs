//! The tests: what a store promises to several processes.

mod leases;
mod renewing;
mod saving;
mod stopped;

use crate::failure::Outcome;
use crate::scene::Scene;

/// One test.
pub(crate) type Check = fn(&Scene) -> Outcome;

macro_rules! checks {
    ($($module:ident::$name:ident),+ $(,)?) => {
        &[$((stringify!($name), $module::$name)),+]
    };
}

/// The promises of `TokenStore`.
pub(crate) const OF_EVERY_STORE: &[(&str, Check)] = checks![
    saving::processes_that_save_new_users_at_once_lose_none,
    saving::processes_that_save_the_same_new_users_make_one_row_each,
    saving::processes_that_save_and_delete_never_get_an_id_twice,
    saving::processes_that_are_killed_while_they_save_lose_no_acknowledged_save,
    saving::a_reader_beside_a_writer_always_finds_one_whole_state,
];

/// The promises of `Coordination`.
pub(crate) const OF_COORDINATION: &[(&str, Check)] = checks![
    leases::of_many_processes_that_ask_at_once_one_gets_the_lease,
    leases::a_renewed_lease_cannot_be_taken,
    leases::the_lease_of_a_killed_process_expires,
    leases::a_ledger_outlives_its_holder,
    renewing::a_row_that_was_deleted_during_its_renewal_stays_deleted,
    renewing::a_new_login_is_not_overwritten_by_a_late_renewal,
    renewing::holders_that_are_killed_while_they_save_lose_no_acknowledged_token,
    renewing::an_expired_token_is_renewed_once_for_all_processes,
];

/// The promises of `Coordination` if a process does not run for a while.
pub(crate) const OF_STOPPED_PROCESSES: &[(&str, Check)] = checks![
    stopped::a_holder_that_was_stopped_past_its_lease_cannot_write,
    stopped::a_holder_that_was_stopped_while_it_saves_does_not_overwrite_the_newer_token,
];
