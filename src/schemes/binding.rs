use std::net::IpAddr;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::error::ConfigError;

/// The part of a client's address to which a link or a [claim](crate::schemes::HookRequest::client_matches) is bound.
///
/// Behind carrier-grade NAT a viewer may use several addresses of one network. An exact binding then interrupts playback; bind to
/// the network instead. A link contains the hash of the network's first address: `203.0.113.0` for `/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpBinding {
    v4: u8,
    v6: u8,
}

impl IpBinding {
    /// Binds to the whole address.
    pub const EXACT: Self = Self { v4: 32, v6: 128 };

    /// Binds to the network of an IPv4 client: 16, 24 or 32 bits.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::IpBinding`] for any other length.
    pub fn v4(self, bits: u8) -> Result<Self, ConfigError> {
        match bits {
            16 | 24 | 32 => Ok(Self { v4: bits, ..self }),
            _ => Err(ConfigError::IpBinding { found: format!("/{bits} for IPv4") }),
        }
    }

    /// Binds to the network of an IPv6 client: 48, 64 or 128 bits.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::IpBinding`] for any other length.
    pub fn v6(self, bits: u8) -> Result<Self, ConfigError> {
        match bits {
            48 | 64 | 128 => Ok(Self { v6: bits, ..self }),
            _ => Err(ConfigError::IpBinding { found: format!("/{bits} for IPv6") }),
        }
    }

    /// Parses `exact`, or a prefix length with its slash, such as `/24`. A setting for one IP version leaves the other unchanged.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::IpBinding`] for any other text.
    pub fn parse(self, text: &str) -> Result<Self, ConfigError> {
        match text {
            "exact" => Ok(Self::EXACT),
            "/16" => self.v4(16),
            "/24" => self.v4(24),
            "/32" => self.v4(32),
            "/48" => self.v6(48),
            "/64" => self.v6(64),
            "/128" => self.v6(128),
            _ => Err(ConfigError::IpBinding { found: format!("{text:?}") }),
        }
    }

    /// Returns the first address of the client's network.
    pub(crate) fn cut(self, client: IpAddr) -> IpAddr {
        match client.to_canonical() {
            IpAddr::V4(address) => Ipv4Net::new(address, self.v4).map_or(address, |net| net.network()).into(),
            IpAddr::V6(address) => Ipv6Net::new(address, self.v6).map_or(address, |net| net.network()).into(),
        }
    }
}

#[cfg(test)]
mod tests;
