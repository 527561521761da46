//! Splits names into words.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// The words of a name: `Get_BluePrint` becomes `get blue print`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let plain: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' }).collect();
    plain.to_snake_case().split('_').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The singular of a word: `territories` becomes `territory`. A word that is not a plural stays as it is.
pub(crate) fn singular(word: &str) -> String {
    if matches!(
        word,
        "status" | "business" | "process" | "address" | "access" | "details" | "settings" | "news"
    ) || word.ends_with("ss")
        || word.ends_with("us")
        || (word.ends_with("is") && word != "apis")
    {
        return word.to_owned();
    }
    match word {
        "statuses" | "businesses" | "processes" | "addresses" | "boxes" | "taxes" | "searches"
        | "indexes" => word[..word.len() - 2].to_owned(),
        "histories" => "history".to_owned(),
        "apis" => "api".to_owned(),
        _ => match (word.strip_suffix("ies"), word.strip_suffix('s')) {
            (Some(stem), _) if stem.len() > 2 => format!("{stem}y"),
            (_, Some(stem)) if stem.len() > 1 => stem.to_owned(),
            _ => word.to_owned(),
        },
    }
}

/// Whether a word is a plural.
pub(crate) fn is_plural(word: &str) -> bool {
    singular(word) != word
}

/// The type name for one item: `related_lists` becomes `RelatedList`.
pub(crate) fn one_of(name: &str) -> String {
    let mut words = words(name);
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    let name = words.join("_").to_upper_camel_case();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("N{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_into_words() {
        assert_eq!(words("Get BluePrint"), ["get", "blue", "print"]);
        assert_eq!(words("reporting_to__s"), ["reporting", "to", "s"]);
        assert_eq!(words("X-CRM-ORG"), ["x", "crm", "org"]);
    }

    #[test]
    fn a_plural_is_recognized_by_its_ending_with_listed_exceptions() {
        let singulars =
            ["territories", "roles", "status", "taxes", "business_hours", "process"].map(singular);
        assert_eq!(singulars, ["territory", "role", "status", "tax", "business_hour", "process"]);
    }
}
