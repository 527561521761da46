//! Parses the text of a query.

use serde_json::{Value, json};

use super::lexer::tokens;
use super::query::{Column, Function, Order, Query};
use super::rejection::Rejection;
use super::token::{Kind, Token};
use crate::model::criteria::{Condition, Criterion, Operator};

/// The maximum depth of nested brackets.
const MAX_DEPTH: usize = 50;

/// Parses a query.
pub(super) fn parse(text: &str) -> Result<Query, Rejection> {
    let tokens = tokens(text)?;
    if !tokens.first().is_some_and(|token| token.is("select")) {
        return Err(Rejection::new("SYNTAX_ERROR", json!({}), "given coql query not supported"));
    }
    let mut parser = Parser { tokens: &tokens, next: 1, depth: 0 };
    let columns = parser.list(Parser::column)?;
    parser.clause("from")?;
    let module = parser.name()?;
    parser.clause("where")?;
    let criterion = parser.criterion()?;
    let group_by = if parser.takes_both("group", "by") { parser.list(Parser::name)? } else { Vec::new() };
    let order_by = if parser.takes_both("order", "by") { parser.list(Parser::order)? } else { Vec::new() };
    let (offset, limit) = parser.limit()?;
    match parser.peek() {
        Some(token) => Err(Rejection::unexpected(token)),
        None => Ok(Query { columns, module, criterion, group_by, order_by, limit, offset }),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Result<&'a Token, Rejection> {
        let token = self.peek().ok_or_else(|| Rejection::unreadable(self.last()))?;
        self.next += 1;
        Ok(token)
    }

    /// The last token, after which an incomplete query ends.
    fn last(&self) -> &'a str {
        self.tokens.last().map_or("", |token| token.raw.as_str())
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let is_next = self.peek().is_some_and(|token| token.is(keyword));
        self.next += usize::from(is_next);
        is_next
    }

    fn takes_both(&mut self, first: &str, second: &str) -> bool {
        let follows = self.tokens.get(self.next + 1).is_some_and(|token| token.is(second));
        follows && self.takes(first) && self.takes(second)
    }

    fn takes_symbol(&mut self, symbol: &str) -> bool {
        let is_next = self.peek().is_some_and(|token| token.is_symbol(symbol));
        self.next += usize::from(is_next);
        is_next
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), Rejection> {
        let token = self.take()?;
        if token.is_symbol(symbol) { Ok(()) } else { Err(Rejection::unexpected(token)) }
    }

    /// Parses a mandatory clause. If it comes later it is misplaced, otherwise it is missing.
    fn clause(&mut self, keyword: &str) -> Result<(), Rejection> {
        if self.takes(keyword) {
            return Ok(());
        }
        let comes_later = self.tokens[self.next..].iter().any(|token| token.is(keyword));
        match self.peek() {
            Some(token) if comes_later => Err(Rejection::unexpected(token)),
            _ => Err(Rejection::missing_clause(keyword)),
        }
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Rejection>) -> Result<Vec<T>, Rejection> {
        let mut items = vec![item(self)?];
        while self.takes_symbol(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// The name of a field or module. A name that is a reserved word must be quoted.
    fn name(&mut self) -> Result<String, Rejection> {
        let token = self.take()?;
        match &token.kind {
            Kind::Word if !is_reserved(&token.raw) => Ok(token.raw.clone()),
            Kind::Text(name) => Ok(name.clone()),
            _ => Err(Rejection::unexpected(token)),
        }
    }

    fn column(&mut self) -> Result<Column, Rejection> {
        let name = self.name()?;
        let (function, field) = if self.takes_symbol("(") {
            let field = self.name()?;
            self.expect_symbol(")")?;
            let function = Function::named(&name).ok_or_else(|| {
                let column = format!("{name}({field})");
                let details = json!({ "reason": "unsupported aggregate function", "column": column });
                Rejection::new("INVALID_DATA", details, "invalid data")
            })?;
            (Some(function), field)
        } else {
            (None, name)
        };
        let alias = if self.takes("as") { Some(self.name()?) } else { None };
        Ok(Column { function, field, alias })
    }

    /// At most two criteria in a row; more must be in brackets, in pairs.
    fn criterion(&mut self) -> Result<Criterion, Rejection> {
        let left = self.operand()?;
        let criterion = if self.takes("and") {
            Criterion::And(vec![left, self.operand()?])
        } else if self.takes("or") {
            Criterion::Or(vec![left, self.operand()?])
        } else {
            return Ok(left);
        };
        match self.peek().filter(|token| token.is("and") || token.is("or")) {
            Some(token) => Err(Rejection::unreadable(&token.raw)),
            None => Ok(criterion),
        }
    }

    fn operand(&mut self) -> Result<Criterion, Rejection> {
        if !self.takes_symbol("(") {
            return Ok(Criterion::Is(self.condition()?));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Rejection::unreadable("("));
        }
        let criterion = self.criterion()?;
        self.expect_symbol(")")?;
        self.depth -= 1;
        Ok(criterion)
    }

    fn condition(&mut self) -> Result<Condition, Rejection> {
        if self.peek().is_some_and(|token| token.is("not")) {
            return Err(Rejection::unsupported_operator("not"));
        }
        let field = self.name()?;
        let operator = self.take()?;
        let (operator, values) = if operator.is("is") {
            self.null_or_not()?
        } else if operator.is("not") {
            let operator = self.take()?;
            self.set_range_or_pattern(operator, true)?
        } else if operator.kind == Kind::Symbol {
            (comparison(operator)?, vec![self.literal()?])
        } else {
            self.set_range_or_pattern(operator, false)?
        };
        Ok(Condition { field, operator, values })
    }

    fn null_or_not(&mut self) -> Result<(Operator, Vec<Value>), Rejection> {
        let operator = if self.takes("not") { Operator::NotEqual } else { Operator::Equals };
        let null = self.take()?;
        if null.is("null") { Ok((operator, vec![Value::Null])) } else { Err(Rejection::unexpected(null)) }
    }

    /// `in (1, 2)`, `between 1 and 2` or `like 'a%'`, each optionally after `not`.
    fn set_range_or_pattern(
        &mut self,
        operator: &Token,
        negated: bool,
    ) -> Result<(Operator, Vec<Value>), Rejection> {
        if operator.is("in") {
            self.expect_symbol("(")?;
            let values = self.list(Self::literal)?;
            self.expect_symbol(")")?;
            Ok((if negated { Operator::NotIn } else { Operator::In }, values))
        } else if operator.is("between") {
            let from = self.literal()?;
            let and = self.take()?;
            if !and.is("and") {
                return Err(Rejection::unexpected(and));
            }
            let values = vec![from, self.literal()?];
            Ok((if negated { Operator::NotBetween } else { Operator::Between }, values))
        } else if operator.is("like") {
            let pattern = self.take()?;
            let Kind::Text(text) = &pattern.kind else { return Err(Rejection::unexpected(pattern)) };
            pattern_operator(text, negated).ok_or_else(|| Rejection::unreadable(&pattern.raw))
        } else {
            Err(Rejection::unexpected(operator))
        }
    }

    /// A literal value. A number stays a string, because an id has more digits than a float can hold.
    fn literal(&mut self) -> Result<Value, Rejection> {
        let token = self.take()?;
        match &token.kind {
            Kind::Text(text) => Ok(json!(text)),
            Kind::Number => Ok(json!(token.raw)),
            Kind::Word if token.is("true") => Ok(json!(true)),
            Kind::Word if token.is("false") => Ok(json!(false)),
            _ => Err(Rejection::unexpected(token)),
        }
    }

    fn order(&mut self) -> Result<Order, Rejection> {
        let by = self.name()?;
        let descending = self.takes("desc");
        if !descending {
            self.takes("asc");
        }
        Ok(Order { by, descending })
    }

    /// Offset and limit: `limit 100`, `limit 200, 100` or `limit 100 offset 200`.
    fn limit(&mut self) -> Result<(usize, Option<usize>), Rejection> {
        let (mut offset, mut limit) = (0, None);
        if self.takes("limit") {
            let first = self.number("limit")?;
            limit = Some(first);
            if self.takes_symbol(",") {
                (offset, limit) = (first, Some(self.number("limit")?));
            }
        }
        if self.takes("offset") {
            offset = self.number("offset")?;
        }
        Ok((offset, limit))
    }

    fn number(&mut self, clause: &str) -> Result<usize, Rejection> {
        let token = self.take()?;
        token.raw.parse().map_err(|_| match clause {
            "limit" => {
                Rejection::invalid_query(json!({ "limit": token.raw }), "limit given seems to be invalid")
            }
            _ => Rejection::invalid_query(json!({ "offset": token.raw }), "offset given seems to be invalid"),
        })
    }
}

