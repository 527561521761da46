//! What the public signatures of a crate say: types and traits of other crates only if the `public` block lists them.
//!
//! `pub` is taken at its word, since the lint `unreachable_pub` rejects it where it is not true. Macros are not expanded.

use std::collections::{BTreeMap, BTreeSet};

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Field, Fields, Generics, ImplItem, Item, ItemImpl, Path, Signature, Token, Type, Visibility,
};

use crate::references::{is_test_only, references};
use crate::source::{Crate, Module, Target};

/// A type or trait of another crate in a public signature.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Foreign {
    /// The file and the line.
    pub(crate) place: String,
    pub(crate) path: String,
}

/// Lists the foreign types and traits; those of `own`, crates of this workspace, are not.
pub(crate) fn foreign(source: &Crate, own: &BTreeSet<String>) -> Vec<Foreign> {
    let public = public_types(source);
    let mut found = Vec::new();
    for module in &source.modules {
        let mut visitor = Visitor { source, own, module, public: &public, found: BTreeSet::new() };
        module.items.iter().for_each(|item| visitor.public_item(item));
        found.extend(visitor.found);
    }
    found
}

/// Returns what the block does not list, once for each type, and what it lists without need.
pub(crate) fn violations(found: &[Foreign], listed: &[&str]) -> Vec<String> {
    let mut places = BTreeMap::<_, Vec<_>>::new();
    for Foreign { place, path } in found {
        places.entry(path.as_str()).or_default().push(place.as_str());
    }
    let unused = listed.iter().filter(|path| !places.contains_key(**path));
    let unused = unused.map(|path| format!("ARCHITECTURE.md: no public signature names `{path}`"));
    let unlisted = places.iter().filter(|(path, _)| !listed.contains(*path));
    let unlisted = unlisted.map(|(path, places)| {
        format!("{}: `{path}` is a foreign type in a public signature", places.join(", "))
    });
    unlisted.chain(unused).collect()
}

/// Names a type by its module and its own name.
type TypeName = (Vec<String>, String);

fn public_types(source: &Crate) -> BTreeSet<TypeName> {
    let of = |module: &Module| {
        let names = module.items.iter().filter_map(|item| match item {
            Item::Struct(item) if is_public(&item.vis) => Some(item.ident.to_string()),
            Item::Enum(item) if is_public(&item.vis) => Some(item.ident.to_string()),
            Item::Trait(item) if is_public(&item.vis) => Some(item.ident.to_string()),
            Item::Type(item) if is_public(&item.vis) => Some(item.ident.to_string()),
            _ => None,
        });
        names.map(|name| (module.path.clone(), name)).collect::<Vec<_>>()
    };
    source.modules.iter().flat_map(of).collect()
}

struct Visitor<'a> {
    source: &'a Crate,
    own: &'a BTreeSet<String>,
    module: &'a Module,
    public: &'a BTreeSet<TypeName>,
    found: BTreeSet<Foreign>,
}

