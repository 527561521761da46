//! Quotes texts and names in a query.

use crate::criteria::checked_name;
use crate::error::Error;

/// Puts a text in single quotes and doubles the quotes in it. No other character is special, not even a backslash.
/// <https://help.zoho.com/portal/en/community/topic/kaizen-171-faqs-on-coql-api>
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Encodes the name of a field or module. Zoho requires quotes around keywords and around names with `->`.
pub(super) fn name(name: &str) -> Result<String, Error> {
    let name = checked_name(name)?;
    let is_keyword = KEYWORDS.iter().any(|word| word.eq_ignore_ascii_case(name));
    Ok(if is_keyword || name.contains("->") { quoted(name) } else { name.to_owned() })
}

/// The keywords of COQL, and `external`, which the FAQ above lists.
const KEYWORDS: [&str; 20] = [
    "and", "as", "asc", "between", "by", "desc", "external", "from", "group", "in", "is", "like", "limit",
    "not", "null", "offset", "or", "order", "select", "where",
];

/// Whether a query contains `limit` or `offset`.
pub(super) fn has_limit(query: &str) -> bool {
    let is_limit =
        |(_, word): &(usize, &str)| ["limit", "offset"].iter().any(|known| word.eq_ignore_ascii_case(known));
    bare_words(query).iter().any(is_limit)
}

/// Whether there is a parenthesis, as after `COUNT`, outside of quotes.
pub(super) fn has_function(columns: &str) -> bool {
    unquoted(columns).any(|(_, letter)| letter == '(')
}

/// The words of a query outside of quotes and parentheses, with their positions.
pub(super) fn bare_words(query: &str) -> Vec<(usize, &str)> {
    let (mut words, mut depth, mut start) = (Vec::new(), 0_usize, None);
    for (at, letter) in unquoted(query).chain([(query.len(), ' ')]) {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_part = depth == 0 && (letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.'));
        match start {
            None if is_part => start = Some(at),
            Some(from) if !is_part => {
                words.push((from, &query[from..at]));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// The letters of a query with their positions. Quotes and all letters between them are returned as `'`.
fn unquoted(query: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    query.char_indices().map(move |(at, letter)| match quote {
        None if matches!(letter, '\'' | '"') => {
            quote = Some(letter);
            (at, '\'')
        }
        None => (at, letter),
        Some(open) => {
            if letter == open {
                quote = None;
            }
            (at, '\'')
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_backslashes_are_not() {
        assert_eq!(quoted(r"O'Brien \ Co"), r"'O''Brien \ Co'");
        assert_eq!(quoted("' or id is not null --"), "''' or id is not null --'");
    }

    #[test]
    fn keywords_and_paths_are_quoted() {
        assert_eq!(name("Last_Name").unwrap(), "Last_Name");
        assert_eq!(name("Account_Name.Parent_Account.id").unwrap(), "Account_Name.Parent_Account.id");
        assert_eq!(name("External").unwrap(), "'External'");
        assert_eq!(name("What_Id->Leads.Last_Name").unwrap(), "'What_Id->Leads.Last_Name'");
        assert!(name("id from Users --").is_err());
    }

    #[test]
    fn a_limit_is_found_outside_quotes_only() {
        for query in
            ["select id from Leads where id is not null LIMIT 5", "select id from Leads\nlimit\t1, 2"]
        {
            assert!(has_limit(query), "{query}");
        }
        for query in [
            "select Credit_Limit from Leads where City = 'limit'",
            "select id from Leads where A = 'it''s the limit '''",
            r#"select "Limit" from Leads"#,
        ] {
            assert!(!has_limit(query), "{query}");
        }
    }
}
