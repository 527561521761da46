//! The URL of a request, and the check that the token may be sent there.

use url::Url;
use zoho_oauth::Environment;

use crate::error::{Error, Invalid};

/// Encodes one segment of a path, such as the name of a module or the id of a record.
fn segment(text: &str) -> Result<String, Error> {
    // URLs drop these segments, so the call would be a different one.
    if matches!(text, "" | "." | "..") {
        return Err(Invalid::PathSegment(text.to_owned()).into());
    }
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    Ok(text.bytes().map(encode).collect())
}

/// Fills in the placeholders of a path template such as `/crm/v8/{module}/{id}`.
pub(super) fn filled<const N: usize>(
    template: &'static str,
    values: [(&'static str, String); N],
) -> Result<String, Error> {
    let mut path = template.to_owned();
    for (name, value) in values {
        path = path.replacen(&format!("{{{name}}}"), &segment(&value)?, 1);
    }
    Ok(path)
}

/// Returns the URL of a request. The token is sent there, so any host but the token's own is an error.
pub(super) fn address(path: &str, host: Host, environment: &Environment) -> Result<Url, Error> {
    let hosts = [environment.api_url(), environment.upload_url()];
    let own = match host {
        Host::Api => environment.api_url(),
        Host::Upload => environment.upload_url(),
    };
    let text = match path.starts_with('/') {
        true => format!("{own}{path}"),
        false => path.to_owned(),
    };
    let url = Url::parse(&text)
        .map_err(|error| Invalid::Address { text: path.to_owned(), evidence: error.to_string() })?;
    let is_own = |host: &&str| Url::parse(host).is_ok_and(|host| host.origin() == url.origin());
    let is_download_host = download_host(environment).is_some_and(|host| host.origin() == url.origin());
    if !(hosts.iter().any(is_own) || is_download_host)
        || !url.username().is_empty()
        || url.password().is_some()
    {
        let host = url.host_str().unwrap_or_default().to_owned();
        return Err(Error::ForeignHost { host, own: environment.api_url().to_owned() });
    }
    Ok(url)
}

/// The host of the files that jobs make, such as `https://download-accl.zoho.eu`. Zoho names it only in its responses about
/// bulk writes, backups and audit logs.
fn download_host(environment: &Environment) -> Option<Url> {
    environment.data_center()?;
    let domain = environment.accounts_url().strip_prefix("https://accounts.")?;
    Url::parse(&format!("https://download-accl.{domain}")).ok()
}

/// The host of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// The API host, for nearly everything.
    Api,
    /// The content host, for the upload of a bulk write.
    Upload,
}

#[cfg(test)]
mod tests {
    use zoho_oauth::DataCenter;

    use super::*;

    fn emulator() -> Environment {
        Environment::new("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3").unwrap()
    }

    #[test]
    fn a_path_stays_on_its_host_whatever_it_contains() {
        for path in ["/crm/v8/Leads", "//evil.example/x", "/\\evil.example", "/@evil.example"] {
            assert_eq!(address(path, Host::Api, &emulator()).unwrap().port(), Some(2), "{path}");
            assert_eq!(address(path, Host::Upload, &emulator()).unwrap().port(), Some(3), "{path}");
        }
    }

    #[test]
    fn a_url_on_a_host_of_the_token_is_used_unchanged() {
        let url = address("http://127.0.0.1:3/crm/v8/upload", Host::Api, &emulator()).unwrap();
        assert_eq!(url.port(), Some(3));
    }

    #[test]
    fn the_files_of_jobs_are_on_a_separate_host_in_each_data_center() {
        for (data_center, domain) in
            [(DataCenter::Us, "zoho.com"), (DataCenter::In, "zoho.in"), (DataCenter::Ca, "zohocloud.ca")]
        {
            let url = format!("https://download-accl.{domain}/v2/crm/60/bulk-write/1/1.zip");
            let environment = data_center.production();
            assert_eq!(address(&url, Host::Api, &environment).unwrap().as_str(), url);
            let near = [
                url.replace(domain, "zoho.eu"),
                url.replace("https", "http"),
                url.replace("accl.", "accl.x."),
            ];
            for foreign in near {
                let rejected = address(&foreign, Host::Api, &environment);
                assert!(matches!(rejected, Err(Error::ForeignHost { .. })), "{foreign}");
            }
        }
        let url = "https://download-accl.zoho.com/v2/crm/60/bulk-write/1/1.zip";
        assert!(
            address(url, Host::Api, &emulator()).is_err(),
            "the token of an emulator is never sent to Zoho"
        );
    }

    #[test]
    fn a_foreign_host_is_rejected() {
        let foreign = [
            "https://evil.example/crm/v8/Leads",
            "http://127.0.0.1:4/crm",
            "http://127.0.0.1:2@evil.example/",
            "http://user@127.0.0.1:2/",
            "https://127.0.0.1:2/",
        ];
        for url in foreign {
            let rejected = address(url, Host::Api, &emulator());
            assert!(matches!(rejected, Err(Error::ForeignHost { .. })), "{url}: {rejected:?}");
        }
        assert!(matches!(address("crm/v8/Leads", Host::Api, &emulator()), Err(Error::Request(_))));
        assert!(matches!(address("@evil.example", Host::Api, &emulator()), Err(Error::Request(_))));
    }

    #[test]
    fn a_segment_cannot_change_the_path_around_it() {
        assert_eq!(segment("Leads").unwrap(), "Leads");
        assert_eq!(segment("a/b?c#d é").unwrap(), "a%2Fb%3Fc%23d%20%C3%A9");
        assert!(segment("..").is_err() && segment("").is_err());
    }

    #[test]
    fn each_placeholder_of_a_template_is_filled_in() {
        let path = filled("/crm/v8/{module}/{id}", [("module", "Leads".into()), ("id", "{module}/1".into())]);
        assert_eq!(path.unwrap(), "/crm/v8/Leads/%7Bmodule%7D%2F1");
    }
}
