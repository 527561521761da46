//! The encodings in which token files are found. Official SDKs write UTF-8. Windows PowerShell writes UTF-16, and a program
//! may have passed a name in Windows-1252. Does no I/O.

use std::borrow::Cow;

use super::csv::Damage;

/// The encoding of a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// UTF-8, or at least an encoding with the commas and line ends of ASCII.
    LikeAscii,
    Utf16 {
        is_big_endian: bool,
        mark_length: usize,
    },
    Utf32,
}

impl Encoding {
    /// Recognizes the encoding by its byte order mark, or by the zeros beside the first two characters, which are ASCII in
    /// every token file.
    fn of(content: &[u8]) -> Self {
        match content {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Self::Utf32,
            [0xff, 0xfe, ..] => Self::Utf16 { is_big_endian: false, mark_length: 2 },
            [0xfe, 0xff, ..] => Self::Utf16 { is_big_endian: true, mark_length: 2 },
            [0, 0, 0, one, ..] | [one, 0, 0, 0, ..] if *one != 0 => Self::Utf32,
            [one, 0, two, 0, ..] if *one != 0 && *two != 0 => {
                Self::Utf16 { is_big_endian: false, mark_length: 0 }
            }
            [0, one, 0, two, ..] if *one != 0 && *two != 0 => {
                Self::Utf16 { is_big_endian: true, mark_length: 0 }
            }
            _ => Self::LikeAscii,
        }
    }
}

/// Whether the file is in UTF-16, which no official SDK can read.
pub(super) fn is_utf16(content: &[u8]) -> bool {
    matches!(Encoding::of(content), Encoding::Utf16 { .. })
}

/// Returns the content as UTF-8 if it is UTF-16, and unchanged otherwise.
///
/// # Errors
/// If it is UTF-32, UTF-16 only in part or with an invalid character, or has lines that a carriage return alone ends.
pub(super) fn without_utf16(content: &[u8]) -> Result<Cow<'_, [u8]>, Damage> {
    let damage = |what| Err(Damage::at(1, what));
    let encoding = Encoding::of(content);
    if encoding == Encoding::Utf32 {
        return damage("the file is in UTF-32");
    }
    if is_partly_utf16(content) {
        return damage("some lines are in UTF-16 and others are not");
    }
    let Encoding::Utf16 { is_big_endian, mark_length } = encoding else {
        if has_carriage_returns_alone(content) {
            return damage("the lines end with a carriage return alone");
        }
        return Ok(Cow::Borrowed(content));
    };
    let (pairs, rest) = content[mark_length..].as_chunks::<2>();
    if !rest.is_empty() {
        return damage("the file is in UTF-16 and ends within a character");
    }
    let unit = if is_big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
    let text: Result<String, _> = char::decode_utf16(pairs.iter().copied().map(unit)).collect();
    text.map_or_else(
        |_| damage("the file is in UTF-16 and has an invalid character"),
        |text| Ok(Cow::Owned(text.into_bytes())),
    )
}

/// Whether programs with different encodings have written to the file, as when PowerShell appends a row.
fn is_partly_utf16(content: &[u8]) -> bool {
    // Beside an ASCII character, the other byte of a character of two bytes is zero.
    let is_utf16 = |line: &[u8]| {
        line.windows(3).filter(|bytes| bytes[1] == b',').all(|bytes| bytes[0] == 0 || bytes[2] == 0)
    };
    let mut rows = content.split(|byte| *byte == b'\n').filter(|line| is_like_a_row(line)).map(is_utf16);
    content.contains(&0) && rows.next().is_some_and(|first| rows.any(|other| other != first))
}

/// Whether the file has several lines and no line feed, as spreadsheets save it for old Macs.
fn has_carriage_returns_alone(content: &[u8]) -> bool {
    let mut lines = content.split(|byte| *byte == b'\r').filter(|line| !line.is_empty());
    !content.contains(&b'\n') && lines.clone().nth(1).is_some() && lines.all(is_like_a_row)
}

/// Whether a line has as many commas as the shortest row, and closes its quotes.
fn is_like_a_row(line: &[u8]) -> bool {
    let count = |wanted| line.iter().filter(|byte| **byte == wanted).count();
    count(b',') >= 5 && count(b'"').is_multiple_of(2)
}

