//! Finds an Akamai token in a request and interprets its grant.

use std::net::IpAddr;

use super::acl;
use super::rules::{AkamaiRules, Authentic};
use super::token::Fields;
use super::url::SignedUrl;
use crate::error::{Denial, Repeated, UrlSignatureFault};
use crate::request::{
    COOKIE, Client, MAX_COOKIES_TRIED, cookie_values, decode_strictly, decoded_bytes, lines, parameters,
};
use crate::schemes::carriers::{Carrier, CarrierSet, Decoded};
use crate::schemes::claim::{ClaimSource, ClaimValue};
use crate::schemes::context::{Context, SiteFacts};
use crate::schemes::json::JsonStr;
use crate::schemes::kind::Scheme;
use crate::schemes::places::Places;
use crate::schemes::recorder::{Field, Recorder};
use crate::schemes::rule::Rule;
use crate::schemes::scheme::{Basis, CredentialScheme, FoundIn, SchemeFacts};
use crate::schemes::verified::Verified;

/// A token as received. Its `Debug` output shows nothing of it.
pub(crate) struct AkamaiToken<'r>(&'r [u8]);

/// The facts about a verified token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AkamaiFacts {
    /// True if the token was percent-decoded as a whole.
    is_decoded: bool,
    /// True if the token has an `acl`. If it has none, it covers one URL.
    has_acl: bool,
}

impl CredentialScheme for AkamaiRules {
    type Credential<'s> = AkamaiToken<'s>;
    type Facts = AkamaiFacts;

    const TRIES: usize = MAX_COOKIES_TRIED;

    fn places(&self) -> &Places {
        &self.places
    }

    fn own_carriers(&self) -> CarrierSet {
        let Places { query, cookies, headers, .. } = &self.places;
        CarrierSet::NONE
            .with(Carrier::Query, !query.is_empty())
            .with(Carrier::Header, !headers.is_empty())
            .with(Carrier::Cookie, !cookies.is_empty())
    }

    fn find<'s, 'r>(
        &'s self,
        (carrier, nth): (Carrier, usize),
        context: &'s Context<'_, 'r, impl Recorder>,
    ) -> Result<FoundIn<'r, AkamaiToken<'s>>, Denial> {
        let found = match carrier {
            Carrier::Query if nth == 0 => self.in_query(context.target.query)?,
            Carrier::Header if nth == 0 => self.in_header(context)?,
            Carrier::Cookie => {
                let cookies = self.places.cookies.iter();
                cookies.flat_map(|name| cookie_values(lines(context.request, COOKIE), name)).nth(nth)
            }
            Carrier::Path | Carrier::Query | Carrier::Bearer | Carrier::Header => None,
        };
        Ok(found.map(|raw| (AkamaiToken(raw), raw.into())))
    }

    #[inline(never)] // the buffers are large, and few requests have such a token
    fn verify(
        &self,
        carrier: Carrier,
        token: &AkamaiToken<'_>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<AkamaiFacts>, Denial> {
        let bad = Denial::UrlSignatureBad;
        let url = SignedUrl {
            path: context.target.path,
            query: context.target.query.filter(|_| !self.ignore_query),
            without: if carrier == Carrier::Query { &self.places.query } else { &[] },
        };
        // 2. Form. 3. HMAC.
        let mut decoded = Decoded::new();
        let authentic = self.authenticate(token.0, &url, &mut decoded);
        let Authentic { fields, is_decoded } = authentic.map_err(|fault| {
            let is_mismatch = fault == UrlSignatureFault::Mismatch;
            context.recorder.failed(if is_mismatch { Rule::Signature } else { Rule::Form }, bad(fault))
        })?;
        context.recorder.passed(Rule::Form);
        context.recorder.passed(Rule::Signature);
        // 4. Dates.
        let (now, times, expires) = (context.now, &context.site.times, fields.expires);
        let leeway = times.leeway.as_secs();
        let is_expired = now >= expires.saturating_add(leeway);
        context.check(Rule::Expiry, || {
            if is_expired { Err(Denial::UrlSignatureExpired { expires, now }) } else { Ok(()) }
        })?;
        context.check(Rule::NotBefore, || {
            let starts = fields.starts.filter(|starts| now < starts.saturating_sub(leeway));
            starts.map_or(Ok(()), |starts| Err(Denial::UrlSignatureNotYetValid { starts, now }))
        })?;
        context.check(Rule::Expiry, || {
            if times.allow_until(Some(expires), now) { Ok(()) } else { Err(bad(UrlSignatureFault::Lifetime)) }
        })?;
        // 5. Scope.
        context.check(Rule::Scope, || {
            let covers = fields.acl.is_none_or(|acl| acl::covers(acl.as_bytes(), context.requested.path));
            if covers { Ok(()) } else { Err(Denial::UrlSignatureOutOfScope) }
        })?;
        // 6. Address.
        if let Some(ip) = fields.ip {
            context.check(Rule::Address, || {
                let client = context.client().and_then(Client::confirmed);
                let client = client.ok_or(bad(UrlSignatureFault::ClientUnknown))?;
                let is_own = parse_address(ip) == Some(client.to_canonical());
                if is_own { Ok(()) } else { Err(bad(UrlSignatureFault::OtherClient)) }
            })?;
        }
        let accepted = context.accept((Scheme::Akamai, carrier), Some(&context.resource), &fields)?;
        Ok(Verified::new(accepted, Some(expires), AkamaiFacts { is_decoded, has_acl: fields.acl.is_some() }))
    }

