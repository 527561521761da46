//! `Filter`: what a search looks for.

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches, Id};

/// What a search looks for.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    Criteria(String),
    Email(String),
    Phone(String),
    Word(String),
}

/// The options of which one is a [`Filter`].
#[derive(Debug, Args)]
#[group(id = "filter", multiple = false)]
struct Options {
    /// Criteria, such as (Last_Name:equals:Hopper)and(City:starts_with:New), or the JSON of a bulk read; @FILE reads a file, @-
    /// standard input
    #[arg(long)]
    criteria: Option<String>,

    /// Email address, in any email field
    #[arg(long)]
    email: Option<String>,

    /// Phone number, in any phone field
    #[arg(long)]
    phone: Option<String>,

    /// Word, in any field
    #[arg(long)]
    word: Option<String>,
}

impl FromArgMatches for Filter {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Options { criteria, email, phone, word } = Options::from_arg_matches(matches)?;
        let of_a_field = email.map(Self::Email).or(phone.map(Self::Phone)).or(word.map(Self::Word));
        let filter = criteria.map(Self::Criteria).or(of_a_field);
        filter.ok_or_else(|| clap::Error::new(ErrorKind::MissingRequiredArgument))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Filter {
    fn group_id() -> Option<Id> {
        Options::group_id()
    }

    fn augment_args(command: Command) -> Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Options::augment_args_for_update(command)
    }
}
