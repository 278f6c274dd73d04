//! The setting of a policy for explanations in a response header, and its checked form.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::{ConfigError, Faults};
use crate::request::parse_network;

/// The header with which a request asks for its explanation, and with which the response carries it.
pub const EXPLAIN_HEADER: &str = "x-playgate-explain";

/// The requests whose responses carry their explanation in the header [`EXPLAIN_HEADER`].
///
/// A request with this header gets its explanation if at least one of these holds:
///
/// 1. The client is listed in [`clients`](Self::clients). The value of the header does not matter.
/// 2. [`tokens`](Self::tokens) is set, and the value of the header is a debug token, which
///    `Signer::debug_token` (feature `mint`) creates.
///
/// ```
/// use playgate::site::ExplainHeader;
/// use playgate::{Policy, Site};
///
/// let policy = Policy::builder()
///     .site(Site::bucket("courses").host("cdn.example.com"))
///     .explain_header(ExplainHeader::new().clients(["203.0.113.0/24"]).tokens(true))
///     .build()?;
/// # Ok::<(), playgate::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ExplainHeader {
    clients: Vec<String>,
    tokens: bool,
}

impl ExplainHeader {
    /// Creates a setting that names nobody. A policy requires at least one of [`clients`](Self::clients) and
    /// [`tokens`](Self::tokens).
    pub const fn new() -> Self {
        Self { clients: Vec::new(), tokens: false }
    }

    /// Sets the clients that receive explanations, as addresses and CIDR networks. The default is none.
    ///
    /// The address of a client is the one that the connection and the [trusted
    /// proxies](super::PolicyBuilder::trusted_proxies) confirm. Do not list the address of a proxy: every client behind a proxy
    /// that is not trusted has the proxy's address.
    pub fn clients<I: IntoIterator<Item: Into<String>>>(mut self, networks: I) -> Self {
        self.clients = networks.into_iter().map(Into::into).collect();
        self
    }

    /// Sets whether requests with a debug token receive explanations. The default is false.
    ///
    /// A debug token is a JWT that one of the verifier's keys signed. Its `aud` contains `playgate-explain`, its `exp` is at most one
    /// hour ahead, and it has no `uri`. It explains only requests for resources that the key may sign for.
    pub const fn tokens(mut self, accept: bool) -> Self {
        self.tokens = accept;
        self
    }

    /// Returns the checked setting. Every fault is pushed to `faults`.
    pub(super) fn check(&self, faults: &mut Faults) -> ExplainRules {
        if self.clients.is_empty() && !self.tokens {
            faults.push("explain", section_without_readers());
        }
        let mut clients = Vec::new();
        for (index, text) in self.clients.iter().enumerate() {
            let (found, write) = match parse_network(text) {
                Ok(network) if network.prefix_len() > 0 => {
                    clients.push(network);
                    continue;
                }
                Ok(_) => ("covers every client", "the networks of operators".to_owned()),
                Err(fault) => fault,
            };
            let field = format!("client {text:?} of explain");
            faults.push_element(
                "explain.clients",
                index,
                ConfigError::Field { field, found: found.to_owned(), write },
            );
        }
        ExplainRules { clients, tokens: self.tokens }
    }
}

fn section_without_readers() -> ConfigError {
    ConfigError::Section {
        part: "explain".to_owned(),
        found: "has neither clients nor tokens".to_owned(),
        write: "clients = [\"203.0.113.0/24\"] or tokens = true".to_owned(),
    }
}

/// The checked setting for explanations in a response header.
#[derive(Debug)]
pub(crate) struct ExplainRules {
    clients: Vec<IpNet>,
    /// True if debug tokens are accepted.
    pub(crate) tokens: bool,
}

impl ExplainRules {
    /// Returns whether a client with this address receives explanations.
    pub(crate) fn lists(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        self.clients.iter().any(|network| network.contains(&client))
    }
}
