//! Origins: scheme, host and port of a URL. No I/O.

use std::borrow::Cow;

use url::Url;

/// Scheme, host and port of an `http` or `https` URL, normalized.
pub(crate) fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let usable =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    usable.then(|| url.origin().ascii_serialization())
}

/// The one way to write an API domain: a URL without a path as its origin, any other text as it is.
///
/// Programs write `https://www.zohoapis.eu` also with a slash at the end, in capitals, with `:443` or with blanks around
/// it.
pub(crate) fn one_spelling(domain: &str) -> Cow<'_, str> {
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    if domain.strip_prefix("https://").is_some_and(|host| !host.is_empty() && host.bytes().all(is_plain)) {
        return Cow::Borrowed(domain);
    }
    let is_origin = |url: &Url| url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let url = Url::parse(domain.trim()).ok().filter(is_origin);
    url.and_then(|_| origin_of(domain)).map_or(Cow::Borrowed(domain), Cow::Owned)
}

/// The host of a URL, and its port if it has one, as messages name it.
#[must_use]
pub fn host_of(url: &str) -> String {
    let parsed = Url::parse(url).ok();
    match parsed.as_ref().and_then(|url| Some((url.host_str()?, url.port()))) {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => "the host".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_domain_becomes_the_same() {
        for text in [
            "https://www.zohoapis.eu",
            "https://www.zohoapis.eu/",
            "https://www.zohoapis.eu:443",
            "https://www.zohoapis.eu:443/",
            "HTTPS://WWW.ZohoAPIs.EU",
            " https://www.zohoapis.eu\r",
            "\thttps://www.zohoapis.eu/ \n",
        ] {
            assert_eq!(one_spelling(text), "https://www.zohoapis.eu", "{text:?}");
        }
        assert_eq!(one_spelling("HTTP://127.0.0.1:8080/"), "http://127.0.0.1:8080");
    }

    #[test]
    fn what_is_not_an_origin_is_kept_as_it_is() {
        for text in [
            "",
            " ",
            "production",
            "www.zohoapis.eu/",
            "https://",
            "https://proxy.example/zoho",
            "https://www.zohoapis.eu/?a=b",
            "https://www.zohoapis.eu/#a",
            "https://user:password@www.zohoapis.eu/",
            "ftp://www.zohoapis.eu/",
        ] {
            assert_eq!(one_spelling(text), text);
        }
    }
}
