//! Finds a secure link in a request and interprets its grant.

use super::Covers;
use super::rules::{Link, LinkRules, Linked, Place};
use crate::error::{Denial, LinkFault};
use crate::request::{Client, PathBuffer, RequestPath};
use crate::schemes::carriers::{Carrier, CarrierSet};
use crate::schemes::claim::{ClaimSource, ClaimValue};
use crate::schemes::context::{Context, SiteFacts};
use crate::schemes::kind::Scheme;
use crate::schemes::places::Places;
use crate::schemes::recorder::{Field, Recorder};
use crate::schemes::rule::Rule;
use crate::schemes::scheme::{Basis, CredentialScheme, FoundIn, SchemeFacts};
use crate::schemes::verified::Verified;
use crate::time::UnixSeconds;

impl CredentialScheme for LinkRules {
    type Credential<'s> = Link<'s>;
    type Facts = Covers;

    fn places(&self) -> &Places {
        &self.places
    }

    fn own_carriers(&self) -> CarrierSet {
        let in_query = self.forms.iter().any(|form| matches!(form.place, Place::Query { .. }));
        let in_path = self.forms.iter().any(|form| matches!(form.place, Place::Segments));
        CarrierSet::NONE.with(Carrier::Query, in_query).with(Carrier::Path, in_path)
    }

    fn find<'s, 'r>(
        &'s self,
        (carrier, _): (Carrier, usize),
        context: &'s Context<'_, 'r, impl Recorder>,
    ) -> Result<FoundIn<'r, Link<'s>>, Denial> {
        let link = match carrier {
            Carrier::Path => self.in_path(&context.requested),
            Carrier::Query => self.in_query(&context.requested).map_err(Denial::AmbiguousCredential)?,
            Carrier::Bearer | Carrier::Header | Carrier::Cookie => None,
        };
        Ok(link.map(|link| (link, context.target.path.into())))
    }

    fn verify(
        &self,
        carrier: Carrier,
        link: &Link<'_>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<Covers>, Denial> {
        // A link that is bound to a client's address is not valid for the address of a proxy in front of the client.
        let client = if self.binds_addresses() { context.client().and_then(Client::confirmed) } else { None };
        let Linked { expires_at, covers } =
            self.check(link, &context.requested, client, context.now, context.recorder)?;
        context.check(Rule::Expiry, || {
            if context.site.times.allow_until(expires_at, context.now) {
                Ok(())
            } else {
                Err(Denial::LinkBad(LinkFault::Lifetime))
            }
        })?;
        let accepted = context.accept(
            (Scheme::SecureLink, carrier),
            Some(&context.resource),
            &LinkClaims { expires_at },
        )?;
        Ok(Verified::new(accepted, expires_at, covers))
    }

    fn rules(&self, site: &SiteFacts) -> Vec<Rule> {
        let mut rules = vec![Rule::Form];
        rules.extend(self.binds_addresses().then_some(Rule::Address));
        rules.extend([Rule::Signature, Rule::Expiry]);
        rules.extend(site.hook.is_some().then_some(Rule::Hook));
        rules
    }

    /// Returns the expiry, the covered text and the signed query parameters. The proof is left out, because it is a secret.
    fn fields(&self, _: Carrier, link: &Link<'_>, _: &Context<'_, '_, impl Recorder>) -> Vec<Field> {
        self.fields_of(link)
    }

    fn scope(&self, covers: &Covers, basis: &Basis<'_>) -> Option<String> {
        let mut buffer = PathBuffer::new();
        let path = RequestPath::parse(basis.raw, &mut buffer).ok()?;
        let path = str::from_utf8(path.as_bytes()).ok()?;
        let key = path.strip_prefix(&*basis.site.base_path)?;
        let upto = |slashes: usize| key.match_indices('/').nth(slashes).map_or(key.len(), |(at, _)| at);
        let folder = match (basis.carrier, covers) {
            (Carrier::Path, _) => key.get(..upto(1))?, // kind and video, before proof and expiry
            (_, Covers::Directory) => key.rsplit_once('/').map_or("", |(folder, _)| folder),
            (_, Covers::File | Covers::Either) => return Some(key.to_owned()),
        };
        Some(if folder.is_empty() { String::new() } else { format!("{folder}/") })
    }
}

/// The claims of a link: its expiry.
struct LinkClaims {
    expires_at: Option<UnixSeconds>,
}

impl ClaimSource for LinkClaims {
    fn claim<'c>(&'c self, name: &str) -> Option<ClaimValue<'c>> {
        self.expires_at.filter(|_| name == "exp").map(|second| ClaimValue::Integer(second.get()))
    }
}

impl SchemeFacts for Covers {
    #[cfg(feature = "media-keys")]
    fn covers_path(&self, _: bool) -> bool {
        true
    }

    /// Returns false for a link to one file, which covers nothing besides the manifest.
    fn opens_more_than_the_manifest(&self) -> bool {
        *self == Self::Directory
    }
}
