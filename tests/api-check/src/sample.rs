//! Creates bodies from schemas: first a fixed set of awkward ones, then random ones until every branch of every choice has
//! occurred. The same seed creates the same body.

use std::collections::{BTreeSet, HashMap};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use crate::schema::{SchemaId, Schemas, Shape, TextKind};

/// The minimum number of bodies for each operation.
const MIN_BODIES: u64 = 24;
/// The maximum number of random bodies, even if a branch has not occurred yet.
const MAX_RANDOM_BODIES: u64 = 400;
/// The maximum depth of nested objects. Some schemas contain themselves.
const MAX_DEPTH: usize = 7;
/// After this number of values, a body leaves out all optional parts.
const MAX_VALUES: usize = 3_000;

/// A body and its seed.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The seed that creates this body.
    pub seed: u64,
    /// The body.
    pub body: Value,
}

/// The bodies for an operation.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// The bodies.
    pub bodies: Vec<Sample>,
    /// The number of branches of all choices in the schemas.
    pub branches: usize,
    /// The branches that occur in no body.
    pub untaken: Vec<SchemaId>,
}

/// Creates bodies of these shapes. Shapes that are files or rejections as a whole are left out.
#[must_use]
pub fn samples(schemas: &Schemas, roots: &[SchemaId]) -> Samples {
    let roots: Vec<_> = roots
        .iter()
        .flat_map(|root| schemas.branches(*root))
        .filter(|root| !schemas.is_rejection(*root) && !schemas.is_file(*root))
        .collect();
    if roots.is_empty() {
        return Samples::default();
    }
    let all = branches(schemas, &roots);
    let mut taken = HashMap::new();
    let mut bodies = Vec::new();
    let planned = Plan::AWKWARD.len() as u64 * roots.len() as u64;
    let enough = |seed: u64, taken: &HashMap<_, _>| {
        seed >= planned.max(MIN_BODIES) && (taken.len() == all.len() || seed >= planned + MAX_RANDOM_BODIES)
    };
    for seed in 0.. {
        if enough(seed, &taken) {
            break;
        }
        let root = roots[seed as usize % roots.len()];
        let plan = Plan::AWKWARD.get(seed as usize / roots.len()).copied().unwrap_or(Plan::CHANCE);
        let random = StdRng::seed_from_u64(seed);
        let mut maker = Maker { schemas, plan, random, taken: &mut taken, made: 0 };
        bodies.push(Sample { seed, body: maker.value(root, 0) });
    }
    let untaken =
        all.iter().filter(|branch| !taken.contains_key(*branch)).map(|(_, branch)| *branch).collect();
    Samples { bodies, branches: all.len(), untaken }
}

/// Creates one body of any shape, with all members.
#[must_use]
pub fn plain(schemas: &Schemas, root: SchemaId) -> Value {
    let mut taken = HashMap::new();
    let random = StdRng::seed_from_u64(0);
    Maker { schemas, plan: Plan::ALL, random, taken: &mut taken, made: 0 }.value(root, 0)
}

/// All branches of choices that can be reached: choice and branch.
fn branches(schemas: &Schemas, roots: &[SchemaId]) -> BTreeSet<(SchemaId, SchemaId)> {
    let mut open = roots.to_vec();
    let mut seen = BTreeSet::new();
    let mut branches = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match schemas.shape(id) {
            Shape::Object { members, .. } => open.extend(members.iter().map(|(_, member)| *member)),
            Shape::List(items) => open.push(*items),
            Shape::OneOf(_) => {
                let inner = schemas.branches(id);
                branches.extend(inner.iter().map(|branch| (id, *branch)));
                open.extend(inner);
            }
            _ => {}
        }
    }
    branches
}

/// How to create a body.
#[derive(Clone, Copy, Debug)]
struct Plan {
    members: Members,
    lists: Option<usize>,
    /// Whether to add members and values that no description has.
    unknown: bool,
    /// Whether to use numbers at their limits, texts that need escaping, and invalid dates.
    extreme: bool,
}

/// The members that an object has. The depth of the whole body is 0.
#[derive(Clone, Copy, Debug)]
enum Members {
    All,
    AbsentFrom(usize),
    NullFrom(usize),
    Chance,
}

