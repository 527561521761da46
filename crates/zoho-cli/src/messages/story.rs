//! `Line`: what `zoho demo` prints. `Claim`: what it verifies first. `Greeting`: what `zoho emulator` prints when it is
//! ready.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What the demo prints.
#[derive(Debug)]
pub(crate) enum Line {
    Title,
    Emulator { url: String },
    TokenLife { life: Duration },

    LogIn,
    Exchanged { user: String },
    Persist,
    Stored { id: String, path: PathBuf },
    CallTheCrm,
    CurrentUser { name: String },
    LeadCreated { id: String },
    LeadListed,
    ExpireAndRenew,
    Expiring { token: String, left: Duration },
    Renewed { before: String, after: String },
    Restart,
    ReadByAnotherProcess { token: String },
    TwoProcesses,
    RenewedOnce { token: String },
    Revoke,
    Revoked,
    LoginRequired,
    LogOut,
    LoggedOut,
    End,
}

/// What the demo verifies before it prints a line. Its text completes "expected: …".
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claim {
    UserIsKnown,
    OneRow,
    CrmKnowsTheUser,
    LeadIsCreated,
    LeadIsListed,
    NoRenewal,
    TokenExpires,
    TokenHasExpired,
    TokenIsNew,
    OneRenewal,
    SameTokenElsewhere,
    NoRenewalElsewhere,
    BothHaveTheNewToken,
    OneRenewalForBoth,
    RowHasRefreshToken,
    RefreshTokenIsRevoked,
    AccessTokenIsRevoked,
    RowIsDeleted,
    CallNeedsLogin,
    CommandNeedsLogin,
    RowWasThere,
    TokenStaysValid,
}

/// What the emulator prints when it is ready.
#[derive(Debug)]
pub(crate) struct Greeting<'a> {
    pub(crate) url: &'a str,
    pub(crate) client_id: &'a str,
    /// `None`: the user gave it.
    pub(crate) client_secret: Option<&'a str>,
    pub(crate) user: &'a str,
    pub(crate) code: &'a str,
}

impl Line {
    /// Whether the line starts a section.
    pub(crate) fn is_heading(&self) -> bool {
        matches!(
            self,
            Self::Title
                | Self::LogIn
                | Self::Persist
                | Self::CallTheCrm
                | Self::ExpireAndRenew
                | Self::Restart
                | Self::TwoProcesses
                | Self::Revoke
                | Self::LogOut
                | Self::End
        )
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Title => f.write_str("The life of a token, against an emulator of Zoho on this machine"),
            Self::Emulator { url } => write!(f, "The emulator runs at {url}."),
            Self::TokenLife { life } => {
                write!(f, "Its access tokens expire after {} seconds, Zoho's after an hour.", life.as_secs())
            }

            Self::LogIn => f.write_str("1. Log in"),
            Self::Exchanged { user } => {
                write!(
                    f,
                    "A single-use code was exchanged for an access token and a refresh token of {user}."
                )
            }
            Self::Persist => f.write_str("2. Persist"),
            Self::Stored { id, path } => write!(f, "The token is row {id} in {}.", path.display()),
            Self::CallTheCrm => f.write_str("3. Call the CRM"),
            Self::CurrentUser { name } => write!(f, "GET /crm/v8/users returned the user {name}."),
            Self::LeadCreated { id } => write!(f, "POST /crm/v8/Leads created the lead {id}."),
            Self::LeadListed => f.write_str(
                "GET /crm/v8/Leads listed it. All calls used the token of the login; none needed a renewal.",
            ),
            Self::ExpireAndRenew => f.write_str("4. Expire and renew"),
            Self::Expiring { token, left } => {
                write!(f, "The access token {token} expires in {:.0} seconds …", left.as_secs_f64())
            }
            Self::Renewed { before, after } => {
                write!(f, "The next call renewed it: {before} was replaced by {after}.")
            }
            Self::Restart => f.write_str("5. Restart"),
            Self::ReadByAnotherProcess { token } => write!(
                f,
                "Another process ran `zoho token` and read {token} from the file, without a login or a renewal."
            ),
            Self::TwoProcesses => f.write_str("6. Two processes, one renewal"),
            Self::RenewedOnce { token } => write!(
                f,
                "Two processes ran `zoho token` at the same time. Both printed {token} after a single renewal."
            ),
            Self::Revoke => f.write_str("7. Revoke"),
            Self::Revoked => f.write_str("Zoho revoked both tokens, and the row was deleted."),
            Self::LoginRequired => f.write_str(
                "The next call reports that the user has to log in; `zoho token` exits with code 4.",
            ),
            Self::LogOut => f.write_str("8. Log out"),
            Self::LoggedOut => f.write_str(
                "Logging out after a second login deletes only the row; the token stays valid at Zoho.",
            ),
            Self::End => f.write_str(
                "End of the demo. Next, run `zoho emulator`, or `zoho login --code CODE` for the real Zoho.",
            ),
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserIsKnown => "the login names its user",
            Self::OneRow => "the store holds one token",
            Self::CrmKnowsTheUser => "the CRM knows the user",
            Self::LeadIsCreated => "the lead was created",
            Self::LeadIsListed => "the lead is in the list",
            Self::NoRenewal => "no renewal was needed",
            Self::TokenExpires => "the token has an expiry",
            Self::TokenHasExpired => "the token has expired",
            Self::TokenIsNew => "the token is new",
            Self::OneRenewal => "there was one renewal",
            Self::SameTokenElsewhere => "the other process has the same token",
            Self::NoRenewalElsewhere => "the other process did not renew",
            Self::BothHaveTheNewToken => "both processes have the same new token",
            Self::OneRenewalForBoth => "both processes together renewed once",
            Self::RowHasRefreshToken => "the row has a refresh token",
            Self::RefreshTokenIsRevoked => "Zoho revoked the refresh token",
            Self::AccessTokenIsRevoked => "Zoho revoked the access token",
            Self::RowIsDeleted => "the row was deleted",
            Self::CallNeedsLogin => "the next call requires a login",
            Self::CommandNeedsLogin => "`zoho token` exits with code 4",
            Self::RowWasThere => "a row was there to delete",
            Self::TokenStaysValid => "the token is still valid at Zoho",
        })
    }
}

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, client_id, client_secret, user, code } = self;
        write!(
            f,
            "{url}\n\n\
             An emulator of Zoho runs at this address; its data is not real. Run these commands in another terminal:\n\n  \
             export ZOHO_ACCOUNTS_URL={url}\n  \
             export ZOHO_API_URL={url}\n  \
             export ZOHO_CLIENT_ID={client_id}\n"
        )?;
        match client_secret {
            Some(secret) => writeln!(f, "  export ZOHO_CLIENT_SECRET={secret}")?,
            None => writeln!(f, "  # ZOHO_CLIENT_SECRET is the secret that was given")?,
        }
        write!(
            f,
            "  zoho login --code {code}\n  \
             zoho api GET /crm/v8/users -q type=CurrentUser\n\n\
             The code logs {user} in once. To get another one:\n\n  \
             curl -X POST {url}/_emulator/self_client_code\n"
        )
    }
}
