//! Pages of a list: by number up to record 2,000, by page token up to record 100,000.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use super::view::{Shown, View};
use crate::bodies::{error, invalid_parameter};
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::records::{Position, Record, SortBy, Table};
use crate::timestamp::iso8601;

/// The maximum number of records on a page.
const MAX_PAGE: usize = 200;
/// The last record that a page number can reach; beyond it, a page token is required.
const MAX_WITHOUT_TOKEN: usize = 2000;
/// The last record that a page token can reach.
const MAX_WITH_TOKEN: usize = 100_000;
const PAGE_TOKEN_LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;

/// The order of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) by: SortBy,
    pub(crate) descending: bool,
}

/// The requested page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) length: usize,
    /// How many records to skip, if the page was requested by number.
    pub(super) skip: usize,
    /// The position after which the page starts, if it was requested by token.
    after: Option<Position>,
}

/// The records of a page.
struct Found<'a> {
    records: Vec<&'a Record>,
    /// The positions after which the next and the previous page start.
    next: Option<Position>,
    previous: Option<Position>,
}

impl Order {
    /// The order that `sort_by` and `sort_order` request. Default: newest id first.
    pub(crate) fn of(request: &Request<'_>) -> Result<Self, Response> {
        let by = match request.call.query_value("sort_by").unwrap_or("id") {
            "id" => SortBy::Id,
            "Created_Time" => SortBy::CreatedTime,
            "Modified_Time" => SortBy::ModifiedTime,
            _ => return Err(invalid_parameter("sort_by")),
        };
        let descending = match request.call.query_value("sort_order").unwrap_or("desc") {
            "asc" => false,
            "desc" => true,
            _ => return Err(invalid_parameter("sort_order")),
        };
        Ok(Self { by, descending })
    }

    fn names(self) -> (&'static str, &'static str) {
        let by = match self.by {
            SortBy::Id => "id",
            SortBy::CreatedTime => "Created_Time",
            SortBy::ModifiedTime => "Modified_Time",
        };
        (by, if self.descending { "desc" } else { "asc" })
    }

    /// The position before all records.
    fn beginning(self) -> Position {
        if self.descending { (u64::MAX, u64::MAX) } else { (0, 0) }
    }
}

impl Page {
    /// The page that `page` and `per_page` request.
    pub(crate) fn by_number(request: &Request<'_>) -> Result<Self, Response> {
        let length = request.parameter("per_page", MAX_PAGE)?;
        if length == 0 || length > MAX_PAGE {
            return Err(invalid_parameter("per_page"));
        }
        let number = request.parameter("page", 1_usize)?;
        let skip = number.checked_sub(1).ok_or_else(|| invalid_parameter("page"))?.saturating_mul(length);
        if skip.saturating_add(length) > MAX_WITHOUT_TOKEN {
            let details = json!({ "limit": MAX_WITHOUT_TOKEN });
            let message = "You can only get the first 2000 records without using page_token param";
            return Err(error(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", &details, message));
        }
        Ok(Self { number, length, skip, after: None })
    }

    /// The page that `page_token` or `page` and `per_page` request.
    pub(crate) fn of(request: &Request<'_>, order: Order) -> Result<Self, Response> {
        let Some(token) = request.call.query_value("page_token") else { return Self::by_number(request) };
        if request.call.query_value("page").is_some() {
            let names = json!([{ "param_name": "page" }, { "param_name": "page_token" }]);
            let details = json!({ "ambiguity_due_to": names });
            let message = "page and page_token cannot be used together";
            return Err(error(400, "AMBIGUITY_DURING_PROCESSING", &details, message));
        }
        let mut page = Self::by_number(request)?;
        let token = read_token(request, order, token)?;
        (page.number, page.after) = (token.number, Some(token.after));
        if page.number.saturating_mul(page.length) > MAX_WITH_TOKEN {
            let details = json!({ "param_name": "page_token" });
            let message = "You can only get upto 100000 records using page_token param";
            return Err(error(400, "PAGINATION_LIMIT_EXCEEDED", &details, message));
        }
        Ok(page)
    }

    /// The records of the page.
    fn find<'a>(&self, list: &List<'a>) -> Found<'a> {
        let by = list.order.by;
        let mut rest = list.after(self.after, list.order.descending).skip(self.skip);
        let records: Vec<&Record> = rest.by_ref().take(self.length).collect();
        let next = rest.next().and(records.last()).map(|last| by.position(last));
        let previous = records.first().filter(|_| self.number > 1).map(|first| {
            let mut earlier = list.after(Some(by.position(first)), !list.order.descending);
            earlier.nth(self.length).map_or(list.order.beginning(), |record| by.position(record))
        });
        Found { records, next, previous }
    }
}

