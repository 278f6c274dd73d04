//! The parameters to carry into a manifest, and the URIs in it that receive them.

use std::fmt;
use std::sync::Arc;

use super::parameters::Parameters;
use crate::request::Host;

/// The parameters to carry into one manifest, and the URIs that receive them.
///
/// The `Debug` output shows no values, because they are credentials.
#[derive(Clone)]
pub struct Carried {
    pub(super) parameters: Arc<Parameters>,
    pub(super) types: Arc<Types>,
    pub(super) hosts: Arc<dyn Hosts>,
    pub(super) host: Box<[u8]>,
    pub(super) port: Option<u16>,
    pub(super) https: bool,
    pub(super) max_mpd: usize,
}

impl Carried {
    /// Creates the parameters for the manifest of a request to `host`. `https` is true if the request came over TLS.
    pub fn new(
        parameters: Arc<Parameters>,
        types: Arc<Types>,
        hosts: Arc<dyn Hosts>,
        host: Host<'_>,
        https: bool,
    ) -> Self {
        let host = host.as_bytes().into();
        Self { parameters, types, hosts, host, port: None, https, max_mpd: DEFAULT_MAX_MPD }
    }

    /// Sets the port that the request named. The default is `None`, the default port of its scheme.
    #[must_use]
    pub const fn port(mut self, port: Option<u16>) -> Self {
        self.port = port;
        self
    }

    /// Sets the maximum size of an MPD, in bytes. An MPD is held in memory until it is complete. A longer MPD passes unchanged.
    /// The default is [`DEFAULT_MAX_MPD`].
    #[must_use]
    pub const fn max_mpd(mut self, bytes: usize) -> Self {
        self.max_mpd = bytes;
        self
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Carried");
        shown.field("parameters", &self.parameters).field("types", &self.types);
        shown.field("https", &self.https).finish_non_exhaustive()
    }
}

/// The hosts that may receive the parameters, besides the request's own host at its own port.
pub trait Hosts: Send + Sync {
    /// Returns whether `host` may receive the parameters at this port. The host is lower-case, without port and trailing
    /// dot; IP literals keep their brackets.
    fn is_own(&self, host: &[u8], port: Port) -> bool;
}

/// The port that a URI leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    number: Option<u16>,
    is_default: bool,
    is_requested: bool,
}

impl Port {
    /// Returns the port of a URI, from the port that it names and the default port of its scheme. `default` is `None` for
    /// `//host` if the manifest is not known to have been requested over TLS.
    pub(super) fn of(explicit: Option<u16>, default: Option<u16>, carried: &Carried) -> Self {
        let is_default = match (explicit, default) {
            (None, _) => true,
            (Some(port), Some(default)) => port == default,
            (Some(port), None) => port == HTTP_PORT, // `//host`, as far as is known from plain HTTP
        };
        let number = explicit.or(default);
        let requested = carried.port.or(carried.https.then_some(HTTPS_PORT));
        let is_requested = match (number, requested) {
            (Some(port), Some(requested)) => port == requested,
            (_, None) => is_default,
            (None, Some(requested)) => matches!(requested, HTTP_PORT | HTTPS_PORT),
        };
        Self { number, is_default, is_requested }
    }

    /// Returns the number, even if it is the scheme's default. Returns `None` for `//host` in a manifest that is not known to
    /// have been requested over TLS: this stands for the default port of either scheme.
    pub const fn number(self) -> Option<u16> {
        self.number
    }

    /// Returns whether this is the default port of the URI's scheme (RFC 9110 §4.2): 443 for `https`, 80 for `http`.
    pub const fn is_default(self) -> bool {
        self.is_default
    }

    /// Returns whether the manifest itself was requested at this port.
    pub const fn is_requested(self) -> bool {
        self.is_requested
    }
}

/// The files whose URIs receive the parameters, by their extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Types {
    /// Every file.
    Any,
    /// Files with one of these extensions: without the dot, compared without regard to ASCII case.
    Listed(Vec<Box<str>>),
}

/// The default of [`Carried::max_mpd`]: 1 MiB. The MPD of a whole day with one timeline for each track has some 500 KB.
pub const DEFAULT_MAX_MPD: usize = 1024 * 1024;

pub(super) const HTTP_PORT: u16 = 80;
pub(super) const HTTPS_PORT: u16 = 443;
