//! Remedies: for each denial, the changes with which the refused request would be granted.

use super::hints::{
    MissingCredential, base_paths, clock, loaded_keys, scope_remedy, wanted_key_scope, with_resource,
};
use super::nearest::nearest;
use crate::decide::Snapshot;
use crate::error::{Denial, HostFault, PathFault, TokenFault, UrlSignatureFault};
use crate::request::{
    COOKIE, Host, HostBuffer, RequestView, cookie_names, lines, parameters, shown_name, shown_path,
};
use crate::schemes::NamedKey;
use crate::scope::Resource;
use crate::site::SiteRules;
use crate::time::UnixSeconds;

/// A refused request, and the facts that remedies mention.
pub(super) struct Refused<'e> {
    pub(super) denial: Denial,
    pub(super) site: Option<&'e SiteRules>,
    pub(super) snapshot: &'e Snapshot,
    pub(super) request: &'e dyn RequestView,
    pub(super) now: UnixSeconds,
    /// The scope that the credential claims, unverified.
    pub(super) scope: Option<String>,
    /// The name of the key that the credential claims, unverified.
    pub(super) kid: Option<String>,
    /// The last key with which the credential was checked.
    pub(super) key: Option<&'e NamedKey>,
}

/// The maximum length of the name of a parameter or cookie in a remedy, in bytes.
const MAX_NAME_SHOWN: usize = 48;

