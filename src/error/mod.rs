//! Why not?
//!
//! Two readers, two types. [`ConfigError`] speaks to the person setting up: owned text, what was found, what to
//! write instead. [`Denial`] speaks to the operator of a busy origin: `Copy`, no allocation, it names the rule and
//! never the token, the key or a claim's text. Its [`Code`] is what clients and dashboards see, and is stable.

mod code;
mod config;
mod config_faults;
mod denial;
mod fault;

pub use code::Code;
pub use config::{ConfigError, ConfigErrors};
#[cfg(feature = "config")]
pub(crate) use config_faults::Fault;
pub(crate) use config_faults::{Faults, Part};
pub use denial::Denial;
pub use fault::{ClaimName, Failing, HostFault, LinkFault, PathFault, Repeated, TokenFault};
