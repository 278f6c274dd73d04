use std::net::IpAddr;

use ipnet::IpNet;

use super::RequestView;
use super::fields::{FORWARDED, X_FORWARDED_FOR, X_FORWARDED_PROTO, has_too_many_lines, is_present, lines};
use super::list::{elements_from_the_right, quoted_elements_from_the_right, semicolon_pairs};
use crate::error::{ConfigError, ConfigErrors, Faults};

/// The proxies whose statements about the client are trusted, as networks.
///
/// Anyone can send `X-Forwarded-For`. Each trusted proxy appends the address of the hop before it. The list is therefore read
/// from the right, as long as the hop that wrote an entry is a trusted proxy:
///
/// 1. If the connection's peer is not a trusted proxy, the peer is the client, and the fields are not read.
/// 2. An entry that is not the address of a trusted proxy is the client.
/// 3. If every entry is the address of a trusted proxy, the left-most entry is the client.
/// 4. An entry that is not an address (`unknown`, an obfuscated name, nothing, or text) ends the list. The client is behind the
///    last known hop. Limits apply to that hop, and a credential that is bound to an address is rejected.
/// 5. If `X-Forwarded-For` and `Forwarded` (RFC 7239) disagree, the list ends at the peer, because a proxy that writes one of
///    them may forward the other as the client sent it. A `Forwarded` without any `for` is ignored.
///
/// `X-Forwarded-For` has no quoting, so a quote in it is part of an entry. In `Forwarded`, quotes are paired from the right, so
/// that text from a client cannot change how a proxy's entries are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// The client of a request, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The client's address, or that of the nearest known hop.
    address: IpAddr,
    /// True if this is the client's own address.
    is_confirmed: bool,
    /// True if this is an address of this machine or of a private network, and not that of a trusted proxy.
    is_local: bool,
}

impl Client {
    /// Returns the client's address, or that of the nearest known hop.
    pub(crate) const fn address(self) -> IpAddr {
        self.address
    }

    /// Returns the network by which limits count.
    pub(crate) const fn network(self) -> Network {
        Network::of(self.address)
    }

    /// Returns the address of the client itself, or `None` if only a hop before the client is known.
    pub(crate) fn confirmed(self) -> Option<IpAddr> {
        self.is_confirmed.then_some(self.address)
    }

    /// Returns whether this may be the address of a proxy that is not listed as trusted, with every client behind it.
    pub(crate) const fn may_be_an_unlisted_proxy(self) -> bool {
        self.is_local
    }
}

/// The network by which clients are counted: an IPv4 address, or the first 64 bits of an IPv6 address. A client with one IPv6
/// address usually has all addresses with these bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    V4(u32),
    V6([u16; 4]),
}

/// The hops in one header, from the connection towards the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    /// The last known hop, or `None` if not even the first is known.
    last: Option<IpAddr>,
    end: End,
}

/// The end of a [`Way`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Every hop is a trusted proxy, and there are no more entries.
    Start,
    /// The last hop is not a trusted proxy.
    Client,
    /// The next hop is hidden.
    Hidden,
}

impl Way {
    /// Continues with the fields before this one, if every hop so far is a trusted proxy.
    fn after(self, earlier: Option<Self>) -> Self {
        match (self.end, earlier) {
            (End::Start, Some(earlier)) => Self { last: earlier.last.or(self.last), end: earlier.end },
            (End::Start, None) | (End::Client | End::Hidden, _) => self,
        }
    }
}

impl TrustedProxies {
    /// Parses addresses and CIDR networks: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Proxy`] for each text that is neither, and for each network with bits set after its prefix.
    pub fn parse<I: IntoIterator<Item: AsRef<str>>>(networks: I) -> Result<Self, ConfigErrors> {
        let mut faults = Faults::default();
        let proxies = Self::check(networks, &mut faults);
        faults.check().map(|()| proxies)
    }

    /// Returns the valid networks. Every fault is pushed to `faults`.
    pub(crate) fn check<I: IntoIterator<Item: AsRef<str>>>(networks: I, faults: &mut Faults) -> Self {
        let mut proxies = Self::default();
        for (index, text) in networks.into_iter().enumerate() {
            match parse_network(text.as_ref()) {
                Ok(network) => proxies.0.push(network),
                Err((found, write)) => {
                    let error = ConfigError::Proxy { text: text.as_ref().to_owned(), found, write };
                    faults.push_element("trusted_proxies", index, error);
                }
            }
        }
        proxies
    }

