//! New row ids: decimal, at most ten digits, compared as numbers, never assigned twice.

/// The official column is a `varchar(10)`.
const MAX_ID: u64 = 9_999_999_999;

/// Returns the id as a number, if [`next_id`] could have created it. Older SDKs wrote ids such as `python_legacy_1`; those are
/// kept and ignored.
#[must_use]
pub fn id_number(id: &str) -> Option<u64> {
    let decimal = (1..=10).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    decimal.then(|| id.parse().ok()).flatten()
}

/// Returns the next free id after the highest one that was ever assigned. `is_taken` reports ids that a caller chose. After
/// the highest number, the search starts again at one.
#[must_use]
pub fn next_id(highest: u64, mut is_taken: impl FnMut(&str) -> bool) -> String {
    let mut candidate = highest;
    loop {
        candidate = if candidate >= MAX_ID { 1 } else { candidate + 1 };
        let id = candidate.to_string();
        if !is_taken(&id) {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_compared_as_numbers() {
        assert_eq!(next_id(9, |_| false), "10");
        assert_eq!(id_number("0010"), Some(10));
        assert_eq!(id_number("python_legacy_1"), None);
        assert_eq!(id_number("99999999999"), None, "an id has at most ten digits");
    }

    #[test]
    fn an_id_that_a_caller_chose_is_skipped() {
        assert_eq!(next_id(3, |id| id == "4" || id == "5"), "6");
        assert_eq!(next_id(MAX_ID, |id| id == "1"), "2");
    }
}
