//! The decision: authenticates a request and authorizes access to the resource.
//!
//! [`Verifier::decide`](crate::Verifier::decide) answers in this order, and the first rule that fails is the reason reported:
//!
//! 1. Host and base path find the **site**. An unknown host is refused or passed, by configuration
//!    ([`UnknownHost`]), and so is a path outside of every base path
//!    ([`Outside`](crate::site::Outside)).
//! 2. A true **preflight** is answered: it carries no credential.
//! 3. **HTTPS**, where the site asks for it.
//! 4. The **path** has one normal form, or the request is refused.
//! 5. On a **public** resource credentials are not looked at.
//! 6. The first **carrier** that is present decides: path, query, bearer, cookie; the path and, beside no token, the query
//!    may bring a secure link, and any of them an embed token.
//! 7. A [secure link](crate::schemes::link)'s hash, then its expiry; links end here. An [embed token](crate::schemes::embed)'s record, and what
//!    that says: revoked, expiry, video, origin; where it is not in memory, it has to be looked up first. Cookies of
//!    one name each stand on their own: the first that memory grants does; if none does, up to three are looked up, one after
//!    the other. Of a signed token
//!    the compact **form**, the **header**, the **`kid`**, the **algorithm**, the **key's scope**, **time**, other claims that
//!    the site asks for, the **token's scope**. All of these may only refuse: junk leaves here, before any cryptography.
//! 8. The **signature**, by the key that the token named and the algorithm that the key has, or that these very bytes
//!    carried a good one before, by this very key. It is not checked where too many of the client, or for the key, have
//!    [failed](crate::site::FailedSignatures) of late, if the policy sets a limit. Then whether the token was
//!    [revoked](crate::revocation).
//! 9. The site's own **hook**, over the claims that are now verified.
//! 10. The **method**: only a request with a good credential gets 405. Then the length of the parameters that a
//!     [manifest](crate::manifest) would carry, also on public resources. Last an embed token's rate.
//!
//! Deciding waits for nothing, reads one [snapshot](crate::Verifier::update) of policy and keys, and allocates nothing, but once for
//! a token that is [remembered](crate::site::PolicyBuilder::token_cache). Embed tokens and revocations change one by one, and
//! are in force for every decision that starts after the call has returned; a look for an embed token may find the lock of
//! its part of the table held, for as long as one entry is changed.
//!
//! # Refusals show no more than they know
//!
//! A refusal is no grant, and there is no way to make one:
//!
//! ```compile_fail,E0451
//! fn forge<'r>(raw: &'r [u8]) -> playgate::Grant<'r> {
//!     playgate::Grant { raw, ..panic!() }
//! }
//! ```
//!
//! ```
//! fn use_it(grant: &playgate::Grant<'_>) -> String {
//!     grant.kid().unwrap_or_default().to_owned()
//! }
//! ```

mod decision;
mod embed;
mod failures;
mod grant;
mod guarded;
mod seen;
mod snapshot;
mod tally;
mod token;

pub use decision::{Decision, MAX_KID_SHOWN, Need, Needed, Passed, Preflight, Public, Refusal};
pub(crate) use failures::Failures;
pub(crate) use grant::Payload;
pub use grant::{ClaimsError, Grant, OwnedGrant};
pub(crate) use seen::SeenTokens;
pub use snapshot::Snapshot;
pub(crate) use tally::Tally;

use embed::Wanted;
use grant::{Facts, Proof};

use crate::cors::is_preflight;
use crate::error::{Denial, HostFault, LinkFault, PathFault};
use crate::records::{EmbedToken, MAX_EMBED_TOKEN_LEN};
use crate::request::{Client, Host, HostBuffer, OtherPath, PathBuffer, RequestPath, RequestView, Target};
use crate::schemes::embed::{EmbedRules, InPath};
use crate::schemes::link::{Asked, Link, LinkRules, Linked};
use crate::schemes::{Carrier, Decoded, Presented, Scheme, token_text};
use crate::scope::Resource;
use crate::site::{Exact, Granted, Place, Policy, SiteRules, Transport, UnknownHost};
use crate::store::Found;
use crate::time::UnixSeconds;

