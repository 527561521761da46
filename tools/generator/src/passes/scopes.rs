//! Finds the scopes that allow an operation.

use crate::schema::RawOperation;

/// The scopes that allow an operation: any one of the lists, and all scopes of that list.
///
/// The source is reliable for the areas of most scopes but not for their verbs, so the verb follows from the HTTP method.
/// If that is wrong (some calls read by POST, and some areas list the scopes of another), `overrides.toml` has the right
/// scopes: that of the area without the verb, or all that an operation needs.
pub(crate) fn scopes(
    operation: &RawOperation,
    of_area: Option<&str>,
    of_operation: Option<&[String]>,
) -> Vec<Vec<String>> {
    let verb = match operation.method.as_str() {
        "GET" => "READ",
        "POST" => "CREATE",
        "DELETE" => "DELETE",
        _ => "UPDATE",
    };
    if let Some(scopes) = of_operation {
        return vec![scopes.to_vec()];
    }
    if let Some(scope) = of_area {
        return vec![vec![format!("{scope}.{verb}")]];
    }
    let mut lists: Vec<Vec<String>> = Vec::new();
    for list in operation.scopes.iter().flat_map(|requirement| of_requirement(requirement)) {
        let list = list.iter().map(|base| format!("{base}.{verb}")).collect();
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    if lists.is_empty() {
        let base = if operation.path.contains("/settings/") { "settings" } else { "modules" };
        lists.push(vec![format!("ZohoCRM.{base}.{verb}")]);
    }
    lists
}

/// The alternatives of one requirement of the source. A requirement asks for all of its scopes. If one of them covers
/// another, though, either is enough.
fn of_requirement(scopes: &[String]) -> Vec<Vec<String>> {
    let mut bases: Vec<String> = Vec::new();
    for base in scopes.iter().filter_map(|scope| base(scope)) {
        if !bases.contains(&base) {
            bases.push(base);
        }
    }
    // The scope for all settings is redundant next to a narrower one.
    let all = bases.len();
    bases.retain(|base| base != "ZohoCRM.settings" || all == 1);
    let covers = |wide: &String| bases.iter().any(|narrow| narrow.starts_with(&format!("{wide}.")));
    if bases.iter().any(covers) {
        bases.into_iter().map(|base| vec![base]).collect()
    } else if bases.is_empty() {
        Vec::new()
    } else {
        vec![bases]
    }
}

/// A scope without its verb and without the placeholder of a module.
fn base(scope: &str) -> Option<String> {
    let mut base: Vec<&str> = Vec::new();
    for part in scope.trim().split('.') {
        match part {
            _ if part.starts_with('{') => {}
            "ZohoCRM" | "ZohoFiles" if !base.is_empty() => base.truncate(1),
            "settings" if base.last() == Some(&"settings") => {}
            _ if ["all", "read", "create", "update", "delete"].contains(&part.to_lowercase().as_str()) => {}
            "Modules" => base.push("modules"),
            _ => base.push(part),
        }
    }
    match base.as_slice() {
        [] | ["ZohoCRM"] => None,
        ["ZohoCRM" | "ZohoFiles", ..] => Some(base.join(".")),
        _ => Some(format!("ZohoCRM.{}", base.join("."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(scopes: &[&[&str]]) -> RawOperation {
        let mut operation =
            RawOperation::for_tests("paint_tins", "Update Tin", "PUT", "/crm/v8/settings/tins");
        let owned = |scopes: &&[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect();
        operation.scopes = scopes.iter().map(owned).collect();
        operation
    }

    #[test]
    fn a_scope_has_the_verb_of_the_method() {
        let tins = update(&[&["ZohoCRM.settings.all", "ZohoCRM.settings.tins.read"]]);
        assert_eq!(scopes(&tins, None, None), [["ZohoCRM.settings.tins.UPDATE"]]);
        assert_eq!(scopes(&tins, Some("ZohoCRM.tins"), None), [["ZohoCRM.tins.UPDATE"]]);
        let all = ["ZohoCRM.tins.CUSTOM".to_owned(), "ZohoCRM.lids.READ".to_owned()];
        assert_eq!(scopes(&tins, Some("ZohoCRM.tins"), Some(&all)), [all]);
        assert_eq!(scopes(&update(&[]), None, None), [["ZohoCRM.settings.UPDATE"]]);
    }

    #[test]
    fn a_requirement_needs_all_its_scopes_unless_one_covers_another() {
        let both = update(&[&["settings.tins.ALL", "settings.lids.{module}.ALL"]]);
        assert_eq!(
            scopes(&both, None, None),
            [["ZohoCRM.settings.tins.UPDATE", "ZohoCRM.settings.lids.UPDATE"]]
        );
        let either = update(&[&["ZohoCRM.modules.all", "ZohoCRM.modules.notes.all"]]);
        assert_eq!(
            scopes(&either, None, None),
            [["ZohoCRM.modules.UPDATE"], ["ZohoCRM.modules.notes.UPDATE"]]
        );
    }
}
