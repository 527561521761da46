//! Which part of a list is wanted: by number up to record 2000, and by token beyond.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use super::view::{Shown, View};
use crate::bodies::{error, invalid_parameter};
use crate::crm::request::Request;
use crate::http::Answer;
use crate::model::records::{Position, Record, SortBy, Table};
use crate::timestamp::iso8601;

/// The longest page.
const MAXIMUM_PAGE: usize = 200;
/// The last record that a page number reaches; behind it a page token is needed.
const MAXIMUM_WITHOUT_TOKEN: usize = 2000;
const PAGE_TOKEN_LIFE_MS: u64 = 24 * 60 * 60 * 1000;

/// The order of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) by: SortBy,
    pub(crate) descending: bool,
}

/// Which part of a list is wanted.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) length: usize,
    /// How many records come before it, if it was asked for by number.
    pub(super) skip: usize,
    /// Behind which position it begins, if it was asked for by token.
    behind: Option<Position>,
}

/// The records of a page.
struct Found<'a> {
    records: Vec<&'a Record>,
    /// Behind which positions the next and the previous page begin.
    next: Option<Position>,
    previous: Option<Position>,
}

impl Order {
    /// The order that `sort_by` and `sort_order` ask for: the newest id first without them.
    pub(crate) fn of(request: &Request<'_>) -> Result<Self, Answer> {
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

    /// A position before all records.
    fn beginning(self) -> Position {
        if self.descending { (u64::MAX, u64::MAX) } else { (0, 0) }
    }
}

impl Page {
    /// The page that `page` and `per_page` ask for.
    pub(crate) fn by_number(request: &Request<'_>) -> Result<Self, Answer> {
        let length = request.parameter("per_page", MAXIMUM_PAGE)?;
        if length == 0 || length > MAXIMUM_PAGE {
            return Err(invalid_parameter("per_page"));
        }
        let number = request.parameter("page", 1_usize)?;
        let skip = number.checked_sub(1).ok_or_else(|| invalid_parameter("page"))?.saturating_mul(length);
        if skip.saturating_add(length) > MAXIMUM_WITHOUT_TOKEN {
            let details = json!({ "limit": MAXIMUM_WITHOUT_TOKEN });
            let message = "You can only get the first 2000 records without using page_token param";
            return Err(error(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", &details, message));
        }
        Ok(Self { number, length, skip, behind: None })
    }

    /// The page that `page_token`, or `page` and `per_page` ask for.
    pub(crate) fn of(request: &Request<'_>, order: Order) -> Result<Self, Answer> {
        let Some(token) = request.call.query_value("page_token") else { return Self::by_number(request) };
        if request.call.query_value("page").is_some() {
            let names = json!([{ "param_name": "page" }, { "param_name": "page_token" }]);
            let details = json!({ "ambiguity_due_to": names });
            let message = "page and page_token cannot be used together";
            return Err(error(400, "AMBIGUITY_DURING_PROCESSING", &details, message));
        }
        let mut page = Self::by_number(request)?;
        let token = read_token(request, order, token)?;
        (page.number, page.behind) = (token.number, Some(token.behind));
        Ok(page)
    }

    /// The records of the page, of those in a list.
    fn find<'a>(&self, list: &List<'a>) -> Found<'a> {
        let by = list.order.by;
        let mut rest = list.behind(self.behind, list.order.descending).skip(self.skip);
        let records: Vec<&Record> = rest.by_ref().take(self.length).collect();
        let next = rest.next().and(records.last()).map(|last| by.position(last));
        let previous = records.first().filter(|_| self.number > 1).map(|first| {
            let mut earlier = list.behind(Some(by.position(first)), !list.order.descending);
            earlier.nth(self.length).map_or(list.order.beginning(), |record| by.position(record))
        });
        Found { records, next, previous }
    }
}

/// The records that are to be listed, and their order.
pub(crate) struct List<'a> {
    pub(crate) table: &'a Table,
    pub(crate) order: Order,
    /// Only these, if it is known which.
    pub(crate) ids: Option<Vec<u64>>,
    pub(crate) listed: Box<dyn Fn(&Record) -> bool + 'a>,
}

impl<'a> List<'a> {
    /// The records behind a position, in an order.
    fn behind<'s>(
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

/// A page of a list as an answer; an empty one is 204.
pub(crate) fn answer(request: &Request<'_>, list: &List<'_>, page: &Page, view: &View<'_>) -> Answer {
    let found = page.find(list);
    if found.records.is_empty() {
        return Answer::empty(204);
    }
    let data = found.records.iter().map(|record| view.show(record)).collect();
    Answer::json(200, &Listed { data, info: info(request, list.order, page, &found) })
}

/// The body of a list.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    pub(super) data: Vec<Shown<'a>>,
    pub(super) info: Value,
}

/// What a list says about its page.
fn info(request: &Request<'_>, order: Order, page: &Page, found: &Found<'_>) -> Value {
    let expires_ms = request.world.now_ms() + PAGE_TOKEN_LIFE_MS;
    let token = |number, behind: Option<Position>| {
        behind.map(|behind| Token { number, behind, expires_ms }.written(request, order))
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

/// A page token says where the page begins, of which list, for whom, and until when; nothing has to be remembered
/// for it.
struct Token {
    number: usize,
    behind: Position,
    expires_ms: u64,
}

impl Token {
    fn written(&self, request: &Request<'_>, order: Order) -> String {
        let (moment, id) = self.behind;
        let list = list_name(request, order);
        URL_SAFE_NO_PAD.encode(format!("{} {moment} {id} {} {list}", self.number, self.expires_ms))
    }

    fn parse(token: &str) -> Option<(Self, String)> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mut parts = text.splitn(5, ' ');
        let number = parts.next()?.parse().ok()?;
        let behind = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let expires_ms = parts.next()?.parse().ok()?;
        Some((Self { number, behind, expires_ms }, parts.next()?.to_owned()))
    }
}

/// Which list of whom this is.
fn list_name(request: &Request<'_>, order: Order) -> String {
    let (by, direction) = order.names();
    format!("{} {by} {direction} {}", request.call.path, request.caller.user.email)
}

fn read_token(request: &Request<'_>, order: Order, token: &str) -> Result<Token, Answer> {
    let known = Token::parse(token).filter(|(_, list)| *list == list_name(request, order));
    let (token, _) = known.ok_or_else(|| invalid_parameter("page_token"))?;
    if token.expires_ms <= request.world.now_ms() {
        let details = json!({ "api_name": "page_token", "json_path": "$.query.page_token" });
        return Err(error(400, "EXPIRED_VALUE", &details, "Page token expired"));
    }
    Ok(token)
}
