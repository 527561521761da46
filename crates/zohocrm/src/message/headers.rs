//! `Headers`: the headers of a response.

/// The headers of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    pub(crate) fields: Vec<(String, String)>,
}

impl Headers {
    /// Returns the value of the first header with this name, whatever its case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Iterates over all headers. Names are in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn credits_remaining(&self) -> Option<u64> {
        self.get("x-api-credits-remaining")?.trim().parse().ok()
    }

    /// The header that identifies the request. Zoho documents none; these are the names in use.
    pub(crate) fn request_id(&self) -> Option<&str> {
        ["x-request-id", "request-id", "x-zoho-request-id"].iter().find_map(|name| self.get(name))
    }

    pub(crate) fn is_json(&self) -> bool {
        self.get("content-type").is_some_and(|kind| kind.contains("json"))
    }
}

/// Status and headers of a response, shared by everything that was read from its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
}
