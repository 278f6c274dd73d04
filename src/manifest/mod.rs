//! Manifest rewriting: carries query parameters into the URIs of HLS playlists and DASH MPDs.
//!
//! A player that was let in by `?auth=…` requests segments, keys and renditions by the URIs in the manifest, and those
//! lack the parameter. A [`Rewriter`] inserts the chosen [`Parameters`] into them. A playlist is rewritten as it streams; an
//! MPD is held until it is whole, up to [`Carried::max_mpd`]. Nothing but the insertions changes: order, quoting, line ends
//! and all other content stay byte for byte.
//!
//! Rules for one URI, in the order they are tried:
//!
//! 1. Bytes that are no UTF-8 are a [`Doubt`]: a playlist stays unchanged from that line on, and an MPD as a whole.
//! 2. A URI that two readers could read differently stays unchanged: control characters, white space, backslashes,
//!    userinfo, a scheme without its two slashes, three slashes.
//! 3. The host and port are the request's own, or [`Hosts::is_own`] knows them. A relative reference belongs to the
//!    manifest itself: an MPD with a foreign `BaseURL` or `Location` anywhere is a [`Doubt`]. An `https` request's
//!    parameters go to no `http:` URI, and no other scheme gets any.
//! 4. The file's extension is one of the [`Types`]. Directories, and references to the manifest itself, are left alone.
//! 5. A name that the URI's query has already is not added again, so rewriting twice is rewriting once.
//! 6. The remaining parameters are inserted before the fragment: `?a=1&b=2`, or `&a=1&b=2` if the URI has a `?`. Values stay
//!    as they were received; bytes that a URI's query may not hold (RFC 3986 §3.4) are percent-encoded, so no value escapes
//!    its line, its quotes or its element.
//!
//! HLS (draft-pantos-hls-rfc8216bis): lines that are URIs, and the quoted `URI`, `SERVER-URI`, `X-ASSET-URI`,
//! `X-ASSET-LIST` and `X-URI` of the tags that define them. `{$name}` is expanded as far as `EXT-X-DEFINE` allows, to
//! classify the URI; a URI into whose query the player itself fills one of our parameters (`QUERYPARAM`) is left alone.
//!
//! DASH (ISO/IEC 23009-1): `BaseURL`, `Location`, `PatchLocation`, `ContentSteering`; the attributes of
//! `SegmentTemplate`, `SegmentURL`, `Initialization`, `RepresentationIndex`, `BitstreamSwitching`; `xlink:href`; the
//! same in patch documents. Where an Annex I descriptor makes the player add the query itself, it is not added too.
//!
//! Limits:
//!
//! - An Annex I descriptor after the elements that it applies to is not seen in time.
//! - The value of `$RepresentationID$` is unknown. It is taken for a piece of a file name.
//! - The bases of the MPD that a patch document is applied to, and the bases in remote elements (`xlink:href`), are unknown.
//!   They are taken for own hosts.
//! - The value of a variable that another playlist defines (`IMPORT`) is unknown. It is taken for empty, and the URI stays
//!   unchanged if the variable could name a host.
//!
//! # Memory
//!
//! A body costs at most [`MAX_HELD_BACK`] for an incomplete line, or [`Carried::max_mpd`] for an MPD, and a few times
//! [`MAX_CARRIED`] for the parameters. Output comes in slices of about [`SLICE`] bytes. Input is read only as far as one
//! slice needs, so a client that does not read costs no more.

mod child;
mod dash;
mod doubt;
mod hls;
mod parameters;
mod splice;

use std::fmt;
use std::sync::Arc;

use crate::request::Host;

pub use doubt::{Doubt, Fault, Reason};
pub use parameters::{MAX_CARRIED, MAX_PARAMETERS, Parameters, QueryTooLong};

use dash::Dash;
use hls::Hls;

/// The format of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// An HLS playlist, multivariant or media.
    Hls,
    /// A DASH MPD, or a patch to one.
    Dash,
}

impl Format {
    /// Returns the format of files with this extension (`m3u8`, `m3u`, `mpd`, `mpp`; any case, without the dot).
    pub fn of_extension(extension: &[u8]) -> Option<Self> {
        let is = |name: &str| extension.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("m3u8") || is("m3u") => Some(Self::Hls),
            () if is("mpd") || is("mpp") => Some(Self::Dash),
            () => None,
        }
    }

    /// Returns the format that a `Content-Type` names. Its parameters are ignored.
    pub fn of_content_type(value: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let kind = value.get(..end).unwrap_or_default().trim_ascii();
        let is_one = |names: &[&str]| names.iter().any(|name| kind.eq_ignore_ascii_case(name.as_bytes()));
        if is_one(&[
            "application/vnd.apple.mpegurl",
            "application/x-mpegurl",
            "audio/mpegurl",
            "audio/x-mpegurl",
        ]) {
            Some(Self::Hls)
        } else if is_one(&["application/dash+xml", "application/dash-patch+xml"]) {
            Some(Self::Dash)
        } else {
            None
        }
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
    /// The number, also if it is the scheme's default. `None` for `//host` in a manifest that is not known to have been
    /// requested over TLS: that is the default port of either scheme.
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

/// The files that get the parameters, by their extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Types {
    /// Every file.
    Any,
    /// Files with one of these extensions: without the dot, compared without regard to ASCII case.
    Listed(Vec<Box<str>>),
}

/// The parameters for one manifest, and the URIs that get them.
///
/// `Debug` shows no values, which are credentials.
#[derive(Clone)]
pub struct Carried {
    parameters: Arc<Parameters>,
    types: Arc<Types>,
    hosts: Arc<dyn Hosts>,
    host: Box<[u8]>,
    port: Option<u16>,
    https: bool,
    max_mpd: usize,
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

