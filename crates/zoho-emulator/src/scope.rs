//! Scopes: `ZohoCRM.modules.ALL`, `ZohoCRM.modules.leads.READ`, `ZohoCRM.users.READ`, …

/// The scopes of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scopes(Vec<String>);

impl Scopes {
    /// Parses scopes separated by commas or spaces. `None` if the list is empty or contains something that cannot be a
    /// scope.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let scopes: Vec<String> =
            text.split([',', ' ']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        let all_can_be = scopes.iter().all(|scope| is_scope(scope));
        (all_can_be && !scopes.is_empty()).then_some(Self(scopes))
    }

    /// Every scope that an endpoint of the emulator requires. Seeded tokens have these.
    pub(crate) fn all() -> Self {
        let scopes = [
            "ZohoCRM.modules.ALL",
            "ZohoCRM.users.ALL",
            "ZohoCRM.org.ALL",
            "ZohoCRM.settings.ALL",
            "ZohoCRM.bulk.ALL",
            "ZohoCRM.change_owner.ALL",
            "ZohoCRM.mass_update.ALL",
            "ZohoCRM.mass_delete.ALL",
            "ZohoCRM.coql.READ",
            "ZohoCRM.files.ALL",
            "ZohoCRM.composite_requests.CUSTOM",
            "ZohoCRM.notifications.ALL",
            "ZohoFiles.files.ALL",
            "ZohoSearch.securesearch.READ",
            "AaaServer.profile.READ",
        ];
        Self(scopes.map(str::to_owned).to_vec())
    }

    /// Whether these scopes cover `scope`, written without the prefix `ZohoCRM.`, such as `users.READ` or
    /// `modules.Leads.CREATE`. A scope of another service is written in full.
    ///
    /// A granted scope without a middle part covers all of them.
    pub(crate) fn allow(&self, scope: &str) -> bool {
        if scope.starts_with("Zoho") {
            return self.has(scope);
        }
        let mut wanted = scope.split('.');
        let (group, operation) = (wanted.next(), wanted.next_back().unwrap_or_default());
        let within = wanted.next();
        self.0.iter().any(|scope| {
            let mut granted = scope.split('.');
            let last = granted.next_back();
            is(granted.next(), "ZohoCRM")
                && is(granted.next(), group.unwrap_or_default())
                && granted.next().is_none_or(|part| is(within, part))
                && covers(last, operation)
        })
    }

    /// Whether exactly this scope was granted.
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(scope))
    }

    /// Whether these scopes include every scope of `other`.
    pub(crate) fn include(&self, other: &Self) -> bool {
        other.0.iter().all(|scope| self.has(scope))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The scopes as the token endpoint writes them: separated by spaces, although the request used commas.
    pub(crate) fn with_blanks(&self) -> String {
        self.0.join(" ")
    }
}

fn is_scope(scope: &str) -> bool {
    scope.split('.').all(|part| {
        !part.is_empty()
            && part.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    })
}

fn is(part: Option<&str>, word: &str) -> bool {
    part.is_some_and(|part| part.eq_ignore_ascii_case(word))
}

/// `WRITE` covers `CREATE` and `UPDATE`.
fn covers(granted: Option<&str>, operation: &str) -> bool {
    let writes = matches!(operation, "CREATE" | "UPDATE");
    is(granted, "ALL") || is(granted, operation) || (writes && is(granted, "WRITE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_allows_what_it_names_and_nothing_else() {
        let scopes = Scopes::parse("ZohoCRM.modules.leads.WRITE,ZohoCRM.users.READ").unwrap();
        assert!(scopes.allow("modules.Leads.CREATE") && scopes.allow("users.READ"));
        assert!(!scopes.allow("modules.Leads.READ") && !scopes.allow("modules.Deals.CREATE"));
        assert!(!scopes.allow("org.READ"));
        assert!(Scopes::all().allow("modules.Anything.DELETE"));
    }

    #[test]
    fn what_cannot_be_a_scope_is_not_read() {
        assert_eq!(Scopes::parse(""), None);
        assert_eq!(Scopes::parse("ZohoCRM..ALL"), None);
        assert_eq!(Scopes::parse("ZohoCRM.modules.ALL;x"), None);
    }
}
