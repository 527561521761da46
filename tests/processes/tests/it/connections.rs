//! More processes than the server of the store accepts connections.

use std::time::Duration;

use processes::{Answer, Command, Setup};
use servers::Kind;
use tokio::time::Instant;

use crate::support::{Backend, Place, Worker, Zoho};

tests_over!(#[ignore = "needs MariaDB"] mariadb, MariaDb: more_processes_than_connections_all_save);
tests_over!(#[ignore = "needs PostgreSQL"] postgres, Postgres: more_processes_than_connections_all_save);

const PROCESSES: usize = 24;

/// Each process holds its connection until it ends. The others wait for one.
async fn more_processes_than_connections_all_save(backend: Backend) {
    let few: &[&str] = match backend.server() {
        Some(Kind::Postgres) => {
            &["--max_connections=8", "--superuser_reserved_connections=1", "--max_wal_senders=0"]
        }
        // The minimum that the server accepts.
        _ => &["--max-connections=10"],
    };
    let kind = backend.server().expect("a backend on a server");
    let server =
        tokio::task::spawn_blocking(move || servers::private_with(kind, few)).await.expect("no panic");
    let server = server.expect("the shared server runs, so its programs are here");
    let (zoho, place) = (Zoho::start().await, Place::on_server(backend, server.url()));
    let setup = Setup { store: place.url(), ..zoho.setup(&place) };
    let mut waiting = Vec::new();
    for _ in 0..PROCESSES {
        waiting.push(Worker::open(&place, &setup));
    }
    let started = Instant::now();
    for (number, worker) in waiting.iter_mut().enumerate() {
        worker.tell(&Command::Save { user: format!("user {number}"), number: 1 });
    }
    while !waiting.is_empty() {
        waiting.retain_mut(|worker| match worker.hear_soon(Duration::from_millis(10)) {
            None => true,
            Some(Answer::Done | Answer::Saved { .. }) => {
                worker.kill();
                false
            }
            Some(other) => panic!("after {:?}: {other:?}", started.elapsed()),
        });
    }
    assert_eq!(place.rows().await.len(), PROCESSES);
    measured!("{backend:?}: {PROCESSES} processes saved in {:?}", started.elapsed());
}
