//! The issuer: keys, and the credentials that are created with them. A real issuer is part of the application, away
//! from the origin.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use playgate::Scope;
use playgate::mint::{LinkSigner, NewKey, SignedToken, Signer};
use playgate::revocation::Revocation;
use playgate::schemes::akamai::{Akamai, AkamaiSigner};
use playgate::schemes::cloudfront::{CloudFrontPolicy, CloudFrontSigner};
use playgate::schemes::embed::{EmbedDraft, EmbedToken};
use playgate::schemes::link::SecureLink;
use playgate::time::UnixSeconds;
use playgate::verifier::Embeds;
use serde::{Deserialize, Serialize};

use super::home::{self, Addresses, Home, random_text};

/// The lifetime of every credential.
pub(super) const LIFETIME: Duration = Duration::from_hours(1);

/// A page that is on no list.
pub(super) const ELSEWHERE: &str = "http://elsewhere.playgate.localhost";

/// The folder of the film, and another one.
const FOLDER: &str = "videos/1";
const OTHER_FOLDER: &str = "videos/2";

/// The kinds of credential that the page offers.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Public,
    SignedUrl,
    SignedCookie,
    SecureLink,
    EmbedToken,
    #[serde(rename = "cloudfront")]
    CloudFront,
    Akamai,
}

/// The changes that the page's buttons make.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    /// A new credential, and the configuration as it was.
    Renew,
    Expire,
    Tamper,
    Narrow,
    Revoke,
    Rotate,
    Origin,
}

/// A credential, and how a player sends it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Credential {
    pub(super) kind: Kind,
    /// The address of the film's folder.
    folder: String,
    /// The query that carries the credential; empty for a cookie and for a public site.
    pub(super) query: String,
    /// The text to decode and show.
    text: String,
    /// The record of an embed token, which has no meaning in itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<serde_json::Value>,
    /// The changes that are not possible for this kind, with the reason.
    impossible: BTreeMap<Change, &'static str>,
    #[serde(skip)]
    pub(super) set_cookie: Option<String>,
    #[serde(skip)]
    pub(super) revocable: Revocable,
}

/// The name under which a credential is revoked.
#[derive(Clone, Debug)]
pub(super) enum Revocable {
    Nothing,
    Signed(Revocation),
    Embed(EmbedToken),
}

/// The keys in use.
pub(super) struct Issuer {
    pub(super) addresses: Addresses,
    pub(super) vod: Signer,
    /// A key that is in force for another bucket.
    pub(super) other: Signer,
    /// A key that the verifier does not know.
    pub(super) stranger: Signer,
    pub(super) links: LinkSigner,
    pub(super) cloudfront: CloudFrontSigner,
    pub(super) akamai: AkamaiSigner,
    cloudfront_id: String,
    /// The number of the next key.
    next: u32,
}

impl Issuer {
    /// Creates all keys, and writes them to the demo's directory.
    pub(super) fn new(addresses: Addresses, home: &Home) -> anyhow::Result<Self> {
        let stranger = NewKey::p256()?;
        let (cloudfront, cloudfront_id) = new_cloudfront(home, 1)?;
        Ok(Self {
            addresses,
            vod: new_signer(home, "vod", "vod-1")?,
            other: new_signer(home, "trailers", "trailers-1")?,
            stranger: Signer::from_pem("stranger-1", stranger.private_pem())?,
            links: new_links(home)?,
            akamai: new_akamai(home)?,
            cloudfront,
            cloudfront_id,
            next: 2,
        })
    }

    /// Puts a new key into the demo's directory in place of the one that signs credentials of this kind.
    pub(super) fn rotate(&mut self, kind: Kind, home: &Home) -> anyhow::Result<()> {
        let number = self.next;
        self.next += 1;
        match kind {
            Kind::SignedUrl | Kind::SignedCookie => {
                let old = self.vod.kid().as_str().to_owned();
                self.vod = new_signer(home, "vod", &format!("vod-{number}"))?;
                home.remove_key("vod", &old)?;
            }
            Kind::SecureLink => self.links = new_links(home)?,
            Kind::CloudFront => {
                let old = self.cloudfront_id.clone();
                (self.cloudfront, self.cloudfront_id) = new_cloudfront(home, number)?;
                home.remove_key("cloudfront", &old)?;
            }
            Kind::Akamai => self.akamai = new_akamai(home)?,
            Kind::Public | Kind::EmbedToken => {}
        }
        Ok(())
    }

