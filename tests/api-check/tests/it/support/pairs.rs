//! Pairs entries of the registry with the operations of Zoho's descriptions.

use std::collections::HashSet;

use api_check::operation::without_names;
use api_check::registry::{Entry, Source};
use api_check::{Description, Operation, SchemaId, Schemas};

use super::surroundings::entries;

pub(crate) const SPECIFICATION: &str = "the specification";
pub(crate) const SDK: &str = "the SDK";

/// An operation with the schemas of its description.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Described {
    /// The name of the description.
    pub(crate) by: &'static str,
    pub(crate) operation: &'static Operation,
    pub(crate) schemas: &'static Schemas,
}

impl Described {
    /// The shapes of its JSON responses.
    pub(crate) fn responses(&self) -> Vec<SchemaId> {
        self.operation
            .successes()
            .filter(|(_, body)| body.is_json())
            .filter_map(|(_, body)| body.schema)
            .collect()
    }

    /// The shape of its JSON body.
    pub(crate) fn body(&self) -> Option<SchemaId> {
        self.operation.body.as_ref().filter(|body| body.is_json())?.schema
    }
}

/// An entry with its operations: first the one that the generator created it from, then others with the same method and
/// path that no entry was created from.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) entry: &'static Entry,
    pub(crate) described: Vec<Described>,
}

impl Pair {
    /// The operation that the entry was created from.
    pub(crate) fn own(&self) -> Described {
        self.described[0]
    }

    /// Identifies the entry in messages.
    pub(crate) fn title(&self) -> String {
        format!("{}.{} ({})", self.entry.area, self.entry.operation, self.own().operation.title())
    }
}

/// Pairs every entry with its operations. Entries without an operation are findings of another test.
pub(crate) fn pairs(specification: &'static Description, sdk: Option<&'static Description>) -> Vec<Pair> {
    let taken: HashSet<_> = entries()
        .iter()
        .filter_map(|entry| source(entry, specification, sdk))
        .map(|own| std::ptr::from_ref(own.operation))
        .collect();
    let paired = |entry: &'static Entry| {
        let own = source(entry, specification, sdk)?;
        let (method, path) = (&own.operation.method, &own.operation.path);
        let also = [Some((SPECIFICATION, specification)), sdk.map(|sdk| (SDK, sdk))]
            .into_iter()
            .flatten()
            .flat_map(|(by, description)| {
                let at = description.at(method, path);
                at.map(move |operation| Described { by, operation, schemas: &description.schemas })
            });
        let others = also.filter(|other| !taken.contains(&std::ptr::from_ref(other.operation)));
        Some(Pair { entry, described: std::iter::once(own).chain(others).collect() })
    };
    entries().iter().filter_map(paired).collect()
}

/// The operation that an entry was created from.
pub(crate) fn source(
    entry: &Entry,
    specification: &'static Description,
    sdk: Option<&'static Description>,
) -> Option<Described> {
    match entry.source {
        Source::OpenApi { file, method, path } => {
            let operation = specification.find(file, method, path)?;
            Some(Described { by: SPECIFICATION, operation, schemas: &specification.schemas })
        }
        Source::PythonSdk { module, function } => {
            let sdk = sdk?;
            let operation = sdk.operations.iter().find(|it| it.file == module && it.name == function)?;
            Some(Described { by: SDK, operation, schemas: &sdk.schemas })
        }
    }
}

/// The entries with this method and path. The names of path parameters may differ.
pub(crate) fn entries_at(method: &str, path: &str) -> impl Iterator<Item = &'static Entry> {
    let path = without_names(path);
    entries().iter().filter(move |entry| entry.method == method && without_names(entry.path) == path)
}
