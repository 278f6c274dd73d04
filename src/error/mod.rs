//! Why not?
//!
//! Two readers, two types. [`ConfigError`] speaks to the person setting up: owned text, what was found, what to
//! write instead. [`Denial`] speaks to the operator of a busy origin: `Copy`, no allocation, it names the rule and
//! never the token, the key or a claim's text. Its [`Code`] is what clients and dashboards see, and is stable.

mod code;
mod config;
mod denial;
mod faults;

pub use code::Code;
pub use config::{ConfigError, ConfigErrors};
pub use denial::{ClaimName, Denial, Failing, HostFault, LinkFault, PathFault, Repeated, TokenFault};
#[cfg(feature = "config")]
pub(crate) use faults::Fault;
pub(crate) use faults::{Faults, Part};
