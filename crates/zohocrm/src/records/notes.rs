//! Notes on records.

use serde::Serialize;

use super::{ListRecords, Records, WriteRecord, WriteRecords};
use crate::message::Method;
use crate::record::{Lookup, Record};
use crate::value::described::described;
use crate::value::{DateTime, Nullable};

/// The fields of a [`Note`]. Zoho requires the parameter.
const FIELDS: &str = "id,Note_Title,Note_Content,Parent_Id,Owner,Created_Time,Modified_Time";

impl Records {
    /// The notes on a record. For the notes on all records see [`Crm::notes`](crate::Crm::notes).
    ///
    /// ```no_run
    /// use zohocrm::Note;
    ///
    /// # async fn note(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
    /// let notes = crm.records("Leads").notes("5725767000000412001");
    /// notes.create_one(Note::new("Called").content("Wants an offer by Monday.")).await?;
    /// for note in &notes.list().send_as::<Note>().await?.records {
    ///     println!("{}", note.content.as_deref().unwrap_or("-"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn notes(&self, id: impl Into<String>) -> RecordNotes {
        RecordNotes { records: self.clone(), id: id.into() }
    }
}

/// The notes on a record; from [`Records::notes`]. To update or delete them, use [`Crm::notes`](crate::Crm::notes).
#[derive(Clone, Debug)]
pub struct RecordNotes {
    records: Records,
    id: String,
}

impl RecordNotes {
    const PATH: &str = "/crm/v8/{module}/{id}/Notes";

    /// Lists the notes. Use [`send_as::<Note>`](ListRecords::send_as) or [`stream_as::<Note>`](ListRecords::stream_as) to
    /// decode them. Default of [`fields`](ListRecords::fields): those of a [`Note`].
    pub fn list(&self) -> ListRecords {
        let request = self.records.request_about(Method::Get, &self.id, Self::PATH);
        ListRecords { request: request.replace_query("fields", FIELDS) }
    }

    /// Creates notes on the record, from [`Note`]s or anything of that shape.
    pub fn create(&self, notes: impl IntoIterator<Item = impl Serialize>) -> WriteRecords {
        WriteRecords::new(self.records.request_about(Method::Post, &self.id, Self::PATH), notes)
    }

    /// Creates one note on the record.
    pub fn create_one(&self, note: impl Serialize) -> WriteRecord {
        WriteRecord::of(self.create([note]))
    }
}

described! {
    /// A note: a title, a text, and the record that it is on.
    pub struct Note {
        /// The id.
        pub id: Nullable<String> = "id" or_number,
        /// The title.
        pub title: Nullable<String> = "Note_Title",
        /// The text.
        pub content: Nullable<String> = "Note_Content",
        /// The record that the note is on: its `id` and `name`, and its module in `module`.
        pub parent: Nullable<Record> = "Parent_Id",
        /// The owner.
        pub owner: Nullable<Lookup> = "Owner",
        /// When the note was created.
        pub created_time: Nullable<DateTime> = "Created_Time",
        /// When the note was last modified.
        pub modified_time: Nullable<DateTime> = "Modified_Time",
    }
}

impl Note {
    /// Creates a note with a title.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: Nullable::Value(title.into()), ..Self::default() }
    }

    /// Sets the text.
    #[must_use]
    pub fn content(self, content: impl Into<String>) -> Self {
        Self { content: Nullable::Value(content.into()), ..self }
    }

    /// Sets the record that the note is on. Required with [`Crm::notes`](crate::Crm::notes), where the path does not name it.
    #[must_use]
    pub fn on(self, module: impl Into<String>, id: impl Into<String>) -> Self {
        let module = Record::new().with("api_name", module.into());
        Self { parent: Nullable::Value(Record::with_id(id).with("module", module)), ..self }
    }
}
