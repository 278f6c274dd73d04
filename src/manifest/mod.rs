//! Which bytes of this manifest change, so that what it points at is asked for with the same credentials?
//!
//! A player that was let in by `?auth=…` asks for segments, keys and renditions by the URIs that the manifest holds,
//! and those lack the parameter. A [`Rewriter`] carries the chosen [`Parameters`] into them, in HLS playlists and DASH
//! MPDs. A playlist streams through; an MPD is held until it is whole, up to [`Carried::max_mpd`]. Nothing but the insertions
//! differs: order, quoting, line ends and whatever is not understood stay byte for byte.
//!
//! Rules for one URI, in the order they are tried:
//!
//! 1. Bytes that are no UTF-8 are a [`Doubt`]: from there on a playlist does not change, and an MPD does not change at all.
//! 2. A URI that two readers could read differently is left alone: control characters, white space, backslashes,
//!    userinfo, a scheme without its two slashes, three slashes.
//! 3. The host and port are the request's own, or [`Hosts::is_own`] knows them. A relative reference belongs to the
//!    manifest itself: an MPD with a foreign `BaseURL` or `Location` anywhere is a [`Doubt`]. An `https` request's
//!    parameters go to no `http:` URI, and no other scheme gets any.
//! 4. The file's extension is one of the [`Types`]. Directories, and references to the manifest itself, are left alone.
//! 5. A name that the URI's query has already is not added again, so rewriting twice is rewriting once.
//! 6. What is left goes before the fragment: `?a=1&b=2`, or `&a=1&b=2` where the URI has a `?`. Values stay as they were
//!    received; bytes that a URI's query may not hold (RFC 3986 §3.4) are percent-encoded, so no value gets out of its
//!    line, its quotes or its element.
//!
//! HLS (draft-pantos-hls-rfc8216bis): lines that are URIs, and the quoted `URI`, `SERVER-URI`, `X-ASSET-URI`,
//! `X-ASSET-LIST` and `X-URI` of the tags that define them. `{$name}` is expanded as far as `EXT-X-DEFINE` tells, to
//! judge the URI; a URI into whose query the player itself fills one of our parameters (`QUERYPARAM`) is left alone.
//!
//! DASH (ISO/IEC 23009-1): `BaseURL`, `Location`, `PatchLocation`, `ContentSteering`; the attributes of
//! `SegmentTemplate`, `SegmentURL`, `Initialization`, `RepresentationIndex`, `BitstreamSwitching`; `xlink:href`; the
//! same in patch documents. Where an Annex I descriptor makes the player add the query itself, it is not added too.
//!
//! What it is blind to:
//!
//! - an Annex I descriptor that comes after the elements it applies to;
//! - what `$RepresentationID$` stands for: it is taken for a piece of a file name;
//! - the bases of the MPD that a patch document is applied to, and of a document that has remote elements (`xlink:href`):
//!   they are taken for ours;
//! - the value of a variable that another playlist defines (`IMPORT`): it is taken for empty, and the URI left alone
//!   where it could name a host.
//!
//! # Memory
//!
//! A body costs at most [`MAX_HELD_BACK`] for the line that is incomplete, or [`Carried::max_mpd`] for an MPD, and a few
//! times [`MAX_CARRIED`] for what is carried. Output comes in slices of about [`SLICE`] bytes: input is read no further than
//! for one slice, so that a client that does not read costs no more.

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

/// What kind of manifest a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// An HLS playlist, multivariant or media.
    Hls,
    /// A DASH MPD, or a patch to one.
    Dash,
}

impl Format {
    /// The format that files with this extension have (`m3u8`, `m3u`, `mpd`, `mpp`; any case, without the dot).
    pub fn of_extension(extension: &[u8]) -> Option<Self> {
        let is = |name: &str| extension.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("m3u8") || is("m3u") => Some(Self::Hls),
            () if is("mpd") || is("mpp") => Some(Self::Dash),
            () => None,
        }
    }

    /// The format that this `Content-Type` names; its parameters are not looked at.
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

