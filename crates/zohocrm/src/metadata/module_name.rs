//! `ModuleName`: a reference to a module.

use crate::value::described::described;

described! {
    /// A reference to a module.
    pub struct ModuleName {
        /// The API name.
        pub api_name: String = "api_name",
        /// Zoho's id of the item.
        pub id: Option<String> = "id" or_number,
    }
}
