//! Requests that cannot be sent.

use std::fmt;

/// Why [`Error::Request`](super::Error::Request) was returned: the request cannot be sent as it is.
///
/// `Display` says what is wrong and what to do. A program that reacts to one of these asks a predicate.
#[derive(Clone, Debug)]
pub struct RequestError(Invalid);

/// Everything that makes a request impossible to send. The messages are kept together here.
#[derive(Clone, Debug, thiserror::Error)]
#[cfg_attr(not(feature = "bulk"), expect(dead_code, reason = "some are reasons of bulk jobs"))]
pub(crate) enum Invalid {
    #[error("`{0}` cannot be a segment of a path; give a name or an id")]
    PathSegment(String),

    #[error("`{}` is neither a path that begins with `/` nor a URL: {evidence}", text.escape_debug())]
    Address { text: String, evidence: String },

    #[error("the header `Authorization` cannot be set, because it contains the user's token; leave it out")]
    AuthorizationHeader,

    #[error("could not serialize the body as JSON: {evidence}")]
    Body { evidence: String },

    #[error("could not serialize a record as JSON: {evidence}")]
    Record { evidence: String },

    #[error("a record must be an object with fields, such as a `Record` or a struct")]
    RecordWithoutFields,

    #[error("`{}` is not the id of a record", .0.escape_debug())]
    RecordId(String),

    #[error("could not send a header or a part of the body: {evidence}")]
    Unsendable { evidence: String },

    #[error("the access token contains characters that an HTTP header cannot carry")]
    AccessToken,

    #[error("the proxy is not a URL; expected something like `http://proxy.example:3128`")]
    Proxy,

    #[error("could not set up the HTTP client: {evidence}; check this system's TLS and proxy settings")]
    HttpClient { evidence: String },

    #[error(
        "this system has no certificates to trust a server with ({evidence}); install them (on Debian, the package \
         ca-certificates), or name them in SSL_CERT_FILE"
    )]
    NoTrustedCertificates { evidence: String },

    #[error("a file cannot be uploaded as `{}`; give it another name with `Upload::with_name`", .0.escape_debug())]
    FileName(String),

    #[error("{count} files are too many for one call; upload at most {max} at a time")]
    TooManyFiles { count: usize, max: usize },

    #[error("a composite call contains 1 to {max} requests, but this one has {count}")]
    CompositeSize { count: usize, max: usize },

    #[error("requests that run in parallel cannot be rolled back; choose one of the two options")]
    ParallelRollback,

    #[error("`{}` cannot be the name of a request; use letters, digits and `_`", .0.escape_debug())]
    SubRequestName(String),

    #[error("`{}` is not a path such as `/crm/v8/Leads`", .0.escape_debug())]
    SubRequestPath(String),

    #[error("the header `{}` belongs to the composite call as a whole; leave it out", .0.escape_debug())]
    SubRequestHeader(String),

    #[error("two requests of the composite call have the name `{0}`")]
    DuplicateSubRequest(String),

    #[error("the composite call has no request with the name `{}`", .0.escape_debug())]
    UnknownSubRequest(String),

    #[error("`{}` is not the API name of a field or module", .0.escape_debug())]
    ApiName(String),

    #[error("{count} conditions exceed Zoho's limit of {max}")]
    TooManyConditions { count: usize, max: usize },

    #[error("the list of values for `{0}` is empty; no record can match, so skip the call")]
    NoValues(String),

    #[error("the call has no {}, so it would apply to everything; select what it is to apply to", .0.join(" or "))]
    NoSelection(&'static [&'static str]),

    #[error("{count} values for `{field}` exceed Zoho's limit of {max}")]
    TooManyValues { field: String, count: usize, max: usize },

    #[error(
        "`{0}` cannot be compared with null, NaN, an infinite number, a list or an object; use `is_null` to find empty \
         fields"
    )]
    Incomparable(String),

    #[error(
        "could not read the criteria at `{}`; expected `(Field:operator:value)`, joined by `and` or `or`, or the JSON of \
         a bulk read", .0.escape_debug()
    )]
    Criteria(String),

    #[error("raw criteria cannot be converted to JSON; build them from fields")]
    RawCriteria,

    #[error("a query cannot search `{0}` for a text with `%`, which is a wildcard in COQL")]
    PercentSign(String),

    #[error("`{}` is not the id of a custom view", .0.escape_debug())]
    CustomViewId(String),

    #[error("a query must have {min} to {max} {what}, but this one has {count}")]
    QuerySize { what: &'static str, count: usize, min: usize, max: usize },

    #[error("the text of the query already has a limit or an offset; remove it from the text")]
    SecondLimit,

    #[error("one call returns 1 to {max} records, not {limit}; use a stream for more")]
    QueryLimit { limit: u64, max: u64 },

    #[error(
        "a query returns at most {max} records, but there are more; narrow the query, or sort it by `id` alone and do not \
         group it, so that it can go on after the last id"
    )]
    QueryEnd { max: u64 },

    #[error(
        "a query cannot skip {offset} records, only less than {max}; read those after an id in place of an offset"
    )]
    QueryOffset { offset: u64, max: u64 },

    #[error(
        "the query cannot continue after an id; sort it by `id` alone, do not group it, and give it a `where`"
    )]
    NotById,

    #[error("Zoho returned no `zgid` for the organization; set it with `organization`")]
    NoOrganization,

    #[error("a record lacks the field `{}`, which Zoho would clear; set it to null or call `ignore_empty`", .0.escape_debug())]
    MissingField(String),

    #[error("the field `{}` cannot be written as CSV; write it with `Records::create`", .0.escape_debug())]
    NoCsv(String),

    #[error("a record has the field `{}`, which the first record lacks; list all fields with `fields`", .0.escape_debug())]
    ExtraField(String),

    #[error("a row has {texts} of {columns} cells; give one for each column")]
    RowSize { texts: usize, columns: usize },

    #[error("could not read the rows on another thread: {evidence}")]
    Thread { evidence: String },

    #[error("the thread that reads the rows ended before the last row")]
    ThreadEnded,
}

