//! The name that the official SDKs give a user of Zoho CRM: `email:zgid`.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;

use crate::environment::Environment;
use crate::error::Error;
use crate::machine::{Content, Machine, Request};
use crate::origin::host_of;
use crate::token::UserSignature;

/// Why a user's name could not be determined.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unnamed {
    #[error(
        "the token lacks the scope `{scope}`; log in with `ZohoCRM.users.READ` and `ZohoCRM.org.READ`, or turn the \
         look-up of the user's name off"
    )]
    MissingScope { scope: &'static str },
    #[error("{host} rejected the look-up of the user's name: HTTP {status}, {code}")]
    Rejected { host: String, status: u16, code: String },
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The users of Zoho CRM.
#[derive(Debug)]
pub(crate) struct CrmUsers {
    machine: Arc<dyn Machine>,
}

impl CrmUsers {
    pub(crate) fn new(machine: Arc<dyn Machine>) -> Self {
        Self { machine }
    }

    /// The user that an access token belongs to. This takes two calls and two scopes (`ZohoCRM.users.READ`,
    /// `ZohoCRM.org.READ`).
    pub(crate) async fn current(
        &self,
        environment: &Environment,
        access_token: &SecretString,
    ) -> Result<UserSignature, Unnamed> {
        let get = |path, scope| self.get(environment, access_token, path, scope);
        let users = get("/crm/v8/users?type=CurrentUser", "ZohoCRM.users.READ").await?;
        let organizations = get("/crm/v8/org", "ZohoCRM.org.READ").await?;
        let email = users.pointer("/users/0/email").and_then(Value::as_str);
        let zgid = organizations.pointer("/org/0/zgid").and_then(|zgid| match zgid {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        match (email, zgid) {
            (Some(email), Some(zgid)) if !email.is_empty() => {
                Ok(UserSignature::new(format!("{email}:{zgid}")))
            }
            _ => Err(Unnamed::Failed(Error::InvalidResponse {
                host: host_of(environment.api_url()),
                evidence: "the user has no email, or the organization no zgid".to_owned(),
            })),
        }
    }

    /// The response to a call that needs this scope.
    async fn get(
        &self,
        environment: &Environment,
        access_token: &SecretString,
        path: &str,
        scope: &'static str,
    ) -> Result<Value, Unnamed> {
        let url = format!("{}{path}", environment.api_url());
        let request = Request { url, content: Content::AccessToken(access_token.clone()) };
        let response = self.machine.send(request).await.map_err(|failed| failed.error)?;
        let Ok(body) = serde_json::from_str::<Value>(&response.body) else {
            return Err(response.invalid().into());
        };
        // Zoho documents this code for 401 and for 403.
        match body.get("code").and_then(Value::as_str) {
            Some("OAUTH_SCOPE_MISMATCH") => Err(Unnamed::MissingScope { scope }),
            Some(code) => {
                let code = code.chars().filter(|letter| !letter.is_control()).take(80).collect();
                Err(Unnamed::Rejected { host: response.host, status: response.status, code })
            }
            None if response.status == 200 => Ok(body),
            None => Err(response.invalid().into()),
        }
    }
}
