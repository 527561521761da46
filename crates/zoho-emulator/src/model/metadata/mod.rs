//! The schema of the CRM: modules, fields, layouts and related lists.

mod describe;
mod field;
mod module;
pub(crate) mod related_list;
mod standard;

use std::sync::Arc;

pub use self::field::Field;
pub(crate) use self::field::Kind;
pub use self::module::Module;

/// The modules, which are the same in every organization.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    modules: Vec<Arc<Module>>,
    ids_given_out: u64,
}

impl Metadata {
    /// The standard modules and those in `own`, restricted to those that `only` names.
    ///
    /// An unknown name in `only` becomes a custom module.
    pub(crate) fn new(own: &[Module], only: Option<&[String]>) -> Self {
        let mut metadata = Self { modules: Vec::new(), ids_given_out: 0 };
        for module in standard::modules().into_iter().chain(own.iter().cloned()) {
            metadata.add(module);
        }
        if let Some(only) = only {
            metadata.modules.retain(|module| only.contains(&module.api_name));
            for name in only {
                if metadata.module(name).is_none() {
                    metadata.add(Module::new(name));
                }
            }
        }
        metadata
    }

    /// Adds a module, or replaces the one with the same name.
    pub(crate) fn add(&mut self, module: Module) {
        let ids = &mut self.ids_given_out;
        let module = Arc::new(module.registered(|| {
            *ids += 1;
            format!("55459740000000{:05}", 2000 + *ids)
        }));
        match self.modules.iter_mut().find(|known| known.api_name == module.api_name) {
            Some(known) => *known = module,
            None => self.modules.push(module),
        }
    }

    /// Adds a field to a module. `false`: the module is unknown.
    pub(crate) fn add_field(&mut self, module: &str, field: Field) -> bool {
        let Some(known) = self.module(module) else { return false };
        let module = Module::clone(&known).field(field.custom());
        self.add(module);
        true
    }

    /// A module by its API name.
    pub(crate) fn module(&self, api_name: &str) -> Option<Arc<Module>> {
        self.modules.iter().find(|module| module.api_name == api_name).cloned()
    }

    /// All modules, in order.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &Arc<Module>> {
        self.modules.iter()
    }

    /// The id of a module by its API name.
    pub(crate) fn module_id(&self, api_name: &str) -> Option<String> {
        self.module(api_name).map(|module| module.id.clone())
    }
}