    /// Returns a signed token for the film's folder.
    pub(super) fn token(&self) -> anyhow::Result<SignedToken> {
        Ok(self.vod.token(Scope::folder(FOLDER)?).expires_in(LIFETIME).sign()?)
    }

    /// Returns a token whose claims were changed after it was signed: they name all videos.
    pub(super) fn tampered(&self, token: &SignedToken, id: &str) -> anyhow::Result<String> {
        let wanted = self.stranger.token(Scope::folder("videos")?).claim("sub", "ann").claim("jti", id);
        let wanted = wanted.expires_in(LIFETIME).sign()?;
        let part = |token: &SignedToken, at| token.as_str().split('.').nth(at).unwrap_or_default().to_owned();
        Ok([part(token, 0), part(&wanted, 1), part(token, 2)].join("."))
    }

    pub(super) fn cloudfront_policy(
        &self,
        folder: &str,
        expires: UnixSeconds,
    ) -> anyhow::Result<CloudFrontPolicy> {
        let resource = self.addresses.url(home::CLOUDFRONT, &format!("{folder}/*"));
        Ok(self.cloudfront.policy(resource).expires_at(expires).sign()?)
    }

    pub(super) fn akamai_token(&self, folder: &str, expires: UnixSeconds) -> anyhow::Result<String> {
        Ok(self.akamai.acl([format!("/{folder}/*")]).expires_at(expires).sign()?)
    }

    /// Returns the URL of a secure link.
    pub(super) fn link(&self, path: &str, expires: UnixSeconds) -> anyhow::Result<String> {
        Ok(self.links.link(&self.addresses.url(home::LINKS, path)).expires_at(expires).sign()?)
    }

    /// Returns a draft of an embed token that pages of this origin may use.
    pub(super) fn embed_draft(video: &str, origin: &str) -> EmbedDraft {
        EmbedDraft::new(video).viewer("ann").expires_in(LIFETIME).origins([origin])
    }

    /// Issues a credential with a change: an expired one, a changed one, or one for another folder.
    pub(super) async fn issue(
        &self,
        kind: Kind,
        change: Change,
        embeds: &Embeds,
    ) -> anyhow::Result<Credential> {
        let now = UnixSeconds::now();
        let expires = if change == Change::Expire {
            now.saturating_sub(60)
        } else {
            now.saturating_add(LIFETIME.as_secs().try_into().unwrap_or(i64::MAX))
        };
        let folder = if change == Change::Narrow { OTHER_FOLDER } else { FOLDER };
        let is_tampered = change == Change::Tamper;
        match kind {
            Kind::Public => Ok(self.credential(kind, home::PUBLIC, String::new(), String::new())),
            Kind::SignedUrl | Kind::SignedCookie => {
                let id = random_text()?;
                let draft = self.vod.token(Scope::folder(folder)?).claim("sub", "ann").claim("jti", &id);
                let token = draft.expires_at(expires).sign()?;
                let text = if is_tampered { self.tampered(&token, &id)? } else { token.as_str().to_owned() };
                let is_cookie = kind == Kind::SignedCookie;
                let query = if is_cookie { String::new() } else { format!("auth={text}") };
                let mut credential = self.credential(kind, home::CDN, query, text.clone());
                // `TokenCookie` would write the path and the expiry of each token, so that the browser kept two cookies, or none.
                // The demo needs one cookie that the next one replaces.
                credential.set_cookie = is_cookie.then(|| {
                    let name = playgate::schemes::DEFAULT_COOKIE_NAME;
                    format!("{name}={text}; Domain=playgate.localhost; Path=/videos/; Max-Age=3600; HttpOnly; SameSite=Lax")
                });
                credential.revocable = Revocable::Signed(Revocation::token(id).until(expires));
                Ok(credential)
            }
            Kind::SecureLink => {
                let link = self.link(&format!("{folder}/master.m3u8"), expires)?;
                let query = link.split_once('?').context("the link has no query")?.1;
                let query = if is_tampered {
                    let later = expires.saturating_add(86_400).to_string();
                    query.replace(&expires.to_string(), &later)
                } else {
                    query.to_owned()
                };
                Ok(self.credential(kind, home::LINKS, query.clone(), query))
            }
            Kind::EmbedToken => {
                let origin = self.addresses.origin(home::APP);
                let origin = if change == Change::Origin { ELSEWHERE } else { &origin };
                let video = if change == Change::Narrow { "2" } else { "1" };
                let token = embeds.issue(Self::embed_draft(video, origin)).await?;
                let text = if is_tampered { EmbedToken::generate()?.to_text() } else { token.to_text() };
                let mut credential = self.credential(kind, home::EMBED, format!("auth={text}"), text);
                credential.record = (!is_tampered).then(|| {
                    let exp = expires.get();
                    serde_json::json!({"video": video, "viewer": "ann", "origins": [origin], "exp": exp})
                });
                credential.revocable = Revocable::Embed(token);
                Ok(credential)
            }
            Kind::CloudFront => {
                let query = self.cloudfront_policy(folder, expires)?.query();
                let query = if is_tampered {
                    // The policy of another folder in front of this one's signature.
                    let wanted = self.cloudfront_policy("videos", expires)?.query();
                    let rest = query.split_once('&').context("the policy has no signature")?.1;
                    format!("{}&{rest}", wanted.split('&').next().unwrap_or_default())
                } else {
                    query
                };
                let mut credential = self.credential(kind, home::CLOUDFRONT, query.clone(), query);
                let revocation = Revocation::key(self.cloudfront_id.as_str()).until(expires);
                credential.revocable = Revocable::Signed(revocation);
                Ok(credential)
            }
            Kind::Akamai => {
                let token = self.akamai_token(folder, expires)?;
                let token =
                    if is_tampered { token.replace("acl=/videos/1/*", "acl=/videos/*") } else { token };
                Ok(self.credential(kind, home::AKAMAI, format!("hdnts={token}"), token))
            }
        }
    }

