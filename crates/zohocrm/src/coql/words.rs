//! How texts and names stand in a query.

use crate::criteria::checked_name;
use crate::error::Error;

/// A text in single quotes. A quote in it is written twice; nothing else has a meaning of its own, a backslash neither.
/// <https://help.zoho.com/portal/en/community/topic/kaizen-171-faqs-on-coql-api>
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The name of a field or module. Zoho wants quotes around one that is a word of the language, and around one that
/// leads through `->`.
pub(super) fn name(name: &str) -> Result<String, Error> {
    let name = checked_name(name)?;
    let is_word = WORDS.iter().any(|word| word.eq_ignore_ascii_case(name));
    Ok(if is_word || name.contains("->") { quoted(name) } else { name.to_owned() })
}

/// The words of the language, and `external`, which the FAQ above names.
const WORDS: [&str; 20] = [
    "and", "as", "asc", "between", "by", "desc", "external", "from", "group", "in", "is", "like", "limit",
    "not", "null", "offset", "or", "order", "select", "where",
];

/// Whether a query says by itself how many records it wants: a word outside of quotes.
pub(super) fn has_limit(query: &str) -> bool {
    let mut quote = None;
    let outside = |letter: char| match quote {
        Some(open) => {
            if letter == open {
                quote = None;
            }
            ' '
        }
        None if matches!(letter, '\'' | '"') => {
            quote = Some(letter);
            ' '
        }
        None => letter,
    };
    let bare: String = query.chars().map(outside).collect();
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.');
    bare.split(|letter| !is_part(letter))
        .any(|word| ["limit", "offset"].iter().any(|known| known.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_written_twice_and_a_backslash_once() {
        assert_eq!(quoted(r"O'Brien \ Co"), r"'O''Brien \ Co'");
        assert_eq!(quoted("' or id is not null --"), "''' or id is not null --'");
    }

    #[test]
    fn names_that_need_quotes_get_them() {
        assert_eq!(name("Last_Name").unwrap(), "Last_Name");
        assert_eq!(name("Account_Name.Parent_Account.id").unwrap(), "Account_Name.Parent_Account.id");
        assert_eq!(name("External").unwrap(), "'External'");
        assert_eq!(name("What_Id->Leads.Last_Name").unwrap(), "'What_Id->Leads.Last_Name'");
        assert!(name("id from Users --").is_err());
    }

    #[test]
    fn a_limit_is_seen_where_it_is_one() {
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
