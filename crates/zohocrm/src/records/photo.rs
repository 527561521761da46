//! The picture of a record.

use super::Records;
use crate::error::Error;
use crate::message::{Method, Upload};
use crate::request::{Download, Request};
use crate::written::{WrittenRecord, outcome};

impl Records {
    /// The picture of a record: a lead, a contact, an account, a product or a vendor.
    ///
    /// ```no_run
    /// use zohocrm::Upload;
    ///
    /// # async fn photo(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
    /// let photo = crm.records("Contacts").photo("5725767000000412001");
    /// photo.upload(Upload::from_path("ada.png")).await?;
    /// photo.download().await?.save("copy.png").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn photo(&self, id: impl Into<String>) -> RecordPhoto {
        RecordPhoto { records: self.clone(), id: id.into() }
    }
}

/// The picture of a record; from [`Records::photo`].
#[derive(Clone, Debug)]
pub struct RecordPhoto {
    records: Records,
    id: String,
}

impl RecordPhoto {
    /// Puts a picture in place of the one that is there: PNG, JPEG, GIF or BMP of at most 10 MB.
    ///
    /// # Errors
    /// When the file cannot be read, the call fails, or Zoho refuses the picture.
    pub async fn upload(&self, picture: Upload) -> Result<WrittenRecord, Error> {
        outcome(&self.request(Method::Post).upload("file", picture)).await
    }

    /// Hands the picture over as a stream. Where there is none, it has no bytes and the status 204.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn download(&self) -> Result<Download, Error> {
        self.request(Method::Get).download().await
    }

    /// Deletes the picture.
    ///
    /// # Errors
    /// When the call fails, or Zoho refuses it.
    pub async fn delete(&self) -> Result<WrittenRecord, Error> {
        outcome(&self.request(Method::Delete)).await
    }

    fn request(&self, method: Method) -> Request {
        self.records.request_about(method, &self.id, "/crm/v8/{module}/{id}/photo")
    }
}
