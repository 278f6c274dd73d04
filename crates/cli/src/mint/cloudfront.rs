use std::net::Ipv4Addr;

use anyhow::Result;
use playgate::schemes::Scheme;
use playgate::schemes::cloudfront::CloudFrontSigner;
use serde_json::{Map, Value, json};

use super::minted::{Lifetime, Minted};
use crate::configuration::{SiteOptions, Url, choose_site, load_sound, require_grant};
use crate::failure::{no, usage};
use crate::input::KeyOptions;
use crate::output::Output;

/// Creates a signed URL or signed cookies in CloudFront's format.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct CloudFront {
    /// The URL of a playlist or another file.
    url: String,
    #[command(flatten)]
    site: SiteOptions,
    /// The key that signs, RSA or P-256. Its kid is the id of the public key at CloudFront.
    #[command(flatten)]
    key: KeyOptions,
    #[command(flatten)]
    lifetime: Lifetime,
    /// The URLs that the policy covers, with * and ?. By default, it covers only the URL.
    #[arg(long, value_name = "URL")]
    resource: Option<String>,
    /// The client's address.
    #[arg(long, value_name = "ADDRESS")]
    client: Option<Ipv4Addr>,
    /// Print cookies instead of a URL, one on each line.
    #[arg(long)]
    cookies: bool,
}

const HELP: &str = "\
Examples:
  playgate mint cloudfront https://media.example.com/a.mp4 \\
    --key private/K2JCJMDEHXQW5F.pem
  playgate mint cloudfront https://media.example.com/videos/1/master.m3u8 \\
    --resource 'https://media.example.com/videos/1/*' --cookies \\
    --key private/K2JCJMDEHXQW5F.pem

JSON: the common fields (playgate mint --help), \"url\", and \"cookies\": {name: value}";

impl CloudFront {
    pub(super) fn run(self, out: Output) -> Result<()> {
        let url = Url::parse(&self.url)?;
        let verifier = load_sound(self.site.required_config()?)?;
        let (now, snapshot) = (verifier.now(), verifier.snapshot());
        let site = choose_site(&verifier, &snapshot, self.site.site.as_deref(), Some(&url))?;
        if !site.accepts(Scheme::CloudFront) {
            return Err(no(format!(
                "site {:?} accepts no CloudFront signatures: add cloudfront = {{}} to it",
                site.id()
            )));
        }
        let pem = self.key.read()?;
        let pem = pem.ok_or_else(|| {
            usage("no private key: set its file with --key, or its environment variable with --key-env")
        })?;
        let id =
            self.key.kid().ok_or_else(|| usage("key has no kid: set the id of its public key with --kid"))?;
        let signer = CloudFrontSigner::from_pem(&id, &pem)?;
        let expires_at = self.lifetime.limited("a CloudFront policy", now)?;
        let mut draft = match &self.resource {
            Some(resource) => signer.policy(resource),
            None => signer.url(url.without_fragment()),
        };
        draft = draft.expires_at(expires_at);
        if let Some(client) = self.client {
            draft = draft.client(client);
        }
        let policy = draft.sign()?;
        let signed = policy.url(url.without_fragment());
        let pairs: Vec<String> = policy.cookies().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = if self.cookies { url.request() } else { Url::parse(&signed)?.request() };
        if self.cookies {
            request.cookies = pairs.join("; ").into_bytes();
        }
        request.client = self.client.map(Into::into);
        require_grant(&verifier, &request, Scheme::CloudFront)?;
        let cookies: Map<String, Value> =
            policy.cookies().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let fields = vec![("url", json!(signed)), ("cookies", Value::Object(cookies))];
        let text = if self.cookies { pairs.join("\n") } else { signed };
        let (site, kid, expires_at) = (Some(site.id()), Some(id.as_str()), Some(expires_at));
        Minted { kind: "cloudfront", site, kid, expires_at, is_checked: true, text, fields }.print(now, out)
    }
}
