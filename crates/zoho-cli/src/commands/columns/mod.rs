//! `Columns`: what the columns of a CSV file mean in a module.

mod cells;

use std::sync::Arc;

use zohocrm::metadata::{Field, Fields};
use zohocrm::{CsvRow, Error, Record, Value};

use crate::commands::names::unknown_field;
use crate::failure::Failure;
use crate::input::{CsvInput, Entry};
use crate::messages::{InvalidCell, Note, Problem};
use crate::output::Output;

/// What is done with the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Update,
    Upsert,
}

/// The columns of a CSV file.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    heading: String,
    target: Target,
}

/// What a column sets.
#[derive(Clone, Debug, PartialEq)]
enum Target {
    Id,
    Field(Arc<Field>),
    /// A lookup field, set through a property of the record or user that it refers to, such as `Owner.id` or
    /// `Account_Name.Account_Name`.
    Reference {
        field: Arc<Field>,
        property: String,
    },
    /// The name of the record or user that a lookup refers to. A lookup cannot be set by name.
    Name,
    ReadOnly,
}

impl Columns {
    /// Finds the field of each column, and says which columns are read under another name or not at all.
    pub(super) fn of(
        output: &Output,
        fields: &Fields,
        module: &str,
        headings: &[String],
        purpose: Purpose,
    ) -> Result<Self, Failure> {
        let columns = Self::new(fields, module, headings, purpose)?;
        columns.announce(output);
        Ok(columns)
    }

    fn new(fields: &Fields, module: &str, headings: &[String], purpose: Purpose) -> Result<Self, Problem> {
        let targets: Vec<_> =
            headings.iter().map(|heading| target(fields, module, heading, purpose)).collect();
        let unknown = headings
            .iter()
            .zip(&targets)
            .filter(|(_, target)| matches!(target, Err(meant) if meant.is_empty()));
        let unknown: Vec<_> = unknown.map(|(heading, _)| unknown_field(fields, heading)).collect();
        if !unknown.is_empty() {
            return Err(Problem::UnknownColumns { module: module.to_owned(), columns: unknown });
        }
        let mut columns: Vec<Column> = Vec::with_capacity(headings.len());
        for (heading, target) in headings.iter().zip(targets) {
            let heading = heading.clone();
            match target {
                Ok(target) => columns.push(Column { heading, target }),
                Err(fields) => return Err(Problem::AmbiguousColumn { column: heading, fields }),
            }
        }
        // Zoho's exports have the name of a lookup beside its id.
        let by_id: Vec<String> =
            columns.iter().filter_map(|column| Some(column.target.reference()?.to_owned())).collect();
        for column in &mut columns {
            if matches!(&column.target, Target::Field(field) if by_id.contains(&field.api_name)) {
                column.target = Target::Name;
            }
        }
        for (index, column) in columns.iter().enumerate() {
            let name = column.target.field();
            if let Some(other) =
                columns[..index].iter().find(|other| name.is_some() && other.target.field() == name)
            {
                let columns = [other.heading.clone(), column.heading.clone()];
                return Err(Problem::SameField { columns, field: name.unwrap_or_default().to_owned() });
            }
        }
        Ok(Self { columns })
    }

    fn announce(&self, output: &Output) {
        let renamed = self.columns.iter().filter_map(|column| {
            let (name, field) = (column.target.api_name()?, column.target.field()?);
            (name != column.heading && field != column.heading).then(|| (column.heading.clone(), name))
        });
        let names: Vec<_> = renamed.collect();
        if !names.is_empty() {
            output.note(&Note::ColumnsRenamed { names });
        }
        let columns = self.headings(|target| matches!(target, Target::Name));
        if !columns.is_empty() {
            output.note(&Note::NamesLeftOut { columns });
        }
        let columns = self.headings(|target| matches!(target, Target::ReadOnly));
        if !columns.is_empty() {
            output.note(&Note::ReadOnlyLeftOut { columns });
        }
    }

