//! The paths that a module names: in `use` declarations, in code, inside macro calls and in attributes.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemFn, Item, ItemUse, Macro, Meta, Path, UseTree, VisRestricted, Visibility};

use crate::source::Names;

/// A path that is named somewhere in a module.
pub(crate) struct Reference {
    /// The path; for a glob import, what is imported from.
    pub(crate) path: Names,
    pub(crate) line: usize,
    /// The name that a `use` declaration gives it.
    pub(crate) name: Option<String>,
    /// A `use` declaration of everything in `path`.
    pub(crate) is_glob: bool,
    /// A `use` declaration with a visibility.
    pub(crate) is_reexport: bool,
}

/// Lists the paths that these items name, without those in code for tests and those of a single name.
pub(crate) fn references<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Reference> {
    let mut visitor = Visitor::default();
    items.into_iter().for_each(|item| visitor.visit_item(item));
    visitor.references
}

/// Whether an item is compiled for tests only.
pub(crate) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return attribute.path().is_ident("test") };
        let condition = list.tokens.to_string().replace(' ', "");
        list.path.is_ident("cfg") && (condition == "test" || condition.starts_with("all(test,"))
    })
}

#[derive(Default)]
struct Visitor {
    references: Vec<Reference>,
    /// Whether a `macro_rules!` is visited.
    is_definition: bool,
}

impl Visitor {
    fn push(&mut self, path: Names, line: usize) {
        if path.len() > 1 {
            self.references.push(Reference { path, line, name: None, is_glob: false, is_reexport: false });
        }
    }

    fn use_tree(&mut self, item: &ItemUse, tree: &UseTree, prefix: &[String]) {
        let (last, name) = match tree {
            UseTree::Path(tree) => {
                let prefix = [prefix, &[tree.ident.to_string()]].concat();
                return self.use_tree(item, &tree.tree, &prefix);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.use_tree(item, tree, prefix));
            }
            UseTree::Glob(_) => (None, None),
            UseTree::Name(tree) => (Some(&tree.ident), Some(&tree.ident)),
            UseTree::Rename(tree) => (Some(&tree.ident), Some(&tree.rename)),
        };
        let mut path = prefix.to_vec();
        path.extend(last.map(ToString::to_string).filter(|last| last != "self"));
        let name = name.map(ToString::to_string).map(|name| match path.last() {
            Some(last) if name == "self" => last.clone(),
            _ => name,
        });
        let is_reexport = !matches!(item.vis, Visibility::Inherited);
        let is_glob = name.is_none();
        self.references.push(Reference { path, line: line_of(tree), name, is_glob, is_reexport });
    }

    /// Finds `a::b` in tokens that are not parsed, such as those of a macro call.
    fn tokens(&mut self, tokens: TokenStream) {
        let known = self.references.len();
        self.collect(tokens);
        if self.is_definition {
            // Other paths in the definition of a macro mean something where it is called.
            let mut index = 0;
            self.references.retain(|reference| {
                index += 1;
                index <= known || reference.path[0] == "crate"
            });
        }
    }

    fn collect(&mut self, tokens: TokenStream) {
        let mut path: Names = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 || path.is_empty() {
                        self.push(std::mem::take(&mut path), line);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                token => {
                    let is_crate_macro = path.len() == 2 && path[0] == "crate" && is_bang(&token);
                    let path = std::mem::take(&mut path);
                    if !is_crate_macro {
                        self.push(path, line);
                    }
                    colons = 0;
                    if let TokenTree::Group(group) = token {
                        self.collect(group.stream());
                    }
                }
            }
        }
        self.push(path, line);
    }
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = attributes(item);
        // An exported macro is used by other crates: it names the public API.
        let is_exported = attributes.iter().any(|attribute| attribute.path().is_ident("macro_export"));
        if !is_exported && !is_test_only(attributes) {
            visit::visit_item(self, item);
        }
    }

    /// `pub(in path)` imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_test_only(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.use_tree(item, &item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.push(names, path.segments.first().map_or(0, |first| first.ident.span().start().line));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        // A macro that is exported stands at the root of its crate, wherever it is defined.
        let is_exported = item.path.segments.len() == 2 && item.path.segments[0].ident == "crate";
        if !is_exported {
            self.visit_path(&item.path);
        }
        self.is_definition = item.path.is_ident("macro_rules");
        self.tokens(item.tokens.clone());
        self.is_definition = false;
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }
}

fn is_bang(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '!')
}

fn line_of(tree: &UseTree) -> usize {
    let span = match tree {
        UseTree::Name(tree) => tree.ident.span(),
        UseTree::Rename(tree) => tree.ident.span(),
        UseTree::Glob(tree) => tree.star_token.spans[0],
        _ => return 0,
    };
    span.start().line
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