impl Plan {
    const ALL: Self = Self { members: Members::All, lists: Some(1), unknown: false, extreme: false };
    const CHANCE: Self = Self { members: Members::Chance, lists: None, unknown: true, extreme: true };
    const AWKWARD: [Self; 12] = [
        Self::ALL,
        Self { lists: Some(0), ..Self::ALL },
        Self { lists: Some(3), ..Self::ALL },
        Self { unknown: true, ..Self::ALL },
        Self { extreme: true, ..Self::ALL },
        Self { members: Members::AbsentFrom(0), ..Self::ALL },
        Self { members: Members::AbsentFrom(1), ..Self::ALL },
        Self { members: Members::AbsentFrom(2), ..Self::ALL },
        Self { members: Members::NullFrom(0), ..Self::ALL },
        Self { members: Members::NullFrom(1), ..Self::ALL },
        Self { members: Members::NullFrom(2), ..Self::ALL },
        Self { members: Members::AbsentFrom(1), unknown: true, ..Self::ALL },
    ];
}

struct Maker<'a> {
    schemas: &'a Schemas,
    plan: Plan,
    random: StdRng,
    /// The number of times that each branch of each choice was taken.
    taken: &'a mut HashMap<(SchemaId, SchemaId), usize>,
    made: usize,
}

