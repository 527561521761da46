//! `Module`, `Layout` and `RelatedList`, as Zoho describes them.

use super::field::Field;
use super::module_name::ModuleName;
use super::names;
use crate::value::described::described;

described! {
    /// A module, as Zoho describes it. The names are Zoho's own.
    pub struct Module {
        /// Zoho's id of the item.
        pub id: Option<String> = "id" or_number,
        /// The API name, such as `Leads`.
        pub api_name: String = "api_name",
        /// Zoho's internal name, such as `CustomModule1`.
        pub module_name: Option<String> = "module_name",
        /// The display name of one record.
        pub singular_label: Option<String> = "singular_label",
        /// The display name of several records.
        pub plural_label: Option<String> = "plural_label",
        /// `default` for Zoho's modules, `custom` for the organization's, and others.
        pub generated_type: Option<String> = "generated_type",
        /// Whether the API supports the module.
        pub api_supported: bool = "api_supported",
        /// Whether this user may create records.
        pub creatable: bool = "creatable",
        /// Whether this user may read records.
        pub viewable: bool = "viewable",
        /// Whether this user may update records.
        pub editable: bool = "editable",
        /// Whether this user may delete records.
        pub deletable: bool = "deletable",
    }
}

impl Module {
    /// The names that people use for it.
    fn names(&self) -> [&str; 2] {
        [&self.api_name, self.plural_label.as_deref().unwrap_or_default()]
    }
}

/// Returns the module that a misspelled name probably means, if there is one.
#[must_use]
pub fn nearest_module<'a>(modules: &'a [Module], name: &str) -> Option<&'a Module> {
    names::nearest(modules, Module::names, name)
}

described! {
    /// A layout: the fields that users see, and their order. The names are Zoho's own.
    pub struct Layout {
        /// Zoho's id of the layout, for the field `Layout` of a record.
        pub id: String = "id" or_number,
        /// The name.
        pub name: String = "name" or_number,
        /// `active`, or another status if the layout is not in use.
        pub status: Option<String> = "status",
        /// Whether the layout is visible to this user.
        pub visible: bool = "visible",
        /// The sections.
        pub sections: Vec<LayoutSection> = "sections",
    }
}

described! {
    /// A section of a layout.
    pub struct LayoutSection {
        /// The API name.
        pub api_name: Option<String> = "api_name",
        /// The display name.
        pub display_label: Option<String> = "display_label",
        /// The fields. Their pick-list values, and which of them are mandatory, can differ from those of the module.
        pub fields: Vec<Field> = "fields",
    }
}

described! {
    /// A related list of a record, such as its notes. The names are Zoho's own.
    pub struct RelatedList {
        /// Zoho's id of the item.
        pub id: Option<String> = "id" or_number,
        /// The API name.
        pub api_name: String = "api_name",
        /// The display name.
        pub display_label: Option<String> = "display_label",
        /// The module of the related records; `None` for some of Zoho's own lists.
        pub module: Option<ModuleName> = "module",
        /// `default`, `multiselectlookup` and others.
        pub kind: Option<String> = "type",
    }
}
