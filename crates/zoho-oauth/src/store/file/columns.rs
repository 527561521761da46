//! Which field of a record belongs to which column. Does no I/O.

use std::borrow::Cow;

use super::csv::Field;

/// The columns of a file, by the generation of the SDK that created it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    /// `user_mail`, `client_id`, `refresh_token`, `access_token`, `grant_token`, `expiry_time`.
    Six,
    /// All except the API domain.
    Nine,
    Ten,
}

/// The values of the ten columns.
pub(super) type Values<'t> = [Option<Cow<'t, [u8]>>; 10];

/// The most commas of values without quotes. More are not a name.
const MAX_SURPLUS: usize = 20;

impl Columns {
    /// Returns the columns of a record with that number of fields, in a file with that header.
    pub(super) fn of(fields: usize, header: Option<Self>) -> Option<Self> {
        match (fields, header) {
            (6, Some(Self::Six)) => Some(Self::Six),
            (9, None | Some(Self::Nine | Self::Ten)) => Some(Self::Nine),
            (10, None | Some(Self::Nine | Self::Ten)) => Some(Self::Ten),
            _ => None,
        }
    }

    /// Returns the columns that a record names, if it is a header. The first record of a file is one whatever its names are,
    /// unless it has values.
    pub(super) fn of_header(fields: &[Field<'_>], is_first: bool) -> Option<Self> {
        let name = |position: usize| fields.get(position).map(|field| &*field.bytes);
        match fields.len() {
            6 if name(1) == Some(b"client_id") && name(3) == Some(b"access_token") => Some(Self::Six),
            count @ (9 | 10) => {
                let is_header = name(0) == Some(b"id") && name(5) == Some(b"access_token")
                    || is_first && !fields.iter().any(|field| is_a_value(&field.bytes));
                is_header.then_some(if count == 9 { Self::Nine } else { Self::Ten })
            }
            _ => None,
        }
    }

    pub(super) fn count(self) -> usize {
        match self {
            Self::Six => 6,
            Self::Nine => 9,
            Self::Ten => 10,
        }
    }

    /// Assigns fields to columns by position.
    pub(super) fn assign(self, fields: Vec<Field<'_>>) -> Values<'_> {
        let positions: &[usize] = match self {
            Self::Six => &[1, 2, 4, 5, 6, 7],
            Self::Nine | Self::Ten => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        };
        let mut values = Values::default();
        for (position, field) in positions.iter().zip(fields) {
            values[*position] = field.value();
        }
        values
    }

    /// Assigns fields to fewer columns, because a value has commas and no quotes. Only the name and the redirect URL can have
    /// commas. `None` if there is no way in which all values look like those of their columns, or more than one.
    pub(super) fn join<'t>(self, fields: &[Field<'t>]) -> Option<Values<'t>> {
        let surplus =
            fields.len().checked_sub(self.count()).filter(|surplus| (1..=MAX_SURPLUS).contains(surplus))?;
        if self == Self::Six {
            return None;
        }
        // The surplus may be commas at the end instead.
        let (first, others) = fields.split_at(self.count());
        if others.iter().all(Field::is_empty) && are_plausible(&self.assign(first.to_vec())) {
            return None;
        }
        let mut ways = (0..=surplus)
            .map(|in_name| {
                let (id, rest) = fields.split_at(1);
                let (name, rest) = rest.split_at(1 + in_name);
                let (tokens, rest) = rest.split_at(6);
                let (url, domain) = rest.split_at(1 + surplus - in_name);
                let fields = [id, &[Field::joined(name)], tokens, &[Field::joined(url)], domain].concat();
                self.assign(fields)
            })
            .filter(are_plausible);
        let only = ways.next()?;
        ways.next().is_none().then_some(only)
    }
}

/// Whether values look like those of their columns.
pub(super) fn are_plausible(values: &Values<'_>) -> bool {
    let is_word = |value: &Option<Cow<'_, [u8]>>| {
        !value.iter().flat_map(|value| value.iter()).any(u8::is_ascii_whitespace)
    };
    let is_url = |value: &Option<Cow<'_, [u8]>>| value.as_deref().is_none_or(is_url);
    let [
        id,
        _,
        client_id,
        client_secret,
        refresh_token,
        access_token,
        grant_token,
        expiry,
        redirect_url,
        api_domain,
    ] = values;
    let tokens = [refresh_token, access_token, grant_token];
    id.is_some()
        && [id, client_id, client_secret].into_iter().chain(tokens).all(is_word)
        && tokens.into_iter().any(Option::is_some)
        && expiry.as_deref().is_none_or(is_number)
        && is_url(redirect_url)
        && is_url(api_domain)
}

/// Whether a field cannot be the name of a column: it is missing, a number or a URL.
fn is_a_value(field: &[u8]) -> bool {
    field.is_empty() || field == b"null" || is_number(field) || is_url(field)
}

fn is_number(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| text.trim().parse::<f64>().is_ok())
}

fn is_url(value: &[u8]) -> bool {
    let scheme = value.windows(3).position(|part| part == b"://");
    scheme.is_some_and(|length| length > 0 && value[..length].iter().all(u8::is_ascii_alphanumeric))
}
