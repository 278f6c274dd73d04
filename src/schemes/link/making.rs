//! Creates the proof of a new link.

use std::fmt::Write as _;
use std::net::IpAddr;

use base64::Engine as _;

use super::Covers;
use super::expression::MAX_QUERY_NAMES;
use super::rules::{Form, Link, LinkRules, Place, ProofText, STRICT};
use crate::request::value_of_one;
use crate::schemes::context::Requested;

/// The places for the parts of a new link.
pub(crate) enum Parts<'l> {
    /// Query parameters with these names.
    Query { hash: &'l str, expires: Option<&'l str> },
    /// The segments after kind and video.
    Segments,
}

/// The reason why a link cannot be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoLink {
    NoExpiry,
    NoClient,
    OtherCoverage,
}

impl LinkRules {
    /// Returns the places for the parts of a new link.
    pub(crate) fn parts(&self) -> Option<Parts<'_>> {
        Some(match &self.forms.first()?.place {
            Place::Query { hash, expires } => Parts::Query { hash, expires: expires.as_deref() },
            Place::Segments => Parts::Segments,
        })
    }

    /// Returns the default coverage of a new link.
    pub(crate) fn usual_coverage(&self) -> Covers {
        match self.forms.first().map(|form| form.covers) {
            Some(Covers::Directory) => Covers::Directory,
            Some(Covers::File | Covers::Either) | None => Covers::File,
        }
    }

    /// Returns the proof of a new link, made with the first secret.
    pub(crate) fn prove(
        &self,
        requested: &Requested<'_>,
        expires: Option<&str>,
        client: Option<IpAddr>,
        covers: Covers,
    ) -> Result<String, NoLink> {
        let (form, secret) = self.forms.first().zip(self.secrets.first()).ok_or(NoLink::OtherCoverage)?;
        if form.covers != Covers::Either && form.covers != covers {
            return Err(NoLink::OtherCoverage);
        }
        if needs_expiry(form) && expires.is_none() {
            return Err(NoLink::NoExpiry);
        }
        let client = self.client_text(client).ok_or(NoLink::NoClient)?;
        let value = |name| requested.query.and_then(|query| value_of_one(query, name).ok().flatten());
        let values = form.expression.query_names().take(MAX_QUERY_NAMES);
        let values = values.map(|name| value(name).unwrap_or_default()).collect();
        let link = Link { form, proof: &[], expires: expires.map(str::as_bytes), values };
        let proof = self.digest(&link, requested, covers, &client, secret);
        Ok(match self.proof {
            ProofText::Nginx | ProofText::Base64Url => STRICT.encode(&proof),
            ProofText::Hex => proof.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}"); // a String takes everything
                text
            }),
        })
    }
}

const fn needs_expiry(form: &Form) -> bool {
    !matches!(form.place, Place::Query { expires: None, .. })
}
