//! `SecretsManagerStore`, on moto.

mod faults;
mod rows;
pub(crate) mod support;
