//! `Text`: the characters of a file, decoded while it is read.

use std::fmt;
use std::io::{ErrorKind, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_8, UTF_16BE, UTF_16LE};

use crate::error::CsvProblem;

/// How many bytes are read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);

    /// Returns the encoding with this name, which is one of <https://encoding.spec.whatwg.org/#names-and-labels>:
    /// `utf-16le`, `windows-1252`, `shift_jis` and so on.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        encoding_rs::Encoding::for_label_no_replacement(name.as_bytes()).map(Self)
    }

    /// The name of the encoding.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The characters of a file.
pub(super) struct Text {
    source: Box<dyn Read + Send>,
    decoder: Decoder,
    /// Bytes that are read and not decoded yet.
    bytes: Vec<u8>,
    /// Whether `source` has no more bytes.
    has_read_all: bool,
    /// Whether all bytes are decoded.
    has_ended: bool,
    /// Whether the bytes after `text` are not text in this encoding.
    is_malformed: bool,
    text: String,
    /// The position in `text` of the next character.
    next: usize,
}

impl Text {
    /// Begins to read. The encoding is detected unless it is given.
    pub(super) fn open(
        mut source: Box<dyn Read + Send>,
        encoding: Option<Encoding>,
    ) -> Result<Self, CsvProblem> {
        let (bytes, has_read_all) = start(&mut source)?;
        if is_binary(&bytes) {
            return Err(CsvProblem::Binary);
        }
        let encoding = encoding.map_or_else(|| detect(&bytes), |encoding| encoding.0);
        Ok(Self {
            source,
            decoder: encoding.new_decoder_with_bom_removal(),
            bytes,
            has_read_all,
            has_ended: false,
            is_malformed: false,
            text: String::new(),
            next: 0,
        })
    }

    pub(super) fn encoding(&self) -> Encoding {
        Encoding(self.decoder.encoding())
    }

    /// The next character, which stays the next one. `None` at the end of the file.
    pub(super) fn peek(&mut self) -> Result<Option<char>, CsvProblem> {
        while self.next == self.text.len() && self.fill()? {}
        Ok(self.text[self.next..].chars().next())
    }

    /// Moves to the character after the next one.
    pub(super) fn advance(&mut self) {
        self.next += self.text[self.next..].chars().next().map_or(0, char::len_utf8);
    }

    /// The text up to the first character that `is_end` accepts, up to the end of the file, or at least `max_bytes` of it.
    /// It is still to be read.
    pub(super) fn preview(
        &mut self,
        mut is_end: impl FnMut(char) -> bool,
        max_bytes: usize,
    ) -> Result<&str, CsvProblem> {
        self.forget();
        let mut seen = 0;
        loop {
            if let Some(end) = self.text[seen..].find(&mut is_end) {
                return Ok(&self.text[..seen + end]);
            }
            seen = self.text.len();
            if seen >= max_bytes || !self.fill()? {
                return Ok(&self.text);
            }
        }
    }

    /// Drops the text before the next character.
    fn forget(&mut self) {
        self.text.drain(..std::mem::take(&mut self.next));
    }

    /// Decodes more text. Returns whether there may be more.
    fn fill(&mut self) -> Result<bool, CsvProblem> {
        if self.is_malformed {
            return Err(CsvProblem::Encoding { encoding: self.encoding().name() });
        }
        if self.has_ended {
            return Ok(false);
        }
        if self.next == self.text.len() {
            self.forget();
        }
        if self.bytes.is_empty() && !self.has_read_all {
            self.bytes.resize(CHUNK_BYTES, 0);
            let count = read(&mut self.source, &mut self.bytes)?;
            self.bytes.truncate(count);
            self.has_read_all = count == 0;
        }
        // The length is unknown only if it exceeds the address space.
        let length = self.decoder.max_utf8_buffer_length_without_replacement(self.bytes.len());
        self.text.reserve(length.unwrap_or(CHUNK_BYTES));
        let (result, count) =
            self.decoder.decode_to_string_without_replacement(&self.bytes, &mut self.text, self.has_read_all);
        self.bytes.drain(..count);
        match result {
            DecoderResult::InputEmpty => self.has_ended = self.has_read_all,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => self.is_malformed = true,
        }
        Ok(true)
    }
}

/// Reads the first bytes, which are enough to detect the encoding, and whether there are no more.
fn start(source: &mut impl Read) -> Result<(Vec<u8>, bool), CsvProblem> {
    let mut bytes = vec![0; 4];
    let mut length = 0;
    while length < bytes.len() {
        match read(source, &mut bytes[length..])? {
            0 => {
                bytes.truncate(length);
                return Ok((bytes, true));
            }
            count => length += count,
        }
    }
    Ok((bytes, false))
}

fn read(source: &mut impl Read, buffer: &mut [u8]) -> Result<usize, CsvProblem> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => {
                return read.map_err(|error| CsvProblem::Unreadable {
                    kind: error.kind(),
                    evidence: error.to_string(),
                });
            }
        }
    }
}

/// The beginnings of ZIP files, which workbooks are, and of workbooks before Excel 2007.
fn is_binary(start: &[u8]) -> bool {
    matches!(start, b"PK\x03\x04" | b"\xd0\xcf\x11\xe0")
}

/// Detects UTF-16 by its byte order mark, or by the zeros beside the letters of a heading.
fn detect(start: &[u8]) -> &'static encoding_rs::Encoding {
    match (encoding_rs::Encoding::for_bom(start), start) {
        (Some((encoding, _)), _) => encoding,
        (None, [1..=u8::MAX, 0, 1..=u8::MAX, 0]) => UTF_16LE,
        (None, [0, 1..=u8::MAX, 0, 1..=u8::MAX]) => UTF_16BE,
        _ => UTF_8,
    }
}
