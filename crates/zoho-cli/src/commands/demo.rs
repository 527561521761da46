//! `zoho demo`: shows the life of a token.
//!
//! Nothing is staged. The emulator is a server on a port, the store is a file, and the second process is this program,
//! started again. The demo verifies each claim before it prints it, and fails at the first that is false.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::{Output as Ended, Stdio};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tokio::process::{Child, Command};
use zoho_emulator::{Emulator, User};
use zoho_oauth::store::{SqliteStore, TokenStore};
use zoho_oauth::{Authenticator, Environment, ExposeSecret, Grant, OAuthClient, OAuthToken, UserSignature};
use zohocrm::{Crm, Error, Record};

use crate::args::EMULATOR_USER;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{Claim, Line, Problem};
use crate::output::{Output, Rows};

use super::interruption::Interruption;

/// The lifetime of access tokens in the demo. At Zoho it is one hour.
const LIFE: Duration = Duration::from_secs(4);

pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    config.output.without_notices();
    Interruption::start()?.unless(tell(config.output.clone())).await?
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
    demo.tell(&Line::End)?;
    demo.story.finish()
}

struct Demo {
    story: Story,
    // Dropped in this order: the file is closed before its folder is deleted.
    authenticator: Authenticator,
    zoho: Emulator,
    folder: TempDir,
}

impl Demo {
    async fn start(output: Output) -> Result<Self, Failure> {
        let failed = |what, error: std::io::Error| Failure::from(what).caused_by(&error);
        let user = User::new(EMULATOR_USER).named("Ada", "Lovelace");
        let zoho = Emulator::builder().user(user).token_lifetime(LIFE).try_start().await;
        let zoho = zoho.map_err(|error| failed(Problem::Emulator, error))?;
        let folder = tempfile::Builder::new().prefix("zoho-demo-").tempdir();
        let folder = folder.map_err(|error| failed(Problem::TemporaryFolder, error))?;
        let client = zoho.default_client();
        let authenticator = Authenticator::builder(Environment::local(&zoho.base_url())?)
            .client(OAuthClient::new(client.id(), client.secret()))
            .store(SqliteStore::open(folder.path().join("zohooauth.db"))?)
            .margin(LIFE / 10)
            .early_window(Duration::ZERO)
            .build()?;
        let demo = Self { story: Story::new(output), authenticator, zoho, folder };
        demo.tell(&Line::Title)?;
        demo.tell(&Line::Emulator { url: demo.zoho.base_url() })?;
        demo.tell(&Line::TokenLife { life: LIFE })?;
        Ok(demo)
    }

    async fn log_in(&self) -> Result<UserSignature, Failure> {
        self.tell(&Line::LogIn)?;
        let user = self.exchange().await?;
        self.tell(&Line::Exchanged { user: user.to_string() })?;

        self.tell(&Line::Persist)?;
        let rows = self.authenticator.store().get_tokens().await?;
        ensure(rows.len() == 1, Claim::OneRow)?;
        let id = rows[0].id().unwrap_or("?").to_owned();
        self.tell(&Line::Stored { id, path: self.store_path() })?;
        Ok(user)
    }

    async fn call_the_crm(&self, user: &UserSignature) -> Result<(), Failure> {
        self.tell(&Line::CallTheCrm)?;
        let crm = Crm::new(&self.authenticator, user);
        let me = crm.current_user().await?;
        ensure(me.text("email") == Some(EMULATOR_USER), Claim::CrmKnowsTheUser)?;
        self.tell(&Line::CurrentUser { name: me.text("full_name").unwrap_or("?").to_owned() })?;

        let lead = Record::new().with("Last_Name", "Hopper").with("Company", "Zylker Academy");
        let created = crm.records("Leads").create([lead]).await?;
        let id = created.first().and_then(|result| result.as_ref().ok()?.id());
        let id = id.ok_or_else(|| untrue(Claim::LeadIsCreated))?;
        self.tell(&Line::LeadCreated { id: id.to_owned() })?;

        let page = crm.records("Leads").list().fields(["Last_Name"]).send().await?;
        let listed =
            page.records.iter().any(|lead| lead.id() == Some(id) && lead.text("Last_Name") == Some("Hopper"));
        ensure(listed, Claim::LeadIsListed)?;
        ensure(self.renewals() == 0, Claim::NoRenewal)?;
        self.tell(&Line::LeadListed)
    }

