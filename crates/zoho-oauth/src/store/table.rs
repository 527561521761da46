//! The table that is there: in which column each value of a token is, and what the column can hold. Reading, writing and
//! rejecting follow from this description.

use super::error::{StoreError, StoreErrorKind};
use super::ids::next_id;
use super::stored::StoredToken;

/// A table of tokens.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Its name in statements.
    name: String,
    /// The columns of the ten values, in the order of [`StoredToken::COLUMNS`]. Older SDKs have fewer.
    columns: [Option<Column>; StoredToken::COLUMNS.len()],
    /// The first of the other columns to which a new row must give a value.
    demanding: Option<String>,
    /// Whether text can contain NUL.
    accepts_nul: bool,
    /// Whether it is a view, into which nothing can be written.
    is_view: bool,
}

/// A column, as the database describes it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// As the database writes it, such as `varchar(255)`.
    pub(super) type_name: String,
    pub(super) kind: Kind,
    pub(super) takes_null: bool,
    /// Whether a new row gets a value here if it names none.
    pub(super) has_default: bool,
    /// Whether the database computes every value.
    pub(super) is_computed: bool,
}

/// What a column holds. Lengths are maximums; `None` is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text of so many characters.
    Text(Option<usize>),
    /// Text without trailing blanks, of so many characters.
    PaddedText(Option<usize>),
    /// Text as so many bytes.
    Bytes(Option<usize>),
    /// Whole numbers from zero to this one.
    Number(u64),
    /// Text, except that what looks like a number becomes one.
    Adaptive,
    Uuid,
    /// Moments, of which this crate writes and reads epoch milliseconds.
    Moment,
    /// Nothing that this crate writes.
    Unsupported,
}

/// The columns without which a table holds no tokens.
const ESSENTIAL: [&str; 3] = ["user_name", "refresh_token", "access_token"];

/// The names of columns in older SDKs. `zcrmsdk` had four columns, and no ids.
const OLDER_NAMES: [(&str, &str); 5] = [
    ("user_name", "user_mail"),
    ("user_name", "useridentifier"),
    ("refresh_token", "refreshtoken"),
    ("access_token", "accesstoken"),
    ("expiry_time", "expirytime"),
];

/// The length of Zoho's tokens and grant codes: `1000.`, 32 digits, a dot, 32 digits.
const TOKEN_LENGTH: usize = 70;

/// The last moment of which an epoch in milliseconds has 13 digits, in the year 2286.
const LAST_MOMENT: u64 = 9_999_999_999_999;

impl Table {
    /// Finds the ten columns among those of a table.
    ///
    /// # Errors
    /// If one is missing without which the table holds no tokens.
    pub(super) fn of(name: &str, mut found: Vec<Column>, accepts_nul: bool) -> Result<Self, StoreError> {
        let mut take = |name: &str| {
            let position = found.iter().position(|column| column.name.eq_ignore_ascii_case(name))?;
            Some(found.swap_remove(position))
        };
        let columns = StoredToken::COLUMNS.map(|name| {
            take(name).or_else(|| {
                let older = OLDER_NAMES.into_iter().filter(|(current, _)| *current == name);
                older.into_iter().find_map(|(_, older)| take(older))
            })
        });
        let demanding = found.into_iter().find(|column| !column.takes_null && !column.has_default);
        let table = Self {
            name: name.to_owned(),
            columns,
            demanding: demanding.map(|column| column.name),
            accepts_nul,
            is_view: false,
        };
        match ESSENTIAL.into_iter().find(|name| table.column(name).is_none()) {
            None => Ok(table),
            Some(name) => Err(unsuitable(format!("the table has no column {name}"))
                .next_step("the table was not changed; check that it is the right one")),
        }
    }

    /// Marks the table as a view into which nothing can be written.
    pub(super) fn of_a_view(self) -> Self {
        Self { is_view: true, ..self }
    }

    /// Returns the columns of the ten values, in the order of [`StoredToken::COLUMNS`].
    pub(super) fn columns(&self) -> &[Option<Column>; StoredToken::COLUMNS.len()] {
        &self.columns
    }