    /// Sets the maximum size of an MPD, in bytes. An MPD is held until it is whole; a longer one passes unchanged. The
    /// default is [`DEFAULT_MAX_MPD`].
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

/// A rewriter of one body, slice by slice.
///
/// It holds the incomplete line of a playlist, at most [`MAX_HELD_BACK`] bytes, or a whole MPD, at most
/// [`Carried::max_mpd`] bytes. The output does not depend on how the body is cut into chunks.
///
/// ```
/// use std::sync::Arc;
/// use playgate::manifest::{Carried, Format, Hosts, Parameters, Port, Rewriter, Types};
/// use playgate::request::{Host, HostBuffer};
///
/// struct NoOther;
/// impl Hosts for NoOther {
///     fn is_own(&self, _: &[u8], _: Port) -> bool { false }
/// }
///
/// let parameters = Parameters::choose(b"auth=a.b.c&_HLS_msn=7", |name| name == b"auth").unwrap().unwrap();
/// let mut buffer = HostBuffer::new();
/// let host = Host::parse(b"cdn.example.com", &mut buffer).unwrap();
/// let carried = Carried::new(parameters.into(), Types::Any.into(), Arc::new(NoOther), host, true);
///
/// let mut rewriter = Rewriter::new(Format::Hls, carried);
/// let mut out = Vec::new();
/// for mut chunk in [&b"#EXTM3U\n#EXTINF:4,\nseg1"[..], b".ts\n"] {
///     while !chunk.is_empty() {
///         let read = rewriter.push(chunk, &mut out);
///         chunk = &chunk[read..];
///         // Here the bytes in `out` can leave before more is read.
///     }
/// }
/// while !rewriter.finish(&mut out) {}
/// assert_eq!(out, b"#EXTM3U\n#EXTINF:4,\nseg1.ts?auth=a.b.c\n");
/// ```
pub struct Rewriter {
    body: Body,
    carried: Carried,
}

enum Body {
    Hls(Box<Hls>),
    Dash(Box<Dash>),
}

impl Rewriter {
    /// Creates a rewriter for one body.
    pub fn new(format: Format, carried: Carried) -> Self {
        let body = match format {
            Format::Hls => Body::Hls(Box::new(Hls::new(&carried.parameters))),
            Format::Dash => Body::Dash(Box::new(Dash::new(&carried.parameters))),
        };
        Self { body, carried }
    }

    /// Reads from the front of `chunk`, the next bytes of the body, and appends at most one slice to `out`. Returns the number
    /// of bytes read.
    ///
    /// If bytes are left, between [`SLICE`] and [`MAX_SLICE`] bytes were appended. Send those, then push the rest of the
    /// chunk.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> usize {
        let limit = out.len().saturating_add(SLICE);
        let mut read = 0;
        while let Some(rest) = chunk.get(read..).filter(|rest| !rest.is_empty() && out.len() < limit) {
            read = read.saturating_add(match &mut self.body {
                Body::Hls(hls) => hls.push(&self.carried, rest, limit, out),
                Body::Dash(dash) => dash.push(&self.carried, rest, limit, out),
            });
        }
        read
    }

    /// Appends at most one slice of the held bytes to `out` after the body has ended, and returns whether that was all. Bytes
    /// that are pushed later pass unchanged.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        let limit = out.len().saturating_add(SLICE);
        match &mut self.body {
            Body::Hls(hls) => {
                hls.finish(&self.carried, out);
                true
            }
            Body::Dash(dash) => dash.finish(&self.carried, limit, out),
        }
    }

    /// The reason why the body passes unchanged, or `None` if it has been understood so far. For an MPD the reason is known
    /// after [`Rewriter::finish`], or once the MPD is too long.
    pub fn doubt(&self) -> Option<Doubt> {
        match &self.body {
            Body::Hls(hls) => hls.doubt(),
            Body::Dash(dash) => dash.doubt(),
        }
    }

    /// Returns whether [`Rewriter::finish`] has bytes left to write.
    pub fn holds_back(&self) -> bool {
        match &self.body {
            Body::Hls(hls) => hls.held_back() > 0,
            Body::Dash(dash) => dash.held_back() > 0,
        }
    }
}

/// Copies from the front of `input` until `out` reaches `limit`, and returns the number of bytes.
fn pass(input: &[u8], limit: usize, out: &mut Vec<u8>) -> usize {
    let part = input.get(..limit.saturating_sub(out.len())).unwrap_or(input);
    out.extend_from_slice(part);
    part.len()
}

impl fmt::Debug for Rewriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Rewriter");
        shown.field("carried", &self.carried).field("doubt", &self.doubt()).finish_non_exhaustive()
    }
}

/// The longest line of a playlist, and the longest tag or carrier text of an MPD, in bytes.
///
/// Most servers refuse a URL of more than 8 KiB, so no URI that can be fetched comes near. Initialisation segments and
/// licences as `data:` URIs are a few KiB; an `Event@messageData` may reach tens of KiB. No player's manifest needs more. It
/// bounds the memory that a playlist can take.
pub const MAX_HELD_BACK: usize = 64 * 1024;

/// The size at which output becomes a slice, in bytes.
///
/// Servers do not send much more at once, so larger slices would only wait in memory.
pub const SLICE: usize = 64 * 1024;

/// The maximum size of a slice. Its last line may exceed [`SLICE`], with an insertion into each of its URIs.
pub const MAX_SLICE: usize = SLICE + MAX_HELD_BACK + 1 + hls::MAX_URIS_OF_A_LINE * (MAX_CARRIED + 1);

/// The default of [`Carried::max_mpd`]: 1 MiB. The MPD of a whole day with one timeline for each track has some 500 KB.
pub const DEFAULT_MAX_MPD: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