impl Visitor<'_> {
    fn public_item(&mut self, item: &Item) {
        match item {
            Item::Fn(item) if is_public(&item.vis) => self.visit_signature(&item.sig),
            Item::Struct(item) if is_public(&item.vis) => {
                self.derives(&item.attrs);
                self.visit_generics(&item.generics);
                item.fields.iter().for_each(|field| self.public_field(field));
            }
            Item::Enum(item) if is_public(&item.vis) => {
                self.derives(&item.attrs);
                self.visit_generics(&item.generics);
                item.variants.iter().for_each(|variant| self.all_fields(&variant.fields));
            }
            Item::Trait(item) if is_public(&item.vis) => {
                self.visit_generics(&item.generics);
                item.supertraits.iter().for_each(|bound| self.visit_type_param_bound(bound));
                item.items.iter().for_each(|item| self.visit_trait_item(item));
            }
            Item::Type(item) if is_public(&item.vis) => {
                self.visit_generics(&item.generics);
                self.visit_type(&item.ty);
            }
            Item::Const(item) if is_public(&item.vis) => self.visit_type(&item.ty),
            Item::Static(item) if is_public(&item.vis) => self.visit_type(&item.ty),
            Item::Use(used) if is_public(&used.vis) => {
                for reference in references([item]) {
                    self.name(&reference.path, reference.line);
                }
            }
            Item::Impl(item) => self.implementation(item),
            _ => {}
        }
    }

    fn implementation(&mut self, item: &ItemImpl) {
        if is_test_only(&item.attrs) || !self.is_public_type(&item.self_ty) {
            return;
        }
        if let Some((path, _)) = &item.trait_ {
            if path.segments.iter().any(|segment| self.is_private(&segment.ident.to_string())) {
                return;
            }
            self.visit_generics(&item.generics);
            self.visit_path(path);
            for item in &item.items {
                if let ImplItem::Type(item) = item {
                    self.visit_type(&item.ty);
                }
            }
            return;
        }
        let mut is_any_public = false;
        for item in &item.items {
            match item {
                ImplItem::Fn(item) if is_public(&item.vis) && !is_test_only(&item.attrs) => {
                    self.visit_signature(&item.sig);
                    is_any_public = true;
                }
                ImplItem::Const(item) if is_public(&item.vis) => self.visit_type(&item.ty),
                _ => {}
            }
        }
        if is_any_public {
            self.visit_generics(&item.generics);
        }
    }

    /// Whether a trait of this name is private to the crate.
    fn is_private(&self, name: &str) -> bool {
        match self.source.resolve(self.module, &[name.to_owned()]) {
            Target::Local { defined, .. } => !self.public.contains(&(defined, name.to_owned())),
            Target::External(_) => false,
            Target::Unknown => {
                self.module.items.iter().any(
                    |item| matches!(item, Item::Trait(item) if item.ident == name && !is_public(&item.vis)),
                )
            }
        }
    }

    /// Whether the crate shows this type; types of other crates count, since what they implement shows as well.
    fn is_public_type(&self, of: &Type) -> bool {
        let path = match of {
            Type::Path(of) => of.path.segments.iter().map(|segment| segment.ident.to_string()).collect(),
            Type::Reference(of) => return self.is_public_type(&of.elem),
            _ => Vec::new(),
        };
        let Some(name) = path.last() else { return true };
        match self.source.resolve(self.module, &path) {
            Target::Local { defined, .. } => self.public.contains(&(defined, name.clone())),
            Target::External(_) => true,
            Target::Unknown => {
                let is_defined_here = self.module.items.iter().any(|item| match item {
                    Item::Struct(item) => item.ident == *name,
                    Item::Enum(item) => item.ident == *name,
                    _ => false,
                });
                !is_defined_here || self.public.contains(&(self.module.path.clone(), name.clone()))
            }
        }
    }

    fn public_field(&mut self, field: &Field) {
        if is_public(&field.vis) {
            self.visit_type(&field.ty);
        }
    }

    fn all_fields(&mut self, fields: &Fields) {
        fields.iter().for_each(|field| self.visit_type(&field.ty));
    }

    fn derives(&mut self, attributes: &[Attribute]) {
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
            let paths = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
            paths.iter().flatten().for_each(|path| self.visit_path(path));
        }
    }

    fn name(&mut self, path: &[String], line: usize) {
        let Target::External(path) = self.source.resolve(self.module, path) else { return };
        let is_known = matches!(path[0].as_str(), "std" | "core" | "alloc") || self.own.contains(&path[0]);
        // The derive macro of thiserror implements traits of the standard library.
        if !is_known && path[0] != "thiserror" {
            let place = format!("{}:{line}", self.module.file.display());
            self.found.insert(Foreign { place, path: path.join("::") });
        }
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_path(&mut self, path: &'ast Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let line = path.segments.first().map_or(0, |first| first.ident.span().start().line);
        self.name(&names, line);
        visit::visit_path(self, path);
    }

    fn visit_signature(&mut self, signature: &'ast Signature) {
        visit::visit_signature(self, signature);
    }

    fn visit_generics(&mut self, generics: &'ast Generics) {
        visit::visit_generics(self, generics);
    }

    fn visit_block(&mut self, _: &'ast syn::Block) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::source;

    fn paths(code: &str) -> Vec<String> {
        let source = source(&[("src/lib.rs", code)]);
        let own = BTreeSet::from(["sample".to_owned()]);
        foreign(&source, &own).into_iter().map(|foreign| foreign.path).collect()
    }

    #[test]
    fn a_foreign_type_is_found_wherever_a_caller_sees_it() {
        for code in [
            "pub fn get() -> reqwest::Response {}",
            "use reqwest::Response; pub fn get(answer: &Option<Response>) {}",
            "use reqwest as http; pub struct Answer { pub body: http::Response }",
            "pub struct Answer; impl Answer { pub fn body<T: Into<reqwest::Response>>(&self) {} }",
            "pub enum Answer { Body(reqwest::Response) }",
            "pub trait Send { fn send(&self) -> reqwest::Response; }",
            "pub type Answer = reqwest::Response;",
            "pub use reqwest::Response;",
            "pub struct Error; impl From<reqwest::Response> for Error {}",
            "pub fn get() -> impl Future<Output = reqwest::Response> {}",
            "#[derive(Debug, reqwest::Response)] pub struct Answer;",
        ] {
            assert_eq!(paths(code), ["reqwest::Response"], "{code}");
        }
    }

    #[test]
    fn what_no_caller_sees_is_left_alone() {
        for code in [
            "pub struct Answer { body: reqwest::Response }",
            "pub(crate) fn get() -> reqwest::Response {}",
            "pub fn get() { let body: reqwest::Response; }",
            "struct Answer; impl From<reqwest::Response> for Answer {}",
            "pub struct Answer; impl Answer { fn body(&self) -> reqwest::Response {} }",
            "trait Body { fn get(); } pub struct Answer; impl Body for Answer { fn get() { reqwest::get() } }",
            "use std::fmt; pub fn show(it: &dyn fmt::Debug) {}",
        ] {
            assert_eq!(paths(code), Vec::<String>::new(), "{code}");
        }
    }

    #[test]
    fn only_what_is_listed_may_be_there_and_all_of_that_has_to_be() {
        let found = [Foreign { place: "src/lib.rs:1".to_owned(), path: "reqwest::Response".to_owned() }];
        assert!(violations(&found, &["reqwest::Response"]).is_empty());
        assert_eq!(
            violations(&found, &["serde_json::Value"]),
            [
                "src/lib.rs:1: `reqwest::Response` is a foreign type in a public signature",
                "ARCHITECTURE.md: no public signature names `serde_json::Value`"
            ]
        );
    }
}
