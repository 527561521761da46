//! Lists, page by page, and single records.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Request, comma_separated};
use crate::clock::iso8601;
use crate::crm::error;
use crate::http::Answer;
use crate::record_store::SortBy;

/// The longest page.
const MAXIMUM_PAGE: usize = 200;
/// The last record that a page number reaches; behind it a page token is needed.
const MAXIMUM_WITHOUT_TOKEN: usize = 2000;
const MAXIMUM_FIELDS: usize = 50;
const PAGE_TOKEN_LIFE_MS: u64 = 24 * 60 * 60 * 1000;

impl Request<'_> {
    pub(super) fn list(&self) -> Result<Answer, Answer> {
        let page = self.page()?;
        let fields = self.fields()?.ok_or_else(|| {
            let details = json!({ "param_name": "fields" });
            error(400, "REQUIRED_PARAM_MISSING", &details, "One of the expected parameter is missing")
        })?;
        let (sort_by, by) = match self.call.query_value("sort_by").unwrap_or("id") {
            "id" => ("id", SortBy::Id),
            "Created_Time" => ("Created_Time", SortBy::CreatedTime),
            "Modified_Time" => ("Modified_Time", SortBy::ModifiedTime),
            _ => return Err(self.invalid_parameter("sort_by")),
        };
        let sort_order = match self.call.query_value("sort_order").unwrap_or("desc") {
            "asc" => "asc",
            "desc" => "desc",
            _ => return Err(self.invalid_parameter("sort_order")),
        };
        let ids = self.call.query_value("ids").map(comma_separated);
        let state = self.world.state();
        let mut all = state.records.list(&self.caller.organisation, self.module, by, sort_order == "desc");
        if let Some(ids) = ids {
            all.retain(|record| ids.contains(&record.id().as_str()));
        }
        let beginning = page.offset.min(all.len());
        let end = (page.offset + page.length).min(all.len());
        let listed: Vec<Value> =
            all[beginning..end].iter().map(|record| record.view(Some(&fields))).collect();
        if listed.is_empty() {
            return Ok(Answer::empty(204));
        }
        let mut info = json!({
            "call": false,
            "per_page": page.length,
            "next_page_token": null,
            "count": listed.len(),
            "sort_by": sort_by,
            "page": page.offset / page.length + 1,
            "page_token_expiry": null,
            "sort_order": sort_order,
            "email": false,
            "more_records": end < all.len(),
            "previous_page_token": null,
        });
        let expires_ms = self.world.now_ms() + PAGE_TOKEN_LIFE_MS;
        if end < all.len() {
            info["next_page_token"] = json!(self.page_token(end, expires_ms));
            info["page_token_expiry"] = json!(iso8601(expires_ms));
        }
        if beginning > 0 {
            let previous = beginning.saturating_sub(page.length);
            info["previous_page_token"] = json!(self.page_token(previous, expires_ms));
        }
        Ok(Answer::json(200, &json!({ "data": listed, "info": info })))
    }

    /// An id that is not there gets 204, as an empty list does.
    pub(super) fn read(&self, id: &str) -> Answer {
        let fields = match self.fields() {
            Ok(fields) => fields,
            Err(refusal) => return refusal,
        };
        let state = self.world.state();
        let Some(record) = state.records.get(&self.caller.organisation, self.module, id) else {
            return Answer::empty(204);
        };
        Answer::json(200, &json!({ "data": [record.view(fields.as_deref())] }))
    }

    fn fields(&self) -> Result<Option<Vec<&str>>, Answer> {
        let fields = self.call.query_value("fields").map(comma_separated).filter(|fields| !fields.is_empty());
        if fields.as_ref().is_some_and(|fields| fields.len() > MAXIMUM_FIELDS) {
            let details = json!({ "limit": MAXIMUM_FIELDS, "param_name": "fields" });
            return Err(error(400, "LIMIT_EXCEEDED", &details, "the number of fields exceeds the limit"));
        }
        Ok(fields)
    }

    fn page(&self) -> Result<Page, Answer> {
        let number = |name: &str, default: usize| match self.call.query_value(name) {
            None => Ok(default),
            Some(text) => {
                text.parse().ok().filter(|number| *number > 0).ok_or_else(|| self.invalid_parameter(name))
            }
        };
        let length = number("per_page", MAXIMUM_PAGE)?;
        if length > MAXIMUM_PAGE {
            return Err(self.invalid_parameter("per_page"));
        }
        if let Some(token) = self.call.query_value("page_token") {
            if self.call.query_value("page").is_some() {
                let names = json!([{ "param_name": "page" }, { "param_name": "page_token" }]);
                let details = json!({ "ambiguity_due_to": names });
                let message = "page and page_token cannot be used together";
                return Err(error(400, "AMBIGUITY_DURING_PROCESSING", &details, message));
            }
            return Ok(Page { offset: self.read_page_token(token)?, length });
        }
        let offset = (number("page", 1)? - 1).saturating_mul(length);
        if offset.saturating_add(length) > MAXIMUM_WITHOUT_TOKEN {
            let details = json!({ "limit": MAXIMUM_WITHOUT_TOKEN });
            let message = "You can only get the first 2000 records without using page_token param";
            return Err(error(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", &details, message));
        }
        Ok(Page { offset, length })
    }

    /// A page token says where the page begins, for whom, and until when; nothing has to be remembered for it.
    fn page_token(&self, offset: usize, expires_ms: u64) -> String {
        let user = &self.caller.user.email;
        URL_SAFE_NO_PAD.encode(format!("{offset} {expires_ms} {} {user}", self.module))
    }

    fn read_page_token(&self, token: &str) -> Result<usize, Answer> {
        let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(|| self.invalid_parameter("page_token"))?;
        let mut parts = text.splitn(4, ' ');
        let mut next = || parts.next().ok_or_else(|| self.invalid_parameter("page_token"));
        let (offset, expires_ms, module, user) = (next()?, next()?, next()?, next()?);
        let (Ok(offset), Ok(expires_ms)) = (offset.parse(), expires_ms.parse::<u64>()) else {
            return Err(self.invalid_parameter("page_token"));
        };
        if module != self.module || user != self.caller.user.email {
            return Err(self.invalid_parameter("page_token"));
        }
        if expires_ms <= self.world.now_ms() {
            let details = json!({ "api_name": "page_token", "json_path": "$.query.page_token" });
            return Err(error(400, "EXPIRED_VALUE", &details, "Page token expired"));
        }
        Ok(offset)
    }

    fn invalid_parameter(&self, name: &str) -> Answer {
        error(400, "INVALID_DATA", &json!({ "param_name": name }), "invalid data")
    }
}

/// Which part of a list is wanted.
struct Page {
    offset: usize,
    length: usize,
}
