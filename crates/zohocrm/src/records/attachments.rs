//! The files and links that are attached to a record.

use super::{DeleteRecords, ListRecords, Records, scopes};
use crate::error::Error;
use crate::message::{Method, Upload};
use crate::record::{Lookup, Record};
use crate::request::{Download, Request};
use crate::value::described::described;
use crate::value::{DateTime, Nullable};
use crate::written::{WrittenRecord, outcome};

/// The fields of an [`Attachment`]. Zoho requires the parameter.
const FIELDS: &str = "id,File_Name,Size,Parent_Id,Owner,Created_Time,Modified_Time";

impl Records {
    /// The attachments of a record.
    ///
    /// ```no_run
    /// use zohocrm::{Attachment, Upload};
    ///
    /// # async fn attachments(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
    /// let attachments = crm.records("Deals").attachments("5725767000000412001");
    /// attachments.upload(Upload::from_path("offer.pdf")).await?;
    /// for attachment in &attachments.list().send_as::<Attachment>().await?.records {
    ///     attachments.download(&attachment.id).await?.save(format!("{}.bin", attachment.id)).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn attachments(&self, id: impl Into<String>) -> RecordAttachments {
        RecordAttachments { records: self.clone(), id: id.into() }
    }
}

/// The attachments of a record; from [`Records::attachments`].
#[derive(Clone, Debug)]
pub struct RecordAttachments {
    records: Records,
    id: String,
}

impl RecordAttachments {
    /// Lists the attachments. Use [`send_as::<Attachment>`](ListRecords::send_as) or
    /// [`stream_as::<Attachment>`](ListRecords::stream_as) to decode them. Default of [`fields`](ListRecords::fields): those
    /// of an [`Attachment`].
    pub fn list(&self) -> ListRecords {
        ListRecords { request: self.request(Method::Get).replace_query("fields", FIELDS) }
    }

    /// Attaches a file of at most 20 MB. A file on disk is streamed.
    ///
    /// # Errors
    /// If the file cannot be read, the call fails, or Zoho rejects the file.
    pub async fn upload(&self, file: Upload) -> Result<WrittenRecord, Error> {
        outcome(&self.request(Method::Post).upload("file", file)).await
    }

    /// Attaches a link with a title.
    ///
    /// # Errors
    /// If the call fails, or Zoho rejects the link.
    pub async fn link(
        &self,
        url: impl Into<String>,
        title: impl Into<String>,
    ) -> Result<WrittenRecord, Error> {
        let request = self.request(Method::Post).query("attachmentUrl", url).query("title", title);
        outcome(&request).await
    }

    /// Downloads a file as a stream, given the id of the attachment.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn download(&self, attachment: impl Into<String>) -> Result<Download, Error> {
        let values = [
            ("module", self.records.module.clone()),
            ("id", self.id.clone()),
            ("attachment", attachment.into()),
        ];
        let template = "/crm/v8/{module}/{id}/Attachments/{attachment}";
        let request = Request::operation(&self.records.caller, Method::Get, template, values);
        request.scopes(scopes(Method::Get)).download().await
    }

    /// Deletes attachments, given by their ids.
    pub fn delete(&self, ids: impl IntoIterator<Item = impl Into<String>>) -> DeleteRecords {
        DeleteRecords::new(self.request(Method::Delete), ids)
    }

    fn request(&self, method: Method) -> Request {
        self.records.request_about(method, &self.id, "/crm/v8/{module}/{id}/Attachments")
    }
}

described! {
    /// A file or link that is attached to a record.
    pub struct Attachment {
        /// The id of the attachment.
        pub id: String = "id" or_number,
        /// The name of the file, or the title of the link.
        pub file_name: Nullable<String> = "File_Name",
        /// The size in bytes, as text.
        pub size: Nullable<String> = "Size" or_number,
        /// `Attachment` or `Link URL`, for example.
        pub kind: Nullable<String> = "$type",
        /// The id of the file in Zoho's file system.
        pub file_id: Nullable<String> = "$file_id" or_number,
        /// The URL of a link.
        pub link_url: Nullable<String> = "$link_url",
        /// The record to which the file or link is attached.
        pub parent: Nullable<Record> = "Parent_Id",
        /// The owner.
        pub owner: Nullable<Lookup> = "Owner",
        /// When the file or link was attached.
        pub created_time: Nullable<DateTime> = "Created_Time",
        /// When the attachment was last modified.
        pub modified_time: Nullable<DateTime> = "Modified_Time",
    }
}
