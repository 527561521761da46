//! New row ids: decimal, at most ten digits, compared as numbers, never given out twice.

/// The official column is a `varchar(10)`.
const HIGHEST: u64 = 9_999_999_999;

/// The id as a number, if it is one that [`next_id`] could have made. Older SDKs wrote ids such as
/// `python_legacy_1`; those are kept and passed over.
#[must_use]
pub fn id_number(id: &str) -> Option<u64> {
    let decimal = (1..=10).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    decimal.then(|| id.parse().ok()).flatten()
}

/// The next id after the highest one ever given out. `is_taken` tells of ids that somebody else chose.
/// Where a caller's own id has used up the numbers, the search starts again from one.
#[must_use]
pub fn next_id(highest: u64, mut is_taken: impl FnMut(&str) -> bool) -> String {
    let mut candidate = highest;
    loop {
        candidate = if candidate >= HIGHEST { 1 } else { candidate + 1 };
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
        assert_eq!(id_number("99999999999"), None, "eleven digits are nobody's id of ours");
    }

    #[test]
    fn an_id_that_somebody_chose_is_passed_over() {
        assert_eq!(next_id(3, |id| id == "4" || id == "5"), "6");
        assert_eq!(next_id(HIGHEST, |id| id == "1"), "2");
    }
}
