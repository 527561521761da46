//! The promises of [`TokenStore`](super::TokenStore) and of [`Coordination`](super::coordination::Coordination), each as a
//! function. [`token_store_conformance!`](crate::token_store_conformance) and
//! [`coordination_conformance!`](crate::coordination_conformance) test your own store with them.

use std::future::Future;

/// Defines a test for each promise of [`TokenStore`](crate::store::TokenStore), directly and through
/// [`AnyStore`](crate::store::AnyStore).
///
/// The arguments are a name for the module and an `async fn` or a closure that creates an empty store. The stores must not
/// share their content. The function can also return an `Option` of a store. With `None`, the test passes without testing
/// anything, so the function should print why the store is unavailable.
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
/// An attribute before the name applies to every test, for example if the store needs a server:
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

/// Defines a test for each promise of a token store, from every file that has some.
#[doc(hidden)]
#[macro_export]
macro_rules! __token_store_promises {
    ($($arguments:tt)+) => {
        $crate::__finding_promises!($($arguments)+);
        $crate::__saving_promises!($($arguments)+);
        $crate::__value_promises!($($arguments)+);
    };
}

/// Defines a test for each promise of [`Coordination`](crate::store::coordination::Coordination), for a store that
/// implements both it and [`TokenStore`](crate::store::TokenStore).
///
/// The arguments are a name for the module and a function that opens one empty store twice, as two programs would.
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

/// The stores for a test: one, two, or none if the store is unavailable.
pub trait Fresh {
    /// The argument of a promise.
    type Store;

    /// Returns the store, unless it is unavailable.
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

/// Tests one promise on fresh stores, in a new runtime.
///
/// # Panics
/// If the store breaks the promise.
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

/// Defines a public function for each promise, and a macro with the given name that defines a test for each.
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
mod finding;
mod fixture;
mod saving;
mod values;

pub use coordination::*;
pub use finding::*;
pub use saving::*;
pub use values::*;
