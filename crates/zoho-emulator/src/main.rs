//! The `zoho-emulator` command: an emulator until it is interrupted.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use zoho_emulator::{ClientApp, Emulator, EmulatorBuilder, User};

fn main() -> ExitCode {
    match Arguments::parse().into_builder().start_blocking() {
        Ok(zoho) => {
            say(&zoho.banner());
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            complain(&format!("the emulator could not start: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// A stand-in for Zoho's accounts server and CRM on 127.0.0.1, until it is interrupted.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The port; 0 is any free one. Further data centers get the ports after it
    #[arg(long, default_value_t = 8480)]
    port: u16,
    /// A data center by its location code; may come several times
    #[arg(long = "data-center", value_name = "LOCATION", default_value = "us")]
    data_centers: Vec<String>,
    /// The client id; made up if absent
    #[arg(long, requires = "client_secret")]
    client_id: Option<String>,
    /// The client secret; made up if absent
    #[arg(long, requires = "client_id")]
    client_secret: Option<String>,
    /// A redirect URL of the client; may come several times
    #[arg(long = "redirect-url", value_name = "URL", requires = "client_id")]
    redirect_urls: Vec<String>,
    /// A user, with the id of the organisation if it matters; may come several times
    #[arg(long = "user", value_name = "EMAIL[:ZGID]")]
    users: Vec<String>,
    /// The life of access tokens in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    token_lifetime: u64,
    /// The life of grant codes in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    code_lifetime: u64,
    /// How many simulated seconds pass in a real one
    #[arg(long, default_value_t = 1.0)]
    clock_speed: f64,
    /// Tell clients the life of tokens in real seconds, however fast the clock is
    #[arg(long)]
    expiry_in_real_seconds: bool,
    /// `expires_in` in milliseconds, and `expires_in_sec` beside it
    #[arg(long)]
    legacy_expiry_units: bool,
    /// The HTTP status of the throttle: 400 or 200
    #[arg(long, default_value_t = 400)]
    throttle_status: u16,
    /// Skip the pages of the login: this user accepts everything
    #[arg(long, value_name = "EMAIL")]
    auto_consent: Option<String>,
}

impl Arguments {
    fn into_builder(self) -> EmulatorBuilder {
        let mut builder = Emulator::builder()
            .port(self.port)
            .data_centers(self.data_centers)
            .token_lifetime(Duration::from_secs(self.token_lifetime))
            .code_lifetime(Duration::from_secs(self.code_lifetime))
            .clock_speed(self.clock_speed)
            .expiry_in_real_seconds(self.expiry_in_real_seconds)
            .legacy_expiry_units(self.legacy_expiry_units)
            .throttle_status(self.throttle_status);
        if let (Some(id), Some(secret)) = (self.client_id, self.client_secret) {
            let client = ClientApp::new(id, secret);
            builder = builder.client(self.redirect_urls.into_iter().fold(client, ClientApp::redirect_url));
        }
        for user in self.users {
            builder = builder.user(match user.split_once(':') {
                Some((email, zgid)) => User::new(email).zgid(zgid),
                None => User::new(user),
            });
        }
        match self.auto_consent {
            Some(email) => builder.auto_consent(email),
            None => builder,
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is the output of the command")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "this is where a command says why it failed")]
fn complain(text: &str) {
    eprintln!("{text}");
}
