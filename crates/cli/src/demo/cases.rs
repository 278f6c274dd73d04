//! The cases of `--curl` and `--check`: requests, each with the expected status and code.

use std::fmt;

use playgate::Scope;
use playgate::time::UnixSeconds;
use playgate::verifier::Embeds;

use super::home;
use super::issuer::{ELSEWHERE, Issuer, LIFETIME};

const MASTER: &str = "videos/1/master.m3u8";
const MOVIE: &str = "videos/1/movie.mp4";

/// A request, and the response that is expected.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) status: u16,
    /// The code in the body of a refusal; empty for the other responses.
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) why: &'static str,
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Case {
    pub(super) fn new(status: u16, name: &'static str, why: &'static str, url: String) -> Self {
        Self { status, code: "", name, why, method: "GET", url, fields: Vec::new() }
    }

    fn refused(status: u16, code: &'static str, name: &'static str, why: &'static str, url: String) -> Self {
        Self { code, ..Self::new(status, name, why, url) }
    }

    fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    fn field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

/// A comment with the expected status, and the command.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, code, name, why, method, url, fields } = self;
        let code = if code.is_empty() { String::new() } else { format!(" {code}") };
        writeln!(f, "# {status}{code} {name}: {why}")?;
        write!(f, "curl -s -o /dev/null -w '%{{http_code}}\\n'")?;
        match *method {
            "GET" => {}
            "HEAD" => write!(f, " -I")?,
            method => write!(f, " -X {method}")?,
        }
        if url.contains("/../") {
            write!(f, " --path-as-is")?;
        }
        for (name, value) in fields {
            write!(f, " -H '{name}: {value}'")?;
        }
        write!(f, " '{url}'")
    }
}

/// Returns all cases. One of them needs an embed token that was revoked, so tokens are issued here.
pub(super) async fn all(issuer: &Issuer, embeds: &Embeds) -> anyhow::Result<Vec<Case>> {
    let mut cases = grants(issuer)?;
    cases.extend(links(issuer)?);
    cases.extend(of_embeds(issuer, embeds).await?);
    cases.extend(of_cdns(issuer)?);
    cases.extend(refusals(issuer)?);
    cases.extend(oddities(issuer)?);
    Ok(cases)
}

/// The signed URL of the film, and the same request without a credential.
pub(super) fn first_two(issuer: &Issuer) -> anyhow::Result<(String, String)> {
    let url = issuer.addresses.url(home::CDN, MASTER);
    Ok((issuer.token()?.url(&url), url))
}

fn grants(issuer: &Issuer) -> anyhow::Result<Vec<Case>> {
    let token = issuer.token()?;
    let page = issuer.addresses.origin(home::APP);
    let at = |host, path| issuer.addresses.url(host, path);
    let movie = token.url(&at(home::CDN, MOVIE));
    Ok(vec![
        Case::new(200, "public", "this site needs no credential", at(home::PUBLIC, MASTER)),
        Case::new(200, "signed URL, HLS", "the query has a token", token.url(&at(home::CDN, MASTER))),
        Case::new(
            200,
            "signed URL, DASH",
            "the same token covers the whole folder",
            token.url(&at(home::CDN, "videos/1/manifest.mpd")),
        ),
        Case::new(200, "signed cookie", "the cookie has the token", at(home::CDN, MASTER))
            .field("Cookie", token.host_cookie().pair()),
        Case::new(206, "range", "a hundred bytes of a signed URL", movie.clone())
            .field("Range", "bytes=0-99"),
        Case::new(200, "head", "the headers of a signed URL", movie).method("HEAD"),
        Case::new(204, "preflight", "a preflight of a browser, which has no token", at(home::CDN, MASTER))
            .method("OPTIONS")
            .field("Origin", page)
            .field("Access-Control-Request-Method", "GET")
            .field("Access-Control-Request-Headers", "range"),
    ])
}

fn in_an_hour() -> UnixSeconds {
    UnixSeconds::now().saturating_add(3600)
}

fn a_minute_ago() -> UnixSeconds {
    UnixSeconds::now().saturating_sub(60)
}

fn links(issuer: &Issuer) -> anyhow::Result<Vec<Case>> {
    let link = issuer.link(MASTER, in_an_hour())?;
    let old = issuer.link(MASTER, a_minute_ago())?;
    let segment = link.replace("master.m3u8", "seg-0-1.m4s");
    let elsewhere = link.replace("videos/1/", "videos/2/");
    Ok(vec![
        Case::new(200, "secure link", "the link is valid for one hour", link),
        Case::new(200, "secure link, segment", "one link covers its whole directory", segment),
        Case::refused(
            403,
            "link_bad",
            "secure link, elsewhere",
            "the hash is for another directory",
            elsewhere,
        ),
        Case::refused(
            410,
            "link_expired",
            "secure link, expired",
            "the hash is valid, the link has expired",
            old,
        ),
    ])
}

