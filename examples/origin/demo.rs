//! Keys, signed URLs and signed cookies: what an application makes for its viewers, and what others might try.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs, io};

use playgate::Scope;
use playgate::mint::{LinkSigner, MintError, NewKey, SignedToken, Signer};
use playgate::schemes::link::SecureLink;
use playgate::time::UnixSeconds;
use serde_json::{Value, json};

use crate::{APP, CDN, CONFIG, Error, LINKS, LIVE, PUBLIC};

pub(crate) const LIFETIME: Duration = Duration::from_hours(1);

/// The folder that the demo's tokens open, and what is asked for in it.
const FOLDER: &str = "videos/1";
const MOVIE: &str = "videos/1/movie.mp4";
const PLAYLIST: &str = "videos/1/master.m3u8";
const MPD: &str = "videos/1/dash/manifest.mpd";

/// The page: it is text around one place for JSON.
const PAGE: &str = include_str!("page.html");

/// The signing half of the demo. A real one lives in the application, away from the origin.
pub(crate) struct Demo {
    port: String,
    vod: Signer,
    other: Signer,
    live: Signer,
    stranger: Signer,
    links: LinkSigner,
    link_secret: String,
    public_keys: [KeyFile; 3],
}

/// The public half of a key, for the verifier's folder of this name.
struct KeyFile {
    folder: &'static str,
    kid: &'static str,
    pem: String,
}

/// A page with the cookie that goes with it.
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) set_cookie: String,
}

/// A request, and the status that it gets.
pub(crate) struct Case {
    status: u16,
    name: &'static str,
    why: &'static str,
    url: String,
    options: String,
}

impl Demo {
    /// New keys, for as long as the program runs.
    pub(crate) fn new(port: u16) -> Result<Self, Error> {
        let (vod, vod_key) = new_key("vod", "vod-1")?;
        let (other, other_key) = new_key("other", "other-1")?;
        let (live, live_key) = new_key("live", "live-1")?;
        // The verifier never hears of this one.
        let (stranger, _) = new_key("vod", "stranger-1")?;
        // Browsers leave the default port out of `Origin`.
        let port = if port == 80 { String::new() } else { format!(":{port}") };
        let link_secret = new_secret()?;
        let links = LinkSigner::new(&SecureLink::gcore(link_secret.as_str()))?;
        let public_keys = [vod_key, other_key, live_key];
        Ok(Self { port, vod, other, live, stranger, links, link_secret, public_keys })
    }

    /// Writes the example's configuration, the public keys it names, and the secret of its links; private keys stay here.
    pub(crate) fn write_config(&self, folder: &Path) -> io::Result<PathBuf> {
        for KeyFile { folder: scope, kid, pem } in &self.public_keys {
            let keys = folder.join("keys").join(scope);
            fs::create_dir_all(&keys)?;
            fs::write(keys.join(format!("{kid}.pem")), pem)?;
        }
        fs::create_dir_all(folder.join("secrets"))?;
        fs::write(folder.join("secrets/links"), &self.link_secret)?;
        let file = folder.join("playgate.toml");
        fs::write(&file, CONFIG.replace(&format!("http://{APP}:8080"), &self.page_origin()))?;
        Ok(file)
    }

