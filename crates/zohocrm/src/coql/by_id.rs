//! `ById`: a query whose records come in the order of their ids, so that it can go on after any of them.

use serde::Deserialize;

use super::words::{bare_words, has_function};
use crate::message::RawResponse;

/// A query in the order of ids: without groups and functions, sorted by nothing, which means by `id`, or by `id` alone.
pub(super) struct ById<'a> {
    /// `select … from …`
    head: &'a str,
    condition: &'a str,
    is_descending: bool,
}

impl<'a> ById<'a> {
    /// Reads the text of a query. `None` if its records are not in the order of their ids.
    pub(super) fn of(query: &'a str) -> Option<Self> {
        let words = bare_words(query);
        let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
        let at = words.iter().position(|(_, word)| is(word, "where"))?;
        let (start, word) = words[at];
        let head = query[..start].trim_end();
        let rest = &query[start + word.len()..];
        let ends = |(_, word): &&(usize, &str)| {
            ["group", "order", "limit", "offset"].iter().any(|end| is(word, end))
        };
        let end = words[at..].iter().find(ends);
        let (condition, order) = match end {
            None => (rest, "order by id"),
            Some((end, _)) => (&query[start + word.len()..*end], &query[*end..]),
        };
        let order = order.to_ascii_lowercase();
        let is_descending = match order.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["order", "by", "id"] | ["order", "by", "id", "asc"] => false,
            ["order", "by", "id", "desc"] => true,
            _ => return None,
        };
        let condition = condition.trim();
        (!condition.is_empty() && !has_function(head)).then_some(Self { head, condition, is_descending })
    }

    /// The query for the records after the one with this id.
    pub(super) fn after(&self, id: &str) -> String {
        let Self { head, condition, is_descending } = self;
        let (comparison, order) = if *is_descending { ("<", "desc") } else { (">", "asc") };
        // Zoho requires parentheses around every two operands. Those around a `between` do no harm.
        let is_joined =
            |(_, word): &(usize, &str)| ["and", "or"].iter().any(|join| word.eq_ignore_ascii_case(join));
        let condition = match bare_words(condition).iter().any(is_joined) {
            true => format!("({condition})"),
            false => (*condition).to_owned(),
        };
        format!("{head} where {condition} and id {comparison} {id} order by id {order}")
    }

    /// The id of the last record of a response. `None` if the records have no ids, or are not in their order after the
    /// record with the id `after`.
    pub(super) fn last_id(&self, response: &RawResponse, after: Option<&str>) -> Option<String> {
        let Rows { data } = response.json().ok()??;
        let ids = after.into_iter().chain(data.iter().map(|row| row.id.as_str()));
        // Ids are numbers without leading zeros.
        let is_in_order = |one: &&str, next: &&str| match self.is_descending {
            false => (one.len(), *one) < (next.len(), *next),
            true => (one.len(), *one) > (next.len(), *next),
        };
        ids.is_sorted_by(is_in_order).then(|| data.last().map(|row| row.id.clone()))?
    }
}

#[derive(Deserialize)]
struct Rows {
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Headers;

    #[test]
    fn a_query_goes_on_after_an_id() {
        for (query, after) in [
            ("select id from Leads where id is not null", "id is not null and id > 7 order by id asc"),
            (
                "select id from Leads WHERE City = 'O''Hare' ORDER BY id",
                "City = 'O''Hare' and id > 7 order by id asc",
            ),
            ("select id from Leads where A = 1 order  by ID Desc", "A = 1 and id < 7 order by id desc"),
            ("select id from Leads where A = 1 or B = 2", "(A = 1 or B = 2) and id > 7 order by id asc"),
            ("select id from Leads where (A = 1 or B = 2)", "(A = 1 or B = 2) and id > 7 order by id asc"),
            (
                "select id from Leads where (A = 1) or (B = 2)",
                "((A = 1) or (B = 2)) and id > 7 order by id asc",
            ),
            (
                "select id from Leads where A between 1 and 2",
                "(A between 1 and 2) and id > 7 order by id asc",
            ),
            (
                "select id from Leads where A = ' where x order by y '",
                "A = ' where x order by y ' and id > 7 order by id asc",
            ),
            (
                "select 'where' from Leads where A in ('x', 'and')",
                "A in ('x', 'and') and id > 7 order by id asc",
            ),
        ] {
            let query = ById::of(query).unwrap_or_else(|| panic!("{query}"));
            let restricted = query.after("7");
            assert_eq!(restricted, format!("{} where {after}", query.head));
            assert!(ById::of(&restricted).is_some(), "{restricted}");
        }
    }

    #[test]
    fn a_query_in_another_order_does_not() {
        for query in [
            "select id from Leads where id is not null order by Last_Name",
            "select id from Leads where id is not null order by id, Last_Name",
            "select id from Leads where id is not null order by Last_Name, id asc",
            "select id from Leads where id is not null order by id asc limit 5",
            "select id from Leads where id is not null limit 5",
            "select City from Leads where id is not null group by City",
            "select COUNT(id) from Leads where id is not null",
            "select id from Leads",
            "select id from Leads where",
            "",
        ] {
            assert!(ById::of(query).is_none(), "{query}");
        }
    }

    #[test]
    fn an_id_is_trusted_only_in_a_row_of_ordered_ids() {
        let response = |body: &str| RawResponse {
            status: 200,
            headers: Headers::default(),
            body: body.as_bytes().to_vec(),
        };
        let last = |query: &str, body: &str, after| ById::of(query).unwrap().last_id(&response(body), after);
        let (up, down) = ("select id from A where b = 1", "select id from A where b = 1 order by id desc");
        let rising = r#"{"data":[{"id":"9"},{"id":"10","x":1}]}"#;
        assert_eq!(last(up, rising, Some("8")).as_deref(), Some("10"));
        assert_eq!(last(up, rising, Some("9")), None, "the record was returned before");
        assert_eq!(last(down, rising, None), None);
        assert_eq!(last(down, r#"{"data":[{"id":"10"},{"id":"9"}]}"#, Some("11")).as_deref(), Some("9"));
        for body in [r#"{"data":[{"id":"9"},{"id":"8"}]}"#, r#"{"data":[{"x":"9"}]}"#, r#"{"data":[]}"#, ""] {
            assert_eq!(last(up, body, None), None, "{body}");
        }
    }
}
