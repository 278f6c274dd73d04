//! What HTTP asks for around a manifest whose body changes on its way.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;

use crate::link::Covers;
use crate::manifest::{Carried, Format, Parameters, Rewriter};
use crate::request::{Host, HostBuffer, PathBuffer, RequestPath, RequestView, list_elements};
use crate::scheme::{Carrier, Scheme};
use crate::site::{ForwardRules, Keys, Policy, SiteRules};
use crate::verify::{Grant, Tally};

/// What is carried into the manifest that a request may be answered with.
pub(super) struct Forwarding {
    carried: Carried,
    rules: ForwardRules,
    /// By the path's extension; without one the answer's `Content-Type` tells.
    format: Option<Format>,
    is_head: bool,
    is_granted: bool,
    /// The suffix of entity tags: two answers with the same tag have the same parameters in them.
    suffix: Arc<str>,
    site: Arc<str>,
    tally: Arc<Tally>,
}

impl Forwarding {
    /// What is carried for this request, if anything. `grant` is `None` on a public resource.
    pub(super) fn of(
        site: &SiteRules,
        grant: Option<&Grant<'_>>,
        request: &impl RequestView,
        policy: &Policy,
        tally: &Arc<Tally>,
    ) -> Option<Arc<Self>> {
        let rules = site.forward.as_ref()?;
        let is_head = request.method() == "HEAD";
        if !is_head && request.method() != "GET" {
            return None;
        }
        let target = request.target();
        let query = target.query?;
        // Segments, which most requests are for, leave here: without `%` an extension is what it seems.
        if extension(target.path).is_some_and(|seen| !seen.contains(&b'%') && !rules.rewrites(seen)) {
            return None;
        }
        let mut buffer = PathBuffer::new();
        let path = RequestPath::parse(target.path, &mut buffer).ok()?;
        let format = match extension(path.as_bytes()) {
            Some(extension) if rules.rewrites(extension) => Format::of_extension(extension),
            Some(_) => return None,
            None => None,
        };
        let parameters = choose(&rules.keys, site, grant, query)?;
        let mut buffer = HostBuffer::new();
        let host = Host::of(request, &mut buffer).ok()?;
        let https = policy.trusted_proxies.says_tls(request) == Some(true);
        let suffix = suffix(query, rules, host, https);
        let carried =
            Carried::new(Arc::new(parameters), Arc::clone(&rules.types), rules.hosts.clone(), host, https);
        let (rules, site, tally) = (rules.clone(), site.id.as_ref().into(), Arc::clone(tally));
        let is_granted = grant.is_some();
        Some(Arc::new(Self { carried, rules, format, is_head, is_granted, suffix, site, tally }))
    }

    /// Whether the path itself says that a manifest is asked for.
    pub(super) const fn is_certain(&self) -> bool {
        self.format.is_some()
    }

    /// A list of entity tags as the inner service knows them; those of other answers are left out.
    pub(super) fn inner_tags(&self, field: &[u8]) -> Vec<u8> {
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

    /// The entity tag of the answer, given the inner service's.
    fn outer_tag(&self, tag: &[u8]) -> Option<Bytes> {
        let inner = tag.strip_suffix(b"\"")?;
        Some([inner, self.suffix.as_bytes(), b"\""].concat().into())
    }
}

/// The credential's own parameters, or those that the site names.
fn choose(keys: &Keys, site: &SiteRules, grant: Option<&Grant<'_>>, query: &[u8]) -> Option<Parameters> {
    let is_players = |name: &[u8]| name.starts_with(b"_HLS_") || name.starts_with(b"_DASH_");
    let listed = |keys: &[String], name: &[u8]| keys.iter().any(|key| key.as_bytes() == name);
    match keys {
        Keys::Only(keys) => Parameters::choose(query, |name| listed(keys, name)),
        Keys::Except(keys) => Parameters::choose(query, |name| !listed(keys, name) && !is_players(name)),
        Keys::Credential => {
            let grant = grant.filter(|grant| grant.carrier() == Carrier::Query)?;
            match (grant.scheme(), grant.covers(), &site.link) {
                (Scheme::SignedToken | Scheme::EmbedToken, _, _) => {
                    Parameters::choose(query, |name| name == site.carriers.query_name.as_bytes())
                }
                (Scheme::SecureLink, Some(Covers::Directory), Some(link)) => {
                    Parameters::choose(query, |name| {
                        link.parameters().any(|parameter| parameter.as_bytes() == name)
                    })
                }
                // It opens nothing besides the manifest.
                (Scheme::SecureLink, _, _) => None,
            }
        }
    }
}

/// What follows the last dot of a path's last segment.
fn extension(path: &[u8]) -> Option<&[u8]> {
    let dot = memchr::memrchr(b'.', path)?;
    path.get(dot.checked_add(1)?..).filter(|extension| !extension.contains(&b'/'))
}

/// Tells answers apart into which other parameters were written, or by other rules.
fn suffix(query: &[u8], rules: &ForwardRules, host: Host<'_>, https: bool) -> Arc<str> {
    let mut hasher = DefaultHasher::new(); // with fixed keys: the same in every process of a fleet
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    (rules.fingerprint, query, host.as_bytes(), https).hash(&mut hasher);
    format!("-fwd-{:016x}", hasher.finish()).into()
}

/// What changes on the answer with a manifest; from [`ResponseEdits::manifest`](super::ResponseEdits::manifest).
#[derive(Debug)]
pub struct ManifestHead {
    etag: Option<Bytes>,
    remove: &'static [&'static str],
    pub(super) private: bool,
    body: Option<ManifestBody>,
}

