//! Lists what Zoho describes and the client has no member or no type for, with reasons.

/// The operations whose response or body has no type.
pub(crate) const UNTYPED: &[(&str, &str)] = &[
    ("composite_requests.execute", "empty in the specification; the response is from an example"),
    ("functions.execute", "the organization defines the body"),
    ("mail_merge.download", "the specification has rejections only, the SDK a file"),
    ("record_count.count", "the specification is wrong about the only member"),
    ("record_count.count_records_by_post", "the specification has neither a body nor a response"),
    ("services.create", "empty in the specification"),
    ("services.delete", "empty in the specification"),
    ("services.get", "empty in the specification"),
    ("services.list", "empty in the specification"),
    ("services.update", "empty in the specification"),
    ("user_groups.assigned_groups", "the specification has no response"),
    ("user_groups.deletion_status", "the specification has no response"),
    ("user_groups.unassigned_groups", "the specification has no response"),
    ("users.count", "the only member is a text in one description and a number in the other"),
];

/// The places of records: the beginning of an operation's key, and the end of the path.
pub(crate) const RECORDS: &[(&str, &str)] = &[
    ("blueprint.get", "transitions[].data"),
    ("blueprint.update", "transitions[].data"),
    ("conversion_option.list", "Accounts[]"),
    ("conversion_option.list", "Contacts[]"),
    ("convert_lead.convert", "Contacts"),
    ("coql.execute_query", "data[]"),
    ("deal_contact_roles.", "data[]"),
    ("email_drafts.", "inventory_details.record"),
    ("global_picklists.value_associations", "details[]"),
    ("mass_convert.schedule", "Deals"),
    ("record.", "data[]"),
    ("related_records.", "data[]"),
];

/// The fields of a record that the specification describes.
pub(crate) const RECORD: [&str; 8] =
    ["Contact_Role", "Created_By", "Created_Time", "Modified_By", "Modified_Time", "Tag", "id", "name"];

