//! The URL against which a policy is checked.

use arrayvec::ArrayVec;

use super::rules::CloudFrontRules;
use super::settings::Protocol;
use crate::error::UrlSignatureFault;
use crate::request::{HOST, parameters};
use crate::schemes::context::Context;
use crate::schemes::recorder::Recorder;
use crate::work;

/// The maximum length of a URL, in bytes. CloudFront accepts no longer one.
const MAX_URL: usize = 8192;

/// The requested URL without CloudFront's own parameters, in its sections.
pub(super) struct RequestedUrl {
    text: ArrayVec<u8, MAX_URL>,
    /// The length of the protocol.
    protocol_len: usize,
    /// The length up to the end of the domain.
    domain_end: usize,
    /// The length up to the end of the path.
    path_end: usize,
}

impl RequestedUrl {
    /// Returns the URL of a request.
    pub(super) fn of(
        context: &Context<'_, '_, impl Recorder>,
        rules: &CloudFrontRules,
    ) -> Result<Self, UrlSignatureFault> {
        let protocol = match rules.protocol {
            Some(Protocol::Https) => "https",
            None if context.proxies.known_tls(context.request) == Some(true) => "https",
            Some(Protocol::Http) | None => "http",
        };
        let target = context.target;
        let received = || target.authority.or_else(|| context.request.field(HOST, 0)).unwrap_or_default();
        let domain = rules.domain.as_ref().map_or_else(received, |domain| domain.as_bytes());
        Self::new(protocol, domain, target.path, target.query, |parameter| {
            rules.places.query.iter().any(|own| parameter.is(own))
        })
    }

    fn new(
        protocol: &str,
        domain: &[u8],
        path: &[u8],
        query: Option<&[u8]>,
        is_own: impl Fn(&crate::request::Parameter<'_>) -> bool,
    ) -> Result<Self, UrlSignatureFault> {
        let mut text = ArrayVec::new();
        let add = |text: &mut ArrayVec<u8, MAX_URL>, piece: &[u8]| {
            work::visited(piece.len());
            text.try_extend_from_slice(piece).map_err(|_| UrlSignatureFault::TooLong)
        };
        add(&mut text, protocol.as_bytes())?;
        add(&mut text, b"://")?;
        add(&mut text, domain)?;
        let domain_end = text.len();
        add(&mut text, path)?;
        let path_end = text.len();
        for parameter in query.into_iter().flat_map(parameters).filter(|parameter| !is_own(parameter)) {
            let separator = if text.len() == path_end { b"?" } else { b"&" };
            add(&mut text, separator)?;
            add(&mut text, parameter.whole)?;
        }
        Ok(Self { text, protocol_len: protocol.len(), domain_end, path_end })
    }

    /// Returns the whole text.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn protocol(&self) -> &[u8] {
        self.text.get(..self.protocol_len).unwrap_or_default()
    }

    /// Returns host and port.
    pub(super) fn domain(&self) -> &[u8] {
        let start = self.protocol_len.saturating_add("://".len());
        self.text.get(start..self.domain_end).unwrap_or_default()
    }

    pub(super) fn path(&self) -> &[u8] {
        self.text.get(self.domain_end..self.path_end).unwrap_or_default()
    }

    /// Returns the query without `?`, or `None` if there is none.
    pub(super) fn query(&self) -> Option<&[u8]> {
        self.text.get(self.path_end..)?.strip_prefix(b"?")
    }

    /// Returns whether the text can be part of a canned policy, which is concatenated without escaping.
    pub(super) fn is_plain_json_text(&self) -> bool {
        work::visited(self.text.len());
        self.text.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
    }
}
