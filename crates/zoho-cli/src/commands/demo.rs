//! `zoho demo`: the whole life of a token, told as it happens.
//!
//! Nothing here is staged. The emulator is a server on a port, the store a file, and the second process this very
//! program, started anew. Each thing that is told is checked first; the first that is not so ends the demo.

use std::path::PathBuf;
use std::process::{Output as Ended, Stdio};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tokio::process::{Child, Command};
use zoho_emulator::{Emulator, User};
use zoho_oauth::store::{SqliteStore, TokenStore};
use zoho_oauth::{Authenticator, Environment, ExposeSecret, Grant, OAuthClient, OAuthToken, UserSignature};
use zohocrm::{Crm, Error, Record};

use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::output::Output;

use super::emulator::USER;
use super::interruption::interruption;

/// How long access tokens live here. At Zoho it is an hour.
const LIFE: Duration = Duration::from_secs(4);

pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let interrupted = interruption()?;
    tokio::select! {
        told = tell(config.output) => told,
        () = interrupted => Err(Failure::failed("interrupted")),
    }
}

async fn tell(output: Output) -> Result<(), Failure> {
    let demo = Demo::start(output).await?;
    let user = demo.log_in().await?;
    demo.call_the_crm(&user).await?;
    demo.expire_and_renew(&user).await?;
    demo.restart(&user).await?;
    demo.two_at_once(&user).await?;
    demo.revoke(&user).await?;
    demo.log_out().await?;
    demo.output
        .data("\nThat was all of it. Next: zoho emulator, or zoho login --code CODE for the real Zoho.")
}

struct Demo {
    output: Output,
    // Dropped in this order: the file is closed before its folder goes.
    authenticator: Authenticator,
    zoho: Emulator,
    folder: TempDir,
}

impl Demo {
    async fn start(output: Output) -> Result<Self, Failure> {
        let failed = |what: &str, error: std::io::Error| Failure::failed(what).caused_by(&error);
        let user = User::new(USER).named("Ada", "Lovelace");
        let zoho = Emulator::builder().user(user).token_lifetime(LIFE).try_start().await;
        let zoho = zoho.map_err(|error| failed("the emulator could not start", error))?;
        let folder = tempfile::Builder::new().prefix("zoho-demo-").tempdir();
        let folder = folder.map_err(|error| failed("no temporary folder could be made", error))?;
        let client = zoho.default_client();
        let authenticator = Authenticator::builder(Environment::local(&zoho.base_url())?)
            .client(OAuthClient::new(client.id(), client.secret()))
            .store(SqliteStore::open(folder.path().join("zohooauth.db"))?)
            .margin(LIFE / 10)
            .early_window(Duration::ZERO)
            .build()?;
        let demo = Self { output, authenticator, zoho, folder };
        demo.heading("The life of a token, against a stand-in for Zoho on this machine")?;
        demo.say(format_args!("The stand-in runs at {}.", demo.zoho.base_url()))?;
        demo.say(format_args!("Its access tokens live {} seconds; Zoho's live an hour.", LIFE.as_secs()))?;
        Ok(demo)
    }

    async fn log_in(&self) -> Result<UserSignature, Failure> {
        self.heading("1. Log in")?;
        let user = self.exchange().await?;
        self.say(format_args!("A one-shot code became an access token and a refresh token of {user}."))?;

        self.heading("2. Persist")?;
        let rows = self.authenticator.store().get_tokens().await?;
        ensure(rows.len() == 1, "the store holds one token")?;
        self.say(format_args!(
            "The token is row {} in {}.",
            rows[0].id().unwrap_or("?"),
            self.store_path().display()
        ))?;
        Ok(user)
    }