    /// Returns the column of a value, one of [`StoredToken::COLUMNS`].
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        let position = StoredToken::COLUMNS.iter().position(|column| *column == name)?;
        self.columns[position].as_ref()
    }

    /// Whether a row can have the value in this column. If not, the database may reject a look-up by it.
    pub(super) fn can_have(&self, name: &str, value: &str) -> bool {
        (self.accepts_nul || !value.contains('\0'))
            && self.column(name).is_some_and(|column| match column.kind {
                Kind::Number(_) | Kind::Moment | Kind::Uuid => column.rejection(value).is_none(),
                _ => true,
            })
    }

    /// Fails if some column cannot hold what every token has.
    pub(super) fn check_for_saving(&self) -> Result<(), StoreError> {
        if self.is_view {
            return Err(unsuitable(format!("{} is a view", self.name))
                .next_step("name the table behind it, as in ?table=oauthtoken; nothing was written"));
        }
        let columns = || StoredToken::COLUMNS.into_iter().zip(&self.columns);
        let missing: Vec<_> =
            columns().filter(|(_, column)| column.is_none()).map(|(name, _)| name).collect();
        if !missing.is_empty() {
            let add = |name: &&str| format!("alter table {} add column {name} varchar(255)", self.name);
            let statements: Vec<_> = missing.iter().map(add).collect();
            let advice = "an older SDK made it, and it can be read; copy its tokens to another store";
            return Err(unsuitable(format!("the table has no column {}", missing.join(" and no column ")))
                .next_step(match missing[0] {
                    "id" => advice.to_owned(),
                    _ => format!("{advice}, or run: {}", statements.join("; ")),
                }));
        }
        for (name, column) in columns() {
            let Some(column) = column else { continue };
            let rejected = |evidence: &str| {
                let Column { name, type_name, .. } = column;
                Err(unsuitable(format!("the column {name} {evidence}"))
                    .next_step(format!("change the type of {name}, now {type_name}; nothing was written")))
            };
            match column.kind {
                _ if column.is_computed => return rejected("is computed by the database"),
                Kind::Unsupported => return rejected("cannot hold text"),
                _ if column.is_too_narrow_for(name) => return rejected("is too narrow"),
                _ => {}
            }
        }
        Ok(())
    }

    /// Fails if no row can be added.
    pub(super) fn check_for_adding(&self) -> Result<(), StoreError> {
        self.demanding.as_ref().map_or(Ok(()), |name| {
            Err(unsuitable(format!("a new row needs a value for its column {name}"))
                .next_step(format!("give {name} a default, or let it be null; nothing was written")))
        })
    }

    /// Fails if the column `id` cannot hold an id after the highest one that was ever assigned.
    pub(super) fn check_next_id(&self, highest_id: u64) -> Result<(), StoreError> {
        let next = self.new_id(highest_id, |_| false);
        let rejection = self.column("id").and_then(|column| column.rejection(&next));
        rejection.map_or(Ok(()), |why| {
            Err(unsuitable(format!("the next row gets the id {next}, but {why}"))
                .next_step("change the type of the column; nothing was written"))
        })
    }

    /// Fails if a column cannot hold its value of the token.
    pub(super) fn check_values(&self, token: &StoredToken) -> Result<(), StoreError> {
        let rejected = |evidence| StoreError::of(StoreErrorKind::Rejected, "save a token").evidence(evidence);
        for ((name, value), column) in StoredToken::COLUMNS.into_iter().zip(token.values()).zip(&self.columns)
        {
            let Some(column) = column else { continue };
            let Some(value) = value else {
                // A new row gets its id later.
                if name != "id" && !column.takes_null && !column.turns_null_into_text() {
                    return Err(rejected(format!("it has no {name}, which the column requires"))
                        .next_step(format!("let the column {} be null", column.name)));
                }
                continue;
            };
            if !self.accepts_nul && value.contains('\0') {
                return Err(rejected(format!("its {name} contains NUL, which the server cannot store"))
                    .next_step("remove the NUL, or use another store"));
            }
            if let Some(why) = column.rejection(value) {
                return Err(rejected(format!("its {name} {why}"))
                    .next_step(format!("widen the column {}, or change its type", column.name)));
            }
        }
        Ok(())
    }

    /// Returns an id for a new row, after the highest one that was ever assigned.
    pub(super) fn new_id(&self, highest_id: u64, mut is_taken: impl FnMut(&str) -> bool) -> String {
        match self.column("id").map(|column| column.kind) {
            Some(Kind::Uuid) => {
                std::iter::repeat_with(random_uuid).find(|id| !is_taken(id)).unwrap_or_default()
            }
            _ => next_id(highest_id, is_taken),
        }
    }
}

impl Column {
    /// Whether a missing value is written as empty text, because the column takes no null.
    pub(super) fn turns_null_into_text(&self) -> bool {
        !self.takes_null
            && matches!(self.kind, Kind::Text(_) | Kind::PaddedText(_) | Kind::Bytes(_) | Kind::Adaptive)
    }

