//! Verifies a CloudFront credential and interprets its grant.

use std::net::IpAddr;

use arrayvec::ArrayVec;

use super::find::{Complete, Decoded, MAX_POLICY_TEXT, MAX_SIGNATURE_TEXT, Parts, PolicyPart, decode};
use super::matching::{Query, Sections, covers};
use super::policy::{Policy, canned_digest, parse_date};
use super::rules::CloudFrontRules;
use super::settings::Wildcards;
use super::url::RequestedUrl;
use crate::crypto::{Algorithm, MessageDigest};
use crate::error::{Denial, UrlSignatureFault};
use crate::keys::{Key, KeyRef, KeySet, Named};
use crate::request::Client;
use crate::schemes::carriers::{Carrier, CarrierSet};
use crate::schemes::claim::{ClaimSource, ClaimValue};
use crate::schemes::context::{Context, SiteFacts};
use crate::schemes::json::JsonStr;
use crate::schemes::jws::MAX_KID_SHOWN;
use crate::schemes::kind::Scheme;
use crate::schemes::places::Places;
use crate::schemes::recorder::{Field, Recorder};
use crate::schemes::rule::Rule;
use crate::schemes::scheme::{Basis, CredentialScheme, FoundIn, Pieces, SchemeFacts};
use crate::schemes::verified::Verified;
use crate::scope::ScopeName;
use crate::time::UnixSeconds;

/// The maximum length of a `Resource` after its escapes are resolved.
const MAX_RESOURCE: usize = MAX_POLICY_TEXT;

/// The facts about a verified credential.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CloudFrontFacts {
    key: KeyRef,
    /// True if the policy was sent. A policy that was not sent covers one URL.
    is_custom: bool,
    /// True if the policy covers more than one URL.
    covers_several: bool,
}

impl CredentialScheme for CloudFrontRules {
    type Credential<'s> = Parts<'s>;
    type Facts = CloudFrontFacts;

    fn places(&self) -> &Places {
        &self.places
    }

    fn own_carriers(&self) -> CarrierSet {
        let Places { query, cookies, .. } = &self.places;
        CarrierSet::NONE.with(Carrier::Query, !query.is_empty()).with(Carrier::Cookie, !cookies.is_empty())
    }

