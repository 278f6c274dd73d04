use std::fmt::Write as _;
use std::net::IpAddr;

use arrayvec::{ArrayString, ArrayVec};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::expression::{Expression, MAX_QUERY_NAMES, Part};
use super::{Covers, IpBinding};
use crate::crypto::{HashOutput, LinkHash, MAX_HASH_LEN, same_secret};
use crate::error::{Denial, LinkFault, Repeated};
use crate::request::{hex_value, shown_text, values_of_each};
use crate::schemes::context::Requested;
use crate::schemes::places::Places;
use crate::schemes::recorder::{Field, Recorder};
use crate::schemes::rule::Rule;
use crate::time::UnixSeconds;

/// The maximum number of active secrets: the one in use, and its successor.
pub(super) const MAX_SECRETS: usize = 2;

/// The checked and prepared rules of a site for secure links.
#[derive(Clone)]
pub(crate) struct LinkRules {
    pub(super) places: Places,
    pub(super) forms: ArrayVec<Form, 2>,
    pub(super) hash: LinkHash,
    pub(super) proof: ProofText,
    pub(super) good_in_its_last_second: bool,
    pub(super) ip_binding: Option<IpBinding>,
    pub(super) secrets: ArrayVec<Box<[u8]>, MAX_SECRETS>,
}

/// One of the forms that a site's links can have.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) place: Place,
    pub(super) expression: Expression,
    pub(super) covers: Covers,
}

/// The place of proof and expiry in a URL.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Query parameters with these names.
    Query { hash: Box<str>, expires: Option<Box<str>> },
    /// The third and fourth segment: `videos/{account}_{video}/{proof}/{expires}/…`.
    #[cfg_attr(not(feature = "secure-link-md5"), expect(dead_code, reason = "for the formats with MD5"))]
    Segments,
}

/// The encoding of a proof.
#[derive(Clone, Copy, Debug)]
pub(super) enum ProofText {
    /// Base64url as nginx reads it: up to the first `=`, ignoring leftover bits, at most 24 characters.
    #[cfg_attr(not(feature = "secure-link-md5"), expect(dead_code, reason = "for the formats with MD5"))]
    Nginx,
    Base64Url,
    Hex,
}

/// A link in a request, as received.
pub(crate) struct Link<'r> {
    pub(super) form: &'r Form,
    pub(super) proof: &'r [u8],
    pub(super) expires: Option<&'r [u8]>,
    /// The values of the query parameters that the form's expression names, in the expression's order.
    pub(super) values: ArrayVec<&'r [u8], MAX_QUERY_NAMES>,
}

/// The content of a link with a valid proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) covers: Covers,
    pub(crate) expires_at: Option<UnixSeconds>,
}

/// The maximum length of a query value in an explanation, in bytes.
const MAX_VALUE_SHOWN: usize = 64;

/// The text of an address that is hashed.
pub(super) type AddressText = ArrayString<46>;

impl LinkRules {
    /// Returns the link in the path, if a form puts it there.
    pub(crate) fn in_path<'r>(&'r self, requested: &Requested<'r>) -> Option<Link<'r>> {
        let form = self.forms.iter().find(|form| matches!(form.place, Place::Segments))?;
        crate::work::visited(requested.key.len());
        let mut segments = requested.key.splitn(5, |&byte| byte == b'/');
        let (kind, _video, proof) = (segments.next()?, segments.next()?, segments.next()?);
        let (expires, _file) = (segments.next()?, segments.next()?);
        KINDS.iter().any(|known| known.as_bytes() == kind).then_some(Link {
            form,
            proof,
            expires: Some(expires),
            values: ArrayVec::new(),
        })
    }

