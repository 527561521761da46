//! Control requests for codes, tokens and logins.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::{ControlError, done, user};
use crate::accounts;
use crate::model::grants::Grant;
use crate::scope::Scopes;
use crate::world::World;

/// The owner of a code or token. Defaults: the first client, the first user, every scope.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Owner {
    client_id: Option<String>,
    user: Option<String>,
    scope: Option<String>,
}

impl Owner {
    fn grant(&self, world: &World) -> Result<Arc<Grant>, ControlError> {
        let client = match &self.client_id {
            Some(id) => {
                world.client(id).ok_or_else(|| ControlError::new(404, format!("unknown client `{id}`")))?
            }
            None => &world.settings.clients[0],
        };
        let user = user(world, self.user.as_deref())?;
        let scopes = match &self.scope {
            Some(text) => Scopes::parse(text)
                .ok_or_else(|| ControlError::new(400, format!("invalid scopes `{text}`")))?,
            None => Scopes::all(),
        };
        Ok(world.grant(client, user, scopes))
    }
}

pub(super) fn self_client_code(world: &World, owner: &Owner) -> Result<Value, ControlError> {
    let grant = owner.grant(world)?;
    let now = world.now_ms();
    let code = world.state().grants.new_code(grant, None, true, now, &world.settings.tokens);
    Ok(json!({ "code": code }))
}

pub(super) fn refresh_token(world: &World, owner: &Owner) -> Result<Value, ControlError> {
    let grant = owner.grant(world)?;
    Ok(json!({ "refresh_token": world.state().grants.new_refresh_token(grant, &world.settings.tokens) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfRefreshToken {
    refresh_token: String,
}

pub(super) fn access_token(world: &World, of: &OfRefreshToken) -> Result<Value, ControlError> {
    let now = world.now_ms();
    let grants = &mut world.state().grants;
    let grant = grants.refresh_grant(&of.refresh_token).cloned();
    let grant = grant.ok_or_else(|| ControlError::new(404, "unknown refresh token"))?;
    let token = grants.new_access_token(&grant, Some(&of.refresh_token), now, &world.settings.tokens);
    Ok(json!({ "access_token": token }))
}

pub(super) fn expire_access_tokens(world: &World) -> Value {
    world.state().grants.remove_access_tokens();
    done()
}

pub(super) fn evict_refresh_token(world: &World, of: &OfRefreshToken) -> Result<Value, ControlError> {
    let gone = world.state().grants.remove_refresh_token(&of.refresh_token);
    gone.map(|_| done()).ok_or_else(|| ControlError::new(404, "unknown refresh token"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfAccessToken {
    access_token: String,
}

pub(super) fn invalidate_access_token(world: &World, of: &OfAccessToken) -> Result<Value, ControlError> {
    let gone = world.state().grants.remove_access_token(&of.access_token);
    gone.map(|_| done()).ok_or_else(|| ControlError::new(404, "unknown access token"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Visit {
    url: String,
    user: Option<String>,
}

pub(super) fn log_in(world: &World, visit: &Visit) -> Result<Value, ControlError> {
    let email = visit.user.as_ref().unwrap_or(&world.settings.users[0].email);
    let callback = accounts::log_in(world, &visit.url, email).map_err(|what| ControlError::new(400, what))?;
    Ok(json!({ "callback": callback }))
}
