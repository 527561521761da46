//! `zoho fields` and `zoho schema`: the fields of a module.

use serde_json::json;
use zohocrm::Record;
use zohocrm::metadata::{self, Field};

use super::whose;
use crate::args::{Fields, Schema};
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Rows;

pub(crate) async fn run(config: &Config, Fields { module, format, whose }: Fields) -> Result<(), Failure> {
    let fields = whose::crm(config, whose).await?.metadata().fields(&module).await?;
    let columns = ["api_name", "field_label", "data_type", "required", "pick_list_values"];
    let mut rows = Rows::new(&config.output, format, &columns);
    rows.print(&fields.iter().map(row).collect::<Vec<_>>())?;
    rows.finish()
}

pub(crate) async fn schema(config: &Config, Schema { module, whose }: Schema) -> Result<(), Failure> {
    let fields = whose::crm(config, whose).await?.metadata().fields(&module).await?;
    config.output.bytes(metadata::rust_struct(&module, &fields).as_bytes())
}

/// The main properties of a field; `zoho api GET /crm/v8/settings/fields` prints all of them.
fn row(field: &Field) -> Record {
    let lookup = field.lookup.as_ref().and_then(|lookup| lookup.module.as_ref());
    Record::new()
        .with("api_name", field.api_name.as_str())
        .with("field_label", field.field_label.as_str())
        .with("data_type", field.data_type.as_str())
        .with("required", field.system_mandatory)
        .with("unique", field.is_unique())
        .with("length", field.length)
        .with("lookup", json!(lookup))
        .with("pick_list_values", field.values().collect::<Vec<_>>())
}