fn comparison(operator: &Token) -> Result<Operator, Rejection> {
    Ok(match operator.raw.as_str() {
        "=" => Operator::Equals,
        "!=" | "<>" => Operator::NotEqual,
        ">" => Operator::GreaterThan,
        ">=" => Operator::GreaterEqual,
        "<" => Operator::LessThan,
        "<=" => Operator::LessEqual,
        _ => return Err(Rejection::unexpected(operator)),
    })
}

/// The operator of a pattern: `'%a%'`, `'a%'` or `'%a'`; with `not`, only `'%a%'`.
fn pattern_operator(pattern: &str, negated: bool) -> Option<(Operator, Vec<Value>)> {
    let behind = pattern.strip_prefix('%');
    let inner = behind.unwrap_or(pattern);
    let before = inner.strip_suffix('%');
    let text = before.unwrap_or(inner);
    let operator = match (behind.is_some(), before.is_some(), negated) {
        (true, true, false) => Operator::Contains,
        (true, true, true) => Operator::NotContains,
        (false, true, false) => Operator::StartsWith,
        (true, false, false) => Operator::EndsWith,
        (false, false, false) => Operator::Equals,
        (false, false, true) => Operator::NotEqual,
        _ => return None,
    };
    Some((operator, vec![json!(text)]))
}

