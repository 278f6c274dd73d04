//! HTTP semantics of a manifest whose body is rewritten: entity tags, ranges, conditions, and the fields that describe bytes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::task::{Poll, ready};

use bytes::{Buf as _, Bytes};

use crate::decide::Grant;
use crate::manifest::{Carried, Format, Parameters, QueryTooLong, Reason, Rewriter};
use crate::request::{Host, HostBuffer, PathBuffer, RequestPath, RequestView, list_elements, requested_port};
use crate::site::{ForwardRules, PathFormat, Policy, SiteRules};
use crate::stats::Counters;

/// The forwarding of a request's parameters into the manifest that may be its response.
pub(super) struct Forwarding {
    /// The parameters, or an error if they are too long: the manifest then passes unchanged.
    carried: Result<Carried, QueryTooLong>,
    rules: ForwardRules,
    /// The format by the path's extension. `None` if the path has none: the response's `Content-Type` then decides.
    format: Option<Format>,
    is_head: bool,
    is_granted: bool,
    /// The suffix of entity tags. Two responses with the same tag contain the same parameters.
    suffix: Arc<str>,
    site: Arc<str>,
    counters: Arc<Counters>,
}

impl Forwarding {
    /// Returns the forwarding of this request, if it has parameters to carry. `grant` is `None` on a public resource.
    pub(super) fn of(
        site: &SiteRules,
        grant: Option<&Grant<'_>>,
        request: &(impl RequestView + ?Sized),
        policy: &Policy,
        counters: &Arc<Counters>,
    ) -> Option<Arc<Self>> {
        let rules = site.forward.as_ref()?;
        let is_head = request.method() == "HEAD";
        if !is_head && request.method() != "GET" {
            return None;
        }
        let target = request.target();
        let query = target.query?;
        // Most requests are for segments and end here.
        if rules.is_other(target.path) {
            return None;
        }
        let mut buffer = PathBuffer::new();
        let path = RequestPath::parse(target.path, &mut buffer).ok()?;
        let format = match rules.format_of(path.as_bytes()) {
            PathFormat::Manifest(format) => Some(format),
            PathFormat::Unknown => None,
            PathFormat::Other => return None,
        };
        let wanted = rules.wanted(&site.schemes, grant.map(Grant::granted))?;
        let parameters = Parameters::chosen(query, |parameter| wanted.includes(parameter)).transpose()?;
        let mut buffer = HostBuffer::new();
        let host = Host::of(request, &mut buffer).ok()?;
        let port = requested_port(request);
        let https = policy.trusted_proxies.known_tls(request) == Some(true);
        let suffix = suffix(query, rules, host, port, https);
        let carried = parameters.map(|parameters| {
            let parameters =
                if wanted.are_one_credential() { parameters.into_one_credential() } else { parameters };
            Carried::new(Arc::new(parameters), Arc::clone(&rules.types), rules.hosts.clone(), host, https)
                .port(port)
                .max_mpd(rules.max_mpd)
        });
        let (rules, site, counters) = (rules.clone(), site.facts.id.as_ref().into(), Arc::clone(counters));
        let is_granted = grant.is_some();
        Some(Arc::new(Self { carried, rules, format, is_head, is_granted, suffix, site, counters }))
    }

    /// Returns whether the path alone names a manifest.
    pub(super) const fn is_certain(&self) -> bool {
        self.format.is_some()
    }

    /// Returns a list of entity tags in the inner service's own form. Tags of other responses are left out.
    pub(super) fn inner_tags(&self, field: &[u8]) -> Vec<u8> {
        crate::work::visited(field.len());
        let known = list_elements(field).filter_map(|tag| self.inner_tag(tag));
        known.collect::<Vec<_>>().join(&b", "[..])
    }

    fn inner_tag(&self, tag: &[u8]) -> Option<Vec<u8>> {
        if tag == b"*" {
            return Some(tag.to_vec());
        }
        let inner = tag.strip_suffix(b"\"")?.strip_suffix(self.suffix.as_bytes())?;
        Some([inner, b"\""].concat())
    }

