//! Who is calling: the user of a token and their organization.

use crate::caller::Caller;
use crate::error::Error;
use crate::message::Method;
use crate::record::Record;
use crate::request::{Request, Response};

/// Reads the user of the caller's token.
pub(crate) async fn current_user(caller: &Caller) -> Result<Response<Record>, Error> {
    let request = Request::new(caller, Method::Get, "/crm/v8/users").query("type", "CurrentUser");
    request.scopes(&["ZohoCRM.users.READ"]).only_item_of("users").await
}

/// Reads the organization of the caller's token.
pub(crate) async fn organization(caller: &Caller) -> Result<Response<Record>, Error> {
    let request = Request::new(caller, Method::Get, "/crm/v8/org");
    request.scopes(&["ZohoCRM.org.READ"]).only_item_of("org").await
}
