//! Lists the operations that the client leaves out, with reasons. The generator has a separate list.

/// Why an operation is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It has the method and path of another operation, with other parameter names.
    SameCall,
}

/// File, method, path and reason.
pub(crate) const LEFT_OUT: &[(&str, &str, &str, Reason)] = &[
    ("fetch_full_data", "GET", "/crm/v8/{module_api_name}/actions/fetch_full_data", Reason::SameCall),
    ("fetch_full_data", "GET", "/crm/v8/{module_api_name}/{id}/actions/fetch_full_data", Reason::SameCall),
    ("mass_update", "GET", "/crm/v8/{module}/actions/mass_update", Reason::SameCall),
    ("mass_update", "POST", "/crm/v8/{module}/actions/mass_update", Reason::SameCall),
    ("module_search", "GET", "/crm/v8/{module}/search", Reason::SameCall),
    ("modules", "GET", "/crm/v8/settings/modules/{id}", Reason::SameCall),
    ("modules", "PUT", "/crm/v8/settings/modules/{id}", Reason::SameCall),
    ("record", "GET", "/crm/v8/{module_api_name}/actions/count", Reason::SameCall),
    ("record_photo", "GET", "/crm/v8/{module}/{record}/photo", Reason::SameCall),
    ("record_photo", "POST", "/crm/v8/{module}/{record}/photo", Reason::SameCall),
    ("record_photo", "DELETE", "/crm/v8/{module}/{record}/photo", Reason::SameCall),
    ("user_groups", "GET", "/crm/v8/users/{user}/actions/associated_groups", Reason::SameCall),
    ("variable_groups", "GET", "/crm/v8/settings/variable_groups/{api_name}", Reason::SameCall),
    ("variables", "GET", "/crm/v8/settings/variables/{api_name}", Reason::SameCall),
    ("variables", "PUT", "/crm/v8/settings/variables/{api_name}", Reason::SameCall),
];