    async fn call_the_crm(&self, user: &UserSignature) -> Result<(), Failure> {
        self.heading("3. Call the CRM")?;
        let crm = Crm::new(&self.authenticator, user);
        let me = crm.current_user().await?;
        ensure(me.text("email") == Some(USER), "the CRM knows whose token it is")?;
        self.say(format_args!("GET /crm/v8/users says: you are {}.", me.text("full_name").unwrap_or("?")))?;

        let lead = Record::new().with("Last_Name", "Hopper").with("Company", "Zylker Academy");
        let created = crm.records("Leads").create([lead]).await?;
        let id = created.first().and_then(|result| result.as_ref().ok()?.id());
        let id = id.ok_or_else(|| untrue("the lead was created"))?;
        self.say(format_args!("POST /crm/v8/Leads created the lead {id}."))?;

        let page = crm.records("Leads").list().fields(["Last_Name"]).send().await?;
        let listed =
            page.records.iter().any(|lead| lead.id() == Some(id) && lead.text("Last_Name") == Some("Hopper"));
        ensure(listed, "the lead is in the list")?;
        ensure(self.renewals() == 0, "no renewal was needed")?;
        self.say(format_args!("GET /crm/v8/Leads lists it. All with the token of the login: no renewal."))
    }

    async fn expire_and_renew(&self, user: &UserSignature) -> Result<(), Failure> {
        self.heading("4. Expire and renew")?;
        let before = self.wait_for_the_end(user).await?;
        Crm::new(&self.authenticator, user).current_user().await?;
        let after = self.authenticator.access_token(user).await?;
        ensure(after.expose_secret() != before, "the token is a new one")?;
        ensure(self.renewals() == 1, "Zoho was asked for one new token")?;
        self.say(format_args!(
            "The next call renewed it by itself: {} is now {}.",
            short(&before),
            short(after.expose_secret())
        ))
    }

    async fn restart(&self, user: &UserSignature) -> Result<(), Failure> {
        self.heading("5. Restart")?;
        let stored = self.authenticator.access_token(user).await?;
        let printed = token_of(self.start_zoho_token(user)?).await?;
        ensure(printed == stored.expose_secret(), "the other process has the same token")?;
        ensure(self.renewals() == 1, "the other process needed no renewal")?;
        self.say(format_args!(
            "Another process ran `zoho token` and printed {}, from the file: no login, no renewal.",
            short(&printed)
        ))
    }

    async fn two_at_once(&self, user: &UserSignature) -> Result<(), Failure> {
        self.heading("6. Two processes, one renewal")?;
        let before = self.wait_for_the_end(user).await?;
        let (one, other) = (self.start_zoho_token(user)?, self.start_zoho_token(user)?);
        let (one, other) = tokio::try_join!(token_of(one), token_of(other))?;
        ensure(one == other && one != before, "both have the same new token")?;
        ensure(self.renewals() == 2, "both together caused one renewal")?;
        self.say(format_args!(
            "Two processes ran `zoho token` at once. Both printed {}; Zoho's journal has one renewal.",
            short(&one)
        ))
    }

    async fn revoke(&self, user: &UserSignature) -> Result<(), Failure> {
        self.heading("7. Revoke")?;
        let token = self.authenticator.access_token(user).await?;
        let wanted = OAuthToken::new().with_user(user);
        let row = self.authenticator.store().find_token(&wanted).await?;
        let refresh_token =
            row.as_ref().and_then(|row| row.refresh_token()).map(|secret| secret.expose_secret());
        let refresh_token = refresh_token.ok_or_else(|| untrue("the row has a refresh token"))?;
        self.authenticator.revoke(&wanted).await?;
        ensure(!self.zoho.is_refresh_token_valid(refresh_token), "Zoho has ended the refresh token")?;
        ensure(!self.zoho.is_access_token_valid(token.expose_secret()), "Zoho has ended the access token")?;
        ensure(self.authenticator.store().get_tokens().await?.is_empty(), "the row is gone")?;
        self.say("Zoho has ended both tokens, and the row is gone.")?;

        let refused = Crm::new(&self.authenticator, user).current_user().await;
        ensure(refused.as_ref().is_err_and(Error::needs_login), "the next call asks for a login")?;
        let ended = end_of(self.start_zoho_token(user)?).await?;
        ensure(
            ended.status.code() == Some(Exit::LoginRequired as i32),
            "`zoho token` ends with exit code 4",
        )?;
        self.say("The next call says that the user has to log in; `zoho token` says so with exit code 4.")
    }

