//! Made-up leads with the fields that Zoho gives a lead and a few custom ones.

use std::io::Cursor;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;
use zohocrm::{Date, DateTime};

use crate::Outcome;

/// The number of records on a page, unless it has only one.
pub(super) const PER_PAGE: u32 = 200;

/// The fields of a lead without its id, each with Zoho's data type.
const FIELDS: [(&str, &str); 40] = [
    ("Owner", "ownerlookup"),
    ("Company", "text"),
    ("First_Name", "text"),
    ("Last_Name", "text"),
    ("Full_Name", "text"),
    ("Designation", "text"),
    ("Email", "email"),
    ("Secondary_Email", "email"),
    ("Phone", "phone"),
    ("Mobile", "phone"),
    ("Fax", "phone"),
    ("Website", "website"),
    ("Lead_Source", "picklist"),
    ("Lead_Status", "picklist"),
    ("Industry", "picklist"),
    ("Rating", "picklist"),
    ("No_of_Employees", "integer"),
    ("Annual_Revenue", "currency"),
    ("Email_Opt_Out", "boolean"),
    ("Skype_ID", "text"),
    ("Twitter", "text"),
    ("Street", "text"),
    ("City", "text"),
    ("State", "text"),
    ("Zip_Code", "text"),
    ("Country", "text"),
    ("Description", "textarea"),
    ("Created_By", "ownerlookup"),
    ("Modified_By", "ownerlookup"),
    ("Created_Time", "datetime"),
    ("Modified_Time", "datetime"),
    ("Last_Activity_Time", "datetime"),
    ("Converted_Account", "lookup"),
    ("Interests", "multiselectpicklist"),
    ("First_Contact", "date"),
    ("Next_Contact", "date"),
    ("Probability", "percent"),
    ("Budget", "currency"),
    ("Score", "integer"),
    ("Remarks", "textarea"),
];

/// A lead as a program would declare it, with all fields. `N` is the type of its amounts: one that keeps all digits, or `f64`.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoding it is what is measured")]
#[allow(non_snake_case, reason = "the names are Zoho's")]
pub(super) struct Lead<N> {
    id: String,
    Owner: Option<Pointer>,
    Company: Option<String>,
    First_Name: Option<String>,
    Last_Name: Option<String>,
    Full_Name: Option<String>,
    Designation: Option<String>,
    Email: Option<String>,
    Secondary_Email: Option<String>,
    Phone: Option<String>,
    Mobile: Option<String>,
    Fax: Option<String>,
    Website: Option<String>,
    Lead_Source: Option<String>,
    Lead_Status: Option<String>,
    Industry: Option<String>,
    Rating: Option<String>,
    No_of_Employees: Option<u32>,
    Annual_Revenue: Option<N>,
    Email_Opt_Out: Option<bool>,
    Skype_ID: Option<String>,
    Twitter: Option<String>,
    Street: Option<String>,
    City: Option<String>,
    State: Option<String>,
    Zip_Code: Option<String>,
    Country: Option<String>,
    Description: Option<String>,
    Created_By: Option<Pointer>,
    Modified_By: Option<Pointer>,
    Created_Time: Option<DateTime>,
    Modified_Time: Option<DateTime>,
    Last_Activity_Time: Option<DateTime>,
    Converted_Account: Option<Pointer>,
    Interests: Option<Vec<String>>,
    First_Contact: Option<Date>,
    Next_Contact: Option<Date>,
    Probability: Option<N>,
    Budget: Option<N>,
    Score: Option<u32>,
    Remarks: Option<String>,
}

/// A user or a record that a lead refers to.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoding it is what is measured")]
struct Pointer {
    id: String,
    name: Option<String>,
    email: Option<String>,
}

/// The fields of a lead in a bulk read.
const COLUMNS: [&str; 12] = [
    "Owner",
    "Company",
    "First_Name",
    "Last_Name",
    "Email",
    "Phone",
    "Lead_Source",
    "Annual_Revenue",
    "No_of_Employees",
    "Email_Opt_Out",
    "Created_Time",
    "Modified_Time",
];

/// A row of a bulk read as a program would declare it. `N` is the type of its amounts.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoding it is what is measured")]
#[allow(non_snake_case, reason = "the names are Zoho's")]
pub(super) struct Row<N> {
    #[serde(alias = "Id")]
    id: String,
    Owner: Option<String>,
    Company: Option<String>,
    First_Name: Option<String>,
    Last_Name: Option<String>,
    Email: Option<String>,
    Phone: Option<String>,
    Lead_Source: Option<String>,
    Annual_Revenue: Option<N>,
    No_of_Employees: Option<u32>,
    Email_Opt_Out: Option<bool>,
    Created_Time: Option<DateTime>,
    Modified_Time: Option<DateTime>,
}

/// Returns the names of the fields.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(name, _)| *name)
}