async fn of_embeds(issuer: &Issuer, embeds: &Embeds) -> anyhow::Result<Vec<Case>> {
    let page = issuer.addresses.origin(home::APP);
    let manifest = issuer.addresses.url(home::EMBED, &format!("{MASTER}?auth={{token}}"));
    let token = embeds.issue(Issuer::embed_draft("1", &page)).await?;
    let revoked = embeds.issue(Issuer::embed_draft("1", &page)).await?;
    embeds.revoke(revoked).await?;
    let url = token.url(&manifest);
    Ok(vec![
        Case::new(200, "embed token", "a player on an allowed page", url.clone()).field("Origin", &page),
        Case::refused(403, "origin_not_allowed", "embed token, elsewhere", "a player on another page", url)
            .field("Origin", ELSEWHERE),
        Case::refused(403, "revoked", "embed token, revoked", "it was revoked", revoked.url(&manifest))
            .field("Origin", &page),
    ])
}

fn of_cdns(issuer: &Issuer) -> anyhow::Result<Vec<Case>> {
    let cloudfront = issuer.addresses.url(home::CLOUDFRONT, MASTER);
    let akamai = issuer.addresses.url(home::AKAMAI, MASTER);
    let good = issuer.cloudfront_policy("videos/1", in_an_hour())?;
    let old = issuer.cloudfront_policy("videos/1", a_minute_ago())?;
    let token = |expires| {
        Ok::<_, anyhow::Error>(format!("{akamai}?hdnts={}", issuer.akamai_token("videos/1", expires)?))
    };
    Ok(vec![
        Case::new(200, "CloudFront", "a custom policy for the folder", good.url(&cloudfront)),
        Case::refused(
            403,
            "url_signature_out_of_scope",
            "CloudFront, elsewhere",
            "the policy is for another folder",
            good.url(&cloudfront.replace("videos/1/", "videos/2/")),
        ),
        Case::refused(
            403,
            "url_signature_expired",
            "CloudFront, expired",
            "its date has passed",
            old.url(&cloudfront),
        ),
        Case::new(200, "Akamai", "a token with an access list", token(in_an_hour())?),
        Case::refused(
            403,
            "url_signature_expired",
            "Akamai, expired",
            "its date has passed",
            token(a_minute_ago())?,
        ),
    ])
}

fn refusals(issuer: &Issuer) -> anyhow::Result<Vec<Case>> {
    let (now, hour) = (UnixSeconds::now(), in_an_hour());
    let folder = Scope::folder("videos/1")?;
    let good = issuer.token()?;
    let past = issuer.vod.token(folder.clone()).expires_at(a_minute_ago()).sign()?;
    let future =
        issuer.vod.token(folder.clone()).not_before(hour).expires_at(now.saturating_add(7200)).sign()?;
    let other = issuer.other.token(folder.clone()).expires_in(LIFETIME).sign()?;
    let stranger = issuer.stranger.token(folder).expires_in(LIFETIME).sign()?;
    let tampered = issuer.tampered(&good, "1")?;
    let url = issuer.addresses.url(home::CDN, MASTER);
    let elsewhere = url.replace("videos/1/", "videos/2/");
    Ok(vec![
        Case::refused(401, "credential_missing", "no credential", "the request has no token", url.clone()),
        Case::refused(401, "expired", "expired", "exp has passed", past.url(&url)),
        Case::refused(401, "not_yet_valid", "not yet valid", "nbf is in an hour", future.url(&url)),
        Case::refused(401, "unknown_key", "unknown key", "no key has the token's kid", stranger.url(&url)),
        Case::refused(
            401,
            "bad_signature",
            "tampered",
            "the claims were changed after signing",
            format!("{elsewhere}?auth={tampered}"),
        ),
        Case::refused(
            403,
            "out_of_scope",
            "out of scope",
            "the token is for another folder",
            good.url(&elsewhere),
        ),
        Case::refused(403, "wrong_key", "wrong key", "the key signs for another bucket", other.url(&url)),
    ])
}

/// Requests that no player sends.
fn oddities(issuer: &Issuer) -> anyhow::Result<Vec<Case>> {
    let token = issuer.token()?;
    let url = token.url(&issuer.addresses.url(home::CDN, MASTER));
    let detour = url.replace("videos/1/", "videos/1/../2/");
    Ok(vec![
        Case::refused(
            400,
            "ambiguous_path",
            "ambiguous path",
            "it starts in one folder and ends in another",
            detour,
        ),
        Case::refused(405, "method", "method", "media is read-only", url.clone()).method("DELETE"),
        Case::refused(421, "unknown_host", "unknown host", "no site has this host", url)
            .field("Host", "elsewhere.example"),
    ])
}