    fn headings(&self, is: impl Fn(&Target) -> bool) -> Vec<String> {
        let columns = self.columns.iter().filter(|column| is(&column.target));
        columns.map(|column| column.heading.clone()).collect()
    }

    /// The columns of records to delete, of which only the id is read.
    pub(super) fn of_ids(headings: &[String]) -> Self {
        let column = |heading: &String| Column {
            heading: heading.clone(),
            target: if heading == "id" { Target::Id } else { Target::ReadOnly },
        };
        Self { columns: headings.iter().map(column).collect() }
    }

    /// Converts a row to a record.
    pub(super) fn record(&self, rows: &CsvInput, row: &Entry) -> Result<Record, Error> {
        let mut record = Record::new();
        for (index, column) in self.columns.iter().enumerate() {
            let Some(text) = row.record.text(&column.heading) else { continue };
            let value = match &column.target {
                Target::Id => cells::id(text).map(|id| Some(Value::from(id))),
                Target::Field(field) => cells::value(field, text),
                Target::Reference { field, property } => cells::reference(field, property, text).map(Some),
                Target::Name | Target::ReadOnly => Ok(None),
            };
            let value =
                value.map_err(|reason| rows.invalid_cell(row.line.unwrap_or_default(), index, reason))?;
            if let (Some(name), Some(value)) = (column.target.field(), value) {
                record.set(name, value);
            }
        }
        Ok(record)
    }

    /// The columns that are sent, by the names that a bulk write has for them.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().filter_map(|column| column.target.api_name()).collect()
    }

    /// The cells of the columns that are sent. Zoho converts them.
    pub(super) fn texts(&self, rows: &CsvInput, row: CsvRow) -> Result<Vec<String>, Error> {
        let cells = self.columns.iter().zip(row.cells).enumerate();
        let sent = cells.filter(|(_, (column, _))| column.target.api_name().is_some());
        let text = |(index, (column, cell)): (usize, (&Column, String))| {
            let text = column.target.text(cell);
            text.map_err(|reason| rows.invalid_cell(row.line, index, reason))
        };
        sent.map(text).collect()
    }
}

impl Target {
    /// Returns the name of the field that the column sets in a record.
    fn field(&self) -> Option<&str> {
        match self {
            Self::Id => Some("id"),
            Self::Field(field) | Self::Reference { field, .. } => Some(&field.api_name),
            Self::Name | Self::ReadOnly => None,
        }
    }

    /// Returns the API name of the lookup field, if the column sets one through a property.
    fn reference(&self) -> Option<&str> {
        match self {
            Self::Reference { field, .. } => Some(&field.api_name),
            _ => None,
        }
    }

    /// A cell for a bulk write.
    fn text(&self, cell: String) -> Result<String, InvalidCell> {
        let is_by_id = match self {
            Self::Id => true,
            Self::Field(field) => cells::is_reference(field),
            Self::Reference { property, .. } => property == "id",
            Self::Name | Self::ReadOnly => false,
        };
        match self {
            _ if cell.trim().is_empty() => Ok(String::new()),
            Self::Id => cells::id(&cell).map(str::to_owned),
            _ if is_by_id => cells::id(&cell).map(str::to_owned).map_err(|_| InvalidCell::NotALookup),
            Self::Field(field) if cells::is_list(field) && !cell.starts_with('[') => {
                Ok(cells::list(&cell).collect::<Vec<_>>().join(";"))
            }
            _ => Ok(cell),
        }
    }

    /// The name in a bulk write, where a lookup has a property.
    fn api_name(&self) -> Option<String> {
        match self {
            Self::Reference { field, property } => Some(format!("{}.{property}", field.api_name)),
            Self::Field(field) if cells::is_reference(field) => Some(format!("{}.id", field.api_name)),
            _ => self.field().map(str::to_owned),
        }
    }
}

