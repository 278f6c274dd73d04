//! The scheme interface: the traits that a kind of credential implements.

use std::fmt;

use bytes::Bytes;

use super::carriers::{Carrier, CarrierSet, Text};
use super::context::{Context, SiteFacts};
use super::places::Places;
use super::recorder::{Field, Recorder};
use super::rule::Rule;
use super::verified::Verified;
use crate::error::Denial;
use crate::keys::{Key, KeySet};
use crate::store::Access;
use crate::time::UnixSeconds;

/// A kind of credential on one site: the checked settings of the scheme, and the operations that use them.
///
/// The module docs of [`schemes`](super) list the other parts of a scheme. A decision reaches a scheme only through the
/// [registry](super::registry).
pub(crate) trait CredentialScheme: fmt::Debug {
    /// A credential as found in a request. It may borrow from the request and from the buffers of one decision.
    type Credential<'s>;

    /// The facts about a verified credential that outlive the decision. They hold no text of the request.
    type Facts: SchemeFacts;

    /// Returns the places in which credentials of this scheme can be.
    fn places(&self) -> &Places;

    /// Returns the carriers in which the scheme has a place of its own.
    fn own_carriers(&self) -> CarrierSet {
        CarrierSet::NONE
    }

    /// Reads a text from one of the site's [shared carriers](super::Carriers). Returns `None` if the text is not a credential of
    /// this scheme. The next scheme of the registry then reads the text.
    fn read<'s>(&'s self, _: Text<'s>) -> Option<Self::Credential<'s>> {
        None
    }

    /// The number of credentials of this scheme that are tried in one carrier, each on its own, like cookies of one name.
    const TRIES: usize = 1;

    /// Finds the credential number `nth`, counted from 0, outside the shared carriers. Also returns the pieces of the request
    /// that are passed later, as `raw`, to [`claims`](Self::claims), [`scope`](Self::scope) and
    /// [`claimed_key`](Self::claimed_key).
    ///
    /// # Errors
    ///
    /// Returns [`Denial::AmbiguousCredential`] if a part of the credential occurs twice.
    fn find<'s, 'r>(
        &'s self,
        _: (Carrier, usize),
        _: &'s Context<'_, 'r, impl Recorder>,
    ) -> Result<FoundIn<'r, Self::Credential<'s>>, Denial> {
        Ok(None)
    }

    /// Verifies a credential, and checks that it covers the requested resource. Rules that can only reject come before
    /// cryptography.
    ///
    /// The scheme is responsible for these rules, as far as they apply to it:
    ///
    /// - the key is in force, and its scope admits the resource;
    /// - the dates and the site's [lifetime](crate::time::TimeRules);
    /// - suspension after too many failed signatures ([`Failures`](super::Failures));
    /// - revocations, and an unreachable store.
    ///
    /// [`Context::accept`] then runs the site's hook, and a [`Verified`] cannot be created without its result.
    ///
    /// If a lookup is needed first, [`Context::look_up`] records it, and the denial that it returns is the result.
    fn verify(
        &self,
        carrier: Carrier,
        credential: &Self::Credential<'_>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<Self::Facts>, Denial>;

    /// Returns the rules of the scheme that apply on a site, in the order in which [`verify`](Self::verify) applies them. A test
    /// compares this list with the rules that are recorded.
    fn rules(&self, site: &SiteFacts) -> Vec<Rule>;

    /// Returns the content of a credential for an explanation, even if the credential cannot be verified. The content includes
    /// neither the credential itself, nor a signature, nor a secret.
    fn fields(
        &self,
        carrier: Carrier,
        credential: &Self::Credential<'_>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Vec<Field>;

    /// Returns the name of the key that a rejected credential claims, for a log line.
    fn claimed_key(_: Carrier, _: &[u8]) -> Option<String> {
        None
    }

    /// Returns the scope that a rejected credential claims, for a log line.
    fn claimed_scope(_: Carrier, _: &[u8]) -> Option<String> {
        None
    }

    /// Returns the claims as a JSON object. They are read again from the credential's text.
    fn claims(_: &Self::Facts, _: Carrier, _: &[u8]) -> String {
        "{}".to_owned()
    }

    /// Returns the scope of a credential, written like an object key, or the playback ID.
    fn scope(&self, facts: &Self::Facts, basis: &Basis<'_>) -> Option<String>;
}

/// A credential, if there is one, and the pieces of the request that are read again after the decision.
pub(crate) type FoundIn<'r, C> = Option<(C, Pieces<'r>)>;

/// The pieces of a request that are read again after the decision.
#[derive(Clone, Copy)]
pub(crate) struct Pieces<'r> {
    /// The text that contains the claims and the scope of an accepted credential.
    pub(crate) facts: &'r [u8],
    /// The text that contains the name of a rejected credential's key.
    pub(crate) key: &'r [u8],
}

impl<'r> From<&'r [u8]> for Pieces<'r> {
    fn from(text: &'r [u8]) -> Self {
        Self { facts: text, key: text }
    }
}

