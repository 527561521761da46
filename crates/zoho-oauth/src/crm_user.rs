//! The name that the official SDKs give a user of Zoho CRM: `email:zgid`.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;

use crate::environment::{Environment, host_of};
use crate::error::Error;
use crate::machine::{Content, Machine, Request};
use crate::token::UserSignature;

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
    ) -> Result<UserSignature, Error> {
        let users = self.get(environment, "/crm/v8/users?type=CurrentUser", access_token).await?;
        let organizations = self.get(environment, "/crm/v8/org", access_token).await?;
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
            _ => Err(Error::InvalidResponse {
                host: host_of(environment.api_url()),
                evidence: "the user has no email, or the organization no zgid".to_owned(),
            }),
        }
    }

    async fn get(&self, environment: &Environment, path: &str, token: &SecretString) -> Result<Value, Error> {
        let url = format!("{}{path}", environment.api_url());
        let request = Request { url, content: Content::AccessToken(token.clone()) };
        let response = self.machine.send(request).await.map_err(|failed| failed.error)?;
        let body = serde_json::from_str(&response.body).ok();
        body.filter(|_| response.status == 200).ok_or_else(|| response.invalid())
    }
}
