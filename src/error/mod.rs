//! Errors of the configuration, and denials of requests.
//!
//! There are two types, for two readers. [`ConfigError`] addresses the person who configures the verifier: owned text with the
//! offending input and the remedy. [`Denial`] addresses the operator of a busy origin: it is `Copy`, does not allocate, and
//! names the rule but never the token, the key or a claim's text. Clients and dashboards receive its stable [`Code`].

mod code;
mod config;
mod config_faults;
mod denial;
mod fault;
pub(crate) mod refuse;

pub use code::Code;
pub use config::{ConfigError, ConfigErrors};
#[cfg(feature = "config")]
pub(crate) use config_faults::Fault;
pub(crate) use config_faults::{Faults, Part};
pub use denial::Denial;
pub use fault::{
    ClaimName, Failing, HostFault, LinkFault, PathFault, Repeated, TokenFault, UrlSignatureFault,
};
