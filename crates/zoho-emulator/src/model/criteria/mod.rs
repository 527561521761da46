//! Conditions on records: the `criteria` and `filters` of searches, counts, queries and bulk reads.

mod compare;
mod criterion;
mod json;
mod parse;
mod search;

pub(crate) use self::compare::{can_be, comparable, compare, contains, equal};
pub(crate) use self::criterion::{Condition, Criterion, Operator};
