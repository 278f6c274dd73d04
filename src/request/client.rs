use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::{RequestView, list_elements};
use crate::error::{ConfigError, ConfigErrors, Faults};

/// The proxies whose word about the client is taken, as networks.
///
/// Everybody can send `X-Forwarded-For`; only what a listed proxy added is believed, and of that only the last entry
/// that is no listed proxy itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// What clients are told apart by where they are counted: an address of IPv4, and of one of IPv6 the first 64 bits, since
/// whoever has one of these has all that share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    V4(u32),
    V6([u16; 4]),
}

/// What a proxy told of one hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hop {
    Address(IpAddr),
    /// `unknown`, an obfuscated name, or text that is no address.
    Unknown,
}

impl TrustedProxies {
    /// Reads addresses and CIDR networks: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Proxy`] for each text that is neither, or a network with bits set behind its prefix.
    pub fn parse<I: IntoIterator<Item: AsRef<str>>>(networks: I) -> Result<Self, ConfigErrors> {
        let mut faults = Faults::default();
        let proxies = Self::check(networks, &mut faults);
        faults.check().map(|()| proxies)
    }

    /// The networks that are good; every fault is pushed to `faults`.
    pub(crate) fn check<I: IntoIterator<Item: AsRef<str>>>(networks: I, faults: &mut Faults) -> Self {
        let mut proxies = Self::default();
        for (index, text) in networks.into_iter().enumerate() {
            match parse_network(text.as_ref()) {
                Ok(network) => proxies.0.push(network),
                Err(error) => faults.push_element("trusted_proxies", index, error),
            }
        }
        proxies
    }

    /// The client's address: the connection's peer, or what the trusted proxies in front of us say.
    ///
    /// `None` when it cannot be told: no peer is known, a hop is hidden, or `X-Forwarded-For` and `Forwarded` are
    /// both there and disagree (a proxy that writes one passes the other on as the client sent it).
    pub fn client(&self, request: &impl RequestView) -> Option<IpAddr> {
        let peer = request.peer()?.to_canonical();
        if !self.trusts(peer) {
            return Some(peer);
        }
        let listed = self.behind(peer, request.x_forwarded_for().flat_map(list_elements).map(hop));
        let standard =
            self.behind(peer, request.forwarded().flat_map(list_elements).filter_map(forwarded_for));
        match (listed, standard) {
            (None, None) => Some(peer),
            (Some(hop), None) | (None, Some(hop)) => hop.address(),
            (Some(one), Some(other)) if one == other => one.address(),
            (Some(_), Some(_)) => None,
        }
    }

    /// Whether the client speaks TLS: the connection does, or a trusted proxy says so, or it never left the machine.
    pub fn is_https(&self, request: &impl RequestView) -> bool {
        let peer = request.peer().map(|peer| peer.to_canonical());
        self.says_tls(request).unwrap_or_else(|| peer.is_some_and(|peer| peer.is_loopback()))
    }

    /// Whether the client speaks TLS, as far as the connection or a trusted proxy tells.
    pub(crate) fn says_tls(&self, request: &impl RequestView) -> Option<bool> {
        if request.is_tls() {
            return Some(true);
        }
        let peer = request.peer()?.to_canonical();
        if !self.trusts(peer) {
            return None;
        }
        let listed = request.x_forwarded_proto().flat_map(list_elements).last();
        let standard =
            request.forwarded().flat_map(list_elements).last().and_then(|hop| parameter(hop, b"proto"));
        let is_https = |proto: &[u8]| proto.trim_ascii().eq_ignore_ascii_case(b"https");
        match (listed, standard) {
            (None, None) => None,
            (listed, standard) => Some(listed.is_none_or(is_https) && standard.is_none_or(is_https)),
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The last hop that is no trusted proxy; the first of all if every one is. `None` where none is told of.
    fn behind(&self, peer: IpAddr, hops: impl Iterator<Item = Hop>) -> Option<Hop> {
        let mut told = false;
        let mut client = Hop::Address(peer);
        // Read forwards: whoever stands behind the last untrusted hop is trusted.
        for hop in hops {
            let trusted = matches!(hop, Hop::Address(address) if self.trusts(address));
            if !trusted || !told {
                client = hop;
            }
            told = true;
        }
        told.then_some(client)
    }
}

impl Network {
    pub(crate) const fn of(client: IpAddr) -> Self {
        match client.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

impl Hop {
    const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Unknown => None,
        }
    }
}

fn parse_network(text: &str) -> Result<IpNet, ConfigError> {
    let wrong =
        |found: &'static str, write: String| ConfigError::Proxy { text: text.to_owned(), found, write };
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_canonical().into());
    }
    match text.parse::<IpNet>() {
        Ok(network) if network.trunc() == network => Ok(network),
        Ok(network) => Err(wrong("has bits behind its prefix", network.trunc().to_string())),
        Err(_) => Err(wrong("is no address and no network", "10.0.0.0/8".to_owned())),
    }
}

/// The `for` of one element of `Forwarded` (RFC 7239 §5.2).
fn forwarded_for(element: &[u8]) -> Option<Hop> {
    parameter(element, b"for").map(hop)
}

/// One parameter of an element, without its quotes (RFC 7239 §4).
fn parameter<'f>(element: &'f [u8], name: &[u8]) -> Option<&'f [u8]> {
    element.split(|&byte| byte == b';').find_map(|pair| {
        let at = memchr::memchr(b'=', pair)?;
        let (found, value) = pair.split_at_checked(at)?;
        let value = value.get(1..)?.trim_ascii();
        let value = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
        found.trim_ascii().eq_ignore_ascii_case(name).then_some(value)
    })
}

/// An address as proxies write it: with or without port, IPv6 with or without brackets.
fn hop(text: &[u8]) -> Hop {
    let address = std::str::from_utf8(text).ok().and_then(|text| {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
    });
    address.map_or(Hop::Unknown, |address| Hop::Address(address.to_canonical()))
}

#[cfg(test)]
mod tests;
