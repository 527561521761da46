//! `--criteria`, in the syntax of a search or as JSON. Either can be given to every command, and each call gets the form
//! that it needs.

use zohocrm::{Criteria, Select, Value};

use crate::failure::Failure;
use crate::input;

/// Criteria as they were given.
pub(crate) enum GivenCriteria {
    /// In the syntax of a search.
    Text(String),
    /// As in a bulk read.
    Json(Value),
}

impl GivenCriteria {
    /// Reads an argument: the criteria, `@FILE`, or `@-` for standard input.
    pub(crate) fn read(argument: &str) -> Result<Self, Failure> {
        let text = input::text(argument)?;
        match text.trim_start().starts_with('{') {
            true => Ok(Self::Json(input::json_in(argument, &text)?)),
            false => Ok(Self::Text(text.trim().to_owned())),
        }
    }

    /// For a search, to which its own syntax is sent unchanged.
    pub(crate) fn for_search(&self) -> Result<Criteria, Failure> {
        match self {
            Self::Text(text) => Ok(Criteria::raw(text)),
            Self::Json(_) => self.parsed(),
        }
    }

    /// For a bulk read, to which JSON is sent unchanged.
    pub(crate) fn for_bulk_read(&self) -> Result<Value, Failure> {
        match self {
            Self::Text(_) => Ok(self.parsed()?.to_json()?),
            Self::Json(json) => Ok(json.clone()),
        }
    }

    /// A query with the same conditions. `None` if the criteria have no such form.
    pub(crate) fn as_query(&self, module: &str, fields: &[String]) -> Option<String> {
        Select::fields(fields.iter().map(String::as_str))
            .from(module)
            .filter(self.parsed().ok()?)
            .to_text()
            .ok()
    }

    fn parsed(&self) -> Result<Criteria, Failure> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Json(json) => json.to_string(),
        };
        Ok(text.parse::<Criteria>()?)
    }
}
