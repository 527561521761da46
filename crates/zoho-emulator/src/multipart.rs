//! Multipart forms: text fields and files.

use hyper::body::Bytes;
use memchr::memmem;

use crate::http::Pairs;

/// A file of a multipart form.
#[derive(Clone, Debug)]
pub(crate) struct UploadedFile {
    /// The name of the form field.
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) content: Bytes,
}

/// The text fields and the files of a multipart body. A part that cannot be read is left out.
pub(crate) fn read(content_type: &str, body: &Bytes) -> (Pairs, Vec<UploadedFile>) {
    let (mut fields, mut files) = (Pairs::new(), Vec::new());
    let Some(boundary) = parameter(content_type, "boundary") else { return (fields, files) };
    let delimiter = format!("--{boundary}");
    let found: Vec<usize> = memmem::find_iter(body, &delimiter).collect();
    for pair in found.windows(2) {
        let part = body.slice(pair[0] + delimiter.len()..pair[1]);
        let Some(head_length) = memmem::find(&part, b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&part[..head_length]).into_owned();
        let content = part.slice(head_length + 4..);
        let Some(content) = content.strip_suffix(b"\r\n").map(|content| part.slice_ref(content)) else {
            continue;
        };
        let disposition =
            head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition"));
        let Some(field) = disposition.and_then(|line| parameter(line, "name")) else { continue };
        match disposition.and_then(|line| parameter(line, "filename")) {
            Some(name) => files.push(UploadedFile { field, name, content }),
            None => fields.push((field, String::from_utf8_lossy(&content).into_owned())),
        }
    }
    (fields, files)
}

/// A parameter of a header: `boundary` of `multipart/form-data; boundary=XX`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let key = format!("{name}=");
    let begins_a_parameter = |(index, _): &(usize, &str)| header[..*index].ends_with([' ', ';']);
    let (index, _) = header.match_indices(&key).find(begins_a_parameter)?;
    let value = &header[index + key.len()..];
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split(';').next(),
    };
    value.map(|value| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_through_byte_by_byte_beside_a_text_field() {
        let body = b"--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
            --XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b.bin\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\x00\xff\r\n\r\n\r\n--XX--\r\n";
        let (fields, files) = read("multipart/form-data; boundary=XX", &Bytes::from_static(body));
        assert_eq!(fields, [("note".to_owned(), "hello".to_owned())]);
        assert_eq!((files[0].field.as_str(), files[0].name.as_str()), ("file", "a;b.bin"));
        assert_eq!(&files[0].content[..], b"\x00\xff\r\n\r\n");
    }
}