/// The members that the client does not know by name: the beginning of an operation's key, the end of the path, and the
/// reason.
pub(crate) const UNKNOWN: &[(&str, &str, &str)] = &[
    ("", "$field_states", ANY),
    ("", "$zia_visions", ANY),
    ("", "_delete", ANY),
    ("", "_global_picklist_value", NO_MORE),
    ("", "action", RESULT),
    ("", "cvid", ID),
    ("", "default_value", ANY),
    ("", "details", RESULT),
    ("", "duplicate_field", RESULT),
    ("", "expression.criteria.group", NO_MORE),
    ("", "expression.criteria.group_operator", NO_MORE),
    ("", "rollup_summary.related_list.connectedmodule", REFERENCE),
    ("", "rollup_summary.related_list.customize_display_label", REFERENCE),
    ("", "rollup_summary.related_list.customize_fields", REFERENCE),
    ("", "rollup_summary.related_list.customize_sort", REFERENCE),
    ("", "rollup_summary.related_list.display_label", REFERENCE),
    ("", "rollup_summary.related_list.fields", REFERENCE),
    ("", "rollup_summary.related_list.href", REFERENCE),
    ("", "rollup_summary.related_list.linkingmodule", REFERENCE),
    ("", "rollup_summary.related_list.module", REFERENCE),
    ("", "rollup_summary.related_list.name", REFERENCE),
    ("", "rollup_summary.related_list.sequence_number", REFERENCE),
    ("", "rollup_summary.related_list.sort_by", REFERENCE),
    ("", "rollup_summary.related_list.sort_order", REFERENCE),
    ("", "rollup_summary.related_list.status", REFERENCE),
    ("", "rollup_summary.related_list.type", REFERENCE),
    ("", "rollup_summary.related_list.visible", REFERENCE),
    ("", "extension", ANY),
    ("", "field_id", ID),
    ("", "file_id", ID),
    ("", "record_locking_configuration_id__s", ID),
    ("", "record_locking_rule_id__s", ID),
    ("", "section_id", ID),
    ("", "size", ANY),
    ("", "used_count", ANY),
    ("", "validation_rule", ANY),
    ("", "value", ANY),
    ("", "years_in_industry", ANY),
    ("", "zaid", ID),
    ("", "zuid", ID),
    ("audit_log_export.create", "audit_log_export[].info", PARTS),
    ("audit_log_export.create", "audit_log_export[].x-error", PARTS),
    ("backup.get", "history", ANOTHER),
    ("backup.get", "info", ANOTHER),
    ("backup.get", "urls", ANOTHER),
    ("backup.history", "backup", ANOTHER),
    ("backup.history", "urls", ANOTHER),
    ("backup.urls", "backup", ANOTHER),
    ("backup.urls", "history", ANOTHER),
    ("backup.urls", "info", ANOTHER),
    ("blueprint.", "blueprint", ANOTHER),
    ("blueprint.", "transitions[].id", ID),
    ("cadences.", "custom_view.id", ID),
    ("currencies.add", "base_currency", ANOTHER),
    ("currencies.enable_base_currency", "currencies", ANOTHER),
    ("currencies.update", "base_currency", ANOTHER),
    ("currencies.update_base_currency", "currencies", ANOTHER),
    ("currencies.update_many", "base_currency", ANOTHER),
    ("inventory_mass_convert.get", "data", ANOTHER),
    ("mass_delete_tags.get", "mass_delete[].code", PARTS),
    ("mass_delete_tags.get", "mass_delete[].message", PARTS),
    ("portal_user_type.create", "user_type[].details.resource_path_index", PARTS),
    ("portals.", "portals[].active", RESULTS),
    ("portals.", "portals[].created_by", RESULTS),
    ("portals.", "portals[].created_time", RESULTS),
    ("portals.", "portals[].modified_by", RESULTS),
    ("portals.", "portals[].modified_time", RESULTS),
    ("profiles.", "code", REJECTION),
    ("profiles.", "message", REJECTION),
    ("profiles.", "status", REJECTION),
    ("profiles.delete", "profiles", ANOTHER),
    ("record_locking.", "data[].id", ID),
    ("scoring_rules.", "code", REJECTION),
    ("scoring_rules.", "message", REJECTION),
    ("scoring_rules.", "status", REJECTION),
    ("scoring_rules.run", "scoring_rules", ANOTHER),
    ("share_records.", "Modified_By.email", EMAIL),
    ("sharing_rules.", "filters[].comparator", PARTS),
    ("sharing_rules.", "filters[].field", PARTS),
    ("sharing_rules.", "filters[].type", PARTS),
    ("sharing_rules.", "module.name", PARTS),
    ("tags.count_records_of_tag", "info", ANOTHER),
    ("tags.count_records_of_tag", "tags", ANOTHER),
    ("tags.list", "count", ANOTHER),
    ("territories.associated_users_counts", "territories", ANOTHER),
    ("territories.child_territories", "associated_users_count", ANOTHER),
    ("territories.get", "associated_users_count", ANOTHER),
    ("territories.list", "associated_users_count", ANOTHER),
    ("territory_users.", "Modified_By.email", EMAIL),
    ("user_groups.associated_users_count", "associations", ANOTHER),
    ("user_groups.associated_users_count", "grouped_counts", ANOTHER),
    ("user_groups.associated_users_count", "sources", ANOTHER),
    ("user_groups.associated_users_count", "sources_count", ANOTHER),
    ("user_groups.associated_users_count", "user_groups", ANOTHER),
    ("user_groups.associations", "associated_users_count", ANOTHER),
    ("user_groups.associations", "grouped_counts", ANOTHER),
    ("user_groups.associations", "info", ANOTHER),
    ("user_groups.associations", "sources", ANOTHER),
    ("user_groups.associations", "sources_count", ANOTHER),
    ("user_groups.associations", "user_groups", ANOTHER),
    ("users.", "Modified_By.email", EMAIL),
    ("users.associated_groups", "users", ANOTHER),
    ("users.get", "user_groups", ANOTHER),
    ("users.list", "user_groups", ANOTHER),
];

const ANY: &str =
    "one description contradicts the other, an example, or itself; the client accepts any value";
const ANOTHER: &str =
    "the SDK has one type for the responses of several calls, and the member belongs to another call";
const EMAIL: &str = "only the SDK has it, in a type with another name in the specification";
const ID: &str =
    "an id that is described as a number; ids are texts on the wire, so the client accepts either";
const NO_MORE: &str =
    "the specification only says that it is an object; the SDK describes it in a type with another name";
const PARTS: &str = "the SDK or another branch has it in a place where the client accepts any value";
const REFERENCE: &str = "one description has a whole related list, the other a reference to it";
const REJECTION: &str = "a rejection of the whole call, which the runtime turns into an error";
const RESULT: &str = "the result for one item; its details and rare members are read by name at run time";
const RESULTS: &str = "the SDK has the items themselves, the specification their results";