    fn find<'s, 'r>(
        &'s self,
        (carrier, _): (Carrier, usize),
        context: &'s Context<'_, 'r, impl Recorder>,
    ) -> Result<FoundIn<'r, Parts<'s>>, Denial> {
        let parts: Option<Parts<'r>> = match carrier {
            Carrier::Query => context.target.query.map_or(Ok(None), Parts::in_query),
            Carrier::Cookie => Parts::in_cookies(context.request),
            Carrier::Path | Carrier::Bearer | Carrier::Header => Ok(None),
        }
        .map_err(Denial::AmbiguousCredential)?;
        Ok(parts.map(|parts| (parts, Pieces { facts: parts.policy(), key: parts.key_pair_id() })))
    }

    #[inline(never)] // the buffers are large, and few requests have such a credential
    fn verify(
        &self,
        carrier: Carrier,
        parts: &Parts<'_>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<CloudFrontFacts>, Denial> {
        let bad = Denial::UrlSignatureBad;
        let (now, times) = (context.now, context.site.times);
        let form = |fault| context.recorder.failed(Rule::Form, bad(fault));
        let url = RequestedUrl::of(context, self).map_err(form)?;
        // 2. Form.
        let Complete { policy, signature, key_pair_id, hash } = parts.complete(self).map_err(form)?;
        let mut signature_buffer = Decoded::<MAX_SIGNATURE_TEXT>::new();
        let signature = decode(signature, &mut signature_buffer).map_err(form)?;
        context.recorder.passed(Rule::Form);
        // 3. Key.
        let (place, key) = find_key(key_pair_id, context)?;
        // 4. Signature, after the form of the policy (2) and its expiry.
        let mut policy_buffer = Decoded::<MAX_POLICY_TEXT>::new();
        let (policy, is_custom) = match policy {
            PolicyPart::Canned(digits) => {
                let expires = parse_date(digits).map_err(form)?;
                check_expiry(expires, context)?;
                if !url.is_plain_json_text() {
                    return Err(form(UrlSignatureFault::Form));
                }
                let digest = canned_digest(hash, &url, digits);
                check_signature(key, digest, signature, context)?;
                (Policy::canned(expires), false)
            }
            PolicyPart::Custom(text) => {
                let text = decode(text, &mut policy_buffer).map_err(form)?;
                let policy = Policy::parse(text).map_err(form)?;
                check_expiry(policy.expires, context)?;
                let digest = MessageDigest::of(hash, |write| {
                    crate::work::visited(text.len());
                    write(text);
                });
                check_signature(key, digest, signature, context)?;
                (policy, true)
            }
        };
        // 5. Scope.
        let mut resource_buffer = ArrayVec::<u8, MAX_RESOURCE>::new();
        let resource = context.check(Rule::Scope, || {
            let resource = match policy.resource {
                Some(resource) => {
                    Some(resource.resolve(&mut resource_buffer).ok_or(bad(UrlSignatureFault::TooLong))?)
                }
                None if is_custom && self.require_resource => return Err(bad(UrlSignatureFault::NoScope)),
                None => None,
            };
            let covers = resource.is_none_or(|resource| covers(resource, &url, self.wildcards));
            if covers { Ok(resource) } else { Err(Denial::UrlSignatureOutOfScope) }
        })?;
        let has_wildcard = |resource: &[u8]| match self.wildcards {
            Wildcards::Sections => Sections::of(resource).is_none_or(|sections| sections.has_wildcard()),
            Wildcards::Anywhere => resource.iter().any(|byte| matches!(byte, b'*' | b'?')),
        };
        let covers_several = is_custom && resource.is_none_or(has_wildcard);
        // 6. Dates: the expiry was checked before.
        let leeway = times.leeway.as_secs();
        context.check(Rule::NotBefore, || {
            let starts = policy.starts.filter(|starts| now <= starts.saturating_sub(leeway));
            starts.map_or(Ok(()), |starts| Err(Denial::UrlSignatureNotYetValid { starts, now }))
        })?;
        context.check(Rule::Expiry, || {
            if times.allow_until(Some(policy.expires), now) {
                Ok(())
            } else {
                Err(bad(UrlSignatureFault::Lifetime))
            }
        })?;
        // 7. Address.
        if let Some((_, range)) = policy.client.filter(|(_, range)| range.prefix_len() > 0) {
            context.check(Rule::Address, || {
                let client = context.client().and_then(Client::confirmed);
                match client.ok_or(bad(UrlSignatureFault::ClientUnknown))?.to_canonical() {
                    IpAddr::V4(client) if range.contains(&client) => Ok(()),
                    IpAddr::V4(_) | IpAddr::V6(_) => Err(bad(UrlSignatureFault::OtherClient)),
                }
            })?;
        }
        // 8. Revocations.
        context.check(Rule::Revocation, || context.check_key_revocation(key))?;
        let accepted = context.accept((Scheme::CloudFront, carrier), Some(&context.resource), &policy)?;
        let facts = CloudFrontFacts { key: place, is_custom, covers_several };
        Ok(Verified::new(accepted, Some(policy.expires), facts))
    }

    fn rules(&self, site: &SiteFacts) -> Vec<Rule> {
        let mut rules = vec![
            Rule::Form,
            Rule::Key,
            Rule::KeyInForce,
            Rule::KeyScope,
            Rule::Expiry,
            Rule::Signature,
            Rule::Scope,
            Rule::NotBefore,
            Rule::Address,
            Rule::Revocation,
        ];
        rules.extend(site.hook.is_some().then_some(Rule::Hook));
        rules
    }

    /// Returns the key pair's id and the policy, without the signature.
    fn fields(&self, _: Carrier, parts: &Parts<'_>, _: &Context<'_, '_, impl Recorder>) -> Vec<Field> {
        let mut buffer = Decoded::<MAX_POLICY_TEXT>::new();
        let policy = match parts.policy_part() {
            Some(PolicyPart::Canned(digits)) => parse_date(digits).ok().map(Policy::canned),
            Some(PolicyPart::Custom(text)) => decode(text, &mut buffer).and_then(Policy::parse).ok(),
            None => None,
        };
        let text = |name, text: JsonStr<'_>| Field::text(name, text.chars().collect::<String>());
        let key = Self::claimed_key(Carrier::Query, parts.key_pair_id());
        let mut fields = Vec::from_iter(key.map(|id| Field::text("Key-Pair-Id", id).read_by(Rule::Key)));
        if let Some(Policy { resource, expires, starts, client }) = policy {
            fields.extend(resource.map(|resource| text("resource", resource).read_by(Rule::Scope)));
            fields.push(Field::date("exp", expires).read_by(Rule::Expiry));
            fields.extend(starts.map(|starts| Field::date("nbf", starts).read_by(Rule::NotBefore)));
            fields.extend(client.map(|(written, _)| text("ip", written).read_by(Rule::Address)));
        }
        fields
    }

    fn claimed_key(_: Carrier, key_pair_id: &[u8]) -> Option<String> {
        let shown = key_pair_id.get(..MAX_KID_SHOWN).unwrap_or(key_pair_id);
        (!shown.is_empty()).then(|| shown.escape_ascii().to_string())
    }

    fn claims(facts: &CloudFrontFacts, _: Carrier, policy: &[u8]) -> String {
        facts.with_policy(policy, claims_of).unwrap_or_else(|| "{}".to_owned())
    }

    fn scope(&self, facts: &CloudFrontFacts, basis: &Basis<'_>) -> Option<String> {
        let resource =
            facts.with_policy(basis.raw, |policy| Some(policy.resource?.chars().collect::<String>()))??;
        let Sections { protocol, domain, path, query: Query::Any | Query::Absent } =
            Sections::of(resource.as_bytes())?
        else {
            return None;
        };
        // Such a wildcard may match the beginning of the path.
        let is_before_path = [protocol, domain].concat().iter().any(|byte| matches!(byte, b'*' | b'?'));
        if is_before_path && self.wildcards == Wildcards::Anywhere {
            return None;
        }
        let path = str::from_utf8(path?).ok()?;
        let path = path.strip_suffix('*').unwrap_or(path);
        let is_plain = !path.contains(['*', '%']);
        path.strip_prefix(&*basis.site.base_path).filter(|_| is_plain).map(str::to_owned)
    }
}