/// Returns a page of leads without its end: `{"data": […], "info": `.
pub(super) fn page(records: u32) -> String {
    let mut random = StdRng::seed_from_u64(0);
    let leads: Vec<Value> = (0..records).map(|_| lead(&mut random)).collect();
    format!(r#"{{"data":{},"info":"#, Value::from(leads))
}

/// Returns the metadata of the fields that the official SDK reads.
pub(super) fn fields() -> String {
    let fields = FIELDS.iter().enumerate().map(|(number, (name, kind))| {
        json!({ "id": (ZOHO_ID + number as u64).to_string(), "api_name": name, "field_label": name, "data_type": kind,
            "custom_field": false, "system_mandatory": *name == "Last_Name" })
    });
    json!({ "fields": fields.collect::<Vec<_>>() }).to_string()
}

/// Returns the result of a bulk read: a ZIP file that contains a CSV file.
pub(super) fn archive(rows: u64) -> Outcome<Vec<u8>> {
    let mut random = StdRng::seed_from_u64(rows);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("Leads_1.csv", SimpleFileOptions::default())?;
    let mut csv = csv::Writer::from_writer(&mut zip);
    let columns: Vec<_> = FIELDS.iter().filter(|(name, _)| COLUMNS.contains(name)).collect();
    csv.write_record(["Id"].into_iter().chain(columns.iter().map(|(name, _)| *name)))?;
    for _ in 0..rows {
        csv.write_field(id(&mut random))?;
        for (name, kind) in &columns {
            csv.write_field(cell(&value(name, kind, &mut random)))?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()?;
    drop(csv);
    Ok(zip.finish()?.into_inner())
}

/// Formats a value for a CSV file, where a user is an id.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(user) => user["id"].as_str().unwrap_or_default().to_owned(),
        other => other.to_string(),
    }
}

/// Zoho's ids have nineteen digits.
const ZOHO_ID: u64 = 5_725_767_000_000_000_000;

fn lead(random: &mut StdRng) -> Value {
    let mut lead: Map<String, Value> =
        FIELDS.iter().map(|(name, kind)| ((*name).to_owned(), value(name, kind, random))).collect();
    lead.insert("id".to_owned(), id(random).into());
    lead.into()
}

/// Returns a value of a data type. One in seven optional fields is empty.
fn value(name: &str, kind: &str, random: &mut StdRng) -> Value {
    let is_optional = !matches!(kind, "ownerlookup" | "boolean") && !name.ends_with("_Name");
    if is_optional && random.random_ratio(1, 7) {
        return Value::Null;
    }
    match kind {
        "ownerlookup" => json!({ "name": text(2, random), "id": id(random), "email": email(random) }),
        "lookup" => json!({ "name": text(2, random), "id": id(random) }),
        "email" => email(random).into(),
        "phone" => format!("+49 {:010}", random.random_range(0..10_000_000_000_u64)).into(),
        "website" => format!("https://www.{}.example", word(random)).into(),
        "picklist" => word(random).into(),
        "multiselectpicklist" => (0..3).map(|_| word(random)).collect(),
        "integer" => random.random_range(1..100_000).into(),
        "currency" | "percent" => (f64::from(random.random_range(1..10_000_000)) / 100.0).into(),
        "boolean" => random.random_bool(0.1).into(),
        "datetime" => format!("{}T{:02}:30:05+02:00", day(random), random.random_range(0..24)).into(),
        "date" => day(random).into(),
        "textarea" => text(26, random).into(),
        _ => text(2, random).into(),
    }
}

fn id(random: &mut StdRng) -> String {
    (ZOHO_ID + random.random_range(0..1_000_000_000)).to_string()
}

fn email(random: &mut StdRng) -> String {
    format!("{}.{}@example.com", word(random), word(random))
}

fn day(random: &mut StdRng) -> String {
    format!(
        "20{:02}-{:02}-{:02}",
        random.random_range(10..27),
        random.random_range(1..13),
        random.random_range(1..29)
    )
}

fn text(words: usize, random: &mut StdRng) -> String {
    (0..words).map(|_| word(random)).collect::<Vec<_>>().join(" ")
}

/// Returns a random word; one in thirty has a letter that is not ASCII.
fn word(random: &mut StdRng) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
    let letters =
        (0..random.random_range(4..11)).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]));
    let mut word: String = letters.collect();
    if random.random_ratio(1, 30) {
        word.push('é');
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_an_archive_decodes() {
        let mut zip = zip::ZipArchive::new(Cursor::new(archive(100).unwrap())).unwrap();
        let mut csv = csv::Reader::from_reader(zip.by_index(0).unwrap());
        let rows: Vec<Row<f64>> = csv.deserialize().collect::<Result<_, _>>().unwrap();
        assert_eq!((rows.len(), csv.headers().unwrap().len()), (100, COLUMNS.len() + 1));
    }

    #[test]
    fn a_page_has_the_documented_size_and_decodes_completely() {
        let page = page(PER_PAGE) + "{}}";
        assert!((330_000..360_000).contains(&page.len()), "{} bytes", page.len());
        let page: Map<String, Value> = serde_json::from_str(&page).unwrap();
        let leads: Vec<Lead<f64>> = Vec::deserialize(&page["data"]).unwrap();
        assert_eq!((leads.len(), page["data"][0].as_object().unwrap().len()), (200, FIELDS.len() + 1));
    }
}