/// A decision without its snapshot: nothing in it borrows from one.
pub(crate) struct Judged<'r> {
    pub(crate) site: Option<usize>,
    pub(crate) verdict: Verdict<'r>,
}

pub(crate) enum Verdict<'r> {
    Needs(Need),
    /// The request goes to the inner service without a decision about a credential.
    Pass {
        /// False for a host that no site claims; otherwise the path is outside of every base path.
        outside: bool,
    },
    Preflight,
    Public,
    Granted(&'r [u8], Facts),
    Denied(Denial, Option<Evidence<'r>>),
}

/// The credential that a denial speaks of, as it stands in the request: for the log line's `kid`.
#[derive(Clone, Copy)]
pub(crate) struct Evidence<'r> {
    pub(crate) carrier: Carrier,
    pub(crate) raw: &'r [u8],
}

impl Judged<'_> {
    const fn denied(site: Option<usize>, denial: Denial) -> Self {
        Self { site, verdict: Verdict::Denied(denial, None) }
    }
}

/// The way of a request, as the numbered list of the module's docs tells it. `found` is what a lookup brought that an
/// earlier try needed.
pub(crate) fn judge<'r>(
    state: &Snapshot,
    request: &'r (impl RequestView + ?Sized),
    now: UnixSeconds,
    found: Option<&Found>,
) -> Judged<'r> {
    let policy = &*state.policy;
    let (mut host, mut path) = (HostBuffer::new(), PathBuffer::new());
    let target = request.target();
    let mut exact = None;
    let known = |name| {
        exact = policy.exact(name);
        exact.is_some()
    };
    let host = match Host::agreed(request, target, &mut host, known) {
        Ok(host) => host,
        Err(fault) => return Judged::denied(None, Denial::AmbiguousHost(fault)),
    };
    let path = RequestPath::parse(target.path, &mut path);
    let place = policy.place(host, exact, target.path, path);
    let place = match request.other_path() {
        None => place,
        Some(other) => agreed_place(policy, (host, exact), place, other),
    };
    let (index, inside) = match place {
        Place::Outside if policy.outside.passes(host) => {
            return Judged { site: None, verdict: Verdict::Pass { outside: true } };
        }
        Place::Outside => return Judged::denied(None, Denial::Outside),
        Place::UnknownHost if host.as_bytes().is_empty() => {
            return Judged::denied(None, Denial::AmbiguousHost(HostFault::Missing));
        }
        Place::UnknownHost => match policy.unknown_host {
            UnknownHost::Refuse => return Judged::denied(None, Denial::UnknownHost),
            UnknownHost::Pass => {
                return Judged { site: None, verdict: Verdict::Pass { outside: false } };
            }
        },
        Place::Ambiguous(index, fault) => (index, Err(Denial::AmbiguousPath(fault))),
        Place::Inside(index, captures, key) => (index, Ok((captures, key))),
    };
    let Some(site) = policy.site(index) else { return Judged::denied(None, Denial::UnknownHost) };
    let verdict = match inside {
        _ if site.cors.is_some() && is_preflight(request) => Verdict::Preflight,
        _ if site.transport == Transport::Https && !policy.trusted_proxies.is_https(request) => {
            Verdict::Denied(Denial::HttpsRequired, None)
        }
        Err(denial) => Verdict::Denied(denial, None),
        Ok((_, key)) if site.is_public(key) => {
            let path = path.map_or(target.path, RequestPath::as_bytes);
            match check_manner(site, request.method(), path, target.query, None) {
                Ok(()) => Verdict::Public,
                Err(denial) => Verdict::Denied(denial, None),
            }
        }
        Ok((captures, key)) => match site.resource(&captures, key) {
            Some(resource) => {
                let asked = Asked {
                    path: path.map_or(target.path, RequestPath::as_bytes), // inside a site it has a normal form
                    key,
                    host: host.as_bytes(),
                    query: target.query,
                };
                let client = || policy.trusted_proxies.find(request);
                Case { state, site, resource, asked, now, found, client: &client }.hear(request, target)
            }
            None => Verdict::Denied(Denial::OutOfScope, None),
        },
    };
    Judged { site: Some(index), verdict }
}

