//! The versions of Zoho's API, each of which has paths of its own: `/crm/v2/…` to `/crm/v8/…`.

use std::borrow::Cow;
use std::fmt;

/// A version of Zoho's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    V2,
    V2_1,
    V3,
    V4,
    V5,
    V6,
    V7,
    V8,
}

impl Version {
    const NAMES: [(&'static str, Self); 8] = [
        ("v2", Self::V2),
        ("v2.1", Self::V2_1),
        ("v3", Self::V3),
        ("v4", Self::V4),
        ("v5", Self::V5),
        ("v6", Self::V6),
        ("v7", Self::V7),
        ("v8", Self::V8),
    ];

    /// The version that a segment of a path names.
    pub(crate) fn of_segment(segment: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == segment).map(|(_, version)| *version)
    }

    /// Splits a path: `/crm/v7/Leads` is version 7 and `Leads`, and `/crm/bulk/v8/read` is version 8 and `bulk/read`. The
    /// result of a bulk write has a path without a version. `None`: there is no such version.
    pub(crate) fn split(path: &str) -> Option<(Self, Cow<'_, str>)> {
        let Some(path) = path.strip_prefix("/crm/") else {
            return Some((Self::V8, path.trim_matches('/').into()));
        };
        let path = path.trim_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        if first != "bulk" {
            return Some((Self::of_segment(first)?, rest.into()));
        }
        let (version, rest) = rest.split_once('/').unwrap_or((rest, ""));
        Some((Self::of_segment(version)?, format!("bulk/{rest}").into()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, version)| version == self).map_or("", |(name, _)| name);
        formatter.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_into_its_version_and_the_rest() {
        for (path, version, rest) in [
            ("/crm/v2/Leads", Version::V2, "Leads"),
            ("/crm/v2.1/Leads/7/Notes", Version::V2_1, "Leads/7/Notes"),
            ("/crm/bulk/v8/read", Version::V8, "bulk/read"),
            ("/v2/crm/60000001/bulk-write/7/7.zip", Version::V8, "v2/crm/60000001/bulk-write/7/7.zip"),
        ] {
            assert_eq!(Version::split(path), Some((version, rest.into())), "{path}");
        }
        for path in
            ["/crm/v1/Leads", "/crm/v9/Leads", "/crm/v2.2/Leads", "/crm/Leads", "/crm/bulk/read", "/crm/"]
        {
            assert_eq!(Version::split(path), None, "{path}");
        }
    }

    #[test]
    fn versions_have_an_order_and_a_name() {
        assert!(Version::V2 < Version::V2_1 && Version::V2_1 < Version::V3 && Version::V7 < Version::V8);
        assert_eq!(Version::of_segment(&Version::V2_1.to_string()), Some(Version::V2_1));
    }
}
