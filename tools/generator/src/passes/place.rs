//! Decides which module defines each type. A type that several areas use is shared, so that no area needs another.

use std::collections::{HashMap, HashSet};

use super::shapes::{SHARED, ShapeContent, Shapes};
use crate::model::TypeRef;
use crate::schema::Key;

/// The module of each type: the area's name, or `None` for `shared`.
pub type Places = HashMap<Key, Option<String>>;

/// Finds the module of every type that is used. `roots` are the types that operations name, by area.
#[must_use]
pub fn place<'a>(shapes: &Shapes, roots: impl IntoIterator<Item = (&'a str, &'a TypeRef<Key>)>) -> Places {
    let mut users: HashMap<Key, HashSet<&str>> = HashMap::new();
    for (area, root) in roots {
        for key in reachable(shapes, root.named()) {
            users.entry(key).or_default().insert(area);
        }
    }
    let only = |key: &Key, areas: &HashSet<&str>| match areas.len() {
        1 if key.area != SHARED => areas.iter().next().map(|area| (*area).to_owned()),
        _ => None,
    };
    let place = |(key, areas): (Key, HashSet<&str>)| {
        let place = only(&key, &areas);
        (key, place)
    };
    users.into_iter().map(place).collect()
}

/// The types that a type refers to, directly or not, and the type itself.
pub(super) fn reachable(shapes: &Shapes, root: Option<&Key>) -> HashSet<Key> {
    let mut found = HashSet::new();
    let mut left: Vec<&Key> = root.into_iter().collect();
    while let Some(key) = left.pop() {
        if !found.insert(key.clone()) {
            continue;
        }
        if let Some(ShapeContent::Struct(fields)) = shapes.get(key).map(|shape| &shape.content) {
            left.extend(fields.iter().filter_map(|(_, kind)| kind.named()));
        }
    }
    found
}

/// Boxes each field through which a type would contain itself.
pub fn box_cycles(shapes: &mut Shapes) {
    let keys: Vec<Key> = shapes.keys().cloned().collect();
    for key in keys {
        let Some(ShapeContent::Struct(fields)) = shapes.get(&key).map(|shape| shape.content.clone()) else {
            continue;
        };
        for (index, (_, kind)) in fields.iter().enumerate() {
            let TypeRef::Named(held) = kind else { continue };
            if held_by(shapes, held).contains(&key)
                && let Some(ShapeContent::Struct(fields)) =
                    shapes.get_mut(&key).map(|shape| &mut shape.content)
            {
                fields[index].1 = TypeRef::Boxed(Box::new(kind.clone()));
            }
        }
    }
}

/// The types that a type contains without a list or a box in between, and the type itself.
fn held_by(shapes: &Shapes, root: &Key) -> HashSet<Key> {
    let mut found = HashSet::new();
    let mut left = vec![root];
    while let Some(key) = left.pop() {
        if !found.insert(key.clone()) {
            continue;
        }
        if let Some(ShapeContent::Struct(fields)) = shapes.get(key).map(|shape| &shape.content) {
            left.extend(fields.iter().filter_map(|(_, kind)| match kind {
                TypeRef::Named(key) => Some(key),
                _ => None,
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::shapes::{NamedAfter, Shape};
    use super::*;

    type Fields<'a> = &'a [(&'a str, TypeRef<Key>)];

    fn shapes(all: &[(&str, Fields<'_>)]) -> Shapes {
        let shape = |(name, fields): &(&str, Fields<'_>)| {
            let fields = fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect();
            let named_after = NamedAfter::Definition((*name).to_owned());
            (Key::new("x", *name), Shape { named_after, content: ShapeContent::Struct(fields) })
        };
        all.iter().map(shape).collect()
    }

    fn to(name: &str) -> TypeRef<Key> {
        TypeRef::Named(Key::new("x", name))
    }

    #[test]
    fn a_type_that_two_areas_use_is_shared_with_all_that_it_refers_to() {
        let shapes =
            shapes(&[("A", &[("user", to("User"))]), ("User", &[("role", to("Role"))]), ("Role", &[])]);
        let (first, second) = (to("A"), to("User"));
        let places = place(&shapes, [("one", &first), ("two", &second)]);
        assert_eq!(places[&Key::new("x", "A")].as_deref(), Some("one"));
        assert_eq!(places[&Key::new("x", "User")], None);
        assert_eq!(places[&Key::new("x", "Role")], None);
    }

    #[test]
    fn a_type_that_would_contain_itself_gets_one_box() {
        let mut shapes =
            shapes(&[("A", &[("b", to("B"))]), ("B", &[("a", to("A")), ("c", to("C"))]), ("C", &[])]);
        box_cycles(&mut shapes);
        let kinds = |name| match &shapes[&Key::new("x", name)].content {
            ShapeContent::Struct(fields) => fields.iter().map(|(_, kind)| kind.clone()).collect::<Vec<_>>(),
            ShapeContent::Enum(_) => Vec::new(),
        };
        assert_eq!(kinds("A"), [TypeRef::Boxed(Box::new(to("B")))]);
        assert_eq!(kinds("B"), [to("A"), to("C")]);
    }
}
