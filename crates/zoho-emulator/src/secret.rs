//! Random secrets and ids in the formats that Zoho uses. None of them is valid at Zoho.

/// A token or grant code: `1000.` and two groups of 32 hexadecimal digits.
pub(crate) fn token() -> String {
    format!("1000.{:032x}.{:032x}", rand::random::<u128>(), rand::random::<u128>())
}

/// A client id: `1000.` and 30 capital letters and digits.
pub(crate) fn client_id() -> String {
    const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let letters = (0..30).map(|_| char::from(ALPHABET[usize::from(rand::random::<u16>()) % ALPHABET.len()]));
    format!("1000.{}", letters.collect::<String>())
}

/// A client secret: 42 hexadecimal digits.
pub(crate) fn client_secret() -> String {
    format!("{:032x}{:010x}", rand::random::<u128>(), rand::random::<u64>() >> 24)
}

/// An opaque value of 64 hexadecimal digits: page tokens, browser sessions.
pub(crate) fn opaque() -> String {
    format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())
}