/// A list of records, and its order.
pub(crate) struct List<'a> {
    pub(crate) table: &'a Table,
    pub(crate) order: Order,
    /// Restricts the list to these records.
    pub(crate) ids: Option<Vec<u64>>,
    pub(crate) listed: Box<dyn Fn(&Record) -> bool + 'a>,
}

impl<'a> List<'a> {
    /// The records after a position, in an order.
    fn after<'s>(
        &'s self,
        position: Option<Position>,
        descending: bool,
    ) -> Box<dyn Iterator<Item = &'a Record> + 's> {
        let by = self.order.by;
        let Some(ids) = &self.ids else {
            let records = self.table.ordered(by, descending, position);
            return Box::new(records.filter(|record| (self.listed)(record)));
        };
        let is_behind = |record: &&Record| {
            let own = by.position(record);
            position.is_none_or(|position| if descending { own < position } else { own > position })
        };
        let known = ids.iter().filter_map(|id| self.table.get(*id));
        let mut records: Vec<&Record> =
            known.filter(|record| (self.listed)(record)).filter(is_behind).collect();
        records.sort_by_key(|record| by.position(record));
        records.dedup_by_key(|record| record.id);
        if descending {
            records.reverse();
        }
        Box::new(records.into_iter())
    }
}

/// A page of a list as a response; 204 if it is empty.
pub(crate) fn respond(request: &Request<'_>, list: &List<'_>, page: &Page, view: &View<'_>) -> Response {
    let found = page.find(list);
    if found.records.is_empty() {
        return Response::empty(204);
    }
    let data = found.records.iter().map(|record| view.show(record)).collect();
    Response::json(200, &Listed { data, info: info(request, list.order, page, &found) })
}

/// The body of a list.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    pub(super) data: Vec<Shown<'a>>,
    pub(super) info: Value,
}

/// The `info` of a page.
fn info(request: &Request<'_>, order: Order, page: &Page, found: &Found<'_>) -> Value {
    let expires_ms = request.world.now_ms() + PAGE_TOKEN_LIFETIME_MS;
    let token = |number, after: Option<Position>| {
        after.map(|after| Token { number, after, expires_ms }.encode(request, order))
    };
    let (sort_by, sort_order) = order.names();
    json!({
        "call": false,
        "per_page": page.length,
        "next_page_token": token(page.number + 1, found.next),
        "count": found.records.len(),
        "sort_by": sort_by,
        "page": page.number,
        "page_token_expiry": found.next.map(|_| iso8601(expires_ms)),
        "sort_order": sort_order,
        "email": false,
        "more_records": found.next.is_some(),
        "previous_page_token": token(page.number.saturating_sub(1), found.previous),
    })
}

/// A page token. It contains position, list, user and expiry, so that the server stores nothing.
struct Token {
    number: usize,
    after: Position,
    expires_ms: u64,
}

impl Token {
    fn encode(&self, request: &Request<'_>, order: Order) -> String {
        let (time, id) = self.after;
        let list = list_of(request, order);
        URL_SAFE_NO_PAD.encode(format!("{} {time} {id} {} {list}", self.number, self.expires_ms))
    }

    fn parse(token: &str) -> Option<(Self, u64)> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mut parts = text.split(' ');
        let number = parts.next()?.parse().ok()?;
        let after = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let expires_ms = parts.next()?.parse().ok()?;
        Some((Self { number, after, expires_ms }, parts.next()?.parse().ok()?))
    }
}

/// Identifies a list, its parameters and its user: a token is valid only together with them.
fn list_of(request: &Request<'_>, order: Order) -> u64 {
    let mut parameters: Vec<_> = request
        .call
        .query
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "page" | "page_token"))
        .collect();
    parameters.sort();
    let mut hasher = DefaultHasher::new();
    (&request.call.path, order.names(), &request.caller.user.email, parameters).hash(&mut hasher);
    hasher.finish()
}

fn read_token(request: &Request<'_>, order: Order, token: &str) -> Result<Token, Response> {
    let known = Token::parse(token).filter(|(_, list)| *list == list_of(request, order));
    let (token, _) = known.ok_or_else(|| {
        let details = json!({ "param_name": "page_token" });
        let message =
            "The page_token given seems to be invalid or input param is added or altered or deleted";
        error(400, "TOKEN_BOUND_DATA_MISMATCH", &details, message)
    })?;
    if token.expires_ms <= request.world.now_ms() {
        let details = json!({ "api_name": "page_token", "json_path": "$.query.page_token" });
        return Err(error(400, "EXPIRED_VALUE", &details, "Page token expired"));
    }
    Ok(token)
}
