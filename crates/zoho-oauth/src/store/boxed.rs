//! `Boxed`: a call of a store, as a future on the heap.

use std::future::Future;
use std::pin::Pin;

use super::error::StoreError;

/// A call of a store, as a future on the heap: object-safe traits return it.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;
