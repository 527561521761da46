//! `Download`: a file that Zoho sends, as a stream.

use std::io;
use std::path::Path;

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use crate::error::Error;
use crate::message::Headers;
use crate::transport::Incoming;

/// A file that Zoho sends, as a stream. Only [`bytes`](Self::bytes) keeps it in memory as a whole.
#[derive(Debug)]
pub struct Download {
    pub(crate) incoming: Incoming,
}

impl Download {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.incoming.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.incoming.headers
    }

    /// The `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers().get("content-type")
    }

    /// The length of the body in bytes, if Zoho sends it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.headers().get("content-length")?.parse().ok()
    }

    /// The name of the file in the CRM, without folders; `None` if Zoho does not send it.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        file_name_in(self.headers().get("content-disposition")?)
    }

    /// Returns the next piece; `None` at the end.
    ///
    /// # Errors
    /// If the connection breaks before the end, or no data arrives within the timeout.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.incoming.chunk().await
    }

    /// Reads the whole file into memory.
    ///
    /// # Errors
    /// As for [`chunk`](Self::chunk).
    pub async fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(piece) = self.chunk().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    /// Saves the file and returns its size in bytes.
    ///
    /// The file appears under its name when it is complete and on disk, and replaces an older one of that name. On Unix only
    /// its owner can read it (mode 0600), because the contents of a CRM are private.
    ///
    /// # Errors
    /// As for [`chunk`](Self::chunk), if the file cannot be written, and if `path` is a folder, a pipe or a device. Nothing is
    /// replaced then.
    pub async fn save(mut self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let path = path.as_ref();
        let failed = |error: io::Error| Error::file(path, &error);
        if tokio::fs::metadata(path).await.is_ok_and(|there| !there.is_file()) {
            let evidence = "it is a folder, a pipe or a device, which a file cannot replace";
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, evidence)));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        let mut file = File::from_std(temporary.reopen().map_err(failed)?);
        let written = self.write_to(&mut file, path, u64::MAX).await?;
        file.sync_all().await.map_err(failed)?;
        temporary.persist(path).map_err(|error| failed(error.error))?;
        Ok(written)
    }

    /// Writes the body to an open file, up to `max_bytes`, and returns its size. `path` is for errors.
    pub(crate) async fn write_to(
        &mut self,
        file: &mut File,
        path: &Path,
        max_bytes: u64,
    ) -> Result<u64, Error> {
        let failed = |error: io::Error| Error::file(path, &error);
        let mut written = 0;
        while let Some(piece) = self.chunk().await? {
            written += piece.len() as u64;
            if written > max_bytes {
                let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
                return Err(Error::TooLarge { status: self.status(), max_bytes });
            }
            file.write_all(&piece).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        Ok(written)
    }
}

/// Reads the file name in a `Content-Disposition`: `attachment; filename*=UTF-8''a%20b.pdf`, or `filename="a b.pdf"`.
fn file_name_in(disposition: &str) -> Option<String> {
    let parameter = |wanted: &str| {
        let mut parameters = parameters_in(disposition).into_iter();
        parameters.find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then_some(value))
    };
    let name = match parameter("filename*") {
        Some(encoded) => {
            // Character set, language, name: `UTF-8'en'a%20b.pdf`.
            let encoded = encoded.splitn(3, '\'').last().unwrap_or_default();
            let pairs = format!("name={}", encoded.replace('+', "%2B").replace('&', "%26"));
            url::form_urlencoded::parse(pairs.as_bytes()).next()?.1.into_owned()
        }
        None => parameter("filename")?,
    };
    // The sender must not choose the folder.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    (!matches!(name, "" | "." | "..")).then(|| name.to_owned())
}

/// Reads the parameters of a header and removes their quotes. In quotes, `;` is part of a value and `\` escapes `"` and `\`.
fn parameters_in(header: &str) -> Vec<(String, String)> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quoted, mut letters) = (false, header.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            '\\' if quoted => part.extend(letters.next()),
            ';' if !quoted => parts.push(std::mem::take(&mut part)),
            _ => part.push(letter),
        }
    }
    parts.push(part);
    let parameter = |part: &String| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    parts.iter().filter_map(parameter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_read_in_both_notations() {
        for (disposition, name) in [
            ("attachment; filename=\"offer 1.pdf\"", "offer 1.pdf"),
            ("attachment; filename*=UTF-8''%C3%84%20b+c.pdf", "Ä b+c.pdf"),
            ("attachment;filename=plain.txt", "plain.txt"),
            ("attachment; filename=x; filename*=UTF-8''y", "y"),
            ("attachment; filename=\"a;b.pdf\"; size=3", "a;b.pdf"),
            (r#"attachment; filename="a \"b\".pdf""#, r#"a "b".pdf"#),
            ("attachment; filename*=UTF-8''R&D.pdf", "R&D.pdf"),
            ("attachment; filename*=UTF-8'en'a%20b.pdf", "a b.pdf"),
        ] {
            assert_eq!(file_name_in(disposition).as_deref(), Some(name), "{disposition}");
        }
    }

    #[test]
    fn a_file_name_never_contains_a_folder() {
        assert_eq!(file_name_in("attachment; filename=\"../../etc/passwd\"").as_deref(), Some("passwd"));
        assert_eq!(file_name_in("attachment; filename*=UTF-8''..%2F..%2Fx").as_deref(), Some("x"));
        assert_eq!(file_name_in("attachment; filename=\"..\""), None);
        assert_eq!(file_name_in("inline"), None);
    }
}
