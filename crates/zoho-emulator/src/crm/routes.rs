//! The route table: every request that the CRM supports, with its scopes and its handler.

use serde_json::json;

use self::Version::{V2, V2_1, V3, V4, V5, V6, V7, V8};
use super::request::{Caller, Request};
use super::{bulk, composite, coql, files, metadata, notifications, organization, records, related};
use crate::bodies::{error, no_permission, scope_mismatch};
use crate::http::{Call, Response};
use crate::version::Version;
use crate::world::World;

/// Method, version, path, required scopes, handler.
///
/// The version is the first whose requests and responses have the form that the handler knows, judging by Zoho's official
/// SDKs for each version and by its change logs; later versions only added to it. The path follows the version in the URL.
/// All scopes are required; of scopes joined by `|`, one is enough. The prefix `ZohoCRM.` is omitted. The first
/// matching row is used, so a row with a literal segment precedes one with a `{part}` in that position. `{module}` and
/// `{list}` match only segments that can be the name of a module.
type Route = (
    &'static str,
    Version,
    &'static str,
    &'static [&'static str],
    fn(&Request<'_>) -> Result<Response, Response>,
);

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    ("GET",    V2,   "users",                                                 &["users.READ"], organization::users),
    ("GET",    V2,   "users/{id}",                                            &["users.READ"], organization::user),
    ("GET",    V2,   "org",                                                   &["org.READ"], organization::organization),
    ("GET",    V2,   "settings/roles",                                        &["settings.roles.READ"], organization::roles),
    ("GET",    V2,   "settings/roles/{id}",                                   &["settings.roles.READ"], organization::role),
    ("GET",    V2,   "settings/profiles",                                     &["settings.profiles.READ"], organization::profiles),
    ("GET",    V2,   "settings/profiles/{id}",                                &["settings.profiles.READ"], organization::profile),

    ("GET",    V2,   "settings/modules",                                      &["settings.modules.READ"], metadata::modules),
    ("GET",    V3,   "settings/modules/{id}",                                 &["settings.modules.READ"], metadata::module),
    ("GET",    V3,   "settings/fields",                                       &["settings.fields.READ"], metadata::fields),
    ("GET",    V3,   "settings/fields/{id}",                                  &["settings.fields.READ"], metadata::field),
    ("GET",    V3,   "settings/layouts",                                      &["settings.layouts.READ"], metadata::layouts),
    ("GET",    V3,   "settings/layouts/{id}",                                 &["settings.layouts.READ"], metadata::layout),
    ("GET",    V3,   "settings/related_lists",                                &["settings.related_lists.READ"], metadata::related_lists),
    ("GET",    V3,   "settings/related_lists/{id}",                           &["settings.related_lists.READ"], metadata::related_list),

    ("GET",    V2,   "settings/tags",                                         &["settings.tags.READ"], related::tags),
    ("POST",   V2,   "settings/tags",                                         &["settings.tags.CREATE"], related::create_tags),
    ("PUT",    V2,   "settings/tags",                                         &["settings.tags.UPDATE"], related::update_tags),
    ("PUT",    V2,   "settings/tags/{id}",                                    &["settings.tags.UPDATE"], related::update_tag),
    ("DELETE", V2,   "settings/tags/{id}",                                    &["settings.tags.DELETE"], related::delete_tag),
    ("POST",   V2,   "settings/tags/{id}/actions/merge",                      &["settings.tags.UPDATE"], related::merge_tag),
    ("GET",    V2,   "settings/tags/{id}/actions/records_count",              &["settings.tags.READ"], related::count_tagged),

    ("GET",    V7,   "settings/recycle_bin",                                  &["settings.recycle_bin.READ"], records::recycle_bin),
    ("DELETE", V7,   "settings/recycle_bin",                                  &["settings.recycle_bin.DELETE"], records::purge),
    ("POST",   V8,   "settings/recycle_bin/actions/restore",                  &["settings.recycle_bin.UPDATE"], records::restore),
    ("GET",    V7,   "settings/recycle_bin/{id}",                             &["settings.recycle_bin.READ"], records::recycle_bin_entry),
    ("DELETE", V7,   "settings/recycle_bin/{id}",                             &["settings.recycle_bin.DELETE"], records::purge_one),
    ("POST",   V8,   "settings/recycle_bin/{id}/actions/restore",             &["settings.recycle_bin.UPDATE"], records::restore_one),

    ("POST",   V2,   "coql",                                                  &["coql.READ"], coql::query),
    ("POST",   V2_1, "bulk/read",                                             &["bulk.READ"], bulk::create_read),
    ("GET",    V2_1, "bulk/read/{id}",                                        &["bulk.READ"], bulk::read_details),
    ("GET",    V2,   "bulk/read/{id}/result",                                 &["bulk.READ"], bulk::read_result),
    ("POST",   V2,   "upload",                                                &["ZohoFiles.files.ALL"], bulk::upload),
    ("POST",   V2_1, "bulk/write",                                            &["bulk.CREATE"], bulk::create_write),
    ("GET",    V2_1, "bulk/write/{id}",                                       &["bulk.CREATE"], bulk::write_details),
    ("GET",    V2,   "v2/crm/{zgid}/bulk-write/{id}/{file}",                  &["bulk.CREATE"], bulk::write_result),
    ("POST",   V2,   "files",                                                 &["files.CREATE"], files::upload),
    ("GET",    V2,   "files",                                                 &["files.READ"], files::download),
    ("DELETE", V8,   "files",                                                 &["files.DELETE"], files::delete),
    ("POST",   V3,   "__composite_requests",                                  &["composite_requests.CUSTOM"], composite::respond),
    ("POST",   V2,   "actions/watch",                                         &["notifications.CREATE"], notifications::enable),
    ("GET",    V2,   "actions/watch",                                         &["notifications.READ"], notifications::list),
    ("PUT",    V2,   "actions/watch",                                         &["notifications.UPDATE"], notifications::replace),
    ("PATCH",  V2,   "actions/watch",                                         &["notifications.UPDATE"], notifications::change),
    ("DELETE", V2,   "actions/watch",                                         &["notifications.DELETE"], notifications::disable),

    ("GET",    V3,   "{module}",                                              &["modules.{module}.READ"], records::list),
    ("POST",   V2,   "{module}",                                              &["modules.{module}.CREATE"], records::create),
    ("PUT",    V2,   "{module}",                                              &["modules.{module}.UPDATE"], records::update),
    ("DELETE", V2,   "{module}",                                              &["modules.{module}.DELETE"], records::delete),
    ("POST",   V2,   "{module}/upsert",                                       &["modules.{module}.CREATE", "modules.{module}.UPDATE"], records::upsert),
    ("GET",    V2,   "{module}/search",                                       &["modules.{module}.READ", "ZohoSearch.securesearch.READ"], records::search),
    ("GET",    V2,   "{module}/deleted",                                      &["modules.{module}.READ"], records::deleted),
    ("GET",    V2_1, "{module}/actions/count",                                &["modules.{module}.READ"], records::count),
    ("POST",   V8,   "{module}/actions/count",                                &["modules.{module}.READ"], records::count),
    ("POST",   V2,   "{module}/actions/mass_update",                          &["mass_update.{module}.UPDATE|modules.{module}.UPDATE"], bulk::mass_update),
    ("GET",    V2,   "{module}/actions/mass_update",                          &["mass_update.{module}.READ|modules.{module}.UPDATE"], bulk::mass_status),
    ("POST",   V4,   "{module}/actions/mass_delete",                          &["mass_delete.{module}.DELETE|modules.{module}.DELETE"], bulk::mass_delete),
    ("GET",    V4,   "{module}/actions/mass_delete",                          &["mass_delete.{module}.READ|modules.{module}.DELETE"], bulk::mass_status),
    ("POST",   V4,   "{module}/actions/mass_change_owner",                    &["change_owner.CREATE|modules.{module}.UPDATE"], bulk::mass_change_owner),
    ("GET",    V4,   "{module}/actions/mass_change_owner",                    &["change_owner.READ|modules.{module}.UPDATE"], bulk::mass_status),
    ("POST",   V3,   "{module}/actions/change_owner",                         &["change_owner.CREATE|modules.{module}.UPDATE"], records::change_owner),
    ("POST",   V4,   "{module}/actions/add_tags",                             &["settings.tags.ALL|modules.{module}.UPDATE"], related::add_tags),
    ("POST",   V4,   "{module}/actions/remove_tags",                          &["settings.tags.ALL|modules.{module}.UPDATE"], related::remove_tags),

    ("GET",    V2,   "{module}/{id}",                                         &["modules.{module}.READ"], records::read),
    ("PUT",    V2,   "{module}/{id}",                                         &["modules.{module}.UPDATE"], records::update_one),
    ("DELETE", V2,   "{module}/{id}",                                         &["modules.{module}.DELETE"], records::delete_one),
    ("POST",   V7,   "{module}/{id}/actions/clone",                           &["modules.{module}.CREATE"], records::clone),
    ("POST",   V3,   "{module}/{id}/actions/change_owner",                    &["change_owner.CREATE|modules.{module}.UPDATE"], records::change_owner_of_one),
    ("POST",   V4,   "{module}/{id}/actions/add_tags",                        &["settings.tags.ALL|modules.{module}.UPDATE"], related::add_tags_to_one),
    ("POST",   V4,   "{module}/{id}/actions/remove_tags",                     &["settings.tags.ALL|modules.{module}.UPDATE"], related::remove_tags_from_one),
    ("POST",   V6,   "Leads/{id}/actions/convert",                            &["modules.Leads.CREATE"], records::convert),
    ("GET",    V2,   "{module}/{id}/photo",                                   &["modules.{module}.READ"], records::photo),
    ("POST",   V2,   "{module}/{id}/photo",                                   &["modules.{module}.CREATE|modules.{module}.UPDATE"], records::upload_photo),
    ("DELETE", V2,   "{module}/{id}/photo",                                   &["modules.{module}.DELETE|modules.{module}.UPDATE"], records::delete_photo),

    ("POST",   V2,   "{module}/{id}/Notes",                                   &["modules.Notes.CREATE"], related::create_notes),
    ("GET",    V5,   "{module}/{id}/Attachments",                             &["modules.Attachments.READ"], related::attachments),
    ("POST",   V2,   "{module}/{id}/Attachments",                             &["modules.Attachments.CREATE"], related::attach),
    ("DELETE", V2,   "{module}/{id}/Attachments",                             &["modules.Attachments.DELETE"], related::delete_attachments),
    ("GET",    V2,   "{module}/{id}/Attachments/{related_id}",                &["modules.Attachments.READ"], related::attachment),
    ("DELETE", V2,   "{module}/{id}/Attachments/{related_id}",                &["modules.Attachments.DELETE"], related::delete_attachment),
    ("GET",    V3,   "{module}/{id}/{list}",                                  &["modules.{module}.READ"], related::related_records),
    ("PUT",    V2,   "{module}/{id}/{list}",                                  &["modules.{module}.UPDATE"], related::update_related),
    ("DELETE", V2,   "{module}/{id}/{list}",                                  &["modules.{module}.DELETE|modules.{module}.UPDATE"], related::delink),
    ("GET",    V2,   "{module}/{id}/{list}/{related_id}",                     &["modules.{module}.READ"], related::related_record),
    ("PUT",    V2,   "{module}/{id}/{list}/{related_id}",                     &["modules.{module}.UPDATE"], related::update_related_one),
    ("DELETE", V2,   "{module}/{id}/{list}/{related_id}",                     &["modules.{module}.DELETE|modules.{module}.UPDATE"], related::delink_one),
];

