//! Converts a lead into a contact, an account and a deal.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::validate::{Draft, Purpose, validate};
use super::writer::Writer;
use crate::bodies::{failure, invalid_id, invalid_module, many, success, wrong_type};
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::metadata::Module;
use crate::model::records::{Fields, Record, id_of};
use crate::timestamp::iso8601;
use crate::world::state::State;

/// Fields of the contact, each with the field of the lead that it is taken from.
const TO_CONTACT: [(&str, &str); 17] = [
    ("Salutation", "Salutation"),
    ("First_Name", "First_Name"),
    ("Last_Name", "Last_Name"),
    ("Email", "Email"),
    ("Secondary_Email", "Secondary_Email"),
    ("Phone", "Phone"),
    ("Mobile", "Mobile"),
    ("Fax", "Fax"),
    ("Lead_Source", "Lead_Source"),
    ("Skype_ID", "Skype_ID"),
    ("Email_Opt_Out", "Email_Opt_Out"),
    ("Description", "Description"),
    ("Title", "Designation"),
    ("Mailing_Street", "Street"),
    ("Mailing_City", "City"),
    ("Mailing_State", "State"),
    ("Mailing_Country", "Country"),
];
const TO_ACCOUNT: [(&str, &str); 5] = [
    ("Account_Name", "Company"),
    ("Phone", "Phone"),
    ("Website", "Website"),
    ("Industry", "Industry"),
    ("Annual_Revenue", "Annual_Revenue"),
];

/// Converts the lead in the path.
///
/// An account or contact that the body does not name is created from the lead's fields; an account only if the lead
/// has a company. A deal is created only if the body contains one.
pub(crate) fn convert(request: &Request<'_>) -> Result<Response, Response> {
    let writer = Writer::of(request)?;
    let module = |name: &str| {
        let known = request.metadata().module(name);
        known.ok_or_else(|| invalid_module(&json!({ "api_name": name })))
    };
    let (leads, accounts) = (module("Leads")?, module("Accounts")?);
    let (contacts, deals) = (module("Contacts")?, module("Deals")?);
    let requested = request.list_in_body("data")?.into_iter().next();
    let Some(Value::Object(mut requested)) = requested else {
        return Err(wrong_type("data", "jsonobject", "$.data[0]"));
    };
    let state = &mut *request.world.state();
    let conversion = Conversion { writer, accounts: &accounts, contacts: &contacts, deals: &deals };
    let outcome = conversion.run(state, &leads, request.id(), &mut requested);
    Ok(many(200, "data", [outcome]))
}

struct Conversion<'a> {
    writer: Writer<'a>,
    accounts: &'a Module,
    contacts: &'a Module,
    deals: &'a Module,
}

impl Conversion<'_> {
    fn run(
        &self,
        state: &mut State,
        leads: &Module,
        id: &str,
        requested: &mut Map<String, Value>,
    ) -> Result<Value, Value> {
        let writer = &self.writer;
        let lead = state.records.get(writer.organization, &leads.api_name, id).cloned();
        let lead = lead.ok_or_else(|| invalid_id(id))?;
        if lead.fields.contains_key("Converted__s") {
            return Err(failure("ID_ALREADY_CONVERTED", &json!({ "id": id }), "id already converted"));
        }
        // Everything is checked before anything is created.
        let deal = match requested.remove("Deals") {
            Some(Value::Object(fields)) => {
                Some(validate(writer, state, self.deals, fields, Purpose::Create, "$.data[0].Deals")?)
            }
            _ => None,
        };
        let account = self.existing(state, self.accounts, requested)?;
        let contact = self.existing(state, self.contacts, requested)?;

        let account = match account {
            Some(account) => Some(account),
            None if lead.fields.contains_key("Company") => {
                Some(self.make(state, self.accounts, of_lead(&TO_ACCOUNT, &lead), &lead))
            }
            None => None,
        };
        let contact = contact.unwrap_or_else(|| {
            let mut fields = of_lead(&TO_CONTACT, &lead);
            fields.extend(account.clone().map(|account| ("Account_Name".to_owned(), account)));
            self.make(state, self.contacts, fields, &lead)
        });
        let deal = deal.map(|mut draft| {
            draft.fields.insert("Contact_Name".to_owned(), contact.clone());
            draft.fields.extend(account.clone().map(|account| ("Account_Name".to_owned(), account)));
            self.make(state, self.deals, draft.fields, &lead)
        });
        self.mark(state, leads, &lead, [&account, &Some(contact.clone()), &deal]);
        let details = json!({ "Contacts": contact, "Deals": deal, "Accounts": account });
        Ok(success(&details, "The record has been converted successfully"))
    }

    /// The existing record that the body names for a module.
    fn existing(
        &self,
        state: &State,
        module: &Module,
        requested: &Map<String, Value>,
    ) -> Result<Option<Value>, Value> {
        let id = match requested.get(&module.api_name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(named)) if !named.contains_key("id") => return Ok(None),
            Some(named) => id_of(named.get("id").unwrap_or(named)),
        };
        let known = id.and_then(|id| state.records.get(self.writer.organization, &module.api_name, &id));
        known.map(|record| Some(named_record(module, record))).ok_or_else(|| {
            let path = format!("$.data[0].{}.id", module.api_name);
            let details = json!({ "api_name": module.api_name, "json_path": path });
            failure("INVALID_DATA", &details, "the id given seems to be invalid")
        })
    }

    /// Creates a record that belongs to the lead's owner.
    fn make(&self, state: &mut State, module: &Module, fields: Fields, lead: &Record) -> Value {
        let draft = Draft { fields, owner: Some(Arc::clone(&lead.owner)) };
        named_record(module, self.writer.insert(state, module, draft))
    }

    /// Marks the lead as converted, with references to the new records.
    fn mark(&self, state: &mut State, leads: &Module, lead: &Record, became: [&Option<Value>; 3]) {
        let now = self.writer.world.now_ms();
        let names = ["Converted_Account", "Converted_Contact", "Converted_Deal"];
        let mut fields: Fields =
            names.into_iter().zip(became).map(|(name, made)| (name.to_owned(), json!(made))).collect();
        fields.insert("Converted__s".to_owned(), json!(true));
        fields.insert("Converted_Date_Time".to_owned(), json!(iso8601(now)));
        self.writer.notify_change(state, &leads.api_name, &lead.id(), &fields);
        let table = state.records.table_mut(self.writer.organization, &leads.api_name);
        table.change(lead.id, |record| {
            record.set(fields);
            record.modified_ms = now;
        });
    }
}

fn of_lead(fields: &[(&str, &str)], lead: &Record) -> Fields {
    let values = fields
        .iter()
        .filter_map(|(name, source)| Some(((*name).to_owned(), lead.fields.get(*source)?.clone())));
    values.collect()
}

/// A record as a lookup refers to it.
fn named_record(module: &Module, record: &Record) -> Value {
    json!({ "name": record.value(&module.display_field), "id": record.id() })
}
