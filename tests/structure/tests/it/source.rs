//! The modules of a crate, found from its root file as the compiler finds them, without what only its tests contain.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::{Expr, ExprLit, Item, ItemMod, Lit, Meta};

use crate::references::{Reference, is_test_only, references};

/// Reads a file of the workspace; `None` if there is no such file.
pub(crate) type ReadFile<'a> = dyn Fn(&Path) -> Option<String> + 'a;

/// A path without generics, one name for each segment.
pub(crate) type Names = Vec<String>;

/// The number of re-exports that are followed from a path to its definition.
const MAX_REEXPORTS: usize = 16;

pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) modules: Vec<Module>,
    /// The modules by their paths.
    index: BTreeMap<Names, usize>,
    /// The crates that it depends on, as paths name them.
    pub(crate) dependencies: BTreeSet<String>,
}

pub(crate) struct Module {
    /// Empty for the root.
    pub(crate) path: Names,
    /// Relative to the workspace.
    pub(crate) file: PathBuf,
    pub(crate) items: Vec<Item>,
    pub(crate) references: Vec<Reference>,
    /// The names that `use` declarations bring in, with the paths as they are written.
    uses: BTreeMap<String, Names>,
    /// What it imports everything from.
    globs: Vec<Names>,
}

/// What a path refers to.
#[derive(Debug, PartialEq)]
pub(crate) enum Target {
    /// An item of the same crate: the module that the path names, and the module that defines the item. They differ if
    /// the first one re-exports it.
    Local { named: Names, defined: Names },
    /// An item of another crate, with its full path.
    External(Names),
    /// A name from the prelude, from a glob import, or defined in the same module.
    Unknown,
}

impl Crate {
    /// Reads a crate from `src`, a folder with `lib.rs`, `main.rs` or both. If it has both, `main.rs` is a module `main`.
    pub(crate) fn read(
        name: &str,
        src: &Path,
        dependencies: BTreeSet<String>,
        read: &ReadFile<'_>,
    ) -> Result<Self, String> {
        let mut modules = Vec::new();
        let roots = ["lib.rs", "main.rs"].map(|file| src.join(file));
        let roots: Vec<_> = roots.into_iter().filter(|file| read(file).is_some()).collect();
        for (index, file) in roots.iter().enumerate() {
            let path = if index == 0 { Vec::new() } else { vec!["main".to_owned()] };
            read_file(path, file, src, read, &mut modules)?;
        }
        if modules.is_empty() {
            return Err(format!("there is no lib.rs and no main.rs in {}", src.display()));
        }
        let index = modules.iter().enumerate().map(|(index, module)| (module.path.clone(), index)).collect();
        Ok(Self { name: name.replace('-', "_"), modules, index, dependencies })
    }

    /// Finds what a path in a module refers to.
    pub(crate) fn resolve(&self, module: &Module, path: &[String]) -> Target {
        self.resolve_within(module, path, MAX_REEXPORTS)
    }

    fn resolve_within(&self, module: &Module, path: &[String], steps: usize) -> Target {
        let (Some((first, rest)), Some(steps)) = (path.split_first(), steps.checked_sub(1)) else {
            return Target::Unknown;
        };
        let child = self.module(&join(&module.path, &path[..1]));
        match first.as_str() {
            // `main.rs` beside `lib.rs` is a separate crate, and names the library as others do.
            "crate" if module.path.first().is_some_and(|name| name == "main") => {
                self.local(&join(&module.path[..1], rest), steps)
            }
            "crate" => self.local(rest, steps),
            "self" => self.local(&join(&module.path, rest), steps),
            "super" => {
                let supers = path.iter().take_while(|name| *name == "super").count();
                let kept = module.path.len().saturating_sub(supers);
                self.local(&join(&module.path[..kept], &path[supers..]), steps)
            }
            "std" | "core" | "alloc" => Target::External(path.to_vec()),
            _ if child.is_some() => self.local(&join(&module.path, path), steps),
            _ => match module.uses.get(first) {
                // `use csv;` brings in the name that it is written with.
                Some(used) if used.first() != Some(first) => {
                    self.resolve_within(module, &join(used, rest), steps)
                }
                _ if *first == self.name => self.local(rest, steps),
                _ if self.dependencies.contains(first) => Target::External(path.to_vec()),
                _ => self.through_globs(module, path, steps),
            },
        }
    }

