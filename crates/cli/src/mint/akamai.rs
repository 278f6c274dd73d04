use std::net::IpAddr;

use anyhow::Result;
use playgate::schemes::Scheme;
use serde_json::json;

use super::minted::{Lifetime, Minted};
use crate::configuration::{SiteOptions, Url, choose_site, load_sound, require_grant};
use crate::failure::no;
use crate::output::Output;

/// Creates an Akamai token with the site's key: a URL, or a cookie if the site does not accept tokens in the query.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Akamai {
    /// The URL of a playlist or another file.
    url: String,
    #[command(flatten)]
    site: SiteOptions,
    #[command(flatten)]
    lifetime: Lifetime,
    /// A path that the token covers, with * and ?. It can be repeated. By default, the token covers
    /// only the URL, so that a player cannot load the segments of a playlist with it.
    #[arg(long, value_name = "PATH")]
    acl: Vec<String>,
    /// The client's address.
    #[arg(long, value_name = "ADDRESS")]
    client: Option<IpAddr>,
    /// The name of the session. Never take it from a user unchecked.
    #[arg(long)]
    id: Option<String>,
}

const HELP: &str = "\
Examples:
  playgate mint akamai https://cdn.example.com/videos/1/master.m3u8 \\
    --acl '/videos/1/*'
  playgate mint akamai https://cdn.example.com/a.mp4 --expires 5min --id session-7

JSON: the common fields (playgate mint --help), \"token\", \"url\" and \"cookie\"; url or cookie is null where
the site does not read it";

impl Akamai {
    pub(super) fn run(self, out: Output) -> Result<()> {
        let url = Url::parse(&self.url)?;
        let verifier = load_sound(self.site.required_config()?)?;
        let (now, snapshot) = (verifier.now(), verifier.snapshot());
        let site = choose_site(&verifier, &snapshot, self.site.site.as_deref(), Some(&url))?;
        let signer = site.akamai_signer().ok_or_else(|| {
            no(format!("site {:?} has no Akamai tokens: add the section akamai to it", site.id()))
        })?;
        let expires_at = self.lifetime.limited("an Akamai token", now)?;
        let mut draft = if self.acl.is_empty() { signer.url(url.target()) } else { signer.acl(&self.acl) };
        draft = draft.expires_at(expires_at);
        if let Some(client) = self.client {
            draft = draft.client(client);
        }
        if let Some(id) = self.id {
            draft = draft.id(id);
        }
        let token = draft.sign()?;
        let with_token = |name: &str| {
            let (base, fragment) =
                url.text().split_once('#').map_or((url.text(), None), |(base, rest)| (base, Some(rest)));
            let separator = if base.contains('?') { '&' } else { '?' };
            let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
            format!("{base}{separator}{name}={token}{fragment}")
        };
        let signed = site.query_names(Scheme::Akamai).next().map(with_token);
        let cookie = site.cookie_names(Scheme::Akamai).next().map(|name| format!("{name}={token}"));
        let mut request = match &signed {
            Some(signed) => Url::parse(signed)?.request(),
            None => url.request(),
        };
        let mut is_checked = signed.is_some();
        if let (None, Some(cookie)) = (&signed, &cookie) {
            request.cookies = cookie.clone().into_bytes();
            is_checked = true;
        }
        request.client = self.client;
        if is_checked {
            require_grant(&verifier, &request, Scheme::Akamai)?;
        }
        let text = signed.clone().or_else(|| cookie.clone()).unwrap_or_else(|| token.clone());
        let fields = vec![("token", json!(token)), ("url", json!(signed)), ("cookie", json!(cookie))];
        let (site, expires_at) = (Some(site.id()), Some(expires_at));
        Minted { kind: "akamai", site, kid: None, expires_at, is_checked, text, fields }.print(now, out)
    }
}
