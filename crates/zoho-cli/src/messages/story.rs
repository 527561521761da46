//! `Line` and `Claim`: what `zoho demo` tells, and what it has checked before. `Greeting`: what `zoho emulator` prints
//! when it is ready.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What the demo tells.
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

/// What the demo checks before it tells it.
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
    ZohoWasNotTold,
}

/// What the emulator prints when it is ready.
#[derive(Debug)]
pub(crate) struct Greeting<'a> {
    pub(crate) url: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) client_secret: &'a str,
    pub(crate) user: &'a str,
    pub(crate) code: &'a str,
}

impl Line {
    /// Whether it begins a part of the demo.
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
            Self::Title => f.write_str("The life of a token, against a stand-in for Zoho on this machine"),
            Self::Emulator { url } => write!(f, "The stand-in runs at {url}."),
            Self::TokenLife { life } => {
                write!(f, "Its access tokens live {} seconds; Zoho's live an hour.", life.as_secs())
            }

            Self::LogIn => f.write_str("1. Log in"),
            Self::Exchanged { user } => {
                write!(f, "A one-shot code became an access token and a refresh token of {user}.")
            }
            Self::Persist => f.write_str("2. Persist"),
            Self::Stored { id, path } => write!(f, "The token is row {id} in {}.", path.display()),
            Self::CallTheCrm => f.write_str("3. Call the CRM"),
            Self::CurrentUser { name } => write!(f, "GET /crm/v8/users says: you are {name}."),
            Self::LeadCreated { id } => write!(f, "POST /crm/v8/Leads created the lead {id}."),
            Self::LeadListed => {
                f.write_str("GET /crm/v8/Leads lists it. All with the token of the login: no renewal.")
            }
            Self::ExpireAndRenew => f.write_str("4. Expire and renew"),
            Self::Expiring { token, left } => {
                write!(f, "The access token {token} ends in {:.0} seconds …", left.as_secs_f64())
            }
            Self::Renewed { before, after } => {
                write!(f, "The next call renewed it by itself: {before} is now {after}.")
            }
            Self::Restart => f.write_str("5. Restart"),
            Self::ReadByAnotherProcess { token } => write!(
                f,
                "Another process ran `zoho token` and printed {token}, from the file: no login, no renewal."
            ),
            Self::TwoProcesses => f.write_str("6. Two processes, one renewal"),
            Self::RenewedOnce { token } => write!(
                f,
                "Two processes ran `zoho token` at once. Both printed {token}; Zoho's journal has one renewal."
            ),
            Self::Revoke => f.write_str("7. Revoke"),
            Self::Revoked => f.write_str("Zoho has ended both tokens, and the row is gone."),
            Self::LoginRequired => f.write_str(
                "The next call says that the user has to log in; `zoho token` says so with exit code 4.",
            ),
            Self::LogOut => f.write_str("8. Log out"),
            Self::LoggedOut => {
                f.write_str("After a second login, logging out deletes the row only: Zoho was not told.")
            }
            Self::End => f.write_str(
                "That was all of it. Next: zoho emulator, or zoho login --code CODE for the real Zoho.",
            ),
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserIsKnown => "Zoho said who logged in",
            Self::OneRow => "the store holds one token",
            Self::CrmKnowsTheUser => "the CRM knows whose token it is",
            Self::LeadIsCreated => "the lead was created",
            Self::LeadIsListed => "the lead is in the list",
            Self::NoRenewal => "no renewal was needed",
            Self::TokenExpires => "the token has an end",
            Self::TokenHasExpired => "the token has ended",
            Self::TokenIsNew => "the token is a new one",
            Self::OneRenewal => "Zoho was asked for one new token",
            Self::SameTokenElsewhere => "the other process has the same token",
            Self::NoRenewalElsewhere => "the other process needed no renewal",
            Self::BothHaveTheNewToken => "both have the same new token",
            Self::OneRenewalForBoth => "both together caused one renewal",
            Self::RowHasRefreshToken => "the row has a refresh token",
            Self::RefreshTokenIsRevoked => "Zoho has ended the refresh token",
            Self::AccessTokenIsRevoked => "Zoho has ended the access token",
            Self::RowIsDeleted => "the row is gone",
            Self::CallNeedsLogin => "the next call asks for a login",
            Self::CommandNeedsLogin => "`zoho token` ends with exit code 4",
            Self::RowWasThere => "there was a row to delete",
            Self::ZohoWasNotTold => "Zoho was not told",
        })
    }
}

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, client_id, client_secret, user, code } = self;
        write!(
            f,
            "{url}\n\n\
             A stand-in for Zoho runs at this address; nothing in it is real. Type this in another terminal:\n\n  \
             export ZOHO_ACCOUNTS_URL={url}\n  \
             export ZOHO_API_URL={url}\n  \
             export ZOHO_CLIENT_ID={client_id}\n  \
             export ZOHO_CLIENT_SECRET={client_secret}\n  \
             zoho login --code {code}\n  \
             zoho api GET /crm/v8/users -q type=CurrentUser\n\n\
             The code logs {user} in, once. Another one:\n\n  \
             curl -X POST {url}/_emulator/self_client_code\n"
        )
    }
}