    fn rules(&self, site: &SiteFacts) -> Vec<Rule> {
        let mut rules =
            vec![Rule::Form, Rule::Signature, Rule::Expiry, Rule::NotBefore, Rule::Scope, Rule::Address];
        rules.extend(site.hook.is_some().then_some(Rule::Hook));
        rules
    }

    /// Returns the token's fields, without the HMAC. A token that is percent-encoded as a whole is decoded.
    fn fields(&self, _: Carrier, token: &AkamaiToken<'_>, _: &Context<'_, '_, impl Recorder>) -> Vec<Field> {
        let readings = [false, true].map(|is_decoded| AkamaiFacts { is_decoded, has_acl: false });
        readings
            .into_iter()
            .find_map(|facts| facts.with_fields(token.0, |fields| fields.list()))
            .unwrap_or_default()
    }

    fn claims(facts: &AkamaiFacts, _: Carrier, raw: &[u8]) -> String {
        facts.with_fields(raw, |fields| fields.json()).unwrap_or_else(|| "{}".to_owned())
    }

    /// Returns the path, or the common beginning of paths, that an `acl` covers, without a slash. Returns `None` for a token with
    /// several entries, with wildcards other than a last `*`, or without `acl`.
    fn scope(&self, facts: &AkamaiFacts, basis: &Basis<'_>) -> Option<String> {
        let scope = facts.with_fields(basis.raw, |fields| acl::plain_scope(fields.acl?.as_bytes()))??;
        String::from_utf8(scope).ok()?.strip_prefix(&*basis.site.base_path).map(str::to_owned)
    }
}

impl AkamaiRules {
    /// Finds the only parameter that holds a token.
    fn in_query<'r>(&self, query: Option<&'r [u8]>) -> Result<Option<&'r [u8]>, Denial> {
        let Some(query) = query else { return Ok(None) };
        let names = &self.places.query;
        let mut tokens = parameters(query).filter(|parameter| names.iter().any(|name| parameter.is(name)));
        match (tokens.next(), tokens.next()) {
            (token, None) => Ok(token.map(|token| token.value)),
            (_, Some(_)) => Err(Denial::AmbiguousCredential(Repeated::QueryParameter)),
        }
    }

    /// Finds the only header field that holds a token.
    fn in_header<'r>(&self, context: &Context<'_, 'r, impl Recorder>) -> Result<Option<&'r [u8]>, Denial> {
        let mut tokens = self
            .places
            .headers
            .iter()
            .flat_map(|name| (0..2).map_while(|nth| context.request.field(name, nth)));
        match (tokens.next(), tokens.next()) {
            (token, None) => Ok(token.map(<[u8]>::trim_ascii)),
            (_, Some(_)) => Err(Denial::AmbiguousCredential(Repeated::HeaderField)),
        }
    }
}

/// Parses an address after percent-decoding it once. An IPv4-mapped address is treated as an IPv4 address.
fn parse_address(text: &str) -> Option<IpAddr> {
    let mut decoded = arrayvec::ArrayVec::<u8, 64>::new();
    crate::work::visited(text.len());
    for byte in decoded_bytes(text.as_bytes()) {
        decoded.try_push(byte).ok()?;
    }
    let address: IpAddr = str::from_utf8(&decoded).ok()?.parse().ok()?;
    Some(address.to_canonical())
}

impl ClaimSource for Fields<'_> {
    fn claim<'c>(&'c self, name: &str) -> Option<ClaimValue<'c>> {
        let number = self.number(name).map(ClaimValue::Integer);
        number.or_else(|| self.text(name).map(|text| ClaimValue::Text(JsonStr::of(text))))
    }
}

impl Fields<'_> {
    /// Returns the fields for an explanation.
    fn list(&self) -> Vec<Field> {
        let fields = [
            self.starts.map(|starts| Field::date("st", starts).read_by(Rule::NotBefore)),
            Some(Field::date("exp", self.expires).read_by(Rule::Expiry)),
            self.acl.map(|acl| Field::text("acl", acl).read_by(Rule::Scope)),
            self.ip.map(|ip| Field::text("ip", ip).read_by(Rule::Address)),
            self.id.map(|id| Field::text("id", id)),
            self.data.map(|data| Field::text("data", data)),
        ];
        fields.into_iter().flatten().collect()
    }

    /// Returns the fields as a JSON object.
    fn json(&self) -> String {
        let numbers = ["st", "exp"].into_iter().filter_map(|name| Some((name, self.number(name)?.into())));
        let texts = ["acl", "ip", "id", "data"].into_iter();
        let texts = texts.filter_map(|name| Some((name, self.text(name)?.into())));
        let claims: serde_json::Map<String, serde_json::Value> =
            numbers.chain(texts).map(|(name, value)| (name.to_owned(), value)).collect();
        serde_json::Value::Object(claims).to_string()
    }
}

impl AkamaiFacts {
    /// Parses the fields again, in the form that was verified.
    fn with_fields<T>(self, raw: &[u8], read: impl FnOnce(Fields<'_>) -> T) -> Option<T> {
        let mut decoded = Decoded::new();
        let text = if self.is_decoded {
            decode_strictly(raw, &mut decoded).ok()?;
            &*decoded
        } else {
            raw
        };
        Fields::parse(text).ok().map(read)
    }
}

impl SchemeFacts for AkamaiFacts {
    #[cfg(feature = "media-keys")]
    fn covers_path(&self, _: bool) -> bool {
        true
    }

    /// Returns false for a token for one URL, which covers nothing besides the manifest.
    fn opens_more_than_the_manifest(&self) -> bool {
        self.has_acl
    }
}

impl std::fmt::Debug for AkamaiToken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AkamaiToken")
    }
}