    /// Returns the entity tag of the response, given the inner service's.
    fn outer_tag(&self, tag: &[u8]) -> Option<Bytes> {
        let inner = tag.strip_suffix(b"\"")?;
        Some([inner, self.suffix.as_bytes(), b"\""].concat().into())
    }
}

/// Returns a suffix that differs between responses that contain other parameters, or that were written by other rules.
fn suffix(query: &[u8], rules: &ForwardRules, host: Host<'_>, port: Option<u16>, https: bool) -> Arc<str> {
    crate::work::visited(query.len());
    let mut hasher = DefaultHasher::new(); // with fixed keys: the same in every process of a fleet
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    (rules.fingerprint, query, host.as_bytes(), port, https).hash(&mut hasher);
    format!("-fwd-{:016x}", hasher.finish()).into()
}

/// The edits of a manifest's head.
#[derive(Debug)]
pub(super) struct ManifestHead {
    etag: Option<Bytes>,
    remove: &'static [&'static str],
    pub(super) private: bool,
    body: Option<ManifestBody>,
}

impl ManifestHead {
    /// Returns the header fields to remove first: they describe other bytes.
    pub(super) const fn remove(&self) -> &'static [&'static str] {
        self.remove
    }

    /// Returns the entity tag of the rewritten manifest, which is set afterwards.
    pub(super) fn etag(&self) -> Option<&[u8]> {
        self.etag.as_deref()
    }

    /// Returns the rewriter for the body, or `None` if the response has no body, like a 304.
    pub(super) fn into_body(self) -> Option<ManifestBody> {
        self.body
    }
}

/// Header fields that describe the bytes of the inner service's body (RFC 9110 §8.6, §14.3; RFC 9530; RFC 1864).
const OF_OTHER_BYTES: &[&str] =
    &["content-length", "accept-ranges", "content-md5", "digest", "repr-digest", "content-digest", "etag"];

impl Forwarding {
    /// Returns the edits of a response with this status and these fields, or `None` if it is not a manifest to be rewritten.
    pub(super) fn head<'h>(
        &self,
        status: u16,
        field: impl Fn(&'static str) -> Option<&'h [u8]>,
    ) -> Option<ManifestHead> {
        let format = match self.format {
            Some(format) => format,
            None => Format::of_content_type(field("content-type")?)
                .filter(|format| self.rules.rewrites_format(*format))?,
        };
        let carried = match &self.carried {
            Ok(carried) => carried,
            Err(too_long) => {
                if status == 200 {
                    self.pass_over(&too_long.to_string());
                }
                return None;
            }
        };
        let etag = field("etag").and_then(|tag| self.outer_tag(tag));
        if status == 304 {
            return Some(ManifestHead { etag, remove: &["etag"], private: self.is_granted, body: None });
        }
        let encoded = field("content-encoding").is_some_and(|value| !value.eq_ignore_ascii_case(b"identity"));
        if encoded || status == 206 {
            let reason = if encoded { "the body has a Content-Encoding" } else { "the response is partial" };
            self.pass_over(reason);
            return None;
        }
        if status != 200 {
            return None;
        }
        let length = field("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        if format == Format::Dash && length.is_some_and(|length: u64| length > self.rules.max_mpd as u64) {
            self.pass_over(&Reason::DocumentTooLong.to_string()); // no byte has to wait for the rest
            return None;
        }
        let body = ManifestBody {
            rewriter: Rewriter::new(format, carried.clone()),
            scratch: Vec::new(),
            frame: Bytes::new(),
            has_ended: false,
            is_out: false,
            is_head: self.is_head,
            site: Arc::clone(&self.site),
            counters: Arc::clone(&self.counters),
        };
        Some(ManifestHead { etag, remove: OF_OTHER_BYTES, private: self.is_granted, body: Some(body) })
    }

    /// Counts and logs a manifest that passes unchanged. A response to HEAD contains no manifest.
    fn pass_over(&self, reason: &str) {
        if self.is_head {
            return;
        }
        self.counters.manifests.passed_over(reason.to_owned());
        crate::log::event!(INFO, site = &*self.site, reason = reason, "manifest unchanged");
    }
}