/// Checks the method, then the length of the parameters that a manifest would carry.
fn check_manner(
    site: &SiteRules,
    method: &str,
    path: &[u8],
    query: Option<&[u8]>,
    granted: Option<Granted>,
) -> Result<(), Denial> {
    if !site.methods.allow(method) {
        return Err(Denial::Method { verified: granted.is_some() });
    }
    site.refuse_long_query(method, path, query, granted)
}

/// Returns the place of a request that has a second path.
///
/// 1. If a layer rewrote the path, the path before and the path after belong to the same site, or the request is ambiguous.
/// 2. If a router removed a prefix with a parameter, the whole path decides. A request outside of every site is ambiguous if what is
///    left of its path is inside of one: a parameter matches any segment, so no site can begin there.
#[cold]
fn agreed_place<'p>(
    policy: &'p Policy,
    (host, exact): (Host<'p>, Option<Exact<'p>>),
    place: Place<'p>,
    other: OtherPath<'_>,
) -> Place<'p> {
    let (OtherPath::Nested(other_path) | OtherPath::Rewritten(other_path)) = other;
    let mut buffer = PathBuffer::new();
    let path = RequestPath::parse(other_path, &mut buffer);
    let other_site = policy.place(host, exact, other_path, path).site();
    match (other, place.site(), other_site) {
        (OtherPath::Nested(_), Some(_), _) | (_, None, None) => place,
        (OtherPath::Rewritten(_), Some(site), Some(other)) if site == other => place,
        (_, Some(site), _) | (_, None, Some(site)) => Place::Ambiguous(site, PathFault::Rewritten),
    }
}

/// What the deciding carrier brings.
enum Brought<'s, 'r> {
    Link(&'s LinkRules, Carrier, Link<'s>),
    Embed(&'s EmbedRules, InPath<'s>),
    Tokens(Presented<'r>),
}

/// What an embed token may take, each of its characters percent-encoded.
const MAX_ENCODED_EMBED_TOKEN: usize = 3 * MAX_EMBED_TOKEN_LEN;

/// One protected resource, asked for now.
pub(crate) struct Case<'s> {
    pub(crate) state: &'s Snapshot,
    pub(crate) site: &'s SiteRules,
    pub(crate) resource: Resource<'s>,
    pub(crate) asked: Asked<'s>,
    pub(crate) now: UnixSeconds,
    pub(crate) found: Option<&'s Found>,
    /// The client, read where it matters.
    pub(crate) client: &'s dyn Fn() -> Option<Client>,
}