impl Maker<'_> {
    fn value(&mut self, id: SchemaId, depth: usize) -> Value {
        self.made += 1;
        let schemas = self.schemas;
        match schemas.shape(id) {
            Shape::Object { members, open } => self.object(members, *open, depth),
            Shape::List(items) => self.list(*items, depth),
            Shape::Text { kind, values } => self.text(*kind, values),
            Shape::Integer { bits } => self.integer(*bits),
            Shape::Number => self.number(),
            Shape::Boolean => self.random.random_bool(0.5).into(),
            Shape::OneOf(_) => {
                let branches = schemas.branches(id);
                let taken = |branch: &SchemaId| self.taken.get(&(id, *branch)).copied().unwrap_or(0);
                match branches.iter().copied().min_by_key(taken) {
                    Some(branch) => {
                        *self.taken.entry((id, branch)).or_default() += 1;
                        self.value(branch, depth)
                    }
                    None => Value::Null,
                }
            }
            Shape::Anything => self.anything(),
            Shape::File => json!({}),
        }
    }

    fn object(&mut self, members: &[(String, SchemaId)], open: bool, depth: usize) -> Value {
        let mut object = Map::new();
        let adds_unknown = match self.plan.members {
            Members::Chance => self.random.random_bool(0.3),
            _ => self.plan.unknown,
        };
        if adds_unknown {
            object.insert("a_member_of_2031".to_owned(), json!({ "deep": [1, null, "ü", { "e": false }] }));
        }
        for (name, member) in members {
            let is_nest = !matches!(
                self.schemas.shape(*member),
                Shape::Text { .. } | Shape::Integer { .. } | Shape::Number | Shape::Boolean
            );
            if is_nest && (depth >= MAX_DEPTH || self.made > MAX_VALUES) {
                continue;
            }
            let (present, null) = match self.plan.members {
                Members::All => (true, false),
                Members::AbsentFrom(level) => (depth < level, false),
                Members::NullFrom(level) => (true, depth >= level),
                Members::Chance => (self.random.random_bool(0.6), self.random.random_bool(0.15)),
            };
            if present {
                let value = if null { Value::Null } else { self.value(*member, depth + 1) };
                object.insert(name.clone(), value);
            }
        }
        if open && self.is_present(depth) {
            let (text, anything) = (self.text(TextKind::Plain, &[]), self.anything());
            object.insert("Own_Field".to_owned(), text);
            object.insert("$own".to_owned(), anything);
        }
        if adds_unknown {
            object.insert("another_of_2031".to_owned(), Value::Null);
        }
        Value::Object(object)
    }

    fn is_present(&mut self, depth: usize) -> bool {
        match self.plan.members {
            Members::All => true,
            Members::AbsentFrom(level) | Members::NullFrom(level) => depth < level,
            Members::Chance => self.random.random_bool(0.5),
        }
    }

    fn list(&mut self, items: SchemaId, depth: usize) -> Value {
        let length = match self.plan.lists {
            _ if self.made > MAX_VALUES => 0,
            Some(length) => length,
            None => [0, 1, 1, 3][self.random.random_range(0..4)],
        };
        let nullable = self.schemas.get(items).nullable && self.plan.extreme;
        let mut list = Vec::with_capacity(length);
        for _ in 0..length {
            let null = nullable && self.random.random_bool(0.2);
            list.push(if null { Value::Null } else { self.value(items, depth) });
        }
        Value::Array(list)
    }

    fn text(&mut self, kind: TextKind, values: &[String]) -> Value {
        if self.plan.unknown && self.random.random_bool(0.5) {
            return "a value of 2031".into();
        }
        if !values.is_empty() {
            return self.one_of(values).clone().into();
        }
        let (plain, extreme): (&[&str], &[&str]) = match kind {
            TextKind::Plain => (
                &["Compiler", "5725767000000412001", "true"],
                &[
                    "",
                    " ",
                    "Zoë 東京 🚀",
                    "\"\\/\n\t\u{0}\u{7f}\u{2028}",
                    "null",
                    "e\u{301}",
                    "9223372036854775808",
                ],
            ),
            TextKind::Date => {
                (&["2026-11-22", "2024-02-29"], &["0000-01-01", "9999-12-31", "22.11.2026", ""])
            }
            TextKind::DateTime => (
                &["2026-11-22T09:30:00+01:00", "2023-05-10T01:10:47-05:30"],
                &["2026-11-22T09:30:00Z", "2026-11-22T09:30:00.123+05:45", "2026-11-22 09:30", ""],
            ),
        };
        let texts = if self.plan.extreme { extreme } else { plain };
        (*self.one_of(texts)).into()
    }

    fn integer(&mut self, bits: u8) -> Value {
        let limits: &[i64] = match bits {
            32 => &[i32::MIN as i64, -1, 0, i32::MAX as i64],
            _ => &[i64::MIN, -1, 0, (1 << 53) + 1, i64::MAX],
        };
        let integers = if self.plan.extreme { limits } else { &[0, 1, 200] };
        (*self.one_of(integers)).into()
    }

    fn number(&mut self) -> Value {
        match self.random.random_range(0..8) {
            0 => 7.into(),
            1 => (1_i64 << 53).into(),
            at => [0.1, -2.5, 1e300, f64::MIN_POSITIVE, f64::MAX, 1_952.123_456_789_012][at - 2].into(),
        }
    }

    fn anything(&mut self) -> Value {
        let all = [
            json!("any"),
            json!({}),
            json!({ "id": "5725767000000412001", "list": [1, { "ü": null }], "deep": { "deeper": -0.5 } }),
            json!([]),
            json!([{ "a": 1 }, "b", null]),
            json!(i64::MAX),
            json!(false),
        ];
        self.one_of(&all).clone()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.random.random_range(0..all.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_branch_is_taken_and_rejections_are_left_out() {
        let mut schemas = Schemas::default();
        let text = |values: &[&str]| Shape::Text {
            kind: TextKind::Plain,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let code = schemas.add(text(&[]), false);
        let error = schemas.add(text(&["error"]), false);
        let members = vec![("code".to_owned(), code), ("status".to_owned(), error)];
        let rejection = schemas.add(Shape::Object { members, open: false }, false);
        let inner = schemas.add(Shape::OneOf(vec![code, rejection]), false);
        let items = schemas.add(Shape::List(inner), false);
        let members = vec![("data".to_owned(), items)];
        let response = schemas.add(Shape::Object { members, open: false }, false);
        let root = schemas.add(Shape::OneOf(vec![response, rejection]), false);
        let made = samples(&schemas, &[root]);
        assert_eq!((made.branches, made.untaken.len()), (2, 0));
        assert!(made.bodies.len() >= 20);
        assert!(made.bodies.iter().all(|sample| sample.body.get("code").is_none()));
        assert!(made.bodies.iter().any(|sample| sample.body["data"][0].is_object()));
        assert!(samples(&schemas, &[rejection]).bodies.is_empty());
        let again = samples(&schemas, &[root]);
        assert!(made.bodies.iter().zip(&again.bodies).all(|(one, other)| one.body == other.body));
    }
}
