//! Signed tokens: alone, in a URL, and in a cookie.

use anyhow::{Context as _, Result};
use playgate::mint::{SameSite, SignedToken, Signer};
use playgate::request::{PathBuffer, RequestPath};
use playgate::schemes::{DEFAULT_COOKIE_NAME, DEFAULT_QUERY_NAME, Scheme};
use playgate::site::SiteView;
use playgate::time::UnixSeconds;
use playgate::{KeySet, Scope, Verifier};
use serde_json::{Value, json};

use super::minted::{Lifetime, Minted};
use super::signer::{require_key, signer};
use crate::configuration::{SiteOptions, Url, choose_site, load_sound, require_grant};
use crate::failure::{no, usage};
use crate::input::KeyOptions;
use crate::output::Output;

/// Creates a signed token (JWT).
///
/// Without --key, it is signed with the shared secret of the configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = TOKEN_HELP)]
pub(super) struct TokenCommand {
    #[command(flatten)]
    common: Common,
    /// A URL that the token is for. It selects the site, and the token is checked with it.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

const TOKEN_HELP: &str = "\
Examples:
  playgate mint token --scope videos/1/ --key private/2026-12.pem
  playgate mint token --scope videos/1/ --key - --kid 2026-12 < private/2026-12.pem
  # With a shared secret of the configuration, which has the kid shared.
  playgate mint token --scope a.mp4 --expires 30days --claim sub=u42 --kid shared
  # Without a configuration, with the names that a site has by default.
  playgate mint token --scope '*' --expires never --no-config \\
    --key private/2026-12.pem

JSON: the common fields (playgate mint --help), \"token\", \"algorithm\" and \"scope\"";

/// Creates a signed URL: the URL with a signed token in its query.
///
/// Without --key, it is signed with the shared secret of the configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = URL_HELP)]
pub(super) struct UrlCommand {
    /// The URL of a playlist or another file. The default scope is its folder.
    url: String,
    #[command(flatten)]
    common: Common,
}

const URL_HELP: &str = "\
Examples:
  playgate mint url https://cdn.example.com/videos/1/master.m3u8 \\
    --key private/2026-12.pem
  playgate mint url https://cdn.example.com/videos/1/a.mp4 --scope videos/ \\
    --expires 24h --kid shared

JSON: the common fields (playgate mint --help), \"url\", \"token\", \"algorithm\" and \"scope\"";

/// Creates a signed cookie: the value of a Set-Cookie header.
///
/// Without --key, it is signed with the shared secret of the configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = COOKIE_HELP)]
pub(super) struct CookieCommand {
    #[command(flatten)]
    common: Common,
    /// A URL that the cookie is for. It selects the site, and the cookie is checked with it.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The domain of the cookie. By default, it is for the host that sets it.
    #[arg(long)]
    domain: Option<String>,
    /// The requests from other sites with which browsers send the cookie.
    #[arg(long, value_name = "VALUE", default_value = "lax")]
    same_site: SameSiteOption,
    /// Partition the cookie by the site of the page, which implies --same-site none.
    #[arg(long)]
    partitioned: bool,
}

const COOKIE_HELP: &str = "\
Examples:
  playgate mint cookie --scope videos/1/ --domain example.com \\
    --key private/2026-12.pem
  playgate mint cookie --scope videos/1/ --kid shared \\
    --url https://cdn.example.com/videos/1/a.ts

JSON: the common fields (playgate mint --help), \"set_cookie\", \"cookie\" (the pair that is sent back),
\"token\", \"algorithm\" and \"scope\"";

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SameSiteOption {
    Lax,
    Strict,
    None,
}

/// The options of every signed token.
#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    site: SiteOptions,
    /// Sign without a configuration, even if playgate.toml exists. Nothing is checked, and no base path is removed from the
    /// default scope.
    #[arg(long, conflicts_with_all = ["config", "site"])]
    no_config: bool,
    #[command(flatten)]
    key: KeyOptions,
    /// Scope of the token: a folder (videos/1/), a file, the playback ID of a live site, or * for
    /// the whole bucket.
    #[arg(long)]
    scope: Option<String>,
    #[command(flatten)]
    lifetime: Lifetime,
    /// An additional claim, as NAME=VALUE. A value that is JSON is written as JSON, any other as text.
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = claim)]
    claims: Vec<(String, Value)>,
}

fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write it as sub=u42")?;
    match name {
        "exp" => return Err("exp is set by --expires".to_owned()),
        "uri" => return Err("uri is set by --scope".to_owned()),
        "nbf" => return Err("nbf cannot be set: mint the token when its validity starts".to_owned()),
        _ => {}
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}

