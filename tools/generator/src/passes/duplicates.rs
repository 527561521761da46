//! Finds types that are the same.

use std::collections::HashMap;

use super::place::Places;
use super::shapes::{NamedAfter, Shape, ShapeContent, Shapes};
use super::words::one_of;
use super::wrapper::is_wrapper;
use crate::overrides::Overrides;
use crate::schema::Key;

/// Types of one module with the same content and the same purpose: each duplicate, with the type that replaces it.
pub(super) fn duplicates(shapes: &Shapes, places: &Places, overrides: &Overrides) -> HashMap<Key, Key> {
    let mut same: HashMap<Key, Key> = HashMap::new();
    loop {
        let mut seen: HashMap<(Option<String>, String, ShapeContent), &Key> = HashMap::new();
        let mut found = false;
        for (key, shape) in shapes {
            let Some(place) = places.get(key) else { continue };
            if same.contains_key(key) || overrides.type_name(key).is_some() {
                continue;
            }
            let replace = |held: &Key| same.get(held).unwrap_or(held).clone();
            let content = match &shape.content {
                ShapeContent::Struct(fields) => ShapeContent::Struct(
                    fields.iter().map(|(name, kind)| (name.clone(), kind.map(&replace))).collect(),
                ),
                ShapeContent::Enum(values) => ShapeContent::Enum(values.clone()),
            };
            match seen.get(&(place.clone(), purpose(shape), content.clone())) {
                Some(first) => {
                    same.insert(key.clone(), (*first).clone());
                    found = true;
                }
                None => {
                    seen.insert((place.clone(), purpose(shape), content), key);
                }
            }
        }
        if !found {
            // A duplicate of a duplicate is a duplicate of the first.
            let last = |key: &Key| {
                let mut key = key.clone();
                while let Some(next) = same.get(&key) {
                    key = next.clone();
                }
                key
            };
            return same.keys().map(|key| (key.clone(), last(key))).collect();
        }
    }
}

/// The purpose of a type. Only types of one purpose can be duplicates: an owner and a layout both have a name and an id.
fn purpose(shape: &Shape) -> String {
    match &shape.named_after {
        NamedAfter::Body(_) => "a body".to_owned(),
        NamedAfter::Response(_) => "a response".to_owned(),
        NamedAfter::Definition(name) if is_wrapper(name) => "a response".to_owned(),
        NamedAfter::Definition(name) | NamedAfter::Field(_, name) | NamedAfter::Parameter(_, name) => {
            one_of(name)
        }
    }
}