impl Refused<'_> {
    /// Returns the remedies, the most likely first.
    #[expect(clippy::too_many_lines, reason = "a remedy for each denial")]
    pub(super) fn remedies(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        let Self { denial, now, .. } = *self;
        let missed = |date: UnixSeconds| clock(now.get().saturating_sub(date.get()).saturating_abs());
        let new = |credential: &str, date: UnixSeconds| {
            let create = format!("create a new {credential}, or one that is valid for longer");
            missed(date).into_iter().chain([create]).collect()
        };
        match denial {
            Denial::UnknownHost | Denial::AmbiguousHost(HostFault::Malformed | HostFault::Missing) => {
                self.host_remedies()
            }
            Denial::AmbiguousHost(HostFault::Repeated | HostFault::Disagrees) => {
                one("send one Host field, equal to the authority of the URL")
            }
            Denial::Outside | Denial::PathMayBeShortened => {
                let paths = base_paths(&self.snapshot.policy, self.request).into_iter();
                paths.chain(["the setting outside applies to all other paths".to_owned()]).collect()
            }
            Denial::HttpsRequired => one(
                "request the URL with https; if a proxy terminates TLS, list the proxy in trusted_proxies, and configure \
                 the proxy to send X-Forwarded-Proto",
            ),
            Denial::AmbiguousPath(PathFault::Rewritten) => {
                one("put the layer that rewrites paths outside of the router")
            }
            Denial::AmbiguousPath(PathFault::FoldsInside | PathFault::ReadsInside) => {
                one("request the path in its plain form, with the base path exactly as the site spells it")
            }
            Denial::AmbiguousPath(_) => one(
                "request the path in its plain form: without //, dot segments, backslashes and encoded slashes, and \
                 percent-encoded once",
            ),
            Denial::AmbiguousCredential(_) => one(
                "send the credential once: a player or a proxy may append it to a URL that already contains it",
            ),
            Denial::CredentialMissing => self.missing_credential(),
            Denial::MalformedToken(TokenFault::Milliseconds { .. }) => {
                one("write the date in seconds: divide it by 1000")
            }
            Denial::MalformedToken(TokenFault::TooLong) => {
                one("shorten the token, or raise max_token_bytes of the site")
            }
            Denial::MalformedToken(TokenFault::PercentEncoding) => one("percent-encode the query value once"),
            Denial::MalformedToken(_) => {
                one("send the token exactly as it was issued: three base64url segments, separated by dots")
            }
            Denial::MalformedClaim(claim) => {
                vec![format!(
                    "write the claim {claim} with the right type: a number for dates, a string for other claims"
                )]
            }
            Denial::MissingClaim(claim) => vec![format!("the token needs the claim {claim}")],
            Denial::WrongType => one("remove typ from the header, or set it to JWT"),
            Denial::CriticalHeader => one("remove crit from the header"),
            Denial::UnsignedToken | Denial::XmlDsigAlgorithm | Denial::WrongAlgorithm => {
                vec![self.key.map_or_else(
                    || {
                        "sign with the algorithm of the key, under its registered name, such as RS256"
                            .to_owned()
                    },
                    |key| format!("sign with {}, the algorithm of the key {:?}", key.algorithm, key.kid),
                )]
            }
            Denial::MissingKeyId => one("set kid in the header to the name of the key"),
            Denial::UnknownKey => self.unknown_key(),
            Denial::RetiredKey { .. } => one("sign with a key that is in force"),
            Denial::StaleKey { .. } => one(
                "make the key's file readable again: health lists the error, and max_staleness sets the time limit",
            ),
            Denial::WrongKeyScope => self.resource(wanted_key_scope),
            Denial::Expired { exp, .. } => new("token", exp),
            Denial::NotYetValid { nbf, .. } => {
                let wait = "remove nbf, compare the clocks, or set leeway on the site".to_owned();
                missed(nbf).into_iter().chain([wait]).collect()
            }
            Denial::LifetimeTooLong { max, .. } => {
                vec![format!(
                    "the site allows an exp of at most {max} s from now: create a token with a shorter lifetime"
                )]
            }
            Denial::WrongIssuer => one("set iss to the issuer that the site or the key requires"),
            Denial::WrongAudience => one("set aud to the audience that the site requires"),
            Denial::ScopeStartsWithSlash | Denial::WholeBucket | Denial::OutOfScope => self.scope(),
            Denial::BadSignature => one(
                "the loaded key does not match the key that signed the token: derive the public key again (playgate \
                 public), and check that nothing modified the token on its way",
            ),
            Denial::TooManyFailures { retry_after, .. } => {
                vec![format!(
                    "verification is suspended: wait {retry_after} s, and find the client that sends invalid signatures"
                )]
            }
            Denial::LinkBad(fault) => vec![format!(
                "the link is invalid, because {fault}: hash the listed pieces in this order, with the secret of the site"
            )],
            Denial::LinkExpired { expires, .. } => new("link", expires),
            Denial::UrlSignatureBad(
                fault @ (UrlSignatureFault::ClientUnknown | UrlSignatureFault::OtherClient),
            ) => {
                vec![format!(
                    "the URL signature is invalid, because {fault}: check trusted_proxies, and the signed address"
                )]
            }
            Denial::UrlSignatureBad(fault) => {
                vec![format!(
                    "the URL signature is invalid, because {fault}: compare the settings of site and signer"
                )]
            }
            Denial::UrlSignatureExpired { expires, .. } => new("signature", expires),
            Denial::UrlSignatureNotYetValid { starts, .. } => {
                let wait = "remove the start date, compare the clocks, or set leeway on the site".to_owned();
                missed(starts).into_iter().chain([wait]).collect()
            }
            Denial::UrlSignatureOutOfScope => one("sign the URL again, for a scope that covers the path"),
            Denial::EmbedUnknown => one(
                "issue the token for this site or its realm; without a shared store, tokens are lost at a restart",
            ),
            Denial::EmbedExpired { expires, .. } => new("embed token", expires),
            Denial::Revoked => one("issue a new credential, or undo the revocation with restore"),
            Denial::OriginNotAllowed => one(
                "add the page's origin to the token; for players that send no origin, set allow_missing_origin",
            ),
            Denial::RateLimited { retry_after } => {
                vec![format!("the next request is allowed in {retry_after} s")]
            }
            Denial::StoreUnavailable => {
                one("the shared store does not answer: health lists the problems of the store")
            }
            Denial::RefusedByHook(_) => {
                one("the site's own hook refused the request: read the source of the hook")
            }
            Denial::HookPanicked => one("the site's own hook panicked: correct the source of the hook"),
            Denial::QueryTooLong { .. } => {
                one("shorten the query: its parameters would be carried into every URI of the manifest")
            }
            Denial::Method { .. } => vec![self.site.map_or_else(String::new, |site| {
                format!("use one of the site's methods: {}", site.methods.names.join(", "))
            })],
        }
    }

    fn host_remedies(&self) -> Vec<String> {
        let mut buffer = HostBuffer::new();
        let host = Host::of(self.request, &mut buffer).ok();
        let host = host.and_then(|host| str::from_utf8(host.as_bytes()).ok()).filter(|host| !host.is_empty());
        let near = host.and_then(|host| nearest(host, self.snapshot.policy.host_names()));
        let near = near.map(|(name, by)| format!("the host differs by {by} from {name:?}"));
        let add =
            "add the host to a site's hosts, or correct the Host header that the proxy sends".to_owned();
        near.into_iter().chain([add]).collect()
    }

    fn missing_credential(&self) -> Vec<String> {
        let Some(site) = self.site else { return Vec::new() };
        let places = site.schemes.places();
        let mut remedies = Vec::new();
        let query = self.request.target().query.unwrap_or_default();
        let sent = parameters(query).map(|parameter| (parameter.name, &places.query, "query parameter"));
        let cookies = lines(self.request, COOKIE).flat_map(cookie_names);
        let sent = sent.chain(cookies.map(|name| (name, &places.cookies, "cookie")));
        for (name, known, kind) in sent.take(MAX_NAMES_COMPARED) {
            let text = String::from_utf8_lossy(name);
            if let Some((meant, _)) = nearest(&text, known.iter().map(|name| &**name)) {
                let sent = shown_name::<MAX_NAME_SHOWN>(name).into_string();
                remedies.push(format!("the request has the {kind} {sent:?}, but the site reads {meant:?}"));
            }
        }
        remedies.extend(MissingCredential::of(site, &places, self.request).hint.map(str::to_owned));
        if remedies.is_empty() {
            remedies.push("send a credential in one of the places that the site searches".to_owned());
        }
        remedies
    }

    fn unknown_key(&self) -> Vec<String> {
        let keys = &self.snapshot.keys;
        let near = self.kid.as_deref().and_then(|kid| nearest(kid, keys.iter().map(|key| key.id().as_str())));
        let near = near.map(|(kid, by)| format!("kid differs by {by} from {kid:?}"));
        near.into_iter().chain([loaded_keys(keys)]).collect()
    }

    fn scope(&self) -> Vec<String> {
        self.resource(|site, resource| {
            let mistake = self.scope.as_deref().and_then(|scope| scope_remedy(scope, site, resource));
            let wanted = match resource {
                Resource::Object { key, .. } => scopes_of(key),
                Resource::Live { playback_id, .. } => {
                    format!("{:?}", shown_path(playback_id, &[]).into_string())
                }
            };
            let wanted = format!("to be granted, the credential needs the scope {wanted}");
            mistake.map_or_else(|| wanted.clone(), |mistake| format!("{mistake}; {wanted}"))
        })
    }

    /// Returns a remedy that depends on the requested resource.
    fn resource(&self, remedy: impl Fn(&SiteRules, &Resource<'_>) -> String) -> Vec<String> {
        let Some(site) = self.site else { return Vec::new() };
        let found =
            with_resource(site, &self.snapshot.policy, self.request, |resource| remedy(site, resource));
        let none =
            || "the host does not name the bucket or playback ID that the site's pattern expects".to_owned();
        vec![found.unwrap_or_else(none)]
    }
}

/// The maximum number of parameters and cookies whose names are compared with those that the site reads.
const MAX_NAMES_COMPARED: usize = 64;

/// Returns scopes that cover an object key: the folder of the object, the folder above, and the object itself.
fn scopes_of(key: &[u8]) -> String {
    let mut scopes = Vec::new();
    let mut rest = key;
    while let Some(slash) = memchr::memrchr(b'/', rest)
        && scopes.len() < 2
    {
        scopes.extend(rest.get(..=slash));
        rest = rest.get(..slash).unwrap_or_default();
    }
    let shown = |scope: &[u8]| format!("{:?}", shown_path(scope, &[]).into_string());
    let folders: Vec<String> = scopes.into_iter().map(shown).collect();
    let object = shown(key);
    if folders.is_empty() { object } else { format!("{} or {object}", folders.join(", ")) }
}
