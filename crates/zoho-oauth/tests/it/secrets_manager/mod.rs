//! `SecretsManagerStore`, on moto.

mod faults;
mod rows;
mod support;
