//! Turns a choice between several shapes into one type. The type of a whole response leaves out rejections, because the
//! runtime turns them into errors. The type of an item includes them, because Zoho can reject one of several items.

use indexmap::IndexMap;

use super::envelope::{Envelope, envelope};
use super::lower::Lowering;
use super::shapes::NamedAfter;
use crate::error::Result;
use crate::model::TypeRef;
use crate::schema::{Definitions, Key, Schema, TextFormat};

/// How deep shapes without a name can nest.
pub(super) const MAX_DEPTH: usize = 24;

impl Lowering<'_> {
    /// The type of a whole response, which has any one of these shapes.
    ///
    /// # Errors
    /// As [`Lowering::lower`].
    pub fn response(
        &mut self,
        responses: &[Schema],
        at: &Key,
        named_after: &NamedAfter,
    ) -> Result<TypeRef<Key>> {
        let mut flat: Vec<&Schema> = Vec::new();
        flatten(self.definitions, responses, &mut flat, 0);
        let kept: Vec<&Schema> = flat
            .iter()
            .copied()
            .filter(|branch| envelope_of(self.definitions, branch) != Some(Envelope::Rejection))
            .collect();
        self.one_of(if kept.is_empty() { &flat } else { &kept }, at, named_after)
    }

    pub(super) fn union(
        &mut self,
        branches: &[Schema],
        at: &Key,
        named_after: &NamedAfter,
    ) -> Result<TypeRef<Key>> {
        let mut flat: Vec<&Schema> = Vec::new();
        flatten(self.definitions, branches, &mut flat, 0);
        self.one_of(&flat, at, named_after)
    }

    /// The type of a choice between these shapes, none of which is a choice itself.
    fn one_of(&mut self, branches: &[&Schema], at: &Key, named_after: &NamedAfter) -> Result<TypeRef<Key>> {
        match branches {
            [] => return Ok(TypeRef::Value),
            [only] => return self.lower(only, at, named_after),
            _ => {}
        }
        if branches.iter().all(|branch| envelope_of(self.definitions, branch).is_some()) {
            return Ok(TypeRef::ActionResult);
        }
        let resolved: Vec<&Schema> =
            branches.iter().map(|branch| resolve(self.definitions, branch)).collect();
        if resolved.iter().any(|branch| matches!(branch, Schema::Record)) {
            return Ok(TypeRef::Record);
        }
        if resolved.iter().all(|branch| matches!(branch, Schema::Object(_))) {
            return self.joined(branches, at, named_after);
        }
        if resolved.iter().all(|branch| matches!(branch, Schema::List { .. })) {
            let items = resolved.iter().filter_map(|branch| match branch {
                Schema::List { items, .. } => Some((**items).clone()),
                _ => None,
            });
            return self.lower(&Schema::list(Schema::OneOf(items.collect())), at, named_after);
        }
        if resolved.iter().all(|branch| matches!(branch, Schema::Text { .. })) {
            return Ok(self.one_text(&resolved, at, named_after));
        }
        let is_number = |branch: &&Schema| matches!(branch, Schema::Integer | Schema::Number);
        Ok(match resolved.first() {
            Some(first) if resolved.iter().all(|branch| branch == first) => {
                self.lower(first, at, named_after)?
            }
            _ if resolved.iter().all(is_number) => TypeRef::Float,
            _ => TypeRef::Value,
        })
    }

    /// One struct with the fields of all branches.
    fn joined(&mut self, branches: &[&Schema], at: &Key, named_after: &NamedAfter) -> Result<TypeRef<Key>> {
        let names = branches.iter().map(|branch| match branch {
            Schema::Named(key) => Some(key.clone()),
            _ => None,
        });
        let names: Option<Vec<Key>> = names.collect();
        let names = names.map(|mut names| {
            names.sort();
            names
        });
        if let Some(known) = names.as_ref().and_then(|names| self.unions.get(names)) {
            return Ok(known.clone());
        }
        if let Some(names) = &names {
            // A shape can contain itself.
            self.unions.insert(names.clone(), TypeRef::Named(at.clone()));
        }
        let mut fields: IndexMap<String, Vec<Schema>> = IndexMap::new();
        for branch in branches {
            let Schema::Object(more) = resolve(self.definitions, branch) else { continue };
            for (name, schema) in more {
                let known = fields.entry(name.clone()).or_default();
                if !known.contains(schema) {
                    known.push(schema.clone());
                }
            }
        }
        let one = |(name, mut schemas): (String, Vec<Schema>)| {
            let schema = if schemas.len() == 1 { schemas.remove(0) } else { Schema::OneOf(schemas) };
            (name, schema)
        };
        let fields: IndexMap<String, Schema> = fields.into_iter().map(one).collect();
        if fields.is_empty() {
            return Ok(TypeRef::Value);
        }
        let joined = self.structure(&fields, at, named_after)?;
        if let Some(names) = names {
            self.unions.insert(names, joined.clone());
        }
        Ok(joined)
    }

    /// One text with the values of all branches, or any text if a branch accepts any.
    fn one_text(&mut self, branches: &[&Schema], at: &Key, named_after: &NamedAfter) -> TypeRef<Key> {
        let mut values: Vec<String> = Vec::new();
        let mut written = None;
        for branch in branches {
            let Schema::Text { format, values: more } = branch else { continue };
            if more.is_empty() || written.is_some_and(|known| known != *format) {
                return TypeRef::Text;
            }
            written = Some(*format);
            for value in more {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
        }
        self.text(written.unwrap_or(TextFormat::Plain), &values, at, named_after)
    }
}

/// Collects the branches of nested choices, each one once.
fn flatten<'s>(
    definitions: &'s Definitions,
    branches: &'s [Schema],
    into: &mut Vec<&'s Schema>,
    depth: usize,
) {
    for branch in branches {
        match resolve(definitions, branch) {
            Schema::OneOf(more) if depth < MAX_DEPTH => flatten(definitions, more, into, depth + 1),
            _ if into.contains(&branch) => {}
            _ => into.push(branch),
        }
    }
}

/// Follows references to the shape that they lead to.
fn resolve<'s>(definitions: &'s Definitions, schema: &'s Schema) -> &'s Schema {
    let mut schema = schema;
    for _ in 0..MAX_DEPTH {
        match schema {
            Schema::Named(key) => match definitions.get(key) {
                Some(next) => schema = next,
                None => break,
            },
            Schema::OneOf(branches) if branches.len() == 1 => schema = &branches[0],
            _ => break,
        }
    }
    schema
}

fn envelope_of(definitions: &Definitions, schema: &Schema) -> Option<Envelope> {
    let name = match schema {
        Schema::Named(key) => key.name.as_str(),
        _ => "",
    };
    match resolve(definitions, schema) {
        Schema::Object(fields) => envelope(name, fields),
        _ => None,
    }
}

/// Whether every branch of a schema is a rejection.
pub(super) fn only_rejects(definitions: &Definitions, schema: &Schema) -> bool {
    let mut branches = Vec::new();
    flatten(definitions, std::slice::from_ref(schema), &mut branches, 0);
    branches.iter().all(|branch| envelope_of(definitions, branch) == Some(Envelope::Rejection))
}