    /// The origin of the page, as browsers send it.
    pub(crate) fn page_origin(&self) -> String {
        format!("http://{APP}{}", self.port)
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}{}/{path}", self.port)
    }

    /// A token for the sample video: for an hour, for one folder.
    fn token(&self) -> Result<SignedToken, MintError> {
        self.vod.token(Scope::folder(FOLDER)?).expires_in(LIFETIME).sign()
    }

    /// The page: a signed URL and a token in its text, a signed cookie beside it.
    pub(crate) fn page(&self, hls_js: bool) -> Result<Page, MintError> {
        let movie = self.vod.token(Scope::object(MOVIE)?).expires_in(LIFETIME).sign()?;
        let folder = self.token()?;
        let cases = self.refusals()?;
        let cases =
            cases.iter().map(|case| json!({"name": case.name, "url": case.url, "status": case.status}));
        let data = json!({
            "mp4_signed_url": movie.url(&self.url(CDN, MOVIE)),
            "hls_url": self.url(CDN, PLAYLIST),
            "hls_signed_url": folder.url(&self.url(CDN, PLAYLIST)),
            "expires_at": folder.expires_at().map(UnixSeconds::get),
            "hls_js": hls_js,
            "cases": cases.collect::<Vec<_>>(),
        });
        let html = fill(PAGE, &data);
        Ok(Page { html, set_cookie: folder.cookie("playgate.localhost")?.to_string() })
    }

    /// Everything to try from a terminal.
    pub(crate) fn cases(&self) -> Result<Vec<Case>, MintError> {
        let mut cases = self.grants()?;
        cases.extend(self.links()?);
        cases.extend(self.refusals()?);
        cases.extend(self.oddities()?);
        Ok(cases)
    }

    fn grants(&self) -> Result<Vec<Case>, MintError> {
        let token = self.token()?;
        let signed = token.url(&self.url(CDN, MOVIE));
        let cookie = token.host_cookie().pair();
        let live = self.live.token(Scope::playback_id("channel-1")?).expires_in(LIFETIME).sign()?;
        let preflight = format!(
            "-X OPTIONS -H 'Origin: {}' -H 'Access-Control-Request-Method: GET' \
             -H 'Access-Control-Request-Headers: range'",
            self.page_origin()
        );
        Ok(vec![
            Case::new(200, "public", "this host asks for nothing", self.url(PUBLIC, "movie.mp4")),
            Case::new(200, "signed URL", "the query brings a token", signed.clone()),
            Case::new(
                200,
                "signed cookie",
                "a cookie brings it, the URL stays clean",
                self.url(CDN, PLAYLIST),
            )
            .with(&format!("-b '{cookie}'")),
            Case::new(206, "range", "a hundred bytes of a signed URL", signed).with("-r 0-99"),
            Case::new(200, "live", "the channel's playlist", live.url(&self.url(LIVE, "channel-1.m3u8"))),
            Case::new(
                200,
                "live segment",
                "the same token",
                live.url(&self.url(LIVE, "channel-1/360p/seg-0.ts")),
            ),
            Case::new(204, "preflight", "the page asks if it may; no token yet", self.url(CDN, PLAYLIST))
                .with(&preflight),
        ])
    }

    /// Links with a hash and an expiry, as a CDN's customers sign them: one opens what is directly inside one directory.
    fn links(&self) -> Result<Vec<Case>, MintError> {
        let url = self.url(LINKS, MPD);
        let link = self.links.link(&url).expires_in(LIFETIME).sign()?;
        let old = self.links.link(&url).expires_at(UnixSeconds::now().saturating_sub(60)).sign()?;
        let segment = link.replace("manifest.mpd", "seg-0-1.m4s");
        let elsewhere = link.replace(MPD, MOVIE);
        Ok(vec![
            Case::new(200, "secure link", "a manifest; its URIs carry the link on", link),
            Case::new(200, "secure link, segment", "as the manifest names it to a player", segment),
            Case::new(403, "secure link, elsewhere", "its hash is for another directory", elsewhere),
            Case::new(410, "secure link, old", "its hash fits, its time is over", old),
        ])
    }

    /// Plain GETs that are refused; the page shows them too.
    fn refusals(&self) -> Result<Vec<Case>, MintError> {
        let now = UnixSeconds::now();
        let hours = |count: i64| now.saturating_add(count * 60 * 60);
        let folder = Scope::folder(FOLDER)?;
        let good = self.token()?;
        let past = self.vod.token(folder.clone()).expires_at(now.saturating_sub(60)).sign()?;
        let future = self.vod.token(folder.clone()).not_before(hours(1)).expires_at(hours(2)).sign()?;
        let other = self.other.token(folder.clone()).expires_in(LIFETIME).sign()?;
        let stranger = self.stranger.token(folder).expires_in(LIFETIME).sign()?;

        let movie = self.url(CDN, MOVIE);
        let elsewhere = self.url(CDN, "videos/2/movie.mp4");
        // The claims name the folder that is wanted; the signature is still the old one.
        let wanted = self.stranger.token(Scope::folder("videos/2")?).expires_in(LIFETIME).sign()?;
        let tampered = splice(&good, &wanted);
        Ok(vec![
            Case::new(401, "missing", "no token at all", movie.clone()),
            Case::new(401, "expired", "the token's exp has passed", past.url(&movie)),
            Case::new(401, "not yet valid", "the token's nbf is an hour away", future.url(&movie)),
            Case::new(401, "unknown key", "no key has the token's kid", stranger.url(&movie)),
            Case::new(
                401,
                "tampered",
                "the claims were changed after signing",
                format!("{elsewhere}?auth={tampered}"),
            ),
            Case::new(403, "out of scope", "a good token, but for another folder", good.url(&elsewhere)),
            Case::new(403, "wrong key", "a good token, but by another bucket's key", other.url(&movie)),
        ])
    }

    /// What no player does by itself.
    fn oddities(&self) -> Result<Vec<Case>, MintError> {
        let token = self.token()?;
        let detour = token.url(&self.url(CDN, "videos/1/../2/movie.mp4"));
        let movie = token.url(&self.url(CDN, MOVIE));
        Ok(vec![
            Case::new(400, "ambiguous path", "it starts in one folder and ends in another", detour)
                .with("--path-as-is"),
            Case::new(405, "method", "a good token, but media is only read", movie.clone()).with("-X DELETE"),
            Case::new(421, "unknown host", "no site has this name", movie)
                .with("-H 'Host: elsewhere.example'"),
        ])
    }
}

/// A page with its data. Inside a script element `</script>` would end it; `\u003c` means the same to JSON.
pub(crate) fn fill(page: &str, data: &Value) -> String {
    page.replace("__DEMO__", &data.to_string().replace('<', "\\u003c"))
}

/// A new key pair: who holds the first half signs, who holds the second verifies.
fn new_key(folder: &'static str, kid: &'static str) -> Result<(Signer, KeyFile), MintError> {
    let pair = NewKey::rsa(2048)?;
    let public = KeyFile { folder, kid, pem: pair.public_pem().to_owned() };
    Ok((Signer::from_pem(kid, pair.private_pem())?, public))
}

/// What the application and the origin share.
fn new_secret() -> Result<String, Error> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// The header and signature of one token around the claims of another.
fn splice(signed: &SignedToken, claims: &SignedToken) -> String {
    let part = |token: &SignedToken, at| token.as_str().split('.').nth(at).unwrap_or_default().to_owned();
    [part(signed, 0), part(claims, 1), part(signed, 2)].join(".")
}

impl Case {
    pub(crate) fn new(status: u16, name: &'static str, why: &'static str, url: String) -> Self {
        Self { status, name, why, url, options: String::new() }
    }

    /// More options for curl.
    pub(crate) fn with(self, options: &str) -> Self {
        Self { options: format!("{options} "), ..self }
    }
}

/// A comment and the command: for people, and for scripts to read.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, name, why, url, options } = self;
        writeln!(f, "# {status} {name}: {why}")?;
        write!(f, "curl -s -o /dev/null -w '%{{http_code}}\\n' {options}'{url}'")
    }
}
