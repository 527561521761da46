//! The route table: every request that the CRM supports, with its scopes and its handler.

use serde_json::json;

use super::request::{Caller, Request};
use super::{bulk, composite, coql, files, metadata, notifications, organization, records, related};
use crate::bodies::{error, invalid_module, no_permission, scope_mismatch};
use crate::http::{Call, Response};
use crate::world::World;

/// Method, path below `/crm/`, required scopes, handler.
///
/// All scopes are required; of scopes joined by `|`, one is enough. The prefix `ZohoCRM.` is omitted. The first
/// matching row is used, so a row with a literal segment precedes one with a `{part}` in that position. `{module}` and
/// `{list}` match only segments that can be the name of a module.
type Route =
    (&'static str, &'static str, &'static [&'static str], fn(&Request<'_>) -> Result<Response, Response>);

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    ("GET",    "v8/users",                                     &["users.READ"], organization::users),
    ("GET",    "v8/users/{id}",                                &["users.READ"], organization::user),
    ("GET",    "v8/org",                                       &["org.READ"], organization::organization),
    ("GET",    "v8/settings/roles",                            &["settings.roles.READ"], organization::roles),
    ("GET",    "v8/settings/roles/{id}",                       &["settings.roles.READ"], organization::role),
    ("GET",    "v8/settings/profiles",                         &["settings.profiles.READ"], organization::profiles),
    ("GET",    "v8/settings/profiles/{id}",                    &["settings.profiles.READ"], organization::profile),

    ("GET",    "v8/settings/modules",                          &["settings.modules.READ"], metadata::modules),
    ("GET",    "v8/settings/modules/{id}",                     &["settings.modules.READ"], metadata::module),
    ("GET",    "v8/settings/fields",                           &["settings.fields.READ"], metadata::fields),
    ("GET",    "v8/settings/fields/{id}",                      &["settings.fields.READ"], metadata::field),
    ("GET",    "v8/settings/layouts",                          &["settings.layouts.READ"], metadata::layouts),
    ("GET",    "v8/settings/layouts/{id}",                     &["settings.layouts.READ"], metadata::layout),
    ("GET",    "v8/settings/related_lists",                    &["settings.related_lists.READ"], metadata::related_lists),
    ("GET",    "v8/settings/related_lists/{id}",               &["settings.related_lists.READ"], metadata::related_list),

    ("GET",    "v8/settings/tags",                             &["settings.tags.READ"], related::tags),
    ("POST",   "v8/settings/tags",                             &["settings.tags.CREATE"], related::create_tags),
    ("PUT",    "v8/settings/tags",                             &["settings.tags.UPDATE"], related::update_tags),
    ("PUT",    "v8/settings/tags/{id}",                        &["settings.tags.UPDATE"], related::update_tag),
    ("DELETE", "v8/settings/tags/{id}",                        &["settings.tags.DELETE"], related::delete_tag),
    ("POST",   "v8/settings/tags/{id}/actions/merge",          &["settings.tags.UPDATE"], related::merge_tag),
    ("GET",    "v8/settings/tags/{id}/actions/records_count",  &["settings.tags.READ"], related::count_tagged),

    ("GET",    "v8/settings/recycle_bin",                      &["settings.recycle_bin.READ"], records::recycle_bin),
    ("DELETE", "v8/settings/recycle_bin",                      &["settings.recycle_bin.DELETE"], records::purge),
    ("POST",   "v8/settings/recycle_bin/actions/restore",      &["settings.recycle_bin.UPDATE"], records::restore),
    ("GET",    "v8/settings/recycle_bin/{id}",                 &["settings.recycle_bin.READ"], records::recycle_bin_entry),
    ("DELETE", "v8/settings/recycle_bin/{id}",                 &["settings.recycle_bin.DELETE"], records::purge_one),
    ("POST",   "v8/settings/recycle_bin/{id}/actions/restore", &["settings.recycle_bin.UPDATE"], records::restore_one),

    ("POST",   "v8/coql",                                      &["coql.READ"], coql::query),
    ("POST",   "bulk/v8/read",                                 &["bulk.READ"], bulk::create_read),
    ("GET",    "bulk/v8/read/{id}",                            &["bulk.READ"], bulk::read_details),
    ("GET",    "bulk/v8/read/{id}/result",                     &["bulk.READ"], bulk::read_result),
    ("POST",   "v8/upload",                                    &["ZohoFiles.files.ALL"], bulk::upload),
    ("POST",   "bulk/v8/write",                                &["bulk.CREATE"], bulk::create_write),
    ("GET",    "bulk/v8/write/{id}",                           &["bulk.CREATE"], bulk::write_details),
    ("GET",    "v2/crm/{zgid}/bulk-write/{id}/{file}",         &["bulk.CREATE"], bulk::write_result),
    ("POST",   "v8/files",                                     &["files.CREATE"], files::upload),
    ("GET",    "v8/files",                                     &["files.READ"], files::download),
    ("DELETE", "v8/files",                                     &["files.DELETE"], files::delete),
    ("POST",   "v8/__composite_requests",                      &["composite_requests.CUSTOM"], composite::respond),
    ("POST",   "v8/actions/watch",                             &["notifications.CREATE"], notifications::enable),
    ("GET",    "v8/actions/watch",                             &["notifications.READ"], notifications::list),
    ("PUT",    "v8/actions/watch",                             &["notifications.UPDATE"], notifications::replace),
    ("PATCH",  "v8/actions/watch",                             &["notifications.UPDATE"], notifications::change),
    ("DELETE", "v8/actions/watch",                             &["notifications.DELETE"], notifications::disable),

    ("GET",    "v8/{module}",                                  &["modules.{module}.READ"], records::list),
    ("POST",   "v8/{module}",                                  &["modules.{module}.CREATE"], records::create),
    ("PUT",    "v8/{module}",                                  &["modules.{module}.UPDATE"], records::update),
    ("DELETE", "v8/{module}",                                  &["modules.{module}.DELETE"], records::delete),
    ("POST",   "v8/{module}/upsert",                           &["modules.{module}.CREATE", "modules.{module}.UPDATE"], records::upsert),
    ("GET",    "v8/{module}/search",                           &["modules.{module}.READ", "ZohoSearch.securesearch.READ"], records::search),
    ("GET",    "v8/{module}/deleted",                          &["modules.{module}.READ"], records::deleted),
    ("GET",    "v8/{module}/actions/count",                    &["modules.{module}.READ"], records::count),
    ("POST",   "v8/{module}/actions/count",                    &["modules.{module}.READ"], records::count),
    ("POST",   "v8/{module}/actions/mass_update",              &["mass_update.{module}.UPDATE|modules.{module}.UPDATE"], bulk::mass_update),
    ("GET",    "v8/{module}/actions/mass_update",              &["mass_update.{module}.READ|modules.{module}.UPDATE"], bulk::mass_status),
    ("POST",   "v8/{module}/actions/mass_delete",              &["mass_delete.{module}.DELETE|modules.{module}.DELETE"], bulk::mass_delete),
    ("GET",    "v8/{module}/actions/mass_delete",              &["mass_delete.{module}.READ|modules.{module}.DELETE"], bulk::mass_status),
    ("POST",   "v8/{module}/actions/mass_change_owner",        &["change_owner.CREATE|modules.{module}.UPDATE"], bulk::mass_change_owner),
    ("GET",    "v8/{module}/actions/mass_change_owner",        &["change_owner.READ|modules.{module}.UPDATE"], bulk::mass_status),
    ("POST",   "v8/{module}/actions/change_owner",             &["change_owner.CREATE|modules.{module}.UPDATE"], records::change_owner),
    ("POST",   "v8/{module}/actions/add_tags",                 &["settings.tags.ALL|modules.{module}.UPDATE"], related::add_tags),
    ("POST",   "v8/{module}/actions/remove_tags",              &["settings.tags.ALL|modules.{module}.UPDATE"], related::remove_tags),

    ("GET",    "v8/{module}/{id}",                             &["modules.{module}.READ"], records::read),
    ("PUT",    "v8/{module}/{id}",                             &["modules.{module}.UPDATE"], records::update_one),
    ("DELETE", "v8/{module}/{id}",                             &["modules.{module}.DELETE"], records::delete_one),
    ("POST",   "v8/{module}/{id}/actions/clone",               &["modules.{module}.CREATE"], records::clone),
    ("POST",   "v8/{module}/{id}/actions/change_owner",        &["change_owner.CREATE|modules.{module}.UPDATE"], records::change_owner_of_one),
    ("POST",   "v8/{module}/{id}/actions/add_tags",            &["settings.tags.ALL|modules.{module}.UPDATE"], related::add_tags_to_one),
    ("POST",   "v8/{module}/{id}/actions/remove_tags",         &["settings.tags.ALL|modules.{module}.UPDATE"], related::remove_tags_from_one),
    ("POST",   "v8/Leads/{id}/actions/convert",                &["modules.Leads.CREATE"], records::convert),
    ("GET",    "v8/{module}/{id}/photo",                       &["modules.{module}.READ"], records::photo),
    ("POST",   "v8/{module}/{id}/photo",                       &["modules.{module}.CREATE|modules.{module}.UPDATE"], records::upload_photo),
    ("DELETE", "v8/{module}/{id}/photo",                       &["modules.{module}.DELETE|modules.{module}.UPDATE"], records::delete_photo),

    ("POST",   "v8/{module}/{id}/Notes",                       &["modules.Notes.CREATE"], related::create_notes),
    ("GET",    "v8/{module}/{id}/Attachments",                 &["modules.Attachments.READ"], related::attachments),
    ("POST",   "v8/{module}/{id}/Attachments",                 &["modules.Attachments.CREATE"], related::attach),
    ("DELETE", "v8/{module}/{id}/Attachments",                 &["modules.Attachments.DELETE"], related::delete_attachments),
    ("GET",    "v8/{module}/{id}/Attachments/{related_id}",    &["modules.Attachments.READ"], related::attachment),
    ("DELETE", "v8/{module}/{id}/Attachments/{related_id}",    &["modules.Attachments.DELETE"], related::delete_attachment),
    ("GET",    "v8/{module}/{id}/{list}",                      &["modules.{module}.READ"], related::related_records),
    ("PUT",    "v8/{module}/{id}/{list}",                      &["modules.{module}.UPDATE"], related::update_related),
    ("DELETE", "v8/{module}/{id}/{list}",                      &["modules.{module}.DELETE|modules.{module}.UPDATE"], related::delink),
    ("GET",    "v8/{module}/{id}/{list}/{related_id}",         &["modules.{module}.READ"], related::related_record),
    ("PUT",    "v8/{module}/{id}/{list}/{related_id}",         &["modules.{module}.UPDATE"], related::update_related_one),
    ("DELETE", "v8/{module}/{id}/{list}/{related_id}",         &["modules.{module}.DELETE|modules.{module}.UPDATE"], related::delink_one),
];

