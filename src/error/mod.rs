//! Errors of the configuration, and denials of requests.
//!
//! Two readers, two types. [`ConfigError`] addresses the person who sets up: owned text, what was found, what to write
//! instead. [`Denial`] addresses the operator of a busy origin: `Copy`, without allocation, it names the rule and never the
//! token, the key or a claim's text. Clients and dashboards see its stable [`Code`].

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
pub use fault::{
    ClaimName, Failing, HostFault, LinkFault, PathFault, Repeated, TokenFault, UrlSignatureFault,
};