/// A token that was signed, and where it goes.
struct Signed {
    verifier: Option<Verifier>,
    site: Option<Site>,
    token: SignedToken,
    signer: Signer,
    now: UnixSeconds,
}

/// The facts of the site that a token is for.
struct Site {
    id: String,
    base_path: String,
    query_name: Option<String>,
    cookie_name: Option<String>,
}

impl Site {
    fn of(site: SiteView<'_>) -> Self {
        Self {
            id: site.id().to_owned(),
            base_path: site.base_path().to_owned(),
            query_name: site.query_names(Scheme::SignedToken).next().map(str::to_owned),
            cookie_name: site.cookie_names(Scheme::SignedToken).next().map(str::to_owned),
        }
    }
}

impl Common {
    fn sign(&self, url: Option<&Url<'_>>) -> Result<Signed> {
        let Some(config) = self.site.config().filter(|_| !self.no_config) else {
            if self.site.site.is_some() {
                self.site.required_config()?;
            }
            return self.sign_without_configuration(url);
        };
        let verifier = load_sound(config)?;
        let now = verifier.now();
        let snapshot = verifier.snapshot();
        let site = choose_site(&verifier, &snapshot, self.site.site.as_deref(), url)?;
        if !site.accepts(Scheme::SignedToken) {
            return Err(no(format!(
                "site {:?} accepts no signed tokens: add signed-token to its accepts",
                site.id()
            )));
        }
        let signer = signer(&self.key, Some(snapshot.keys()))?;
        let scope = self.scope(site.is_live(), site.base_path(), url)?;
        let token = self.draft(&signer, scope, Some(site), snapshot.keys(), now)?;
        require_key(snapshot.keys(), &signer, token.as_str())?;
        let site = Some(Site::of(site));
        Ok(Signed { verifier: Some(verifier.clone()), site, token, signer, now })
    }

    fn sign_without_configuration(&self, url: Option<&Url<'_>>) -> Result<Signed> {
        let now = UnixSeconds::now();
        let signer = signer(&self.key, None)?;
        let scope = self.scope(false, "/", url)?;
        let token = self.draft(&signer, scope, None, &KeySet::new(), now)?;
        Ok(Signed { verifier: None, site: None, token, signer, now })
    }

    fn draft(
        &self,
        signer: &Signer,
        scope: Scope,
        site: Option<SiteView<'_>>,
        keys: &KeySet,
        now: UnixSeconds,
    ) -> Result<SignedToken> {
        let mut draft = signer.token(scope);
        if let Some(at) = self.lifetime.expires.at(now)? {
            draft = draft.expires_at(at);
        }
        let of_key = keys.keys_of(signer.kid().as_str()).find_map(playgate::Key::issuer);
        let issuer = site.and_then(SiteView::token_issuer).or(of_key);
        let audience = site.and_then(SiteView::token_audience);
        for (name, value) in [("iss", issuer), ("aud", audience)] {
            if let Some(value) = value {
                draft = draft.claim(name, value);
            }
        }
        for (name, value) in &self.claims {
            draft = draft.claim(name, value);
        }
        Ok(draft.sign()?)
    }

    /// Returns the scope: the option, or the folder of the URL.
    fn scope(&self, is_live: bool, base_path: &str, url: Option<&Url<'_>>) -> Result<Scope> {
        match (self.scope.as_deref(), url) {
            (Some("*"), _) => Ok(Scope::whole_bucket()),
            (Some(id), _) if is_live => Ok(Scope::playback_id(id)?),
            (Some(folder), _) if folder.ends_with('/') => Ok(Scope::folder(folder)?),
            (Some(object), _) => Ok(Scope::object(object)?),
            (None, Some(url)) if !is_live => folder_of(url, base_path),
            (None, _) => Err(usage("no scope: set a folder such as --scope videos/1/, or a playback ID")),
        }
    }
}

/// Returns the folder of a URL's object key. A key without a folder is its own scope, so that no token covers a whole bucket
/// unless that is written.
fn folder_of(url: &Url<'_>, base_path: &str) -> Result<Scope> {
    let mut buffer = PathBuffer::new();
    let path = RequestPath::parse(url.path().as_bytes(), &mut buffer)
        .map_err(|fault| no(format!("path of the URL is ambiguous: {fault}; use its normal form")))?;
    let path = std::str::from_utf8(path.as_bytes())?;
    let key = path.strip_prefix(base_path).context("URL is outside the site's base path: correct it")?;
    match key.rsplit_once('/') {
        Some((folder, _)) => Ok(Scope::folder(folder)?),
        None => Ok(Scope::object(key)?),
    }
}

