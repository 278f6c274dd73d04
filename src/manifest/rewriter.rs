//! The rewriter: reads a body in pieces and writes it in slices.

use std::fmt;

use super::carried::Carried;
use super::dash::Dash;
use super::doubt::{Doubt, MAX_HELD_BACK};
use super::format::Format;
use super::hls::{Hls, MAX_URIS_OF_A_LINE};
use super::parameters::MAX_CARRIED;

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
#[must_use = "a rewriter does nothing unless a body is pushed"]
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

    /// Reads from the front of `chunk`, which holds the next bytes of the body, and appends at most one slice to `out`.
    /// Returns the number of bytes read.
    ///
    /// If part of the chunk is left, between [`SLICE`] and [`MAX_SLICE`] bytes were appended. Send those bytes, then push the
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

    /// Returns the reason why the body passes unchanged, or `None` if the body has been understood so far. For an MPD the
    /// reason is known after [`Rewriter::finish`], or once the MPD is too long.
    pub fn doubt(&self) -> Option<Doubt> {
        match &self.body {
            Body::Hls(hls) => hls.doubt(),
            Body::Dash(dash) => dash.doubt(),
        }
    }

    /// Returns whether [`Rewriter::finish`] has bytes left to write.
    pub fn holds_back(&self) -> bool {
        self.held_back() > 0
    }

    /// Returns the number of bytes that were read and not written.
    pub(super) fn held_back(&self) -> usize {
        match &self.body {
            Body::Hls(hls) => hls.held_back(),
            Body::Dash(dash) => dash.held_back(),
        }
    }
}

impl fmt::Debug for Rewriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Rewriter");
        shown.field("carried", &self.carried).field("doubt", &self.doubt()).finish_non_exhaustive()
    }
}

/// The size at which output becomes a slice, in bytes.
///
/// Servers do not send much more at once, so larger slices would only occupy memory.
pub const SLICE: usize = 64 * 1024;

/// The maximum size of a slice. Its last line may exceed [`SLICE`], with an insertion into each of its URIs.
pub const MAX_SLICE: usize = SLICE + MAX_HELD_BACK + 1 + MAX_URIS_OF_A_LINE * (MAX_CARRIED + 1);