    async fn expire_and_renew(&self, user: &UserSignature) -> Result<(), Failure> {
        self.tell(&Line::ExpireAndRenew)?;
        let before = self.wait_for_the_end(user).await?;
        Crm::new(&self.authenticator, user).current_user().await?;
        let after = self.authenticator.access_token(user).await?;
        ensure(after.expose_secret() != before, Claim::TokenIsNew)?;
        ensure(self.renewals() == 1, Claim::OneRenewal)?;
        self.tell(&Line::Renewed { before: short(&before), after: short(after.expose_secret()) })
    }

    async fn restart(&self, user: &UserSignature) -> Result<(), Failure> {
        self.tell(&Line::Restart)?;
        let stored = self.authenticator.access_token(user).await?;
        let printed = token_of(self.start_zoho_token(user)?).await?;
        ensure(printed == stored.expose_secret(), Claim::SameTokenElsewhere)?;
        ensure(self.renewals() == 1, Claim::NoRenewalElsewhere)?;
        self.tell(&Line::ReadByAnotherProcess { token: short(&printed) })
    }

    async fn two_at_once(&self, user: &UserSignature) -> Result<(), Failure> {
        self.tell(&Line::TwoProcesses)?;
        let before = self.wait_for_the_end(user).await?;
        let (one, other) = (self.start_zoho_token(user)?, self.start_zoho_token(user)?);
        let (one, other) = tokio::try_join!(token_of(one), token_of(other))?;
        ensure(one == other && one != before, Claim::BothHaveTheNewToken)?;
        ensure(self.renewals() == 2, Claim::OneRenewalForBoth)?;
        self.tell(&Line::RenewedOnce { token: short(&one) })
    }

    async fn revoke(&self, user: &UserSignature) -> Result<(), Failure> {
        self.tell(&Line::Revoke)?;
        let token = self.authenticator.access_token(user).await?;
        let wanted = OAuthToken::new().with_user(user);
        let row = self.authenticator.store().find_token(&wanted).await?;
        let refresh_token =
            row.as_ref().and_then(|row| row.refresh_token()).map(|secret| secret.expose_secret());
        let refresh_token = refresh_token.ok_or_else(|| untrue(Claim::RowHasRefreshToken))?;
        self.authenticator.revoke(&wanted).await?;
        ensure(!self.zoho.is_refresh_token_valid(refresh_token), Claim::RefreshTokenIsRevoked)?;
        ensure(!self.zoho.is_access_token_valid(token.expose_secret()), Claim::AccessTokenIsRevoked)?;
        ensure(self.authenticator.store().get_tokens().await?.is_empty(), Claim::RowIsDeleted)?;
        self.tell(&Line::Revoked)?;

        let rejected = Crm::new(&self.authenticator, user).current_user().await;
        ensure(rejected.as_ref().is_err_and(Error::needs_login), Claim::CallNeedsLogin)?;
        let ended = end_of(self.start_zoho_token(user)?).await?;
        ensure(ended.status.code() == Some(Exit::LoginRequired as i32), Claim::CommandNeedsLogin)?;
        self.tell(&Line::LoginRequired)
    }

    async fn log_out(&self) -> Result<(), Failure> {
        self.tell(&Line::LogOut)?;
        let user = self.exchange().await?;
        let wanted = OAuthToken::new().with_user(&user);
        let token = self.authenticator.access_token(&user).await?;
        ensure(self.authenticator.logout(&wanted).await?, Claim::RowWasThere)?;
        ensure(self.authenticator.store().get_tokens().await?.is_empty(), Claim::RowIsDeleted)?;
        ensure(self.zoho.is_access_token_valid(token.expose_secret()), Claim::TokenStaysValid)?;
        self.tell(&Line::LoggedOut)
    }

