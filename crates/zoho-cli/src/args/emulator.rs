//! The options of `zoho emulator`.

use clap::Args;

/// The user of an emulator that is started without `--user`.
pub(crate) const EMULATOR_USER: &str = "ada@example.com";

#[derive(Debug, Args)]
pub(crate) struct Emulator {
    /// Port on 127.0.0.1; further data centers get the ports after it [default: any free port]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,

    /// Location code of a data center, such as eu; may be repeated
    #[arg(long = "data-center", value_name = "LOCATION", default_value = "us")]
    pub(crate) data_centers: Vec<String>,

    /// Email address of a user, optionally with the id of the organization; may be repeated
    #[arg(long = "user", value_name = "EMAIL[:ZGID]", default_value = EMULATOR_USER)]
    pub(crate) users: Vec<String>,

    /// Lifetime of access tokens in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) token_lifetime: u64,

    /// Lifetime of grant codes in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(crate) code_lifetime: u64,

    /// Simulated seconds per real second
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub(crate) clock_speed: f64,

    /// Report the lifetime of tokens in real seconds, whatever the speed of the clock
    #[arg(long)]
    pub(crate) expiry_in_real_seconds: bool,

    /// Send `expires_in` in milliseconds and `expires_in_sec` in seconds, as Zoho did until 2019
    #[arg(long)]
    pub(crate) legacy_expiry_units: bool,

    /// HTTP status of the throttle of the token endpoint
    #[arg(long, value_name = "STATUS", default_value_t = 400)]
    pub(crate) throttle_status: u16,

    /// Skip the login pages: this user accepts every request
    #[arg(long, value_name = "EMAIL")]
    pub(crate) auto_consent: Option<String>,
}