impl ManifestHead {
    /// The header fields to remove first: they speak of other bytes.
    pub const fn remove(&self) -> &'static [&'static str] {
        self.remove
    }

    /// The entity tag to set then.
    pub fn etag(&self) -> Option<&[u8]> {
        self.etag.as_deref()
    }

    /// What the body has to go through; `None` where there is none, as in a 304.
    pub fn into_body(self) -> Option<ManifestBody> {
        self.body
    }
}

/// Header fields that describe the bytes of the inner service's body (RFC 9110 §8.6, §14.3; RFC 9530; RFC 1864).
const OF_OTHER_BYTES: &[&str] =
    &["content-length", "accept-ranges", "content-md5", "digest", "repr-digest", "content-digest", "etag"];

impl Forwarding {
    /// What changes on an answer with this status and these fields; `None` where it is no manifest to be rewritten.
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
        let etag = field("etag").and_then(|tag| self.outer_tag(tag));
        if status == 304 {
            return Some(ManifestHead { etag, remove: &["etag"], private: self.is_granted, body: None });
        }
        let encoded = field("content-encoding").is_some_and(|value| !value.eq_ignore_ascii_case(b"identity"));
        if encoded || status == 206 {
            let reason = if encoded { "the body is encoded" } else { "the body is a part" };
            self.pass_over(reason);
            return None;
        }
        if status != 200 {
            return None;
        }
        let body = ManifestBody {
            rewriter: Rewriter::new(format, self.carried.clone()),
            scratch: Vec::new(),
            is_head: self.is_head,
            site: Arc::clone(&self.site),
            tally: Arc::clone(&self.tally),
        };
        Some(ManifestHead { etag, remove: OF_OTHER_BYTES, private: self.is_granted, body: Some(body) })
    }

    fn pass_over(&self, reason: &'static str) {
        self.tally.passed_over(reason.to_owned());
        crate::log::event!(INFO, site = &*self.site, reason = reason, "manifest unchanged");
    }
}

impl std::fmt::Debug for Forwarding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forwarding").field("carried", &self.carried).finish_non_exhaustive()
    }
}

/// A manifest's body on its way: every chunk of the inner body is pushed, and what comes back is sent.
#[derive(Debug)]
pub struct ManifestBody {
    rewriter: Rewriter,
    scratch: Vec<u8>,
    is_head: bool,
    site: Arc<str>,
    tally: Arc<Tally>,
}

impl ManifestBody {
    /// What of the body can leave, now that these bytes are there too.
    pub fn push(&mut self, chunk: &[u8]) -> Bytes {
        self.scratch.clear();
        self.rewriter.push(chunk, &mut self.scratch);
        Bytes::copy_from_slice(&self.scratch)
    }

    /// What was held back: the body has ended. What became of it is counted.
    pub fn finish(&mut self) -> Bytes {
        self.scratch.clear();
        self.rewriter.finish(&mut self.scratch);
        if !self.is_head {
            self.tell();
        }
        Bytes::copy_from_slice(&self.scratch)
    }

    fn tell(&self) {
        match self.rewriter.doubt() {
            None => self.tally.rewritten(),
            Some(doubt) => {
                self.tally.passed_over(doubt.reason().to_string());
                crate::log::event!(
                    INFO,
                    site = &*self.site,
                    reason = %doubt.reason(),
                    offset = doubt.offset(),
                    "manifest unchanged from here on"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_that_of_the_last_segment() {
        for (path, expected) in [
            ("/a/b.m3u8", Some("m3u8")),
            ("/a.mpd/b", None),
            ("/a/b.c.mpd", Some("mpd")),
            ("/a/.m3u8", Some("m3u8")),
            ("/a/b.", Some("")),
            ("/", None),
        ] {
            assert_eq!(extension(path.as_bytes()), expected.map(str::as_bytes), "{path}");
        }
    }
}
