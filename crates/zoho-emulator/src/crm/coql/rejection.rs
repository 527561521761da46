//! Zoho's error responses to invalid queries.

use serde_json::{Value, json};

use super::token::Token;
use crate::bodies::error;
use crate::http::Response;

/// Why a query is rejected.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rejection {
    pub(super) code: &'static str,
    pub(super) details: Value,
    pub(super) message: &'static str,
}

impl Rejection {
    pub(super) fn new(code: &'static str, details: Value, message: &'static str) -> Self {
        Self { code, details, message }
    }

    pub(super) fn missing_clause(clause: &str) -> Self {
        Self::new("SYNTAX_ERROR", json!({ "clause": clause }), "missing clause")
    }

    pub(super) fn unexpected(token: &Token) -> Self {
        let (line, column) = (token.place.line, token.place.column);
        let details = json!({ "line": line, "column": column, "near": token.raw });
        Self::new("SYNTAX_ERROR", details, "unexpected token")
    }

    /// The query is malformed near this text.
    pub(super) fn unreadable(near: &str) -> Self {
        let message = "error occured while parsing the query";
        Self::new("SYNTAX_ERROR", json!({ "near": near }), message)
    }

    pub(super) fn unsupported_operator(operator: &str) -> Self {
        Self::new("SYNTAX_ERROR", json!({ "operator": operator }), "operator not supported")
    }

    pub(super) fn limit_exceeded(by: &str, limit: usize) -> Self {
        Self::new("LIMIT_EXCEEDED", json!({ "by": by, "limit": limit }), "limit exceeded")
    }

    pub(super) fn invalid_query(details: Value, message: &'static str) -> Self {
        Self::new("INVALID_QUERY", details, message)
    }

    pub(super) fn unknown_column(column: &str) -> Self {
        Self::invalid_query(json!({ "column_name": column }), "column given seems to be invalid")
    }

    pub(super) fn into_response(self) -> Response {
        error(400, self.code, &self.details, self.message)
    }
}
