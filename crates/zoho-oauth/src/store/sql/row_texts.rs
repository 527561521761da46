//! The statements about the tokens' rows. They follow from the columns that the table has.

use super::super::table::{Column, Kind, Table};
use super::driver::Statement;
use super::texts::{LOOK_UPS, PAGE, ReplaceParts, Words, numbered};

/// The statements about rows, in the dialect of one server and for the columns of one table.
#[derive(Clone, Debug)]
pub(in crate::store) struct RowTexts {
    placeholder: Option<fn(usize) -> String>,
    select: String,
    insert: String,
    /// The name of each look-up column, and the expression for its value.
    look_ups: [(String, String); LOOK_UPS.len()],
    /// The values of a new row.
    new_row: String,
    pub(super) rows: [Statement; LOOK_UPS.len()],
    pub(super) all: Statement,
    pub(super) first_page: Statement,
    pub(super) next_page: Statement,
    pub(super) lock_rows: Statement,
    pub(super) ids: Statement,
    pub(super) highest_stored_id: Statement,
    /// Only if the column `id` gets its numbers from a sequence.
    pub(super) advance_sequence: Option<Statement>,
    pub(super) replace: Statement,
    pub(super) replace_and_release: Statement,
    pub(super) delete: Statement,
    pub(super) delete_all: Statement,
}

impl RowTexts {
    pub(super) fn new(words: &Words, table: &Table) -> Self {
        let Words { tokens, exactly, placeholder, .. } = words;
        let sql = |text: String| Statement::new(words.numbered(&text));
        let read = table.columns().each_ref().map(|column| match column {
            Some(column) => words.read(column),
            // A table of an older SDK has fewer columns.
            None => "null".to_owned(),
        });
        let select = format!("select {} from {tokens}", read.join(", "));
        let as_read = read.each_ref().map(|expression| exactly(expression)).join(" and ");
        // Rows are written only if the table has all columns.
        let present: Vec<&Column> = table.columns().iter().flatten().collect();
        let name = |column: &Column| (words.quoted)(&column.name);
        let names: Vec<_> = present.iter().map(|column| name(column)).collect();
        let new_row: Vec<_> = present.iter().map(|column| words.write(column)).collect();
        let set: Vec<_> =
            names.iter().zip(&new_row).skip(1).map(|(name, value)| format!("{name} = {value}")).collect();
        let set = set.join(", ");
        let look_ups = LOOK_UPS.map(|look_up| match table.column(look_up) {
            Some(column) => (name(column), (words.from_text)(column)),
            None => ("null".to_owned(), "?".to_owned()),
        });
        let [(id, id_value), ..] = &look_ups;
        let is = |(name, value): &(String, String)| format!("{name} = {value}");
        let is_id = is(&look_ups[0]);
        let is_counted = |column: &&Column| matches!(column.kind, Kind::Number(_)) && column.has_default;
        let counted = table.column("id").filter(is_counted).map(|column| column.name.as_str());
        Self {
            placeholder: *placeholder,
            insert: format!("insert into {tokens} ({}) {}values ", names.join(", "), words.with_any_id),
            rows: look_ups.each_ref().map(|look_up| sql(format!("{select} where {}", is(look_up)))),
            all: sql(select.clone()),
            first_page: sql(match table.column("id") {
                Some(_) => format!("{select} order by {id} limit {PAGE}"),
                // Without ids there is no next page.
                None => select.clone(),
            }),
            next_page: sql(format!("{select} where {id} > {id_value} order by {id} limit {PAGE}")),
            lock_rows: sql(format!("{select} where {is_id} for update")),
            ids: sql(format!("select {} from {tokens}", read[0])),
            advance_sequence: counted.and_then(|id| words.advance_sequence.map(|text| sql(text(words, id)))),
            highest_stored_id: sql((words.highest_stored_id)(words, &read[0])),
            replace: sql(format!("update {tokens} set {set} where {is_id} and {as_read}")),
            replace_and_release: sql((words.replace_and_release)(
                words,
                &ReplaceParts { id, is_id: &is_id, as_read: &as_read, set: &set },
            )),
            delete: sql(format!("delete from {tokens} where {is_id} and {}", exactly(&read[0]))),
            delete_all: sql(format!("delete from {tokens}")),
            new_row: format!("({})", new_row.join(", ")),
            select,
            look_ups,
        }
    }

    /// Returns a statement that selects the rows that have one of `values` values in a look-up column.
    pub(super) fn rows_of_many(&self, look_up: usize, values: usize) -> String {
        let (name, value) = &self.look_ups[look_up];
        let values = vec![value.as_str(); values].join(", ");
        numbered(&format!("{} where {name} in ({values})", self.select), self.placeholder)
    }

    /// Returns a statement that inserts `rows` rows.
    pub(super) fn insert(&self, rows: usize) -> String {
        let rows = vec![self.new_row.as_str(); rows].join(", ");
        numbered(&format!("{}{rows}", self.insert), self.placeholder)
    }
}