/// Responds to a request of a known caller.
pub(super) fn respond(world: &World, caller: &Caller<'_>, call: &Call) -> Response {
    let path = call.path.strip_prefix("/crm/").unwrap_or(&call.path).trim_matches('/');
    let mut path_is_known = false;
    for (method, template, scopes, handler) in ROUTES {
        let Some(parts) = parts(template, path) else { continue };
        path_is_known = true;
        if *method == call.method {
            return run(world, caller, call, parts, scopes, *handler).unwrap_or_else(|rejection| rejection);
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
    handler: fn(&Request<'_>) -> Result<Response, Response>,
) -> Result<Response, Response> {
    let name = parts.iter().find(|(name, _)| *name == "module").map(|(_, part)| *part);
    let metadata = world.state().metadata();
    let module = name.and_then(|name| metadata.module(name));
    if name.is_some() && module.is_none() {
        return Err(invalid_module(&json!({ "resource_path_index": 0 })));
    }
    let allowed = |scope: &str| caller.scopes.allow(&scope.replace("{module}", name.unwrap_or_default()));
    if !scopes.iter().all(|either| either.split('|').any(allowed)) {
        return Err(scope_mismatch());
    }
    if let Some(name) = name.filter(|name| world.settings.forbidden_modules.contains(*name)) {
        return Err(no_permission(&format!("Crm_Implied_View_{name}")));
    }
    handler(&Request { world, caller, call, parts, metadata, module, dispatch: self::respond })
}

/// The segment for each `{name}` of a route. `None`: the path does not match.
fn parts<'a>(template: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut parts = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next().filter(|segment| !segment.is_empty())?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some("module" | "list") if !is_module_name(segment) => return None,
            Some(name) => parts.push((name, segment)),
            None if expected != segment => return None,
            None => {}
        }
    }
    segments.next().is_none().then_some(parts)
}

/// The names of modules start with a capital letter, those of other resources do not.
fn is_module_name(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_uppercase())
        && segment.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn wrong_method() -> Response {
    error(405, "INVALID_REQUEST_METHOD", &json!({}), "The http request method type is not a valid one")
}

fn invalid_url() -> Response {
    let message = "Please check if the URL trying to access is a correct one";
    error(404, "INVALID_URL_PATTERN", &json!({}), message)
}