impl std::fmt::Debug for Forwarding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forwarding").field("carried", &self.carried).finish_non_exhaustive()
    }
}

/// The rewriter of a manifest's body, slice by slice.
///
/// It holds at most one frame of the inner body and one slice of output. The `Debug` output shows nothing of the body, which
/// contains credentials.
pub struct ManifestBody {
    rewriter: Rewriter,
    scratch: Vec<u8>,
    /// The unread rest of the last frame. The next frame is polled after it is used up.
    frame: Bytes,
    has_ended: bool,
    is_out: bool,
    is_head: bool,
    site: Arc<str>,
    counters: Arc<Counters>,
}

impl ManifestBody {
    /// Polls for the next slice of the rewritten body: at most [`MAX_SLICE`](crate::manifest::MAX_SLICE) bytes, and never
    /// empty. Returns `None` once everything has been returned.
    ///
    /// `poll_frame` polls the inner body for its next frame of data, and returns `None` at its end. It is called only if no
    /// slice is ready, and its errors are passed on. A blocking server always returns `Poll::Ready`:
    ///
    /// ```
    /// use std::{convert::Infallible, task::Poll};
    /// use bytes::Bytes;
    /// use playgate::answer::ManifestBody;
    ///
    /// fn send(mut manifest: ManifestBody, mut frames: impl Iterator<Item = Bytes>, mut write: impl FnMut(Bytes)) {
    ///     let mut next = || Poll::Ready(frames.next().map(Ok::<_, Infallible>));
    ///     while let Poll::Ready(Some(Ok(slice))) = manifest.poll_slice(&mut next) {
    ///         write(slice);
    ///     }
    /// }
    /// ```
    pub fn poll_slice<E>(
        &mut self,
        mut poll_frame: impl FnMut() -> Poll<Option<Result<Bytes, E>>>,
    ) -> Poll<Option<Result<Bytes, E>>> {
        loop {
            if let Some(slice) = self.slice() {
                return Poll::Ready(Some(Ok(slice)));
            }
            if self.has_ended {
                return Poll::Ready(None);
            }
            match ready!(poll_frame()) {
                Some(Ok(frame)) => self.frame = frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.has_ended = true,
            }
        }
    }

    /// Returns the next slice, or `None` if another frame is needed or everything has been returned.
    fn slice(&mut self) -> Option<Bytes> {
        self.scratch.clear();
        while !self.frame.is_empty() && self.scratch.is_empty() {
            let read = self.rewriter.push(&self.frame, &mut self.scratch);
            self.frame.advance(read.min(self.frame.len()));
        }
        if self.frame.is_empty() {
            self.frame = Bytes::new(); // an empty rest would keep the whole frame in memory
        }
        while self.has_ended && !self.is_out && self.scratch.is_empty() {
            self.is_out = self.rewriter.finish(&mut self.scratch);
            if self.is_out && !self.is_head {
                self.count();
            }
        }
        if self.scratch.is_empty() {
            return None;
        }
        if !self.is_head {
            self.counters.manifests.wrote(self.scratch.len());
        }
        Some(Bytes::copy_from_slice(&self.scratch))
    }

    /// Returns whether every slice has been returned.
    #[cfg(feature = "http")]
    pub(crate) const fn is_out(&self) -> bool {
        self.is_out
    }

    /// Counts the outcome, and logs a doubt.
    fn count(&self) {
        match self.rewriter.doubt() {
            None => self.counters.manifests.rewritten(),
            Some(doubt) => {
                self.counters.manifests.passed_over(doubt.reason().to_string());
                crate::log::event!(
                    INFO,
                    site = &*self.site,
                    reason = %doubt.reason(),
                    offset = doubt.offset(),
                    "manifest unchanged"
                );
            }
        }
    }
}

impl std::fmt::Debug for ManifestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManifestBody").field("rewriter", &self.rewriter).finish_non_exhaustive()
    }
}