impl Case<'_> {
    /// Finds the credentials that decide, and tries them.
    fn hear<'r>(&self, request: &'r (impl RequestView + ?Sized), target: Target<'r>) -> Verdict<'r> {
        let verdict = match self.find(request, target.query) {
            Err(denial) => Verdict::Denied(denial, None),
            Ok(Brought::Link(links, carrier, link)) => self.try_link(target.path, links, carrier, &link),
            Ok(Brought::Embed(embeds, place)) => self.try_embed_in_path(request, target.path, embeds, place),
            Ok(Brought::Tokens(Presented::None)) => Verdict::Denied(Denial::CredentialMissing, None),
            Ok(Brought::Tokens(Presented::One(carrier, raw))) => self.try_one(request, carrier, raw),
            Ok(Brought::Tokens(Presented::Cookies(cookies))) => self.try_each(request, &cookies),
        };
        match verdict {
            Verdict::Granted(raw, facts) => match self.close(request, &facts) {
                Ok(()) => Verdict::Granted(raw, facts),
                Err(denial) => Verdict::Denied(denial, Some(Evidence { carrier: facts.carrier, raw })),
            },
            other => other,
        }
    }

    /// Checks the rest once a credential was accepted, and records its use: the method, and whether what is carried into
    /// a manifest is too long.
    fn close(&self, request: &(impl RequestView + ?Sized), facts: &Facts) -> Result<(), Denial> {
        let Asked { path, query, .. } = self.asked;
        let checked = check_manner(self.site, request.method(), path, query, Some(facts.granted()));
        match &facts.proof {
            Proof::Key(key) => {
                checked?;
                if let Some(key) = self.state.keys.at(*key) {
                    key.used(self.now);
                }
                Ok(())
            }
            Proof::Link(_) => checked,
            Proof::Embed(embedded) => self.close_embed(embedded, checked),
        }
    }

    /// What the first carrier that is present brings: path, query, bearer, cookie. Beside a token in the query a link is
    /// not looked at.
    fn find<'r>(
        &self,
        request: &'r (impl RequestView + ?Sized),
        query: Option<&'r [u8]>,
    ) -> Result<Brought<'_, 'r>, Denial> {
        let site = self.site;
        if let Some(embeds) = &site.embed
            && let Some(place) = embeds.in_path(self.asked.path)
        {
            return Ok(Brought::Embed(embeds, place));
        }
        let Some(links) = &site.link else {
            return site.carriers.find(request, query).map(Brought::Tokens);
        };
        if let Some(link) = links.in_path(&self.asked) {
            return Ok(Brought::Link(links, Carrier::Path, link));
        }
        let has_carriers = site.tokens || site.embed.is_some();
        if has_carriers && let Some(token) = site.carriers.find_in_query(query)? {
            return Ok(Brought::Tokens(token));
        }
        if let Some(link) = links.in_query(&self.asked).map_err(Denial::AmbiguousCredential)? {
            return Ok(Brought::Link(links, Carrier::Query, link));
        }
        Ok(Brought::Tokens(if has_carriers {
            site.carriers.find_in_headers(request)?
        } else {
            Presented::None
        }))
    }

    /// Tries one secure link: its hash, then its expiry.
    fn try_link<'r>(
        &self,
        path: &'r [u8],
        links: &LinkRules,
        carrier: Carrier,
        link: &Link<'_>,
    ) -> Verdict<'r> {
        // The address of a proxy in front of the client opens nothing that is bound to it.
        let client = if links.binds_addresses() { (self.client)().and_then(Client::confirmed) } else { None };
        match links.check(link, &self.asked, client, self.now) {
            Ok(Linked { expires_at, .. }) if !self.site.times.allow_until(expires_at, self.now) => {
                Verdict::Denied(Denial::LinkBad(LinkFault::Lifetime), None)
            }
            Ok(Linked { expires_at, covers }) => {
                let proof = Proof::Link(covers);
                Verdict::Granted(path, Facts { scheme: Scheme::SecureLink, carrier, expires_at, proof })
            }
            Err(denial) => Verdict::Denied(denial, None),
        }
    }

    /// Tries the cookies of one name, each on its own: the first that grants does, whatever stands before it. If none
    /// grants, the first lookup that one needs is needed. If none needs a lookup, the most specific denial is returned.
    fn try_each<'r>(&self, request: &'r (impl RequestView + ?Sized), cookies: &[&'r [u8]]) -> Verdict<'r> {
        let mut first_need = None;
        let mut most_telling = Verdict::Denied(Denial::CredentialMissing, None);
        for raw in cookies {
            match (self.try_one(request, Carrier::Cookie, raw), &most_telling) {
                (granted @ Verdict::Granted(..), _) => return granted,
                (Verdict::Needs(need), _) => first_need = first_need.or(Some(need)),
                (Verdict::Denied(new, evidence), Verdict::Denied(old, seen))
                    if seen.is_none() || new.rank() > old.rank() =>
                {
                    most_telling = Verdict::Denied(new, evidence);
                }
                _ => {}
            }
        }
        first_need.map_or(most_telling, Verdict::Needs)
    }

    /// Tries what stands in one carrier. A signed token has dots and an embed token has none, so its form tells which it is.
    fn try_one<'r>(
        &self,
        request: &'r (impl RequestView + ?Sized),
        carrier: Carrier,
        raw: &'r [u8],
    ) -> Verdict<'r> {
        if let Some(embeds) = &self.site.embed
            && (raw.len() <= MAX_ENCODED_EMBED_TOKEN || !self.site.tokens)
        {
            let mut decoded = Decoded::new();
            let token = token_text(carrier, raw, &mut decoded).ok().and_then(EmbedToken::read);
            if token.is_some() || !self.site.tokens {
                return self.try_embed(
                    request,
                    carrier,
                    raw,
                    embeds,
                    token,
                    Wanted::Resource(&self.resource),
                );
            }
        }
        match self.authorise(carrier, raw) {
            Ok(facts) => Verdict::Granted(raw, facts),
            Err(denial) => Verdict::Denied(denial, Some(Evidence { carrier, raw })),
        }
    }
}
