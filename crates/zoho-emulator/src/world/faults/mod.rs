//! Things that go wrong on purpose: silence, a dropped connection, a wrong answer, a lie.

mod effect;
mod fault;
mod installed;

pub(crate) use self::effect::Effect;
pub use self::fault::Fault;
pub(crate) use self::installed::Faults;