    /// Returns the link in the query, if a form puts it there. A link is present if the parameter of its proof is, whatever the
    /// value.
    pub(crate) fn in_query<'r>(&'r self, requested: &Requested<'r>) -> Result<Option<Link<'r>>, Repeated> {
        let Some(query) = requested.query else { return Ok(None) };
        for form in &self.forms {
            let Place::Query { hash, expires } = &form.place else { continue };
            let mut names = [None; MAX_QUERY_NAMES + 2];
            let wanted = [Some(&**hash), expires.as_deref()].into_iter();
            let wanted = wanted.chain(form.expression.query_names().map(Some));
            names.iter_mut().zip(wanted).for_each(|(name, wanted)| *name = wanted);
            let [proof, expires, values @ ..] = values_of_each(query, names);
            let Some(proof) = proof? else { continue };
            let expires = expires?;
            let values = form.expression.query_names().zip(values).map(|(_, value)| value);
            let values =
                values.map(|value| value.map(Option::unwrap_or_default)).collect::<Result<_, _>>()?;
            return Ok(Some(Link { form, proof, expires, values }));
        }
        Ok(None)
    }

    /// Returns whether links are bound to client addresses.
    pub(crate) const fn binds_addresses(&self) -> bool {
        self.ip_binding.is_some()
    }

    /// Checks that a link's proof matches this request of this client, and that the link has not expired.
    pub(crate) fn check(
        &self,
        link: &Link<'_>,
        requested: &Requested<'_>,
        client: Option<IpAddr>,
        now: UnixSeconds,
        recorder: impl Recorder,
    ) -> Result<Linked, Denial> {
        let bad = Denial::LinkBad;
        let (expires_at, proof) = recorder.check(Rule::Form, || {
            let expires_at = match (&link.form.place, link.expires) {
                (Place::Query { expires: None, .. }, _) => None,
                (_, Some(digits)) => Some(parse_expiry(digits).ok_or(bad(LinkFault::Expiry))?),
                (_, None) => return Err(bad(LinkFault::NoExpiry)),
            };
            Ok((expires_at, self.read_proof(link.proof).ok_or(bad(LinkFault::Proof))?))
        })?;
        let client = recorder
            .check(Rule::Address, || self.client_text(client).ok_or(bad(LinkFault::ClientUnknown)))?;
        let kinds: &[Covers] = match link.form.covers {
            Covers::Either => &[Covers::File, Covers::Directory],
            Covers::File => &[Covers::File],
            Covers::Directory => &[Covers::Directory],
        };
        let covers = recorder.check(Rule::Signature, || {
            let fits = |kind: &&Covers| {
                let fits = |secret: &[u8]| {
                    same_secret(&self.digest(link, requested, **kind, &client, secret), &proof)
                };
                self.secrets.iter().any(|secret| fits(secret))
            };
            kinds.iter().find(fits).ok_or(bad(LinkFault::Mismatch))
        })?;
        recorder.check(Rule::Expiry, || match expires_at {
            Some(expires) if expires < now || (expires == now && !self.good_in_its_last_second) => {
                Err(Denial::LinkExpired { expires, now })
            }
            Some(_) | None => Ok(Linked { covers: *covers, expires_at }),
        })
    }

    /// Returns the expiry of a link, the names of the pieces that the proof covers, and the query parameters among these pieces.
    pub(super) fn fields_of(&self, link: &Link<'_>) -> Vec<Field> {
        let shown = |text: &[u8]| shown_text::<MAX_VALUE_SHOWN>(text).into_string();
        let mut fields = Vec::new();
        if let Some(digits) = link.expires {
            fields.push(
                match parse_expiry(digits) {
                    Some(expires) => Field::date("expires", expires),
                    None => Field::text("expires", shown(digits)),
                }
                .read_by(Rule::Expiry),
            );
        }
        fields.push(
            Field::text("hash", format!("{} of {}", self.hash.name(), link.form.expression.pieces()))
                .read_by(Rule::Signature),
        );
        let names = link.form.expression.query_names();
        fields.extend(names.zip(&link.values).map(|(name, value)| Field::text(name, shown(value))));
        fields
    }