    /// Returns why the column cannot hold a value, after the name of the value.
    fn rejection(&self, value: &str) -> Option<String> {
        let Self { name, type_name, kind, .. } = self;
        let too_long = |length: usize, max_length: Option<usize>, unit| {
            let max_length = max_length.filter(|max_length| length > *max_length)?;
            Some(format!("has {length} {unit}; the column holds at most {max_length}"))
        };
        match *kind {
            Kind::Text(max_length) => too_long(value.chars().count(), max_length, "characters"),
            Kind::PaddedText(_) if value.ends_with(' ') => {
                Some(format!("ends with a blank, which the column {name}, of the type {type_name}, drops"))
            }
            Kind::PaddedText(max_length) => too_long(value.chars().count(), max_length, "characters"),
            Kind::Bytes(max_length) => too_long(value.len(), max_length, "bytes"),
            Kind::Number(max) => match value.parse::<u64>() {
                Ok(number) if number.to_string() == value && number <= max => None,
                Ok(number) if number.to_string() == value => {
                    Some(format!("is above {max}, the highest number in the column {name}"))
                }
                _ => Some(format!("is not a number, as the column {name} requires")),
            },
            Kind::Moment => value
                .parse::<u64>()
                .is_err()
                .then(|| format!("is not a moment, as the column {name} requires")),
            Kind::Uuid => (!is_uuid(value)).then(|| format!("is not a UUID, as the column {name} requires")),
            Kind::Adaptive => changes_as_number(value).then(|| {
                format!("looks like a number, and the column {name}, of the type {type_name}, changes it")
            }),
            Kind::Unsupported => Some(format!("has no place in the column {name}, of the type {type_name}")),
        }
    }

    /// Whether the column cannot hold what Zoho issues.
    fn is_too_narrow_for(&self, value: &str) -> bool {
        let needed = match value {
            "refresh_token" | "access_token" | "grant_token" => TOKEN_LENGTH,
            "expiry_time" => 13,
            _ => return false,
        };
        match self.kind {
            Kind::Text(max_length) | Kind::PaddedText(max_length) | Kind::Bytes(max_length) => {
                max_length.is_some_and(|max_length| max_length < needed)
            }
            Kind::Number(max) => value != "expiry_time" || max < LAST_MOMENT,
            Kind::Uuid => true,
            Kind::Moment => value != "expiry_time",
            Kind::Adaptive | Kind::Unsupported => false,
        }
    }
}

fn unsuitable(evidence: String) -> StoreError {
    StoreError::of(StoreErrorKind::Damaged, "use its table").evidence(evidence)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

/// Returns a random UUID, version 4.
fn random_uuid() -> String {
    let random = rand::random::<u128>();
    let versioned = (random & !(0xf << 76) | 4 << 76) & !(0b11 << 62) | 0b10 << 62;
    let digits = format!("{versioned:032x}");
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

/// Whether text that was stored as a number is read differently.
fn changes_as_number(text: &str) -> bool {
    let trimmed = text.trim_matches(|character: char| character.is_ascii_whitespace());
    match (trimmed.parse::<i64>(), trimmed.parse::<f64>()) {
        (Ok(number), _) => number.to_string() != text,
        (Err(_), Ok(number)) => number.is_finite() && number.to_string() != text,
        (Err(_), Err(_)) => false,
    }
}

/// Returns the words and the arguments of a type, such as `decimal unsigned` and 20, 0 of `decimal(20,0) unsigned`.
pub(super) fn type_parts(type_name: &str) -> (String, Vec<u64>) {
    let (before, rest) = type_name.split_once('(').unwrap_or((type_name, ""));
    let (arguments, after) = rest.split_once(')').unwrap_or((rest, ""));
    let words: Vec<_> = before.split_whitespace().chain(after.split_whitespace()).collect();
    let arguments = arguments.split(',').filter_map(|argument| argument.trim().parse().ok()).collect();
    (words.join(" ").to_ascii_lowercase(), arguments)
}

/// Returns the highest whole number of a decimal type with these arguments: its digits, and how many of them are a fraction.
pub(super) fn highest_decimal(arguments: &[u64]) -> u64 {
    let [digits, fraction] = [0, 1].map(|position| arguments.get(position).copied().unwrap_or_default());
    let whole = u32::try_from(digits.saturating_sub(fraction)).unwrap_or(u32::MAX);
    if digits == 0 { u64::MAX } else { 10_u64.checked_pow(whole).map_or(u64::MAX, |power| power - 1) }
}

/// The highest whole number below which a floating-point number of 32 bits has all others.
pub(super) const HIGHEST_SINGLE: u64 = 1 << 24;

/// The same for 64 bits.
pub(super) const HIGHEST_DOUBLE: u64 = 1 << 53;