/// Which hosts, besides the request's own at its own port, may see the parameters.
pub trait Hosts: Send + Sync {
    /// Returns whether `host` is one of them at this port. The host is lower-case, without port and trailing dot; IP
    /// literals keep their brackets.
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
    /// The number, the scheme's default included. `None` for `//host` in a manifest that was requested in the clear, as
    /// far as anybody knows: that is the default port of either scheme.
    pub const fn number(self) -> Option<u16> {
        self.number
    }

    /// Whether it is the default port of the URI's scheme (RFC 9110 §4.2): 443 for `https`, 80 for `http`.
    pub const fn is_default(self) -> bool {
        self.is_default
    }

    /// Whether the manifest itself was requested at this port.
    pub const fn is_requested(self) -> bool {
        self.is_requested
    }
}

/// Which files get the parameters, by their extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Types {
    /// Every file.
    Any,
    /// Files with one of these extensions: without the dot, compared without regard to ASCII case.
    Listed(Vec<Box<str>>),
}

/// What goes into one manifest's URIs, and into which of them.
///
/// `Debug` shows no value: they are credentials.
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
    /// For the manifest that a request to `host` is answered with; `https` tells whether it came over TLS.
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

/// Rewrites one body, slice by slice.
///
/// Of a playlist it holds back the incomplete line, at most [`MAX_HELD_BACK`] bytes; of an MPD the whole document, at most
/// [`Carried::max_mpd`] bytes. How the body is cut into chunks makes no difference to what comes out.
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
    /// For one body.
    pub fn new(format: Format, carried: Carried) -> Self {
        let body = match format {
            Format::Hls => Body::Hls(Box::new(Hls::new(&carried.parameters))),
            Format::Dash => Body::Dash(Box::new(Dash::new(&carried.parameters))),
        };
        Self { body, carried }
    }

    /// Reads from the front of `chunk`, the next bytes of the body, appends one slice at most to `out`, and returns how many
    /// bytes were read.
    ///
    /// If bytes are left, at least [`SLICE`] bytes were appended, and at most [`MAX_SLICE`]: let them leave, then push the
    /// rest of the chunk.
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

    /// The body has ended: appends one slice at most of what was held back to `out`, and returns whether that was all. What
    /// is pushed later goes through unchanged.
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

    /// Why the body went through unchanged, a playlist from some byte on, an MPD as a whole. `None` as long as it is
    /// understood; of an MPD that is known once it is finished.
    pub fn doubt(&self) -> Option<Doubt> {
        match &self.body {
            Body::Hls(hls) => hls.doubt(),
            Body::Dash(dash) => dash.doubt(),
        }
    }

    /// Whether [`Rewriter::finish`] has bytes left to write.
    pub fn holds_back(&self) -> bool {
        match &self.body {
            Body::Hls(hls) => hls.held_back() > 0,
            Body::Dash(dash) => dash.held_back() > 0,
        }
    }
}

/// Copies from the front of `input` until `out` reaches `limit`, and returns how much.
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
/// A URL of more than 8 KiB is refused by most servers, so no URI that can be fetched comes near; initialisation
/// segments and licences as `data:` URIs are a few KiB; an `Event@messageData` may reach tens of KiB. Whatever is longer
/// is no manifest that a player would play, and this is what one request can make us hold.
pub const MAX_HELD_BACK: usize = 64 * 1024;

/// The size from which on output is a slice of its own, in bytes.
///
/// What a server sends in one go is not much more, so larger slices would only wait in memory.
pub const SLICE: usize = 64 * 1024;

/// The maximum size of a slice: its last line may go beyond [`SLICE`], with an insertion into each of its URIs.
pub const MAX_SLICE: usize = SLICE + MAX_HELD_BACK + 1 + hls::MAX_URIS_OF_A_LINE * (MAX_CARRIED + 1);

/// The default of [`Carried::max_mpd`]: 1 MiB. An MPD of a day with a timeline of its own for each track has some 500 KB.
pub const DEFAULT_MAX_MPD: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
