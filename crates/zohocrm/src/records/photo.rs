//! The photo of a record.

use super::Records;
use crate::error::Error;
use crate::message::{Method, Upload};
use crate::request::{Download, Request};
use crate::written::{WrittenRecord, outcome};

impl Records {
    /// The photo of a record: of a lead, a contact, an account, a product or a vendor.
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

/// The photo of a record; from [`Records::photo`].
#[derive(Clone, Debug)]
pub struct RecordPhoto {
    records: Records,
    id: String,
}

impl RecordPhoto {
    /// Uploads a photo and replaces the existing one. It must be a PNG, JPEG, GIF or BMP file of at most 10 MB.
    ///
    /// # Errors
    /// If the file cannot be read, the call fails, or Zoho rejects the photo.
    pub async fn upload(&self, photo: Upload) -> Result<WrittenRecord, Error> {
        outcome(&self.request(Method::Post).upload("file", photo)).await
    }

    /// Downloads the photo as a stream.
    ///
    /// # Errors
    /// [`Error::NoFile`] if there is no photo, and if the call fails.
    pub async fn download(&self) -> Result<Download, Error> {
        self.request(Method::Get).download().await
    }

    /// Deletes the photo.
    ///
    /// # Errors
    /// If the call fails, or Zoho rejects it.
    pub async fn delete(&self) -> Result<WrittenRecord, Error> {
        outcome(&self.request(Method::Delete)).await
    }

    fn request(&self, method: Method) -> Request {
        self.records.request_about(method, &self.id, "/crm/v8/{module}/{id}/photo")
    }
}