    /// Exchanges a fresh Self Client code.
    async fn exchange(&self) -> Result<UserSignature, Failure> {
        let login = self
            .authenticator
            .exchange(Grant::from_self_client(self.zoho.self_client_code(EMULATOR_USER)))
            .await?;
        if let Some(error) = login.persistence().error() {
            return Err(error.clone().into());
        }
        login.token().user_signature().cloned().ok_or_else(|| untrue(Claim::UserIsKnown))
    }

    /// Waits until the access token has expired, and returns it.
    async fn wait_for_the_end(&self, user: &UserSignature) -> Result<String, Failure> {
        let token = self.authenticator.access_token(user).await?;
        let end = token.expires_at().ok_or_else(|| untrue(Claim::TokenExpires))?;
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        self.tell(&Line::Expiring { token: short(token.expose_secret()), left })?;
        tokio::time::sleep(left).await;
        // The client counts from before the request, Zoho from its response, which is later on a busy machine.
        let deadline = Instant::now() + LIFE;
        while self.zoho.is_access_token_valid(token.expose_secret()) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ensure(!self.zoho.is_access_token_valid(token.expose_secret()), Claim::TokenHasExpired)?;
        Ok(token.expose_secret().to_owned())
    }

    /// Starts this program again as `zoho token`. Secrets are passed in the environment, which other users cannot see.
    fn start_zoho_token(&self, user: &UserSignature) -> Result<Child, Failure> {
        let failed = |error: std::io::Error| Failure::from(Problem::SecondProcess).caused_by(&error);
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

    /// The number of renewals that Zoho received.
    fn renewals(&self) -> usize {
        self.zoho.journal().count_where(|entry| entry.parameter("grant_type") == Some("refresh_token"))
    }

    fn tell(&self, line: &Line) -> Result<(), Failure> {
        self.story.tell(line)
    }
}

/// Prints the lines of the demo, or as JSON an array with what happened in each step.
struct Story {
    output: Output,
    array: Option<RefCell<Rows>>,
    step: RefCell<String>,
}

impl Story {
    fn new(output: Output) -> Self {
        let array = output.is_json().then(|| RefCell::new(Rows::json(&output, false)));
        Self { output, array, step: RefCell::default() }
    }

    fn tell(&self, line: &Line) -> Result<(), Failure> {
        let Some(array) = &self.array else {
            return self.output.data(format_args!("{}{line}", if line.is_heading() { "\n" } else { "   " }));
        };
        if line.is_heading() {
            self.step.replace(line.to_string());
            return Ok(());
        }
        let row = Record::new().with("step", self.step.borrow().as_str()).with("text", line.to_string());
        array.borrow_mut().print(&[row])
    }

    /// Completes the array.
    fn finish(self) -> Result<(), Failure> {
        self.array.map_or(Ok(()), |array| array.into_inner().finish())
    }
}

/// The token that `zoho token` prints.
async fn token_of(process: Child) -> Result<String, Failure> {
    let ended = end_of(process).await?;
    if !ended.status.success() {
        let stderr = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
        return Err(Problem::SecondProcessFailed { stderr }.into());
    }
    Ok(String::from_utf8_lossy(&ended.stdout).trim().to_owned())
}

async fn end_of(process: Child) -> Result<Ended, Failure> {
    let ended = process.wait_with_output().await;
    ended.map_err(|error| Failure::from(Problem::SecondProcessLost).caused_by(&error))
}

/// The last characters of a token: enough to tell two tokens apart, and useless to others.
fn short(token: &str) -> String {
    let characters: Vec<char> = token.chars().collect();
    format!("…{}", characters[characters.len().saturating_sub(4)..].iter().collect::<String>())
}

fn ensure(is_so: bool, claim: Claim) -> Result<(), Failure> {
    if is_so { Ok(()) } else { Err(untrue(claim)) }
}

fn untrue(claim: Claim) -> Failure {
    Problem::Untrue { claim }.into()
}