    /// Returns the client's address: the connection's peer, or the address that the trusted proxies name.
    ///
    /// If a hop is hidden, this is the address of the last known hop, to which limits apply. Returns `None` only if the server
    /// knows no peer, as on a Unix socket.
    pub fn client(&self, request: &(impl RequestView + ?Sized)) -> Option<IpAddr> {
        self.find(request).map(Client::address)
    }

    /// Returns the client's address if no hop hides it. Only this address may be compared with an address to which a credential
    /// is bound.
    pub fn confirmed_client(&self, request: &(impl RequestView + ?Sized)) -> Option<IpAddr> {
        self.find(request).and_then(Client::confirmed)
    }

    /// Finds the client by the rules above. Returns `None` if no peer is known.
    pub(crate) fn find(&self, request: &(impl RequestView + ?Sized)) -> Option<Client> {
        let peer = request.peer()?.to_canonical();
        if !self.trusts(peer) {
            return Some(Client { address: peer, is_confirmed: true, is_local: is_local(peer) });
        }
        let (listed, standard) = (self.listed(request), self.standard(request));
        let (last, end) = match (listed, standard) {
            _ if [X_FORWARDED_FOR, FORWARDED].into_iter().any(|name| has_too_many_lines(request, name)) => {
                (None, End::Hidden)
            }
            (None, None) => (None, End::Start),
            (Some(way), None) | (None, Some(way)) => (way.last, way.end),
            (Some(one), Some(other)) if one == other => (one.last, one.end),
            (Some(one), Some(other)) => (one.last.filter(|_| one.last == other.last), End::Hidden),
        };
        let address = last.unwrap_or(peer);
        let is_local = is_local(address) && !self.trusts(address);
        Some(Client { address, is_confirmed: end != End::Hidden, is_local })
    }

    /// Reads `X-Forwarded-For`. Returns `None` if it is absent or blank.
    fn listed(&self, request: &(impl RequestView + ?Sized)) -> Option<Way> {
        lines(request, X_FORWARDED_FOR).find(|field| !field.trim_ascii().is_empty())?;
        lines(request, X_FORWARDED_FOR).fold(None, |earlier, field| {
            Some(self.follow(elements_from_the_right(field).map(address_of)).after(earlier))
        })
    }

    /// Reads `Forwarded`. Returns `None` if it names no client anywhere.
    fn standard(&self, request: &(impl RequestView + ?Sized)) -> Option<Way> {
        let of = |element| parameter(element, b"for");
        lines(request, FORWARDED).flat_map(quoted_elements_from_the_right).find_map(of)?;
        lines(request, FORWARDED).fold(None, |earlier, field| {
            let hops = quoted_elements_from_the_right(field).map(|element| of(element).and_then(address_of));
            Some(self.follow(hops).after(earlier))
        })
    }

    /// Follows hops away from the connection. A hidden hop is `None`.
    fn follow(&self, hops: impl Iterator<Item = Option<IpAddr>>) -> Way {
        let mut last = None;
        for hop in hops {
            match hop {
                None => return Way { last, end: End::Hidden },
                Some(address) if !self.trusts(address) => {
                    return Way { last: Some(address), end: End::Client };
                }
                Some(address) => last = Some(address),
            }
        }
        Way { last, end: End::Start }
    }

    /// Returns whether the client uses TLS. That is the case if the connection uses TLS, if a trusted proxy reports TLS, or if
    /// the client is on this machine, so that its bytes never leave the machine.
    ///
    /// A client on this machine is a peer in `127.0.0.0/8`, `::ffff:127.0.0.0/104` or `::1` that is not a trusted proxy and sent
    /// no `X-Forwarded-For`, `X-Forwarded-Proto` or `Forwarded`. If a trusted proxy does not name the protocol, the result is
    /// false, wherever the proxy runs. It is also false for a Unix socket, and on a server that does not know its peers.
    pub fn is_https(&self, request: &(impl RequestView + ?Sized)) -> bool {
        self.known_tls(request).unwrap_or_else(|| {
            let peer = request.peer().map(|peer| peer.to_canonical());
            let on_this_machine = peer.is_some_and(|peer| peer.is_loopback() && !self.trusts(peer));
            on_this_machine && !is_forwarded(request)
        })
    }