/// Responds to a request of a known caller.
pub(super) fn respond(world: &World, caller: &Caller<'_>, call: &Call) -> Response {
    let Some((version, path)) = Version::split(&call.path) else { return invalid_url() };
    let mut path_is_known = false;
    for (method, since, template, scopes, handler) in ROUTES {
        let Some(parts) = parts(template, &path) else { continue };
        path_is_known = true;
        if *method == call.method {
            if version < *since {
                return unsupported_version(version, *since, &format!("{method} {template}"));
            }
            let request = Request::new(world, caller, call, version, parts, self::respond);
            return run(&request, scopes, *handler).unwrap_or_else(|rejection| rejection);
        }
    }
    if path_is_known { wrong_method() } else { invalid_url() }
}

fn run(
    request: &Request<'_>,
    scopes: &[&str],
    handler: fn(&Request<'_>) -> Result<Response, Response>,
) -> Result<Response, Response> {
    let name = Some(request.part("module")).filter(|name| !name.is_empty());
    if name.is_some() {
        request.module()?;
    }
    let allowed =
        |scope: &str| request.caller.scopes.allow(&scope.replace("{module}", name.unwrap_or_default()));
    if !scopes.iter().all(|either| either.split('|').any(allowed)) {
        return Err(scope_mismatch());
    }
    if let Some(name) = name.filter(|name| request.world.settings.forbidden_modules.contains(*name)) {
        return Err(no_permission(&format!("Crm_Implied_View_{name}")));
    }
    handler(request)
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

/// 400: the operation has another form in this version, or does not exist there.
fn unsupported_version(version: Version, since: Version, operation: &str) -> Response {
    let details = json!({
        "version": version.to_string(), "operation": operation, "supported_since": since.to_string(),
    });
    let message = format!(
        "the emulator supports `{operation}` since {since}; in {version} it differs or does not exist"
    );
    error(400, "NOT_SUPPORTED", &details, &message)
}

fn invalid_url() -> Response {
    let message = "Please check if the URL trying to access is a correct one";
    error(404, "INVALID_URL_PATTERN", &json!({}), message)
}
