//! A store to test, and how hard.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use libtest_mimic::{Completion, Failed, Trial};
use zoho_oauth::store::coordination::Coordination;
use zoho_oauth::store::{AnyStore, TokenStore};

use crate::place::Place;
use crate::promises::{self, Check};
use crate::scene::{Scene, Sizes};

type Opening = Pin<Box<dyn Future<Output = Result<AnyStore, String>>>>;

/// A store to test, with the number of processes and rounds. Pass it to [`run`](crate::run).
pub struct Kit {
    open: Box<dyn Fn(Place) -> Opening>,
    is_coordinated: bool,
    name: String,
    sizes: Sizes,
}

impl Kit {
    /// A store that implements [`TokenStore`]. `open` opens the store at a place and creates it if it does not exist. Many
    /// processes call it at once.
    pub fn new<S, E, F>(open: impl Fn(Place) -> F + 'static) -> Self
    where
        S: TokenStore,
        E: Into<Box<dyn Error + Send + Sync>>,
        F: Future<Output = Result<S, E>> + 'static,
    {
        Self::of(open, AnyStore::new, false)
    }

    /// A store that also implements [`Coordination`], which is tested as well.
    pub fn coordinated<S, E, F>(open: impl Fn(Place) -> F + 'static) -> Self
    where
        S: TokenStore + Coordination,
        E: Into<Box<dyn Error + Send + Sync>>,
        F: Future<Output = Result<S, E>> + 'static,
    {
        Self::of(open, AnyStore::coordinated, true)
    }

    fn of<S, E, F>(
        open: impl Fn(Place) -> F + 'static,
        erase: fn(S) -> AnyStore,
        is_coordinated: bool,
    ) -> Self
    where
        S: TokenStore,
        E: Into<Box<dyn Error + Send + Sync>>,
        F: Future<Output = Result<S, E>> + 'static,
    {
        let open = move |place| -> Opening {
            let opening = open(place);
            Box::pin(async move { opening.await.map(erase).map_err(|error| error.into().to_string()) })
        };
        Self { open: Box::new(open), is_coordinated, name: String::new(), sizes: Sizes::default() }
    }

    /// Prefixes the names of the tests. Needed if one program tests several stores.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How many processes use the store at once. Default: 8; minimum: 2.
    #[must_use]
    pub fn processes(mut self, processes: usize) -> Self {
        self.sizes.processes = processes.max(2);
        self
    }

    /// How often to repeat what may go wrong. Default: 25, which takes about a minute for all tests. A round is one kill,
    /// one stop, one race for a lease, one new user per process, or a tenth of a second of reading.
    #[must_use]
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.sizes.rounds = rounds.max(1);
        self
    }

    /// Opens the store at a place, in a worker.
    pub(crate) async fn open(&self, place: Place) -> Result<AnyStore, String> {
        (self.open)(place).await
    }

    /// The tests. `number` is the kit's position among all kits of the program.
    pub(crate) fn trials(&self, number: usize) -> Vec<Trial> {
        let mut trials: Vec<Trial> = self.trials_of(promises::OF_EVERY_STORE, number, true).collect();
        if self.is_coordinated {
            trials.extend(self.trials_of(promises::OF_COORDINATION, number, true));
            trials.extend(self.trials_of(promises::OF_STOPPED_PROCESSES, number, cfg!(unix)));
        }
        trials
    }

    fn trials_of(
        &self,
        checks: &[(&'static str, Check)],
        number: usize,
        can_run: bool,
    ) -> impl Iterator<Item = Trial> {
        let trial = move |(name, check): &(&str, Check)| {
            let (check, sizes) = (*check, self.sizes);
            let name =
                if self.name.is_empty() { (*name).to_owned() } else { format!("{}::{name}", self.name) };
            Trial::ignorable_test(name, move || {
                if !can_run {
                    return Ok(Completion::ignored_with("needs Unix, to stop a process"));
                }
                let verdict = Scene::new(number, sizes).and_then(|scene| check(&scene));
                verdict.map(|()| Completion::Completed).map_err(Failed::from)
            })
        };
        checks.iter().map(trial)
    }
}

impl fmt::Debug for Kit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Kit")
            .field("name", &self.name)
            .field("is_coordinated", &self.is_coordinated)
            .field("sizes", &self.sizes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use zoho_oauth::store::MemoryStore;

    use super::*;

    #[test]
    fn a_store_is_tested_for_leases_only_where_it_has_them() {
        let open = async |_: Place| Ok::<_, String>(MemoryStore::new());
        let plain = Kit::new(open).trials(0);
        let all = Kit::coordinated(open).named("mine").trials(0);
        assert_eq!(plain.len(), promises::OF_EVERY_STORE.len());
        assert!(all.len() > plain.len());
        for (plain, named) in plain.iter().zip(&all) {
            assert_eq!(format!("mine::{}", plain.name()), named.name());
        }
    }
}
