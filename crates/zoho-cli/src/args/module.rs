//! The arguments of `zoho fields` and `zoho schema`.

use clap::Args;

use super::{RowFormat, Whose};

#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// API name of the module, such as Leads
    pub(crate) module: String,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// API name of the module, such as Leads
    pub(crate) module: String,

    #[command(flatten)]
    pub(crate) whose: Whose,
}
