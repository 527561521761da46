//! Files and links attached to a record.

use serde::{Deserialize, Serialize};

use super::{DeleteRecords, ListRecords, Records, scopes};
use crate::error::Error;
use crate::message::{Method, Upload};
use crate::record::{Lookup, Record};
use crate::request::{Download, Request};
use crate::value::{DateTime, Extra, Nullable};
use crate::written::{WrittenRecord, outcome};

/// What a list of attachments asks for. Zoho wants to be told.
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
    /// Lists the attachments; [`send_as::<Attachment>`](ListRecords::send_as) and
    /// [`stream_as::<Attachment>`](ListRecords::stream_as) read them as [`Attachment`]. Without
    /// [`fields`](ListRecords::fields) it asks for what an [`Attachment`] has.
    pub fn list(&self) -> ListRecords {
        ListRecords { request: self.request(Method::Get).replace_query("fields", FIELDS) }
    }

    /// Attaches a file: at most 20 MB. A file on disk is streamed.
    ///
    /// # Errors
    /// When the file cannot be read, the call fails, or Zoho refuses the file.
    pub async fn upload(&self, file: Upload) -> Result<WrittenRecord, Error> {
        outcome(&self.request(Method::Post).upload("file", file)).await
    }

    /// Attaches a link to a file elsewhere, under a title.
    ///
    /// # Errors
    /// When the call fails, or Zoho refuses the link.
    pub async fn link(
        &self,
        url: impl Into<String>,
        title: impl Into<String>,
    ) -> Result<WrittenRecord, Error> {
        let request = self.request(Method::Post).query("attachmentUrl", url).query("title", title);
        outcome(&request).await
    }

    /// Hands a file over as a stream, by the id of the attachment.
    ///
    /// # Errors
    /// When the call fails.
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

    /// Deletes attachments, by their ids.
    pub fn delete(&self, ids: impl IntoIterator<Item = impl Into<String>>) -> DeleteRecords {
        DeleteRecords::new(self.request(Method::Delete), ids)
    }

    fn request(&self, method: Method) -> Request {
        self.records.request_about(method, &self.id, "/crm/v8/{module}/{id}/Attachments")
    }
}

/// A file or a link that is attached to a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// The file's name, or the title of the link.
    #[serde(rename = "File_Name", skip_serializing_if = "Nullable::is_absent")]
    pub file_name: Nullable<String>,
    /// How many bytes, as a text.
    #[serde(rename = "Size", skip_serializing_if = "Nullable::is_absent")]
    pub size: Nullable<String>,
    /// `Attachment` or `Link URL`, for example.
    #[serde(rename = "$type", skip_serializing_if = "Nullable::is_absent")]
    pub kind: Nullable<String>,
    /// What the file is called in Zoho's file system.
    #[serde(rename = "$file_id", skip_serializing_if = "Nullable::is_absent")]
    pub file_id: Nullable<String>,
    /// Where a link leads.
    #[serde(rename = "$link_url", skip_serializing_if = "Nullable::is_absent")]
    pub link_url: Nullable<String>,
    /// The record that it is attached to.
    #[serde(rename = "Parent_Id", skip_serializing_if = "Nullable::is_absent")]
    pub parent: Nullable<Record>,
    /// Whose it is.
    #[serde(rename = "Owner", skip_serializing_if = "Nullable::is_absent")]
    pub owner: Nullable<Lookup>,
    /// When it was attached.
    #[serde(rename = "Created_Time", skip_serializing_if = "Nullable::is_absent")]
    pub created_time: Nullable<DateTime>,
    /// When it was last changed.
    #[serde(rename = "Modified_Time", skip_serializing_if = "Nullable::is_absent")]
    pub modified_time: Nullable<DateTime>,
    /// What else there is.
    #[serde(flatten)]
    pub extra: Extra,
}
