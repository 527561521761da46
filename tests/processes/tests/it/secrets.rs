//! No secret in logs at TRACE, in errors, in `Debug` or in the process list, during the whole life of a token.

use std::time::Duration;

use processes::{Answer, Command, Failed};
use zoho_emulator::Fault;
use zoho_oauth::store::StoredToken;

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, until};

over_every_file!(no_secret_is_logged_reported_or_listed);

async fn no_secret_is_logged_reported_or_listed(backend: Backend) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    let mut life = Life::begin(&zoho, &place);
    let user = life.log_in();
    life.renew(&user).await;
    life.fail_in_every_way(&user).await;
    life.spool(&user).await;
    life.check_process_list();
    life.end(&user);
}

/// A worker that logs everything, what it has reported, and the secrets that it knows.
struct Life<'a> {
    zoho: &'a Zoho,
    place: &'a Place,
    worker: Worker,
    told: Vec<String>,
    secrets: Vec<String>,
}

impl<'a> Life<'a> {
    fn begin(zoho: &'a Zoho, place: &'a Place) -> Self {
        let mut worker = Worker::start_after(place, "trap '' XFSZ");
        worker.done(&Command::Log);
        let setup = zoho.setup(place);
        worker.set_up(&setup);
        let users = (0..40).map(|n| format!("user {n}")).collect();
        worker.save_all(users, 10);
        Self { zoho, place, worker, told: Vec::new(), secrets: vec![setup.client_secret] }
    }

    /// A valid code, the same code again, and an invalid one.
    fn log_in(&mut self) -> String {
        let code = self.zoho.emulator.self_client_code(Zoho::USER);
        let made_up = "1000.c0de0f0f0f0f0f0f0f0f0f0f.never0given0to0anybody0at0all".to_owned();
        self.secrets.extend([code.clone(), made_up.clone()]);
        let answer = self.worker.ask(&Command::Exchange { code: code.clone() });
        let Answer::Login { user: Some(user), access_token: Some(token), persistence_error: None } = answer
        else {
            panic!("{answer:?}");
        };
        self.secrets.push(token);
        self.worker.ask(&Command::Exchange { code });
        let failed = self.worker.fails(&Command::Exchange { code: made_up });
        self.note(failed);
        user
    }

    async fn renew(&mut self, user: &str) {
        let told = self.worker.access_token(user, 20);
        self.secrets.extend(told.tokens.into_keys());
        let Answer::Tokens(told) = self.worker.ask(&Command::Refresh { user: user.to_owned() }) else {
            panic!("no renewal");
        };
        self.secrets.extend(told.tokens.into_keys());
        self.note_rows().await;
    }

    /// Error responses, error pages that repeat what was sent, broken connections.
    async fn fail_in_every_way(&mut self, user: &str) {
        let everything = self.secrets.join(" ");
        let json = format!(r#"{{"error":"general_error","error_description":"{everything}"}}"#);
        let on = || Fault::on(TOKEN_REQUEST).times(3);
        let faults = [
            on().status_500(),
            on().drop_before(),
            on().respond(502, format!("<html>{everything}</html>")),
            on().respond(200, format!("{{\"access_token\": {everything}")),
            on().respond(400, json),
            on().hang_for(Duration::from_millis(50)),
        ];
        for fault in faults {
            let (zoho, place) = (Zoho::start().await, Place::new(self.place.backend));
            self.secrets.push(zoho.seed(&place, user).await);
            self.secrets.push(zoho.client.secret().to_owned());
            zoho.emulator.fault(fault);
            self.worker.set_up(&zoho.setup(&place));
            let told = self.worker.access_token(user, 5);
            assert_eq!(told.tokens, [].into());
            self.told.extend(told.errors.into_keys());
        }
        self.worker.set_up(&self.zoho.setup(self.place));
    }

    /// A renewal whose save the store rejects, and the next start.
    async fn spool(&mut self, user: &str) {
        let before = self.zoho.requests();
        self.zoho.emulator.fault(Fault::on(TOKEN_REQUEST).hold());
        self.worker.tell(&Command::Refresh { user: user.to_owned() });
        until("the request arrives", || self.zoho.requests() > before).await;
        self.worker.limit_files(Some(4_096));
        self.zoho.emulator.clear_faults();
        let Some(Answer::Tokens(told)) = self.worker.hear() else { panic!("no token") };
        self.secrets.extend(told.tokens.into_keys());
        let failed = self.worker.fails(&Command::Save { user: "full".to_owned(), number: 1 });
        self.note(failed);
        self.worker.limit_files(None);
        // The next start stores it.
        self.worker.set_up(&self.zoho.setup(self.place));
        let told = self.worker.access_token(user, 5);
        assert_eq!(told.errors, [].into());
        self.note_rows().await;
    }

    /// What a process list shows: arguments and environment.
    fn check_process_list(&mut self) {
        for what in ["cmdline", "environ"] {
            let seen = std::fs::read(format!("/proc/{}/{what}", self.worker.id())).unwrap();
            let seen = String::from_utf8_lossy(&seen).into_owned();
            assert!(!seen.is_empty(), "/proc shows no {what}");
            self.told.push(seen);
        }
    }

    fn end(mut self, user: &str) {
        self.worker.done(&Command::Revoke { user: user.to_owned() });
        let told = self.worker.access_token(user, 5);
        assert_eq!(told.tokens, [].into());
        self.told.extend(told.errors.into_keys());
        let log = self.worker.end();

        for expected in ["zoho_oauth", "TRACE", "reqwest", "[redacted]", "spooled", "revoke"] {
            let is_there = log.contains(expected);
            assert!(is_there, "the log shows no {expected}: nothing was shown by searching it");
        }
        self.secrets.sort();
        self.secrets.dedup();
        for secret in &self.secrets {
            for text in self.told.iter().chain([&log]) {
                check_hidden(secret, text);
            }
        }
        let (lines, told) = (log.lines().count(), self.told.len());
        measured!(
            "{:?}: {} secrets in {lines} lines of TRACE, {told} messages and the process list: none seen",
            self.place.backend,
            self.secrets.len()
        );
    }

    fn note(&mut self, failed: Failed) {
        self.told.extend([failed.text, failed.details]);
    }

    async fn note_rows(&mut self) {
        for row in self.place.rows().await {
            let row = StoredToken::from(&row);
            let secrets = [row.client_secret, row.refresh_token, row.access_token, row.grant_token];
            self.secrets.extend(secrets.into_iter().flatten());
        }
    }
}

/// Checks that neither the secret nor twelve characters of it appear. The parts of a token are checked one by one, since
/// all tokens begin with the same number.
fn check_hidden(secret: &str, text: &str) {
    const REVEALING: usize = 12;
    for part in secret.split('.') {
        let letters: Vec<char> = part.chars().collect();
        for window in letters.windows(REVEALING) {
            let window: String = window.iter().collect();
            assert!(!text.contains(&window), "a secret is seen: {window:?} of {secret:?}");
        }
    }
    assert!(!text.contains(secret), "a secret is seen: {secret:?}");
}