/// The facts about a verified credential that remain after its decision.
pub(crate) trait SchemeFacts: Clone + fmt::Debug {
    /// Returns the key that signed the credential.
    fn key<'k>(&self, _: &'k KeySet) -> Option<&'k Key> {
        None
    }

    /// Returns the video that the credential covers, if it names a video.
    fn video(&self) -> Option<&str> {
        None
    }

    /// Returns the viewer that the credential was issued to, if it names a viewer.
    fn viewer(&self) -> Option<&str> {
        None
    }

    /// Returns whether the credential's scope includes the requested path. If it does not, the credential may cover several
    /// videos under one path.
    #[cfg(feature = "media-keys")]
    fn covers_path(&self, is_live: bool) -> bool;

    /// Returns whether the credential covers the files that a manifest refers to, so that forwarding it is useful.
    fn opens_more_than_the_manifest(&self) -> bool;

    /// Returns the rules for the response.
    fn response(&self, _: Carrier) -> ResponseRules {
        ResponseRules::default()
    }

    /// Checks the rate of the credential without counting the request, for an explanation.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::RateLimited`].
    fn check_rate(&self) -> Result<(), Denial> {
        Ok(())
    }

    /// Ends the decision after the method was checked: applies the rate of the credential and records its use. By default, there is no
    /// rate, and the use of the key is recorded.
    ///
    /// # Errors
    ///
    /// Returns the denial of `outcome`, or [`Denial::RateLimited`].
    fn apply_rate_and_record(
        &self,
        outcome: Result<(), Denial>,
        _: &Access,
        keys: &KeySet,
        now: UnixSeconds,
    ) -> Result<(), Denial> {
        outcome?;
        if let Some(key) = self.key(keys) {
            key.used(now);
        }
        Ok(())
    }
}

/// The data from which the scope of a verified credential is read.
#[derive(Clone, Copy)]
pub(crate) struct Basis<'b> {
    pub(crate) carrier: Carrier,
    /// The credential's text.
    pub(crate) raw: &'b [u8],
    pub(crate) site: &'b SiteFacts,
    /// The claims, as [`CredentialScheme::claims`] returns them.
    pub(crate) claims: &'b str,
}

/// The rules that a credential sets for the response.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseRules {
    /// The value of a `Content-Security-Policy` that lists the pages that may frame this one.
    pub(crate) frame_ancestors: Option<Bytes>,
    /// The protection of a credential in the path from `Referer`.
    pub(crate) referrers: Option<Referrers>,
}

/// The use of `Referer` in the checks of a credential in the path. It determines which referrer policies of the inner service may
/// stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Referrers {
    /// The credential lists origins. They are checked by `Origin` and `Referer`.
    AreChecked,
    /// The credential lists no origins.
    AreNotChecked,
}