impl Signed {
    fn minted<'m>(
        &'m self,
        kind: &'m str,
        text: String,
        is_checked: bool,
        fields: Vec<(&'static str, Value)>,
    ) -> Minted<'m> {
        let Self { site, token, signer, .. } = self;
        let mut all = vec![
            ("token", json!(token.as_str())),
            ("algorithm", json!(signer.algorithm().name())),
            ("scope", json!(token.scope().as_uri())),
        ];
        all.extend(fields);
        Minted {
            kind,
            site: site.as_ref().map(|site| site.id.as_str()),
            kid: Some(signer.kid().as_str()),
            expires_at: token.expires_at(),
            is_checked,
            text,
            fields: all,
        }
    }

    /// Returns the URL with the token in its query.
    fn url(&self, url: &Url<'_>) -> Result<String> {
        let name = match &self.site {
            Some(Site { query_name: Some(name), .. }) => name.as_str(),
            Some(Site { id, query_name: None, .. }) => {
                return Err(no(format!(
                    "site {id:?} does not accept tokens in the query: add query to its carriers, or mint a cookie"
                )));
            }
            None => DEFAULT_QUERY_NAME,
        };
        Ok(self.token.url_with(url.text(), name))
    }

    /// Checks the token in the query or, where the site reads no query, in a cookie. Returns whether there was something to check.
    fn check(&self, url: Option<&Url<'_>>) -> Result<bool> {
        let (Some(verifier), Some(site), Some(url)) = (&self.verifier, &self.site, url) else {
            return Ok(false);
        };
        let with_query;
        let mut request = url.request();
        match (&site.query_name, &site.cookie_name) {
            (Some(name), _) => {
                with_query = self.token.url_with(url.text(), name);
                request.url = Url::parse(&with_query)?;
                require_grant(verifier, &request, Scheme::SignedToken)?;
            }
            (None, Some(name)) => {
                request.cookies = format!("{name}={}", self.token.as_str()).into_bytes();
                require_grant(verifier, &request, Scheme::SignedToken)?;
            }
            (None, None) => return Ok(false),
        }
        Ok(true)
    }
}

impl TokenCommand {
    pub(super) fn run(self, out: Output) -> Result<()> {
        let url = self.url.as_deref().map(Url::parse).transpose()?;
        let signed = self.common.sign(url.as_ref())?;
        let is_checked = signed.check(url.as_ref())?;
        signed
            .minted("token", signed.token.as_str().to_owned(), is_checked, Vec::new())
            .print(signed.now, out)
    }
}

impl UrlCommand {
    pub(super) fn run(self, out: Output) -> Result<()> {
        let url = Url::parse(&self.url)?;
        let signed = self.common.sign(Some(&url))?;
        let text = signed.url(&url)?;
        let is_checked = signed.check(Some(&url))?;
        let fields = vec![("url", json!(text))];
        signed.minted("url", text, is_checked, fields).print(signed.now, out)
    }
}

impl CookieCommand {
    pub(super) fn run(self, out: Output) -> Result<()> {
        let url = self.url.as_deref().map(Url::parse).transpose()?;
        let signed = self.common.sign(url.as_ref())?;
        let mut cookie = match &self.domain {
            Some(domain) => signed.token.cookie(domain)?,
            None => signed.token.host_cookie(),
        };
        let name = match &signed.site {
            Some(Site { cookie_name: Some(name), .. }) => name.as_str(),
            Some(Site { id, cookie_name: None, .. }) => {
                return Err(no(format!(
                    "site {id:?} does not accept cookies: add cookie to its carriers, or mint a URL"
                )));
            }
            None => DEFAULT_COOKIE_NAME,
        };
        cookie = cookie.name(name)?.same_site(match self.same_site {
            SameSiteOption::Lax => SameSite::Lax,
            SameSiteOption::Strict => SameSite::Strict,
            SameSiteOption::None => SameSite::None,
        });
        if let Some(site) = &signed.site {
            cookie = cookie.base_path(&site.base_path);
        }
        if self.partitioned {
            cookie = cookie.partitioned();
        }
        let mut is_checked = false;
        if let (Some(verifier), Some(url)) = (&signed.verifier, url) {
            let mut request = url.request();
            request.cookies = cookie.pair().into_bytes();
            require_grant(verifier, &request, Scheme::SignedToken)?;
            is_checked = true;
        }
        let text = cookie.to_string();
        let fields = vec![("set_cookie", json!(text)), ("cookie", json!(cookie.pair()))];
        signed.minted("cookie", text, is_checked, fields).print(signed.now, out)
    }
}
