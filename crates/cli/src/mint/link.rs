use std::net::IpAddr;

use anyhow::Result;
use playgate::mint::{LinkSigner, MintError};
use playgate::schemes::Scheme;
use playgate::time::UnixSeconds;
use serde_json::json;

use super::minted::{Lifetime, Minted};
use crate::configuration::{SiteOptions, Url, choose_site, load_sound, require_grant};
use crate::failure::{no, usage};
use crate::output::Output;

/// Creates a secure link, in the format of the site and with its secret.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Link {
    /// The URL without hash and expiry.
    url: String,
    #[command(flatten)]
    site: SiteOptions,
    #[command(flatten)]
    lifetime: Lifetime,
    /// The client's address, for a site that binds links to addresses.
    #[arg(long, value_name = "ADDRESS")]
    client: Option<IpAddr>,
    /// Files that the link covers, for a site that accepts both kinds.
    #[arg(long, value_name = "WHAT")]
    covers: Option<Covers>,
}

const HELP: &str = "\
Examples:
  playgate mint link https://cdn.example.com/videos/1/master.m3u8
  playgate mint link https://cdn.example.com/videos/1/master.m3u8 \\
    --expires 5min --covers directory

JSON: the common fields (playgate mint --help) and \"url\"";

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Covers {
    File,
    Directory,
}

impl Link {
    pub(super) fn run(self, out: Output) -> Result<()> {
        let url = Url::parse(&self.url)?;
        let verifier = load_sound(self.site.required_config()?)?;
        let (now, snapshot) = (verifier.now(), verifier.snapshot());
        let site = choose_site(&verifier, &snapshot, self.site.site.as_deref(), Some(&url))?;
        let signer: LinkSigner = site.link_signer().ok_or_else(|| {
            no(format!("site {:?} has no secure links: add the section secure_link to it", site.id()))
        })?;
        let expires_at = self.lifetime.expires.at(now)?;
        let text = self.sign(&signer, expires_at, self.client).map_err(|error| {
            // Which option is missing shows in whether the link can be signed with it.
            let later = expires_at.or(Some(now.saturating_add(3600)));
            let anybody = self.client.or(Some(IpAddr::from([192, 0, 2, 1])));
            if expires_at.is_none()
                && self.sign(&signer, later, anybody).is_ok()
                && self.sign(&signer, None, anybody).is_err()
            {
                usage("--expires is never, but links of this site expire: use a lifetime")
            } else if self.client.is_none() && self.sign(&signer, later, anybody).is_ok() {
                usage("links of this site are bound to addresses: set the client's address with --client")
            } else {
                error.into()
            }
        })?;
        let mut request = Url::parse(&text)?.request();
        request.client = self.client;
        require_grant(&verifier, &request, Scheme::SecureLink)?;
        let fields = vec![("url", json!(text))];
        let site = Some(site.id());
        Minted { kind: "link", site, kid: None, expires_at, is_checked: true, text: text.clone(), fields }
            .print(now, out)
    }

    fn sign(
        &self,
        signer: &LinkSigner,
        expires_at: Option<UnixSeconds>,
        client: Option<IpAddr>,
    ) -> Result<String, MintError> {
        let mut draft = signer.link(&self.url);
        if let Some(at) = expires_at {
            draft = draft.expires_at(at);
        }
        if let Some(client) = client {
            draft = draft.client(client);
        }
        match self.covers {
            Some(Covers::File) => draft = draft.file(),
            Some(Covers::Directory) => draft = draft.directory(),
            None => {}
        }
        draft.sign()
    }
}