/// The target of a column. Otherwise the API names of the fields that it can mean, of which there is not exactly one.
fn target(fields: &Fields, module: &str, heading: &str, purpose: Purpose) -> Result<Target, Vec<String>> {
    if heading == "id" {
        return Ok(Target::Id);
    }
    if let Some(field) = only(fields, heading)? {
        return Ok(if may_be_set(&field, purpose) { Target::Field(field) } else { Target::ReadOnly });
    }
    // Exports name the full name of a person after the module: `Lead Name`.
    if fields.field("Full_Name").is_some() && heading == format!("{} Name", module.trim_end_matches('s')) {
        return Ok(Target::ReadOnly);
    }
    let (base, property) = heading.rsplit_once('.').ok_or_else(Vec::new)?;
    let field = only(fields, base)?.ok_or_else(Vec::new)?;
    if !cells::is_reference(&field) {
        return Err(Vec::new());
    }
    Ok(match property.to_lowercase().as_str() {
        _ if !may_be_set(&field, purpose) => Target::ReadOnly,
        "name" | "module" => Target::Name,
        "id" => Target::Reference { field, property: "id".to_owned() },
        _ => Target::Reference { field, property: property.to_owned() },
    })
}

fn only(fields: &Fields, name: &str) -> Result<Option<Arc<Field>>, Vec<String>> {
    match fields.meant(name).as_slice() {
        [] => Ok(None),
        [field] => Ok(Some(Arc::new((*field).clone()))),
        several => Err(several.iter().map(|field| field.api_name.clone()).collect()),
    }
}

