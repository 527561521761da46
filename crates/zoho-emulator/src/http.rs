//! A request and a response as plain data. Nothing here does I/O.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::ready;
use futures_util::stream::once;
use multer::Multipart;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::digits;

/// Names and values in the order in which they arrived.
pub(crate) type Pairs = Vec<(String, String)>;

/// A request whose body has been read completely.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) raw_query: String,
    pub(crate) query: Pairs,
    pub(crate) form: Pairs,
    /// The files of a multipart body.
    pub(crate) files: Vec<File>,
    pub(crate) headers: Pairs,
    pub(crate) body: Bytes,
}

/// A file of a multipart body.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// The name of the form's field.
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) content: Bytes,
}

impl Call {
    /// Creates a request, and reads the form if the body is one.
    pub(crate) fn new(method: &str, path: &str, raw_query: &str, headers: Pairs, body: Bytes) -> Self {
        let mut call = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            raw_query: raw_query.to_owned(),
            query: pairs(raw_query.as_bytes()),
            headers,
            body,
            ..Self::default()
        };
        let content_type = call.header("content-type").unwrap_or_default().to_owned();
        if content_type.starts_with("application/x-www-form-urlencoded") {
            call.form = pairs(&call.body);
        } else if let Ok(boundary) = multer::parse_boundary(content_type) {
            call.read_multipart(boundary);
        }
        call
    }

    /// Reads the fields and files of a multipart body, up to the first error in it.
    fn read_multipart(&mut self, boundary: String) {
        let body = once(ready(Ok::<_, std::io::Error>(self.body.clone())));
        let mut parts = Multipart::new(body, boundary);
        // The whole body is in memory, so the stream is always ready.
        while let Some(Ok(Some(part))) = parts.next_field().now_or_never() {
            let field = part.name().unwrap_or_default().to_owned();
            let name = part.file_name().map(str::to_owned);
            let Some(Ok(content)) = part.bytes().now_or_never() else { return };
            match name {
                Some(name) => self.files.push(File { field, name, content }),
                None => self.form.push((field, String::from_utf8_lossy(&content).into_owned())),
            }
        }
    }

    /// The body as text; empty if it is not UTF-8.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// The body as JSON; `None` if it is not JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        digits::parse(self.text()).ok()
    }

    /// Method and path, such as `"POST /oauth/v2/token"`: how faults and the journal name a request.
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether the request is for the CRM: a path below `/crm/`, or the result of a bulk write job.
    pub(crate) fn is_for_crm(&self) -> bool {
        self.path.starts_with("/crm/") || self.path.starts_with("/v2/crm/")
    }

    /// A header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// A parameter of the query string.
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A parameter of the form or, if the form lacks it, of the query string. An empty value counts as absent.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.form, name).or_else(|| find(&self.query, name)).filter(|value| !value.is_empty())
    }

    /// User and password of an `Authorization: Basic` header.
    pub(crate) fn basic_credentials(&self) -> Option<(String, String)> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    /// The access token of an `Authorization` header: `Zoho-oauthtoken …`, or `Bearer …`.
    pub(crate) fn access_token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        let known = scheme.eq_ignore_ascii_case("Zoho-oauthtoken") || scheme.eq_ignore_ascii_case("Bearer");
        known.then_some(token.trim()).filter(|token| !token.is_empty())
    }

    /// A cookie that the browser sent.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.header("cookie")?.split(';');
        cookies
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }
}

/// A response that has not been sent yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Response {
    /// A JSON body.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        match digits::to_text(body) {
            Ok(body) => Self::bytes(status, "application/json;charset=UTF-8", body),
            Err(error) => Self::text(500, "text/plain;charset=UTF-8", error.to_string()),
        }
    }

    /// An HTML page.
    pub(crate) fn html(status: u16, page: impl Into<String>) -> Self {
        Self::text(status, "text/html;charset=UTF-8", page.into())
    }

    /// A text with its content type.
    pub(crate) fn text(status: u16, content_type: &str, body: String) -> Self {
        Self::bytes(status, content_type, body)
    }

    /// A body with its content type.
    pub(crate) fn bytes(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// A file that the client is to save under `name`.
    pub(crate) fn download(name: &str, content: impl Into<Bytes>) -> Self {
        let name: String = name
            .chars()
            .map(|character| if character.is_control() || character == '"' { '_' } else { character })
            .collect();
        Self::bytes(200, "application/x-download", content)
            .with_header("content-disposition", format!("attachment;filename=\"{name}\""))
    }

    /// A response without a body, such as 204 and 304.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// Redirects the browser with a GET.
    pub(crate) fn redirect(url: impl Into<String>) -> Self {
        Self::empty(302).with_header("location", url)
    }

    /// Replaces a header.
    pub(crate) fn with_changed_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(key, _)| *key != name);
        self.with_header(name, value)
    }

    /// A header of the response, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// Adds a header.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Reads `a=1&b=2`.
pub(crate) fn pairs(text: &[u8]) -> Pairs {
    form_urlencoded::parse(text).into_owned().collect()
}

fn find<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multipart_form_is_read() {
        let headers = vec![("content-type".to_owned(), "multipart/form-data; boundary=XX".to_owned())];
        let body = "--XX\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n1000.a\r\n\
                    --XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\0\r\n--XX--\r\n";
        let call = Call::new("POST", "/oauth/v2/token", "", headers, body.into());
        assert_eq!(call.parameter("code"), Some("1000.a"));
        assert_eq!((call.files[0].name.as_str(), &call.files[0].content[..]), ("a.txt", &[0][..]));
    }

    #[test]
    fn a_form_value_wins_over_the_query() {
        let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let call = Call::new("POST", "/", "a=query&b=2", headers, "a=form".into());
        assert_eq!((call.parameter("a"), call.parameter("b")), (Some("form"), Some("2")));
    }
}
