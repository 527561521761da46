//! `crm.files()`: files that fields of records refer to. They are uploaded before the record is written.

use crate::caller::Caller;
use crate::error::{Error, Invalid, ResponseProblem};
use crate::message::{Method, RawResponse, Upload};
use crate::request::{Download, Request};
use crate::value::Value;
use crate::written::{WrittenRecord, outcomes_as};

const UPLOAD_SCOPES: &[&str] = &["ZohoCRM.files.CREATE"];
const READ_SCOPES: &[&str] = &["ZohoCRM.files.READ"];

/// The files that fields of records refer to (file upload, image upload); from [`Crm::files`](crate::Crm::files).
///
/// A file is uploaded first. Its id is then written to the field of a record: see [`FileField`](crate::FileField).
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
    caller: Caller,
}

/// A file that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedFile {
    /// Zoho's id of the file.
    pub id: String,
    /// The file name.
    pub name: String,
}

impl Files {
    /// The maximum number of files in one call (zoho.com/crm/developer/docs/api/v8/upload-files-to-zfs.html).
    pub const MAX_PER_UPLOAD: usize = 10;

    pub(crate) fn new(caller: &Caller) -> Self {
        Self { caller: caller.clone() }
    }

    /// Uploads a file of up to 20 MB.
    ///
    /// # Errors
    /// If the call fails, or Zoho rejects the file.
    pub async fn upload(&self, file: Upload) -> Result<UploadedFile, Error> {
        self.upload_several([file]).await?.remove(0)
    }

    /// Uploads up to ten files in one call. Returns the result for each, in the given order.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn upload_several(
        &self,
        files: impl IntoIterator<Item = Upload>,
    ) -> Result<Vec<Result<UploadedFile, Error>>, Error> {
        // A file that no record refers to is harmless, so the upload may be repeated.
        let request = Request::new(&self.caller, Method::Post, "/crm/v8/files");
        let request = request.scopes(UPLOAD_SCOPES).repeatable(true);
        let (request, count) = files
            .into_iter()
            .fold((request, 0), |(request, count), file| (request.upload("file", file), count + 1));
        match count {
            0 => Ok(Vec::new()),
            1..=Self::MAX_PER_UPLOAD => {
                outcomes_as(&request, count, |written, response| UploadedFile::read(&written, response)).await
            }
            _ => Err(Invalid::TooManyFiles { count, max: Self::MAX_PER_UPLOAD }.into()),
        }
    }

    /// Downloads a file as a stream.
    ///
    /// # Errors
    /// If the call fails.
    pub async fn download(&self, id: impl Into<String>) -> Result<Download, Error> {
        let request = Request::new(&self.caller, Method::Get, "/crm/v8/files").query("id", id);
        request.scopes(READ_SCOPES).download().await
    }
}

impl UploadedFile {
    fn read(written: &WrittenRecord, response: &RawResponse) -> Result<Self, Error> {
        let text = |name: &str| written.details().get(name).and_then(Value::as_str).map(str::to_owned);
        let id = text("id").filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| {
            Error::unusable(response, ResponseProblem::Unexpected, "it has no id for the file")
        })?;
        Ok(Self { id, name: text("name").unwrap_or_default() })
    }
}