fn may_be_set(field: &Field, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Create => field.can_be_created(),
        Purpose::Update => field.can_be_updated(),
        Purpose::Upsert => field.can_be_created() || field.can_be_updated(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::args::{CsvOptions, Delimiter};
    use crate::input::Input;
    use crate::messages::Origin;
    use crate::output::csv;

    fn fields() -> Fields {
        let field = |api_name: &str, label: &str, json_type: &str, read_only: bool| -> Field {
            let description = json!({
                "api_name": api_name, "field_label": label, "json_type": json_type, "read_only": read_only,
            });
            serde_json::from_value(description).unwrap()
        };
        Fields::from_iter([
            field("Owner", "Lead Owner", "jsonobject", false),
            field("Full_Name", "Full Name", "string", true),
            field("Last_Name", "Last Name", "string", false),
            field("City", "City", "string", false),
            field("City1", "City", "string", false),
            field("Number", "S.S. Number", "string", false),
            field("Created_By", "Created By", "jsonobject", true),
            field("Created_Time", "Created Time", "string", true),
        ])
    }

    fn input(csv: &str) -> CsvInput {
        let options = CsvOptions { encoding: None, delimiter: Some(Delimiter::Comma) };
        let source = Cursor::new(csv.to_owned());
        CsvInput::open(&Output::new(false), &Origin::StandardInput, source, options)
            .unwrap_or_else(|_| panic!("CSV"))
    }

    fn records(columns: &Columns, csv: &str) -> Value {
        let rows = input(csv);
        let entries = Input::of_csv(input(csv)).map(|entry| entry.unwrap_or_else(|_| panic!("a row")));
        entries.map(|entry| Value::from(columns.record(&rows, &entry).unwrap())).collect()
    }

    fn columns(headings: &[&str]) -> Result<Columns, String> {
        let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
        Columns::new(&fields(), "Leads", &headings, Purpose::Update).map_err(|problem| problem.to_string())
    }

    #[track_caller]
    fn rejected(headings: &[&str]) -> String {
        columns(headings).unwrap_err()
    }

    #[test]
    fn headings_are_api_names_or_labels() {
        let headings = ["id", "Last Name", "City1", "S.S. Number", "Lead Owner"];
        assert_eq!(columns(&headings).unwrap().names(), ["id", "Last_Name", "City1", "Number", "Owner.id"]);
        assert_eq!(columns(&["LAST-NAME", "owner"]).unwrap().names(), ["Last_Name", "Owner.id"]);
        assert_eq!(
            rejected(&["Last_Nmae", "Colour", "City.id"]),
            "module `Leads` has no field `Last_Nmae` (did you mean `Last_Name`?), `Colour`, `City.id`"
        );
        assert!(rejected(&["CITY"]).contains("`CITY` can be any of the fields `City`, `City1`"));
        assert!(
            rejected(&["Last_Name", "Last Name"]).contains("`Last_Name` and `Last Name` are the same field")
        );
        assert!(rejected(&["Owner.id", "Owner.email"]).contains("are the same field, `Owner`"));
    }

    #[test]
    fn in_an_export_the_id_of_a_lookup_is_used_and_its_name_is_left_out() {
        let headings =
            ["id", "Lead Owner.id", "Lead Owner", "Created By.id", "Created By", "Lead Name", "City1"];
        let columns = columns(&headings).unwrap();
        assert_eq!(columns.names(), ["id", "Owner.id", "City1"]);
        assert_eq!(columns.headings(|target| *target == Target::Name), ["Lead Owner"]);
        let read_only = columns.headings(|target| *target == Target::ReadOnly);
        assert_eq!(read_only, ["Created By.id", "Created By", "Lead Name"]);
        let csv = format!("{}\nzcrm_1, zcrm_2,Ada,zcrm_3,Ada,Grace Hopper, \n", headings.join(","));
        let mut rows = input(&csv);
        let row = rows.next().unwrap().unwrap();
        assert_eq!(columns.texts(&rows, row).unwrap(), ["1", "2", ""]);
        assert_eq!(records(&columns, &csv), json!([{ "id": "1", "Owner": { "id": "2" } }]));
    }

    #[test]
    fn a_cell_that_cannot_be_sent_is_named_by_its_line_and_column() {
        let columns = columns(&["id", "Owner"]).unwrap();
        for (row, told) in [
            ("1,Ada Lovelace", "line 2, column 2 (`Owner`): it is not the id of a record or user"),
            ("5.72577E+18,", "line 2, column 1 (`Record Id`): it is not an id"),
        ] {
            let csv = format!("Record Id,Owner\n{row}\n");
            let mut rows = input(&csv);
            let row = rows.next().unwrap().unwrap();
            let error = columns.texts(&rows, row).unwrap_err().to_string();
            assert!(error.starts_with("could not use standard input: ") && error.contains(told), "{error}");
            let entry = Input::of_csv(input(&csv)).next().unwrap().unwrap_or_else(|_| panic!("a row"));
            assert_eq!(columns.record(&rows, &entry).unwrap_err().to_string(), error);
        }
    }

    proptest! {
        #[test]
        fn records_that_are_printed_as_csv_are_read_as_they_were(
            texts in prop::collection::vec(("[ -~\\r\\n\\t\u{a0}äß🦊]{0,9}", "[ -~\n]{0,9}", 1_u64..99), 1..9),
        ) {
            let columns = columns(&["id", "Last_Name", "City1", "Owner"]).unwrap();
            let printed: Vec<Record> = texts
                .into_iter()
                .map(|(name, city, id)| {
                    let texts = [("Last_Name", name), ("City1", city)];
                    let texts = texts.into_iter().filter(|(_, text)| !text.trim().is_empty());
                    let record = Record::with_id(id.to_string()).with("Owner", json!({ "id": "7" }));
                    texts.fold(record, |record, (name, text)| record.with(name, text))
                })
                .collect();
            let names = ["id", "Last_Name", "City1", "Owner"].map(str::to_owned).to_vec();
            let csv = csv(Some(&names), &names, &printed).unwrap_or_else(|_| panic!("CSV"));
            let printed: Value = printed.into_iter().map(Value::from).collect();
            prop_assert_eq!(records(&columns, &csv), printed);
        }
    }
}