    async fn log_out(&self) -> Result<(), Failure> {
        self.heading("8. Log out")?;
        let user = self.exchange().await?;
        let wanted = OAuthToken::new().with_user(&user);
        let token = self.authenticator.access_token(&user).await?;
        ensure(self.authenticator.logout(&wanted).await?, "there was a row to delete")?;
        ensure(self.authenticator.store().get_tokens().await?.is_empty(), "the row is gone")?;
        ensure(self.zoho.is_access_token_valid(token.expose_secret()), "Zoho was not told")?;
        self.say("After a second login, logging out deletes the row only: Zoho was not told.")
    }

    /// Exchanges a fresh Self Client code.
    async fn exchange(&self) -> Result<UserSignature, Failure> {
        let login =
            self.authenticator.exchange(Grant::from_self_client(self.zoho.self_client_code(USER))).await?;
        if let Some(error) = login.persistence().error() {
            return Err(error.clone().into());
        }
        login.token().user_signature().cloned().ok_or_else(|| untrue("Zoho said who logged in"))
    }

    /// Waits until the access token has ended; hands back the ended one.
    async fn wait_for_the_end(&self, user: &UserSignature) -> Result<String, Failure> {
        let token = self.authenticator.access_token(user).await?;
        let end = token.expires_at().ok_or_else(|| untrue("the token has an end"))?;
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        self.say(format_args!(
            "The access token {} ends in {:.0} seconds …",
            short(token.expose_secret()),
            left.as_secs_f64()
        ))?;
        tokio::time::sleep(left).await;
        // We count from before the request, Zoho from its answer: on a busy machine that is a while later.
        let patience = Instant::now() + LIFE;
        while self.zoho.is_access_token_valid(token.expose_secret()) && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ensure(!self.zoho.is_access_token_valid(token.expose_secret()), "the token has ended")?;
        Ok(token.expose_secret().to_owned())
    }

    /// This program once more, as `zoho token`. Secrets go by the environment: arguments can be seen by everybody.
    fn start_zoho_token(&self, user: &UserSignature) -> Result<Child, Failure> {
        let failed =
            |error: std::io::Error| Failure::failed("`zoho token` could not be started").caused_by(&error);
        let client = self.zoho.default_client();
        Command::new(std::env::current_exe().map_err(failed)?)
            .args(["token", "--user", user.name()])
            .env("ZOHO_STORE", format!("sqlite:{}", self.store_path().display()))
            .env("ZOHO_ACCOUNTS_URL", self.zoho.base_url())
            .env("ZOHO_API_URL", self.zoho.base_url())
            .env("ZOHO_CLIENT_ID", client.id())
            .env("ZOHO_CLIENT_SECRET", client.secret())
            .env_remove("ZOHO_ENVIRONMENT")
            .env_remove("ZOHO_LOG_FILE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)
    }

    fn store_path(&self) -> PathBuf {
        self.folder.path().join("zohooauth.db")
    }

    /// How many times Zoho was asked for a new access token.
    fn renewals(&self) -> usize {
        self.zoho.journal().count_where(|entry| entry.parameter("grant_type") == Some("refresh_token"))
    }

    fn heading(&self, text: &str) -> Result<(), Failure> {
        self.output.data(format_args!("\n{text}"))
    }

    fn say(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        self.output.data(format_args!("   {text}"))
    }
}

/// The token that `zoho token` prints.
async fn token_of(process: Child) -> Result<String, Failure> {
    let ended = end_of(process).await?;
    if !ended.status.success() {
        let words = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
        return Err(Failure::failed(format!("`zoho token` failed: {words}")));
    }
    Ok(String::from_utf8_lossy(&ended.stdout).trim().to_owned())
}

async fn end_of(process: Child) -> Result<Ended, Failure> {
    let ended = process.wait_with_output().await;
    ended.map_err(|error| Failure::failed("`zoho token` could not be waited for").caused_by(&error))
}

/// The end of a token: enough to tell two of them apart, and no use to anybody.
fn short(token: &str) -> String {
    let characters: Vec<char> = token.chars().collect();
    format!("…{}", characters[characters.len().saturating_sub(4)..].iter().collect::<String>())
}

fn ensure(is_so: bool, claim: &str) -> Result<(), Failure> {
    if is_so { Ok(()) } else { Err(untrue(claim)) }
}

fn untrue(claim: &str) -> Failure {
    Failure::failed(format!("this should be so, and is not: {claim}"))
}