fn is_reserved(word: &str) -> bool {
    let reserved = [
        "select", "from", "where", "group", "order", "by", "limit", "offset", "and", "or", "not", "in", "is",
        "null", "like", "between", "as", "asc", "desc", "external",
    ];
    reserved.iter().any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::super::query::operator_of;
    use super::*;

    fn rejection(query: &str) -> (&'static str, Value) {
        let rejection = parse(query).unwrap_err();
        (rejection.code, rejection.details)
    }

    #[test]
    fn every_part_of_a_query_is_parsed() {
        let query = parse(
            "SELECT Last_Name AS Name, Account_Name.Account_Name, COUNT(id)\nfrom Contacts \
             where ((Last_Name like 'O''B%' and Age not between 18 and -2.5) or Email is not null) \
             group by Last_Name, 'External' order by Name desc, id limit 20, 10",
        )
        .unwrap();
        let keys: Vec<String> = query.columns.iter().map(Column::key).collect();
        assert_eq!(keys, ["Name", "Account_Name.Account_Name", "COUNT(id)"]);
        let conditions = query.criterion.conditions();
        let operators: Vec<&str> = conditions.iter().map(|condition| operator_of(condition)).collect();
        assert_eq!(operators, ["like", "not between", "is not null"]);
        assert_eq!(conditions[0].operator, Operator::StartsWith);
        assert_eq!(conditions[0].values, [json!("O'B")]);
        assert_eq!(conditions[1].values, [json!("18"), json!("-2.5")]);
        assert_eq!(query.group_by, ["Last_Name", "External"]);
        assert_eq!(query.order_by.iter().map(|order| order.descending).collect::<Vec<_>>(), [true, false]);
        assert_eq!((query.offset, query.limit), (20, Some(10)));
    }

    #[test]
    fn a_missing_mandatory_clause_is_reported() {
        assert_eq!(rejection("select id from Leads"), ("SYNTAX_ERROR", json!({ "clause": "where" })));
        assert_eq!(rejection("select id"), ("SYNTAX_ERROR", json!({ "clause": "from" })));
        assert_eq!(rejection("delete from Leads"), ("SYNTAX_ERROR", json!({})));
    }

    #[test]
    fn an_unexpected_token_is_reported_with_its_position() {
        let expected = json!({ "line": 2, "column": 8, "near": "from" });
        assert_eq!(rejection("\nselect from Leads where id is not null"), ("SYNTAX_ERROR", expected));
        assert_eq!(
            rejection("select id from Leads where id = 'x"),
            ("SYNTAX_ERROR", json!({ "near": "'x" }))
        );
        assert_eq!(rejection("select id from Leads where id >"), ("SYNTAX_ERROR", json!({ "near": ">" })));
    }

    #[test]
    fn more_than_two_criteria_require_brackets() {
        let query = "select id from Leads where a = 1 and b = 2 or c = 3";
        assert_eq!(rejection(query), ("SYNTAX_ERROR", json!({ "near": "or" })));
        assert!(parse("select id from Leads where (a = 1 and b = 2) or c = 3").is_ok());
    }

    #[test]
    fn endless_brackets_do_not_overflow_the_stack() {
        let query = format!("select id from Leads where {}", "(".repeat(100_000));
        assert_eq!(rejection(&query), ("SYNTAX_ERROR", json!({ "near": "(" })));
    }
}