/// Returns a value as text. Whatever is not UTF-8 is read as Windows-1252, the only other encoding of one byte in which
/// Western names are written; tokens are the same in both.
///
/// # Errors
/// If it is neither.
pub(super) fn decode(value: Cow<'_, [u8]>) -> Result<Cow<'_, str>, &'static str> {
    let text = match value {
        Cow::Borrowed(bytes) => {
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Cow::Borrowed(bytes))
        }
        Cow::Owned(bytes) => {
            String::from_utf8(bytes).map(Cow::Owned).map_err(|error| Cow::Owned(error.into_bytes()))
        }
    };
    text.or_else(|bytes: Cow<'_, [u8]>| {
        let text: Option<String> = bytes.iter().map(|byte| from_windows_1252(*byte)).collect();
        text.map(Cow::Owned).ok_or("the encoding is unknown: neither UTF-8 nor Windows-1252")
    })
}

fn from_windows_1252(byte: u8) -> Option<char> {
    /// The characters of 0x80 to 0x9f. Five bytes are undefined.
    const HIGH: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’',
        '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => Some(HIGH[usize::from(byte - 0x80)]).filter(|character| *character != '\0'),
        _ => Some(char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "id,user_name\r\n1,Zoë 😀\r\n";

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2], mark: &[u8]) -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16().flat_map(unit)).collect()
    }

    #[test]
    fn utf16_is_recognized_with_and_without_a_byte_order_mark() {
        for (unit, mark) in [
            (u16::to_le_bytes as fn(u16) -> [u8; 2], &b"\xff\xfe"[..]),
            (u16::to_le_bytes, b""),
            (u16::to_be_bytes, b"\xfe\xff"),
            (u16::to_be_bytes, b""),
        ] {
            let content = utf16(TEXT, unit, mark);
            assert!(is_utf16(&content));
            assert_eq!(without_utf16(&content).unwrap(), TEXT.as_bytes());
            let damage = without_utf16(&content[..content.len() - 1]).unwrap_err();
            assert!(damage.what.contains("ends within a character"), "{damage}");
        }
        let lone_surrogate = [b'i', 0, b'd', 0, 0, 0xd8, b',', 0];
        assert!(without_utf16(&lone_surrogate).unwrap_err().what.contains("invalid character"));
        assert!(!is_utf16(TEXT.as_bytes()) && !is_utf16(b"") && !is_utf16("\u{feff}id".as_bytes()));
    }

    #[test]
    fn a_file_that_is_partly_in_utf16_is_named() {
        let header = "id,user_name,client_id,client_secret,refresh_token,access_token\n";
        let row = "1,zoe,c,s,r,a,,,,\r\n";
        for (unit, mark) in
            [(u16::to_le_bytes as fn(u16) -> [u8; 2], b"\xff\xfe"), (u16::to_be_bytes, b"\xfe\xff")]
        {
            for content in [
                [header.as_bytes(), &utf16(row, unit, b"")].concat(),
                [&utf16(header, unit, mark), row.as_bytes()].concat(),
            ] {
                let damage = without_utf16(&content).unwrap_err();
                assert!(damage.what.contains("others are not"), "{damage}");
            }
            assert!(without_utf16(&utf16(&[header, row].concat(), unit, mark)).is_ok());
        }
        assert!(
            without_utf16(format!("{header}1,\0,\0,s,r,a\n").as_bytes()).is_ok(),
            "a value may be a zero"
        );
    }

    #[test]
    fn lines_that_end_with_a_carriage_return_alone_are_named() {
        let text = "id,user_name,c,s,r,a,g,e,u,d\r1,zoe,c,s,r,a,,,,\r";
        let damage = without_utf16(text.as_bytes()).unwrap_err();
        assert!(damage.what.contains("carriage return"), "{damage}");
        for one_line in ["1,zoe,c,s,r,a,,,,\r", "1,zoe,c,s,r,a,\"g\rg\",1,2,3,4,5", "1,zoe,c,s,r,a,,,,\r\n"] {
            assert!(without_utf16(one_line.as_bytes()).is_ok(), "{one_line:?}");
        }
    }

    #[test]
    fn utf32_is_named() {
        for mark in ["\u{feff}", ""] {
            for unit in [u32::to_le_bytes, u32::to_be_bytes] {
                let content: Vec<u8> =
                    format!("{mark}{TEXT}").chars().flat_map(|one| unit(one.into())).collect();
                let damage = without_utf16(&content).unwrap_err();
                assert!(damage.what.contains("UTF-32"), "{damage}");
            }
        }
    }

    #[test]
    fn windows_1252_is_read_and_what_it_does_not_define_is_unknown() {
        assert_eq!(decode(Cow::Borrowed(b"Zo\xeb \x80")).unwrap(), "Zoë €");
        assert_eq!(decode(Cow::Borrowed("Zoë €".as_bytes())).unwrap(), "Zoë €");
        assert_eq!(decode(Cow::Owned(b"\xc3\x28".to_vec())).unwrap(), "Ã(");
        assert!(decode(Cow::Borrowed(b"\x81")).is_err());
    }
}