    /// Returns whether the client uses TLS, or `None` if neither the connection nor a trusted proxy reports it.
    pub(crate) fn known_tls(&self, request: &(impl RequestView + ?Sized)) -> Option<bool> {
        if request.is_tls() {
            return Some(true);
        }
        let peer = request.peer()?.to_canonical();
        if !self.trusts(peer) {
            return None;
        }
        if [X_FORWARDED_PROTO, FORWARDED].into_iter().any(|name| has_too_many_lines(request, name)) {
            return Some(false);
        }
        let listed =
            lines(request, X_FORWARDED_PROTO).last().and_then(|field| elements_from_the_right(field).next());
        let standard = lines(request, FORWARDED).last().and_then(|field| {
            quoted_elements_from_the_right(field).next().and_then(|element| parameter(element, b"proto"))
        });
        let is_https = |proto: &[u8]| proto.eq_ignore_ascii_case(b"https");
        match (listed, standard) {
            (None, None) => None,
            (listed, standard) => Some(listed.is_none_or(is_https) && standard.is_none_or(is_https)),
        }
    }

    /// Returns true if the connection's peer is a trusted proxy.
    pub(crate) fn trusts_peer(&self, request: &(impl RequestView + ?Sized)) -> bool {
        request.peer().is_some_and(|peer| self.trusts(peer.to_canonical()))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
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

/// Parses an address or a CIDR network. An error has the fault that was found, and the text to write instead.
pub(crate) fn parse_network(text: &str) -> Result<IpNet, (&'static str, String)> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_canonical().into());
    }
    match text.parse::<IpNet>() {
        Ok(network) if network.trunc() == network => Ok(network),
        Ok(network) => Err(("has bits after its prefix", network.trunc().to_string())),
        Err(_) => Err(("is neither an address nor a network", "10.0.0.0/8".to_owned())),
    }
}

/// Returns whether a request has a header field of a proxy.
fn is_forwarded(request: &(impl RequestView + ?Sized)) -> bool {
    [X_FORWARDED_FOR, X_FORWARDED_PROTO, FORWARDED].into_iter().any(|name| is_present(request, name))
}

/// Returns whether an address is this machine's or a private network's: loopback, RFC 1918, RFC 6598, RFC 4193, or link-local.
const fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let is_shared = matches!(address.octets(), [100, 64..=127, _, _]);
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Returns one parameter of an element of `Forwarded`, without its quotes (RFC 7239 §4). If the parameter occurs twice, the
/// result is empty, which is neither an address nor a protocol.
fn parameter<'f>(element: &'f [u8], name: &[u8]) -> Option<&'f [u8]> {
    crate::work::visited(element.len().saturating_mul(2));
    let mut found = None;
    for pair in semicolon_pairs(element) {
        let Some((before, value)) = memchr::memchr(b'=', pair).and_then(|at| pair.split_at_checked(at))
        else {
            continue;
        };
        if before.trim_ascii().eq_ignore_ascii_case(name) {
            if found.is_some() {
                return Some(b"");
            }
            let value = value.get(1..)?.trim_ascii();
            let bare = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
            found = Some(bare.unwrap_or(value));
        }
    }
    found
}

/// Parses an address as proxies write it: with or without a port, which may be obfuscated (RFC 7239 §6); IPv6 with or
/// without brackets, and with or without a zone (RFC 4007 §11).
fn address_of(text: &[u8]) -> Option<IpAddr> {
    crate::work::visited(text.len().saturating_mul(3));
    let text = std::str::from_utf8(text).ok()?;
    let address = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
                return None;
            }
            without_zone(host).parse().ok()?
        }
        None => match text.split_once(':') {
            Some((host, port)) if is_port(port) && !host.is_empty() => IpAddr::V4(host.parse().ok()?),
            _ => without_zone(text).parse().ok()?,
        },
    };
    Some(address.to_canonical())
}

fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => !name.is_empty(),
        None => {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
        }
    }
}

fn without_zone(text: &str) -> &str {
    match text.split_once('%') {
        Some((address, zone)) if address.contains(':') && !zone.is_empty() => address,
        _ => text,
    }
}

#[cfg(test)]
mod tests;
