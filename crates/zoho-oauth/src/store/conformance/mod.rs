//! The promises of [`TokenStore`](super::TokenStore) and of [`Coordination`](super::coordination::Coordination),
//! each a function: run them over a store of one's own with
//! [`token_store_conformance!`](crate::token_store_conformance) and
//! [`coordination_conformance!`](crate::coordination_conformance).

use std::future::Future;

/// Stamps one test per promise of [`TokenStore`](crate::store::TokenStore) over a fresh store, and the same again
/// through [`AnyStore`](crate::store::AnyStore).
///
/// Give it a name for the module and something that makes an empty store, as an `async fn` or a closure. The
/// stores that it makes must not share their content. Something that makes an `Option` of a store is fine, too: at
/// `None` it has said why the store cannot be had here, and the test ends.
///
/// ```
/// use zoho_oauth::store::MemoryStore;
/// use zoho_oauth::token_store_conformance;
///
/// async fn empty_store() -> MemoryStore {
///     MemoryStore::new()
/// }
///
/// token_store_conformance!(memory, empty_store);
/// # fn main() {}
/// ```
///
/// An attribute before the name is put on every test, for example if the store needs a server:
/// `token_store_conformance!(#[ignore = "needs MY_SERVER"] mine, empty_store)`.
#[macro_export]
macro_rules! token_store_conformance {
    ($(#[$attribute:meta])? $module:ident, $fresh:expr) => {
        mod $module {
            #[allow(unused_imports, reason = "the store may be made by a path that needs no import")]
            use super::*;

            $crate::__token_store_promises!($(#[$attribute])? $fresh);

            mod erased {
                #[allow(unused_imports, reason = "as above")]
                use super::super::*;

                $crate::__token_store_promises!($(#[$attribute])? async || {
                    use $crate::store::conformance::Fresh;
                    ($fresh)().await.into_option().map($crate::store::AnyStore::new)
                });
            }
        }
    };
}

/// Stamps one test per promise of [`Coordination`](crate::store::coordination::Coordination), for a store that
/// implements it besides [`TokenStore`](crate::store::TokenStore).
///
/// Give it a name for the module and something that opens one empty store twice, as two programs would.
///
/// ```
/// use zoho_oauth::coordination_conformance;
/// use zoho_oauth::store::MemoryStore;
///
/// async fn two_programs() -> (MemoryStore, MemoryStore) {
///     let store = MemoryStore::new();
///     (store.clone(), store)
/// }
///
/// coordination_conformance!(memory, two_programs);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! coordination_conformance {
    ($(#[$attribute:meta])? $module:ident, $two_programs:expr) => {
        mod $module {
            #[allow(unused_imports, reason = "the store may be made by a path that needs no import")]
            use super::*;

            $crate::__coordination_promises!($(#[$attribute])? $two_programs);
        }
    };
}

/// What a test is given to work on: a store, two, or nothing where the store cannot be had.
pub trait Fresh {
    /// What the promise is tried on.
    type Store;

    /// It, if it can be had.
    fn into_option(self) -> Option<Self::Store>;
}

impl<S: super::token_store::TokenStore> Fresh for S {
    type Store = S;

    fn into_option(self) -> Option<S> {
        Some(self)
    }
}

impl<S> Fresh for (S, S) {
    type Store = Self;

    fn into_option(self) -> Option<Self> {
        Some(self)
    }
}

impl<S> Fresh for Option<S> {
    type Store = S;

    fn into_option(self) -> Self {
        self
    }
}

/// Runs one promise over what is fresh, on a runtime of its own.
///
/// # Panics
/// When the promise is broken.
pub fn run<S, F, P>(fresh: impl FnOnce() -> F, promise: impl FnOnce(S) -> P)
where
    F: Future<Output: Fresh<Store = S>>,
    P: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be started").block_on(async {
        if let Some(fresh) = fresh().await.into_option() {
            promise(fresh).await;
        }
    });
}

/// Makes a public function of each promise, and a macro of the name given that stamps a test for each.
macro_rules! promises {
    ($list:ident over a store: $($(#[$doc:meta])* async fn $name:ident($store:ident) $body:block)+) => {
        $(
            $(#[$doc])*
            ///
            /// # Panics
            /// When the store breaks the promise.
            pub async fn $name($store: impl TokenStore) $body
        )+

        promises!(@list $list: $($name)+);
    };

    ($list:ident over two programs: $($(#[$doc:meta])* async fn $name:ident($one:ident, $other:ident) $body:block)+) => {
        $(
            $(#[$doc])*
            ///
            /// # Panics
            /// When the store breaks the promise.
            pub async fn $name<S: TokenStore + Coordination>(($one, $other): (S, S)) $body
        )+

        promises!(@list $list: $($name)+);
    };

    (@list $list:ident: $($name:ident)+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $list {
            (#[$attribute:meta] $fresh:expr) => {
                $(
                    #[test]
                    #[$attribute]
                    fn $name() {
                        $crate::store::conformance::run($fresh, $crate::store::conformance::$name);
                    }
                )+
            };
            ($fresh:expr) => {
                $(
                    #[test]
                    fn $name() {
                        $crate::store::conformance::run($fresh, $crate::store::conformance::$name);
                    }
                )+
            };
        }
    };
}

mod coordination;
mod fixture;
mod tokens;

pub use coordination::*;
pub use tokens::*;
