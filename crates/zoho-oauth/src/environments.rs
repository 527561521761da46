//! Which of the environments that an authenticator serves a row, or a callback, belongs to. No I/O.

use crate::environment::{DataCenter, Environment};
use crate::origin::origin_of;

/// The environments that one authenticator serves.
#[derive(Clone, Debug)]
pub(crate) struct Environments {
    pub(crate) primary: Environment,
    pub(crate) others: Vec<Environment>,
}

impl Environments {
    /// The environment of a row with this API domain, to which its calls and renewals go. `None` for unknown hosts, and
    /// for an environment of another kind (production, sandbox, developer) than the primary one.
    pub(crate) fn of(&self, api_domain: Option<&str>) -> Option<Environment> {
        let Some(domain) = api_domain else { return Some(self.primary.clone()) };
        let origin = origin_of(domain).unwrap_or_default();
        if let Some(environment) = self.served().find(|one| one.api_url() == origin) {
            return Some(environment.clone());
        }
        if self.primary.is_custom() {
            return Some(self.primary.clone());
        }
        let generic =
            || DataCenter::of_generic_domain(&origin).map(|center| self.primary.in_data_center(center));
        self.siblings().find(|sibling| sibling.api_url() == origin).or_else(generic)
    }

    /// The API domain of a row for which Zoho has sent `said`, and which had the domain `stored`.
    ///
    /// Zoho knows best whether a token is of production, a sandbox or a developer organization. But some responses have a
    /// generic domain (`https://api.zoho.eu`), which only says the data center. Under custom hosts, rows keep those.
    pub(crate) fn domain_after(&self, said: Option<&str>, stored: Option<&str>) -> String {
        let is_usable = |origin: &String| match self.primary.is_custom() {
            true => self.served().any(|one| one.api_url() == origin),
            false => DataCenter::of_generic_domain(origin).is_none(),
        };
        if let Some(origin) = said.and_then(origin_of).filter(is_usable) {
            return origin;
        }
        match stored {
            Some(stored) if DataCenter::of_generic_domain(stored).is_none() => stored.to_owned(),
            stored => self.of(stored).as_ref().unwrap_or(&self.primary).api_url().to_owned(),
        }
    }

    /// Returns the environment whose accounts server is at this URL, as in the `accounts-server` of a callback.
    pub(crate) fn of_accounts_server(&self, url: &str) -> Option<Environment> {
        let origin = origin_of(url)?;
        let named = self.served().find(|one| one.accounts_url() == origin);
        named.cloned().or_else(|| self.siblings().find(|sibling| sibling.accounts_url() == origin))
    }

    /// Returns the environment in the data center with this location code, as in the `location` of a callback. With custom
    /// hosts, that is the primary one whatever the code.
    pub(crate) fn of_location(&self, code: &str) -> Option<Environment> {
        match self.primary.is_custom() {
            true => Some(self.primary.clone()),
            false => DataCenter::of_location(code.trim()).map(|center| self.primary.in_data_center(center)),
        }
    }

    fn served(&self) -> impl Iterator<Item = &Environment> {
        std::iter::once(&self.primary).chain(&self.others)
    }

    /// The environments of the same kind in all data centers; none for custom hosts.
    fn siblings(&self) -> impl Iterator<Item = Environment> {
        let siblings = DataCenter::ALL.into_iter().map(|center| self.primary.in_data_center(center));
        siblings.filter(|_| !self.primary.is_custom())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environments(primary: Environment) -> Environments {
        Environments { primary, others: Vec::new() }
    }

    #[test]
    fn a_row_of_another_data_center_goes_to_its_own_hosts() {
        let found = environments(DataCenter::Eu.production()).of(Some("https://www.zohoapis.in/"));
        assert_eq!(found, Some(DataCenter::In.production()));
    }

    #[test]
    fn a_row_with_a_generic_domain_goes_to_its_data_center() {
        let sandbox = environments(DataCenter::Eu.sandbox());
        assert_eq!(sandbox.of(Some("https://api.zoho.in")), Some(DataCenter::In.sandbox()));
        assert_eq!(sandbox.of(Some("https://api.zohocloud.ca/")), Some(DataCenter::Ca.sandbox()));
        assert_eq!(sandbox.of(Some("https://api.zoho.in.evil.example")), None);
    }

    #[test]
    fn production_sandbox_and_foreign_hosts_never_mix() {
        let production = environments(DataCenter::Eu.production());
        assert_eq!(production.of(Some("https://sandbox.zohoapis.eu")), None);
        assert_eq!(production.of(Some("https://www.zohoapis.eu.evil.example")), None);
        assert_eq!(production.of(Some("not a url")), None);
        assert_eq!(production.of_accounts_server("https://evil.example"), None);
        assert_eq!(
            production.of_accounts_server("https://accounts.zoho.in"),
            Some(DataCenter::In.production())
        );
    }

    #[test]
    fn custom_hosts_serve_every_row() {
        let local = Environment::local("http://127.0.0.1:8080/").unwrap();
        assert_eq!(environments(local.clone()).of(Some("https://www.zohoapis.eu")), Some(local));
    }

    #[test]
    fn the_domain_that_zoho_sends_is_kept_unless_it_is_generic() {
        let production = environments(DataCenter::Us.production());
        for said in [
            "https://sandbox.zohoapis.com",
            "https://developer.zohoapis.com",
            "https://www.zohoapis.eu",
            "https://www.zohoapis.kr",
        ] {
            assert_eq!(production.domain_after(Some(said), Some("https://www.zohoapis.com")), said);
            assert_eq!(production.domain_after(Some(&format!(" {said}:443/")), None), said);
        }
        for said in [None, Some("https://api.zoho.com"), Some("https://api.zoho.eu/"), Some(""), Some("?")] {
            let domain = |stored| production.domain_after(said, stored);
            assert_eq!(domain(None), "https://www.zohoapis.com", "{said:?}");
            assert_eq!(domain(Some("https://www.zohoapis.in")), "https://www.zohoapis.in", "{said:?}");
            assert_eq!(domain(Some("https://api.zoho.in")), "https://www.zohoapis.in", "{said:?}");
        }
    }

    #[test]
    fn under_custom_hosts_rows_keep_those() {
        let proxy = environments(Environment::local("http://127.0.0.1:8080").unwrap());
        let said = Some("https://www.zohoapis.eu");
        assert_eq!(proxy.domain_after(said, None), "http://127.0.0.1:8080");
        assert_eq!(proxy.domain_after(said, Some("https://www.zohoapis.in")), "https://www.zohoapis.in");
    }
}