impl RequestError {
    /// Whether the request exceeds a limit of Zoho: too many files, requests, conditions, values, columns or records.
    #[must_use]
    pub fn is_limit_exceeded(&self) -> bool {
        matches!(
            self.0,
            Invalid::TooManyFiles { .. }
                | Invalid::CompositeSize { .. }
                | Invalid::TooManyConditions { .. }
                | Invalid::TooManyValues { .. }
                | Invalid::QuerySize { .. }
                | Invalid::QueryLimit { .. }
                | Invalid::QueryEnd { .. }
                | Invalid::QueryOffset { .. }
        )
    }

    /// Whether a name or an id is invalid: of a module, a field, a record, a view, a file or a request.
    #[must_use]
    pub fn is_invalid_name(&self) -> bool {
        matches!(
            self.0,
            Invalid::PathSegment(_)
                | Invalid::RecordId(_)
                | Invalid::FileName(_)
                | Invalid::SubRequestName(_)
                | Invalid::DuplicateSubRequest(_)
                | Invalid::UnknownSubRequest(_)
                | Invalid::ApiName(_)
                | Invalid::CustomViewId(_)
        )
    }

    /// Whether a record or a body has no form that can be sent: it cannot be serialized, or a bulk write has no column for
    /// one of its fields.
    #[must_use]
    pub fn is_invalid_body(&self) -> bool {
        matches!(
            self.0,
            Invalid::Body { .. }
                | Invalid::Record { .. }
                | Invalid::RecordWithoutFields
                | Invalid::MissingField(_)
                | Invalid::NoCsv(_)
                | Invalid::ExtraField(_)
                | Invalid::RowSize { .. }
        )
    }

    /// Whether a setting of the client or this system is invalid, so that no call can be sent: the proxy, the HTTP client, the
    /// certificates or the access token.
    #[must_use]
    pub fn is_invalid_setting(&self) -> bool {
        matches!(
            self.0,
            Invalid::Proxy
                | Invalid::HttpClient { .. }
                | Invalid::NoTrustedCertificates { .. }
                | Invalid::AccessToken
        )
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for RequestError {}

impl From<Invalid> for super::Error {
    fn from(invalid: Invalid) -> Self {
        Self::Request(RequestError(invalid))
    }
}

#[cfg(test)]
impl Invalid {
    /// One of each, for the message snapshot.
    pub(super) fn examples() -> Vec<Self> {
        let name = || "x\ny".to_owned();
        let evidence = || "the evidence".to_owned();
        vec![
            Self::PathSegment("..".to_owned()),
            Self::Address { text: name(), evidence: evidence() },
            Self::AuthorizationHeader,
            Self::Body { evidence: evidence() },
            Self::Record { evidence: evidence() },
            Self::RecordWithoutFields,
            Self::RecordId(name()),
            Self::Unsendable { evidence: evidence() },
            Self::AccessToken,
            Self::Proxy,
            Self::HttpClient { evidence: evidence() },
            Self::NoTrustedCertificates { evidence: evidence() },
            Self::FileName(name()),
            Self::TooManyFiles { count: 11, max: 10 },
            Self::CompositeSize { count: 6, max: 5 },
            Self::ParallelRollback,
            Self::SubRequestName(name()),
            Self::SubRequestPath(name()),
            Self::SubRequestHeader("Authorization".to_owned()),
            Self::DuplicateSubRequest("read".to_owned()),
            Self::UnknownSubRequest(name()),
            Self::ApiName(name()),
            Self::TooManyConditions { count: 11, max: 10 },
            Self::NoValues("City".to_owned()),
            Self::NoSelection(&["ids", "filters"]),
            Self::TooManyValues { field: "City".to_owned(), count: 101, max: 100 },
            Self::Incomparable("City".to_owned()),
            Self::Criteria(name()),
            Self::RawCriteria,
            Self::PercentSign("City".to_owned()),
            Self::CustomViewId(name()),
            Self::QuerySize { what: "fields", count: 51, min: 1, max: 50 },
            Self::SecondLimit,
            Self::QueryLimit { limit: 2_001, max: 2_000 },
            Self::QueryEnd { max: 100_000 },
            Self::QueryOffset { offset: 100_000, max: 100_000 },
            Self::NotById,
            Self::NoOrganization,
            Self::MissingField(name()),
            Self::NoCsv(name()),
            Self::ExtraField(name()),
            Self::RowSize { texts: 1, columns: 2 },
            Self::Thread { evidence: evidence() },
            Self::ThreadEnded,
        ]
    }
}
