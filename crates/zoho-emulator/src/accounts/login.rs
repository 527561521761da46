//! The login in the browser, `/oauth/v2/auth`: from the request of an app to its callback.

use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::pages;
use crate::http::{Call, Response};
use crate::model::consents::{Consent, Session};
use crate::model::identity::{ClientApp, User};
use crate::scope::Scopes;
use crate::secret;
use crate::world::World;

const SESSION_COOKIE: &str = "zoho_emulator_session";

/// Responds to a request for `/oauth/v2/auth` with a page, or with the redirect to the app.
pub(crate) fn respond(world: &World, call: &Call) -> Response {
    let request = match AuthorizeRequest::read(world, call) {
        Ok(request) => request,
        Err(what) => return Response::html(400, pages::error(what)),
    };
    let consenting_user = world.settings.consenting_user.as_deref().and_then(|email| world.user(email));
    if let Some(user) = consenting_user {
        return Response::redirect(request.accepted_by(world, user));
    }
    if call.method == "POST" && call.parameter("email").is_some() {
        return sign_in(world, call);
    }
    let session = call.cookie(SESSION_COOKIE).and_then(|cookie| world.state().sessions.get(cookie).cloned());
    let signed_in = session.and_then(|session| Some((world.user(&session.user)?, session)));
    let Some((user, session)) = signed_in else {
        return Response::html(200, pages::sign_in(&own_url(call), &world.settings.users, None));
    };
    if call.method == "POST" {
        return decide(world, call, &request, user, &session);
    }
    if request.needs_consent(world, user) {
        let page = pages::consent(&own_url(call), request.client, user, &request.scopes, &session.form_token);
        return Response::html(200, page);
    }
    Response::redirect(request.accepted_by(world, user))
}

/// Does what a user does in the browser: signs in as `email` and presses Accept. Returns the callback URL.
pub(crate) fn log_in(world: &World, authorize_url: &str, email: &str) -> Result<String, String> {
    let url = Url::parse(authorize_url).map_err(|error| format!("invalid URL `{authorize_url}`: {error}"))?;
    let call = Call::new("GET", url.path(), url.query().unwrap_or_default(), Vec::new(), Bytes::new());
    let request = AuthorizeRequest::read(world, &call)?;
    let user = world.user(email).ok_or_else(|| format!("unknown user `{email}`"))?;
    Ok(request.accepted_by(world, user))
}

fn sign_in(world: &World, call: &Call) -> Response {
    let email = call.parameter("email").unwrap_or_default();
    let password = call.parameter("password").unwrap_or_default();
    let Some(user) = world.user(email).filter(|user| user.password == password) else {
        let complaint = Some("Wrong email address or password.");
        return Response::html(200, pages::sign_in(&own_url(call), &world.settings.users, complaint));
    };
    let cookie = secret::opaque();
    let session = Session { user: user.email.clone(), form_token: secret::opaque() };
    world.state().sessions.insert(cookie.clone(), session);
    let cookie = format!("{SESSION_COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax");
    Response::redirect(own_url(call)).with_header("set-cookie", cookie)
}

fn decide(
    world: &World,
    call: &Call,
    request: &AuthorizeRequest<'_>,
    user: &User,
    session: &Session,
) -> Response {
    if call.parameter("form_token") != Some(&session.form_token) {
        return Response::html(403, pages::error("This form was not issued by this server"));
    }
    match call.parameter("decision") {
        Some("accept") => Response::redirect(request.accepted_by(world, user)),
        _ => Response::redirect(request.denied()),
    }
}

/// The URL of the same page, with the parameters of the app.
fn own_url(call: &Call) -> String {
    format!("{}?{}", call.path, call.raw_query)
}

/// The authorization request of an app.
struct AuthorizeRequest<'a> {
    client: &'a ClientApp,
    /// As the app wrote it: the exchange must repeat it exactly.
    redirect_uri: String,
    redirect_url: Url,
    scopes: Scopes,
    offline: bool,
    prompt_consent: bool,
    state: Option<String>,
}

impl<'a> AuthorizeRequest<'a> {
    /// Parses the query string. The error is the text of the error page.
    fn read(world: &'a World, call: &Call) -> Result<Self, &'static str> {
        let client = call.query_value("client_id").and_then(|id| world.client(id)).ok_or("Invalid Client")?;
        if call.query_value("response_type") != Some("code") {
            return Err("Invalid response type");
        }
        let redirect_uri = call.query_value("redirect_uri").unwrap_or_default();
        if !client.redirect_urls().iter().any(|registered| registered == redirect_uri) {
            return Err("Invalid Redirect Uri");
        }
        let scopes = call.query_value("scope").and_then(Scopes::parse).ok_or("Invalid OAuth scope")?;
        Ok(Self {
            client,
            redirect_uri: redirect_uri.to_owned(),
            redirect_url: Url::parse(redirect_uri).map_err(|_| "Invalid Redirect Uri")?,
            scopes,
            offline: call.query_value("access_type") == Some("offline"),
            prompt_consent: call.query_value("prompt") == Some("consent"),
            state: call.query_value("state").map(str::to_owned),
        })
    }

    fn needs_consent(&self, world: &World, user: &User) -> bool {
        let grant = world.grant(self.client, user, self.scopes.clone());
        self.prompt_consent || !world.state().consents.include(&grant)
    }

    /// The callback URL with a grant code, or with `access_denied` if the quota of codes is exhausted.
    ///
    /// The code yields a refresh token only with `access_type=offline`, and then only the first time or with
    /// `prompt=consent`.
    fn accepted_by(&self, world: &World, user: &User) -> String {
        let now = world.now_ms();
        let home = world.home_of(user);
        let grant = world.grant(self.client, user, self.scopes.clone());
        let mut state = world.state();
        if !state.grants.count_code(self.client.id(), now, &world.settings.tokens) {
            drop(state);
            return self.denied();
        }
        let first_time = !state.consents.include_offline(&grant);
        let with_refresh_token = self.offline && (self.prompt_consent || first_time);
        if !state.consents.include(&grant) || with_refresh_token {
            state.consents.add(Consent { grant: Arc::clone(&grant), offline: self.offline });
        }
        let redirect_uri = Some(self.redirect_uri.clone());
        let code =
            state.grants.new_code(grant, redirect_uri, with_refresh_token, now, &world.settings.tokens);
        drop(state);
        self.callback(&[("code", &code), ("location", &home.location), ("accounts-server", &home.base_url)])
    }

    fn denied(&self) -> String {
        self.callback(&[("error", "access_denied")])
    }

    /// The redirect URL with these parameters and the state. It ends with a stray `&`, as Zoho's often does.
    fn callback(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.redirect_url.clone();
        url.query_pairs_mut()
            .extend_pairs(parameters)
            .extend_pairs(self.state.iter().map(|state| ("state", state)));
        format!("{url}&")
    }
}
