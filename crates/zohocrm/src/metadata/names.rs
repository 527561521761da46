//! Finds the field or module that a typed name means.

/// The items that a name can mean: those with a name that is equal apart from capitals, blanks, `_` and `-`. A name that
/// is exactly equal wins.
pub(super) fn meant<'a, T>(items: &'a [T], names: impl Fn(&T) -> [&str; 2], name: &str) -> Vec<&'a T> {
    let (is_exact, is_like) = (|other: &&str| *other == name, |other: &&str| plain(other) == plain(name));
    let named = |is: &dyn Fn(&&str) -> bool| -> Vec<&T> {
        items.iter().filter(|item| names(item).iter().any(is)).collect()
    };
    let exact = named(&is_exact);
    if exact.is_empty() { named(&is_like) } else { exact }
}

/// The item whose name differs least from a name, unless more than one letter in three differs.
pub(super) fn nearest<'a, T>(items: &'a [T], names: impl Fn(&T) -> [&str; 2], name: &str) -> Option<&'a T> {
    let name = plain(name);
    let max_distance = name.chars().count() / 3;
    let distance =
        |item: &T| names(item).iter().map(|other| strsim::osa_distance(&plain(other), &name)).min();
    let distances = items.iter().map(|item| (distance(item).unwrap_or(usize::MAX), item));
    let (distance, item) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= max_distance).then_some(item)
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace([' ', '_', '-'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [[&str; 2]; 5] = [
        ["Last_Name", "Last Name"],
        ["Account_Name", "Firm"],
        ["City", "City"],
        ["City1", "CITY"],
        ["Owner", "Lead Owner"],
    ];

    fn found(name: &str) -> Vec<&'static str> {
        meant(&FIELDS, |names| *names, name).into_iter().map(|names| names[0]).collect()
    }

    #[test]
    fn a_name_means_an_api_name_or_a_label_whatever_its_capitals_and_blanks() {
        for name in ["Last_Name", "Last Name", "last-name", "LASTNAME"] {
            assert_eq!(found(name), ["Last_Name"], "{name}");
        }
        assert_eq!((found("City"), found("CITY")), (vec!["City"], vec!["City1"]));
        assert_eq!(found("city"), ["City", "City1"]);
        assert_eq!((found("firm"), found("Lastname_")), (vec!["Account_Name"], vec!["Last_Name"]));
    }

    #[test]
    fn the_nearest_name_is_one_with_few_other_letters() {
        let nearest = |name| nearest(&FIELDS, |names| *names, name).map(|names| names[0]);
        for (name, expected) in [
            ("Lsat_Name", Some("Last_Name")),
            ("Last_Nam", Some("Last_Name")),
            ("Citty", Some("City")),
            ("Ower", Some("Owner")),
            ("Phone", None),
            ("Ci", None),
            ("", None),
        ] {
            assert_eq!(nearest(name), expected, "{name}");
        }
    }
}
