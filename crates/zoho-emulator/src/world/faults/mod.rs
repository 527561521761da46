//! Deliberate faults: silence, dropped connections, wrong and malformed responses.

mod effect;
mod fault;
mod installed;

pub(crate) use self::effect::Effect;
pub use self::fault::Fault;
pub(crate) use self::installed::Faults;
