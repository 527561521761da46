//! The route table: every request that the CRM answers, with the scopes it needs.

use serde_json::json;

use super::request::invalid_module;
use super::{Caller, Request, error, no_permission};
use crate::http::{Answer, Call};
use crate::state::World;
use crate::{bulk, composite, coql, files, metadata, notifications, organisation, records, related};

/// Method, path below `/crm/`, scopes below `ZohoCRM.` (all of them are needed), and who answers.
///
/// The first row that fits counts, so a row with a word comes before one with a `{part}` in its place. `{module}`
/// fits only what can be the name of a module.
type Route =
    (&'static str, &'static str, &'static [&'static str], fn(&Request<'_>) -> Result<Answer, Answer>);

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    ("GET",    "v8/users",                                &["users.READ"], organisation::users),
    ("GET",    "v8/users/{id}",                           &["users.READ"], organisation::user),
    ("GET",    "v8/org",                                  &["org.READ"], organisation::organisation),
    ("GET",    "v8/settings/roles",                       &["settings.roles.READ"], organisation::roles),
    ("GET",    "v8/settings/roles/{id}",                  &["settings.roles.READ"], organisation::role),
    ("GET",    "v8/settings/profiles",                    &["settings.profiles.READ"], organisation::profiles),
    ("GET",    "v8/settings/profiles/{id}",               &["settings.profiles.READ"], organisation::profile),

    ("GET",    "v8/settings/modules",                     &["settings.modules.READ"], metadata::modules),
    ("GET",    "v8/settings/modules/{id}",                &["settings.modules.READ"], metadata::module),
    ("GET",    "v8/settings/fields",                      &["settings.fields.READ"], metadata::fields),
    ("GET",    "v8/settings/fields/{id}",                 &["settings.fields.READ"], metadata::field),
    ("GET",    "v8/settings/layouts",                     &["settings.layouts.READ"], metadata::layouts),
    ("GET",    "v8/settings/layouts/{id}",                &["settings.layouts.READ"], metadata::layout),
    ("GET",    "v8/settings/related_lists",               &["settings.related_lists.READ"], metadata::related_lists),
    ("GET",    "v8/settings/related_lists/{id}",          &["settings.related_lists.READ"], metadata::related_list),

    ("POST",   "v8/coql",                                 &["coql.READ"], coql::query),
    ("POST",   "bulk/v8/read",                            &["bulk.READ"], bulk::create_read),
    ("GET",    "bulk/v8/read/{id}",                       &["bulk.READ"], bulk::read_details),
    ("GET",    "bulk/v8/read/{id}/result",                &["bulk.READ"], bulk::read_result),
    ("POST",   "v8/upload",                               &[], bulk::upload),
    ("POST",   "bulk/v8/write",                           &["bulk.CREATE"], bulk::create_write),
    ("GET",    "bulk/v8/write/{id}",                      &["bulk.CREATE"], bulk::write_details),
    ("GET",    "v2/crm/{zgid}/bulk-write/{id}/{file}",    &["bulk.CREATE"], bulk::write_result),
    ("POST",   "v8/files",                                &["files.CREATE"], files::upload),
    ("GET",    "v8/files",                                &["files.READ"], files::download),
    ("DELETE", "v8/files",                                &["files.DELETE"], files::delete),
    ("POST",   "v8/__composite_requests",                 &["composite_requests.CUSTOM"], composite::answer),
    ("POST",   "v8/actions/watch",                        &["notifications.CREATE"], notifications::enable),
    ("GET",    "v8/actions/watch",                        &["notifications.READ"], notifications::list),
    ("PUT",    "v8/actions/watch",                        &["notifications.UPDATE"], notifications::replace),
    ("PATCH",  "v8/actions/watch",                        &["notifications.UPDATE"], notifications::change),
    ("DELETE", "v8/actions/watch",                        &["notifications.DELETE"], notifications::disable),

    ("GET",    "v8/{module}",                             &["modules.{module}.READ"], records::list),
    ("POST",   "v8/{module}",                             &["modules.{module}.CREATE"], records::create),
    ("PUT",    "v8/{module}",                             &["modules.{module}.UPDATE"], records::update),
    ("DELETE", "v8/{module}",                             &["modules.{module}.DELETE"], records::delete),
    ("POST",   "v8/{module}/upsert",                      &["modules.{module}.CREATE", "modules.{module}.UPDATE"], records::upsert),
    ("GET",    "v8/{module}/{id}",                        &["modules.{module}.READ"], records::read),
    ("PUT",    "v8/{module}/{id}",                        &["modules.{module}.UPDATE"], records::update_one),
    ("DELETE", "v8/{module}/{id}",                        &["modules.{module}.DELETE"], records::delete_one),
];

/// Answers a request whose caller is known.
pub(super) fn answer(world: &World, caller: &Caller<'_>, call: &Call) -> Answer {
    let path = call.path.strip_prefix("/crm/").unwrap_or(&call.path).trim_matches('/');
    let mut path_is_known = false;
    for (method, template, scopes, answer) in ROUTES {
        let Some(parts) = parts(template, path) else { continue };
        path_is_known = true;
        if *method == call.method {
            return run(world, caller, call, parts, scopes, *answer).unwrap_or_else(|refusal| refusal);
        }
    }
    if path_is_known { wrong_method() } else { invalid_url() }
}

fn run<'a>(
    world: &'a World,
    caller: &'a Caller<'a>,
    call: &'a Call,
    parts: Vec<(&'static str, &'a str)>,
    scopes: &[&str],
    answer: fn(&Request<'_>) -> Result<Answer, Answer>,
) -> Result<Answer, Answer> {
    let name = parts.iter().find(|(name, _)| *name == "module").map(|(_, part)| *part);
    let metadata = world.state().metadata();
    let module = name.and_then(|name| metadata.module(name));
    if name.is_some() && module.is_none() {
        return Err(invalid_module(&json!({ "resource_path_index": 0 })));
    }
    let allowed = |scope: &&str| caller.scopes.allow(&scope.replace("{module}", name.unwrap_or_default()));
    if !scopes.iter().all(allowed) {
        return Err(scope_mismatch());
    }
    if let Some(name) = name.filter(|name| world.settings.forbidden_modules.contains(*name)) {
        return Err(no_permission(&format!("Crm_Implied_View_{name}")));
    }
    answer(&Request { world, caller, call, parts, metadata, module })
}

/// What stands for each `{name}` of a route. `None`: the path is not of this route.
fn parts<'a>(template: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut parts = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next().filter(|segment| !segment.is_empty())?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some("module") if !is_module_name(segment) => return None,
            Some(name) => parts.push((name, segment)),
            None if expected != segment => return None,
            None => {}
        }
    }
    segments.next().is_none().then_some(parts)
}

/// Modules begin with a capital letter; what does not is another resource of the API.
fn is_module_name(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_uppercase())
        && segment.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// 401 when the scopes of the token are not enough. A new token with the same scopes would not help.
pub(super) fn scope_mismatch() -> Answer {
    error(401, "OAUTH_SCOPE_MISMATCH", &json!({}), "invalid oauth scope to access this URL")
}

fn wrong_method() -> Answer {
    error(405, "INVALID_REQUEST_METHOD", &json!({}), "The http request method type is not a valid one")
}

fn invalid_url() -> Answer {
    let message = "Please check if the URL trying to access is a correct one";
    error(404, "INVALID_URL_PATTERN", &json!({}), message)
}