    /// Finds a name among those that glob imports bring in from modules of this crate, where these import them in turn.
    fn through_globs(&self, module: &Module, path: &[String], steps: usize) -> Target {
        let sources = module.globs.iter().filter_map(|glob| match self.resolve_within(module, glob, steps) {
            Target::Local { named, .. } if named != module.path => self.module(&named),
            _ => None,
        });
        let mut found = sources.filter(|source| source.uses.contains_key(&path[0]));
        found.next().map_or(Target::Unknown, |source| self.resolve_within(source, path, steps))
    }

    fn local(&self, path: &[String], steps: usize) -> Target {
        let is_module = |length: &usize| self.module(&path[..*length]).is_some();
        let length = (0..=path.len()).take_while(is_module).last().unwrap_or(0);
        let named = path[..length].to_vec();
        let defined = match (self.module(&named), path.get(length)) {
            (Some(module), Some(name)) => match module.uses.get(name) {
                Some(used) => match self.resolve_within(module, &join(used, &path[length + 1..]), steps) {
                    Target::Local { defined, .. } => defined,
                    Target::External(path) => return Target::External(path),
                    Target::Unknown => named.clone(),
                },
                None => named.clone(),
            },
            _ => named.clone(),
        };
        Target::Local { named, defined }
    }

    /// Returns the module that is the file of this module.
    pub(crate) fn file_module<'p>(&self, path: &'p [String]) -> &'p [String] {
        let file_of = |path: &[String]| self.module(path).map(|module| &module.file);
        let mut path = path;
        while let Some((_, parent)) = path.split_last()
            && file_of(path).is_some()
            && file_of(path) == file_of(parent)
        {
            path = parent;
        }
        path
    }

    pub(crate) fn module(&self, path: &[String]) -> Option<&Module> {
        self.index.get(path).map(|index| &self.modules[*index])
    }
}

fn read_file(
    path: Names,
    file: &Path,
    children: &Path,
    read: &ReadFile<'_>,
    modules: &mut Vec<Module>,
) -> Result<(), String> {
    let text = read(file).ok_or_else(|| format!("there is no file {}", file.display()))?;
    let parsed = syn::parse_file(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    add(path, file, children, parsed.items, read, modules)
}

fn add(
    path: Names,
    file: &Path,
    children: &Path,
    items: Vec<Item>,
    read: &ReadFile<'_>,
    modules: &mut Vec<Module>,
) -> Result<(), String> {
    let mut own = Vec::new();
    for item in items {
        let Item::Mod(mut item) = item else {
            own.push(item);
            continue;
        };
        if is_test_only(&item.attrs) {
            continue;
        }
        let name = item.ident.to_string();
        let path = join(&path, std::slice::from_ref(&name));
        let folder = children.join(&name);
        match item.content.take() {
            Some((_, items)) => add(path, file, &folder, items, read, modules)?,
            None => {
                let candidates = match path_attribute(&item) {
                    Some(written) => vec![file.with_file_name(written)],
                    None => vec![children.join(format!("{name}.rs")), folder.join("mod.rs")],
                };
                let found = candidates.iter().find(|file| read(file).is_some());
                let found = found.ok_or_else(|| format!("{}: no file for `mod {name}`", file.display()))?;
                let is_mod_rs = found.ends_with("mod.rs");
                let folder = if is_mod_rs { found.with_file_name("") } else { folder };
                read_file(path, found, &folder, read, modules)?;
            }
        }
    }
    let references = references(&own);
    let uses =
        references.iter().filter_map(|reference| Some((reference.name.clone()?, reference.path.clone())));
    let globs =
        references.iter().filter(|reference| reference.is_glob).map(|reference| reference.path.clone());
    let (uses, globs) = (uses.collect(), globs.collect());
    modules.push(Module { path, file: file.to_owned(), uses, globs, references, items: own });
    Ok(())
}

fn path_attribute(item: &ItemMod) -> Option<String> {
    item.attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("path") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(written), .. }) => Some(written.value()),
            _ => None,
        },
        _ => None,
    })
}

fn join(path: &[String], rest: &[String]) -> Names {
    [path, rest].concat()
}
