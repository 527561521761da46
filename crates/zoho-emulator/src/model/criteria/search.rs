//! The criteria of a search, checked against the fields of a module.

use serde_json::{Value, json};

use super::compare::can_be;
use super::criterion::{Condition, Criterion, Operator};
use super::parse;
use crate::bodies::error;
use crate::http::Response;
use crate::model::metadata::Module;

/// The maximum number of conditions of a search.
/// <https://www.zoho.com/crm/developer/docs/api/v8/search-records.html>
const MAX_CONDITIONS: usize = 10;

impl Criterion {
    /// Parses the `criteria` of a search, and checks them against the fields of the module.
    pub(crate) fn of_search(text: &str, module: &Module) -> Result<Self, Response> {
        parse::criteria(text).ok_or_else(|| invalid_query(&json!({})))?.checked(module)
    }

    /// Parses the `filters` of a body, and checks them against the fields of the module.
    pub(crate) fn of_filters(filters: &Value, module: &Module) -> Result<Self, Response> {
        Self::of_json(filters).ok_or_else(|| invalid_query(&json!({})))?.checked(module)
    }

    fn checked(self, module: &Module) -> Result<Self, Response> {
        let conditions = self.conditions();
        if conditions.len() > MAX_CONDITIONS {
            let details = json!({ "limit": MAX_CONDITIONS, "param_name": "criteria" });
            return Err(error(400, "LIMIT_EXCEEDED", &details, "the number of criteria exceeds the limit"));
        }
        conditions.into_iter().try_for_each(|condition| condition.check(module))?;
        Ok(self)
    }
}

impl Condition {
    /// Checks that the module has the field, and that the field supports the operator and the value.
    fn check(&self, module: &Module) -> Result<(), Response> {
        let name = &self.field;
        let field = module.find(name).filter(|field| !field.only_in_single_records());
        let Some(field) = field else {
            let details = json!({ "api_name": name, "reason": "the field is not available for search" });
            return Err(invalid_query(&details));
        };
        if !self.operator.fits(&field.kind) {
            let details = json!({ "api_name": name, "operator": self.operator.name(), "reason": "unsupported operator" });
            return Err(invalid_query(&details));
        }
        let wrong = self.values.iter().any(|value| !can_be(&field.kind, value));
        if wrong || (self.operator == Operator::Between && self.values.len() != 2) {
            let details = json!({ "api_name": name, "expected_data_type": field.kind.data_type() });
            return Err(invalid_query(&details));
        }
        Ok(())
    }
}

/// 400 `INVALID_QUERY`.
fn invalid_query(details: &Value) -> Response {
    error(400, "INVALID_QUERY", details, "Invalid query formed")
}