/// Finds the key with an id, and checks that it is in force and may sign for the resource. If several keys have the id, the key
/// in force with the narrowest scope is used.
fn find_key<'k>(id: &[u8], context: &Context<'k, '_, impl Recorder>) -> Result<(KeyRef, &'k Key), Denial> {
    let is_own = |(_, key): &(KeyRef, &Key)| {
        matches!(key.algorithm(), Algorithm::CloudFrontRsa | Algorithm::CloudFrontP256)
    };
    let found = match context.keys.find(id) {
        Named::Nothing => None,
        Named::One(place, key) => Some((place, key)).filter(is_own),
        Named::Several => {
            let scopes = ScopeName::admitting(&context.site.id, &context.resource, context.streams);
            let mut own = context.keys.candidates(id, &scopes, None);
            own.retain(|by| is_own(by));
            let in_force = own.iter().find(|(_, key)| context.check_key_in_force(key).is_ok());
            in_force.or_else(|| own.first()).copied()
        }
    };
    let (place, key) = context.check(Rule::Key, || found.ok_or(Denial::UnknownKey))?;
    context.record_key(key);
    context.check(Rule::KeyInForce, || context.check_key_in_force(key))?;
    context.check(Rule::KeyScope, || context.check_key_scope(key))?;
    Ok((place, key))
}

fn check_expiry(expires: UnixSeconds, context: &Context<'_, '_, impl Recorder>) -> Result<(), Denial> {
    let now = context.now;
    let is_expired = now >= expires.saturating_add(context.site.times.leeway.as_secs());
    context.check(Rule::Expiry, || {
        if is_expired { Err(Denial::UrlSignatureExpired { expires, now }) } else { Ok(()) }
    })
}

fn check_signature(
    key: &Key,
    digest: Option<MessageDigest>,
    signature: &[u8],
    context: &Context<'_, '_, impl Recorder>,
) -> Result<(), Denial> {
    let mismatch = Denial::UrlSignatureBad(UrlSignatureFault::Mismatch);
    context.check(Rule::Signature, || {
        let digest = digest.ok_or(mismatch)?;
        let verify = || key.verify_digest(&digest, signature).map_err(|_| mismatch);
        let result = context.check_signature(key, verify);
        context.note_signature(key, &result);
        result
    })
}

impl ClaimSource for Policy<'_> {
    fn claim<'c>(&'c self, name: &str) -> Option<ClaimValue<'c>> {
        let date = |date: UnixSeconds| ClaimValue::Integer(date.get());
        match name {
            "exp" => Some(date(self.expires)),
            "nbf" => self.starts.map(date),
            "ip" => self.client.map(|(written, _)| ClaimValue::Text(written)),
            "resource" => self.resource.map(ClaimValue::Text),
            _ => None,
        }
    }
}

/// Returns the claims of a policy as a JSON object.
fn claims_of(policy: Policy<'_>) -> String {
    let mut claims = serde_json::Map::new();
    claims.insert("exp".to_owned(), policy.expires.get().into());
    if let Some(starts) = policy.starts {
        claims.insert("nbf".to_owned(), starts.get().into());
    }
    let texts = [("ip", policy.client.map(|(written, _)| written)), ("resource", policy.resource)];
    for (name, text) in texts {
        if let Some(text) = text {
            claims.insert(name.to_owned(), text.chars().collect::<String>().into());
        }
    }
    serde_json::Value::Object(claims).to_string()
}

impl CloudFrontFacts {
    /// Parses the policy again, in the form that was verified.
    fn with_policy<T>(self, text: &[u8], read: impl FnOnce(Policy<'_>) -> T) -> Option<T> {
        let mut buffer = Decoded::<MAX_POLICY_TEXT>::new();
        let policy = if self.is_custom {
            Policy::parse(decode(text, &mut buffer).ok()?).ok()?
        } else {
            Policy::canned(parse_date(text).ok()?)
        };
        Some(read(policy))
    }
}

impl SchemeFacts for CloudFrontFacts {
    fn key<'k>(&self, keys: &'k KeySet) -> Option<&'k Key> {
        keys.at(self.key) // the snapshot that found it still holds it
    }

    #[cfg(feature = "media-keys")]
    fn covers_path(&self, _: bool) -> bool {
        true
    }

    fn opens_more_than_the_manifest(&self) -> bool {
        self.covers_several
    }
}
