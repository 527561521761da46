//! `crm.files()`: files that fields of records refer to, uploaded before the record is written.

use serde_json::Value;

use crate::client::Crm;
use crate::error::Error;
use crate::records::{WrittenRecord, outcomes};
use crate::request::{Download, Method, Upload};

const UPLOAD_SCOPES: &[&str] = &["ZohoCRM.files.CREATE"];
const READ_SCOPES: &[&str] = &["ZohoCRM.files.READ"];

/// Files that fields of records refer to (file upload, image upload); from [`Crm::files`].
///
/// A file is uploaded first. Its id is then written into the field of a record: see [`FileField`](crate::FileField).
///
/// ```no_run
/// use zohocrm::Upload;
///
/// # async fn contract(crm: zohocrm::Crm) -> Result<(), zohocrm::Error> {
/// let contract = crm.files().upload(Upload::from_path("contract.pdf")).await?;
/// crm.files().download(&contract.id).await?.save("copy of contract.pdf").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Files {
    crm: Crm,
}

/// A file that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedFile {
    /// Zoho's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl Files {
    /// How many files Zoho takes in one call (zoho.com/crm/developer/docs/api/v8/upload-files-to-zfs.html).
    pub const MAX_PER_UPLOAD: usize = 10;

    pub(crate) fn new(crm: &Crm) -> Self {
        Self { crm: crm.clone() }
    }

    /// Uploads a file of up to 20 MB.
    ///
    /// # Errors
    /// When the call fails, or Zoho refuses the file.
    pub async fn upload(&self, file: Upload) -> Result<UploadedFile, Error> {
        self.upload_several([file]).await?.remove(0)
    }

    /// Uploads up to ten files in one call, and says what became of each, in the order in which they were given.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn upload_several(
        &self,
        files: impl IntoIterator<Item = Upload>,
    ) -> Result<Vec<Result<UploadedFile, Error>>, Error> {
        // A file that no record refers to does no harm: it may be uploaded twice.
        let request = self.crm.request(Method::Post, "/crm/v8/files").scopes(UPLOAD_SCOPES).repeatable(true);
        let (request, count) = files
            .into_iter()
            .fold((request, 0), |(request, count), file| (request.upload("file", file), count + 1));
        match count {
            0 => Ok(Vec::new()),
            1..=Self::MAX_PER_UPLOAD => {
                let results = outcomes(&request, count).await?;
                Ok(results.into_iter().map(|result| UploadedFile::of(&result?)).collect())
            }
            _ => Err(Error::Request(format!(
                "{count} files are too many; upload at most {} at a time",
                Self::MAX_PER_UPLOAD
            ))),
        }
    }

    /// Reads a file, a piece at a time.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn download(&self, id: impl Into<String>) -> Result<Download, Error> {
        let request = self.crm.request(Method::Get, "/crm/v8/files").query("id", id);
        request.scopes(READ_SCOPES).download().await
    }
}

impl UploadedFile {
    fn of(written: &WrittenRecord) -> Result<Self, Error> {
        let text = |name: &str| written.details().get(name).and_then(Value::as_str).map(str::to_owned);
        let id = text("id").filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| written.unusable("it does not say what the file's id is"))?;
        Ok(Self { id, name: text("name").unwrap_or_default() })
    }
}
