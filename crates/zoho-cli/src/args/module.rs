//! What may be typed after `zoho fields` and `zoho schema`.

use clap::Args;

use super::{RowFormat, Whose};

#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// The module's API name
    pub(crate) module: String,

    #[command(flatten)]
    pub(crate) format: RowFormat,

    #[command(flatten)]
    pub(crate) whose: Whose,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// The module's API name
    pub(crate) module: String,

    #[command(flatten)]
    pub(crate) whose: Whose,
}