    /// Returns the text of the client's address that is hashed. Returns `None` if the address is needed but unknown.
    pub(super) fn client_text(&self, client: Option<IpAddr>) -> Option<AddressText> {
        let mut text = AddressText::new();
        if let Some(binding) = self.ip_binding {
            write!(text, "{}", binding.cut(client?)).ok()?; // every address fits
        }
        Some(text)
    }

    /// Returns the expected proof of a link.
    pub(super) fn digest(
        &self,
        link: &Link<'_>,
        requested: &Requested<'_>,
        covers: Covers,
        client: &str,
        secret: &[u8],
    ) -> HashOutput {
        let mut values = link.values.iter();
        self.hash.digest(secret, |write| {
            for part in link.form.expression.parts() {
                let piece = match part {
                    Part::Literal(text) => text.as_bytes(),
                    Part::Expires => link.expires.unwrap_or_default(),
                    Part::Path => requested.path,
                    Part::Covered if covers == Covers::File => requested.path,
                    Part::Folder | Part::Covered => directory_of(requested.path),
                    Part::Ip => client.as_bytes(),
                    Part::Secret => secret,
                    Part::Host => requested.host,
                    Part::Query(_) => values.next().copied().unwrap_or_default(),
                    Part::Video => requested.key.split(|&byte| byte == b'/').nth(1).unwrap_or_default(),
                };
                crate::work::visited(piece.len());
                write(piece);
            }
        })
    }

    fn read_proof(&self, text: &[u8]) -> Option<HashOutput> {
        crate::work::visited(text.len());
        match self.proof {
            ProofText::Nginx if text.len() > 24 => None,
            ProofText::Nginx => {
                let end = memchr::memchr(b'=', text).unwrap_or(text.len());
                self.decode_base64(text.get(..end)?, &LENIENT)
            }
            ProofText::Base64Url => self.decode_base64(text, &STRICT),
            ProofText::Hex => {
                let mut proof = HashOutput::new();
                let (pairs, rest) = text.as_chunks::<2>();
                if !rest.is_empty() || pairs.len() != self.hash.len() {
                    return None;
                }
                for &[high, low] in pairs {
                    proof.try_push((hex_value(high)? << 4) | hex_value(low)?).ok()?;
                }
                Some(proof)
            }
        }
    }

    fn decode_base64(&self, text: &[u8], engine: &GeneralPurpose) -> Option<HashOutput> {
        let mut bytes = [0; MAX_HASH_LEN];
        let len = engine.decode_slice(text, &mut bytes).ok()?;
        if len != self.hash.len() {
            return None;
        }
        bytes.get(..len)?.try_into().ok()
    }
}

/// The first segments of paths that contain a proof: `{kind}/{account}_{video}/{proof}/{expires}/…`.
pub(super) const KINDS: [&str; 3] = ["videos", "cmaf", "mpegts"];

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

pub(super) const STRICT: GeneralPurpose = base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Returns the path up to and including its last slash.
fn directory_of(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).and_then(|slash| path.get(..=slash)).unwrap_or_default()
}

/// Parses decimal digits, positive, without overflow.
fn parse_expiry(digits: &[u8]) -> Option<UnixSeconds> {
    crate::work::visited(digits.len());
    let mut seconds = 0_i64;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        seconds = seconds.checked_mul(10)?.checked_add(digit)?;
    }
    (seconds > 0).then_some(UnixSeconds::new(seconds))
}

impl std::fmt::Debug for LinkRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { forms, hash, proof, good_in_its_last_second, ip_binding, secrets, .. } = self;
        f.debug_struct("LinkRules")
            .field("forms", forms)
            .field("hash", hash)
            .field("proof", proof)
            .field("good_in_its_last_second", good_in_its_last_second)
            .field("ip_binding", ip_binding)
            .field("secrets", &secrets.len()) // only their number
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The proof is a secret.
        f.debug_struct("Link").field("form", self.form).finish_non_exhaustive()
    }
}