    fn credential(&self, kind: Kind, host: &str, query: String, text: String) -> Credential {
        Credential {
            kind,
            folder: self.addresses.url(host, &format!("{FOLDER}/")),
            query,
            text,
            record: None,
            impossible: impossible(kind),
            set_cookie: None,
            revocable: Revocable::Nothing,
        }
    }
}

/// The changes that a kind of credential does not support, with the reason.
fn impossible(kind: Kind) -> BTreeMap<Change, &'static str> {
    const PUBLIC: &str = "a public site needs no credential";
    const NO_NAME: &str = "this kind of credential has no id to revoke; rotate the key instead";
    let reasons: &[(Change, &str)] = match kind {
        Kind::Public => &[
            (Change::Expire, PUBLIC),
            (Change::Tamper, PUBLIC),
            (Change::Narrow, PUBLIC),
            (Change::Revoke, PUBLIC),
            (Change::Rotate, PUBLIC),
        ],
        Kind::SecureLink | Kind::Akamai => &[(Change::Revoke, NO_NAME)],
        Kind::EmbedToken => {
            &[(Change::Expire, "an embed token is valid for at least five minutes; revoke it instead")]
        }
        Kind::SignedUrl | Kind::SignedCookie | Kind::CloudFront => &[],
    };
    reasons.iter().copied().collect()
}

/// Creates a key on P-256, and writes both halves.
fn new_signer(home: &Home, folder: &str, kid: &str) -> anyhow::Result<Signer> {
    let pair = NewKey::p256()?;
    home.write_key(folder, kid, pair.public_pem(), pair.private_pem())?;
    Ok(Signer::from_pem(kid, pair.private_pem())?)
}

fn new_cloudfront(home: &Home, number: u32) -> anyhow::Result<(CloudFrontSigner, String)> {
    let id = format!("KDEMO{number}");
    let pair = NewKey::p256()?;
    home.write_key("cloudfront", &id, pair.public_pem(), pair.private_pem())?;
    Ok((CloudFrontSigner::from_pem(&id, pair.private_pem().as_bytes())?, id))
}

fn new_links(home: &Home) -> anyhow::Result<LinkSigner> {
    let secret = random_text()?;
    home.write_secret("links", &secret)?;
    Ok(LinkSigner::new(&SecureLink::gcore(secret.as_str()))?)
}

fn new_akamai(home: &Home) -> anyhow::Result<AkamaiSigner> {
    let secret = random_text()?;
    home.write_secret("akamai", &secret)?;
    Ok(AkamaiSigner::new(&Akamai::new(secret.as_str()))?)
}
