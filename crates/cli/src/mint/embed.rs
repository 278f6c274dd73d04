use std::path::PathBuf;

use anyhow::Result;

use super::minted::Lifetime;
use crate::configuration::SiteOptions;
use crate::output::Output;

/// Issues an embed token: a record in the shared store of the origin, and the token that names it.
///
/// A store in memory ends with its process, so a token in it would grant nothing. This command writes to the Redis or
/// Valkey that the origin uses. It needs a build with the feature redis.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Embed {
    /// The video, as the site's embed scope names it; on a live site the playback ID.
    video: String,
    #[command(flatten)]
    site: SiteOptions,
    #[command(flatten)]
    lifetime: Lifetime,
    /// The viewer, whose tokens can be revoked together.
    #[arg(long)]
    viewer: Option<String>,
    /// An origin of pages that may use the token. It can be repeated. The default is all.
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// A file with the address of the store, which may contain a password: redis://…
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// The environment variable with that address.
    #[arg(long, value_name = "VARIABLE", default_value = "PLAYGATE_REDIS_URL", conflicts_with = "store")]
    store_env: String,
}

const HELP: &str = "\
Examples:
  playgate mint embed video-1 --viewer u42 --store secrets/redis-url
  # With the address of the store in PLAYGATE_REDIS_URL.
  playgate mint embed video-1 --expires never --origin https://app.example.com

JSON: the common fields (playgate mint --help), \"token\" and \"paths\": the paths of the site with the token";

#[cfg(not(feature = "redis"))]
impl Embed {
    pub(super) fn run(self, _: Output) -> Result<()> {
        let Self { video: _, site, lifetime: _, viewer: _, origins: _, store: _, store_env: _ } = self;
        crate::configuration::load_sound(site.required_config()?)?;
        anyhow::bail!(
            "embed tokens need a shared store, but this playgate was built without one: install it with \
             --features redis"
        )
    }
}

/// The longest time that connecting to the store may take.
#[cfg(feature = "redis")]
const CONNECTING: std::time::Duration = std::time::Duration::from_secs(5);

#[cfg(feature = "redis")]
impl Embed {
    pub(super) fn run(self, out: Output) -> Result<()> {
        use playgate::schemes::embed::{EmbedDraft, Lifetime as For};
        use playgate::store::Store;
        use playgate::{Verifier, schemes::Scheme};
        use serde_json::json;

        use super::minted::Minted;
        use crate::configuration::{choose_site, load_sound_with};
        use crate::dates::Expires;
        use crate::failure::no;
        use crate::input;

        let config = self.site.required_config()?;
        let address = match &self.store {
            Some(path) => input::read_secret("--store", path)?,
            None => input::variable("--store-env", &self.store_env)?,
        };
        let address = std::str::from_utf8(input::without_line_end(&address))?.to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let store = Store::redis(address).connect()?;
            if tokio::time::timeout(CONNECTING, store.ready()).await.is_err() {
                let seconds = CONNECTING.as_secs();
                anyhow::bail!(
                    "shared store did not answer within {seconds} s: start it, or correct its address or password"
                );
            }
            let verifier = load_sound_with(Verifier::builder().store(&store), config)?;
            let (now, snapshot) = (verifier.now(), verifier.snapshot());
            let site = choose_site(&verifier, &snapshot, self.site.site.as_deref(), None)?;
            if !site.accepts(Scheme::EmbedToken) {
                return Err(no(format!(
                    "site {:?} accepts no embed tokens: add embed = {{}} to it",
                    site.id()
                )));
            }
            let expires_at = self.lifetime.expires.at(now)?;
            let mut draft = EmbedDraft::new(self.video).origins(self.origins);
            draft = draft.expires_in(match (self.lifetime.expires, expires_at) {
                (Expires::In(lifetime), _) => For::For(lifetime),
                (_, Some(at)) => {
                    let seconds = u64::try_from(at.get().saturating_sub(now.get())).unwrap_or_default();
                    For::For(std::time::Duration::from_secs(seconds))
                }
                (_, None) => For::Never,
            });
            if let Some(viewer) = self.viewer {
                draft = draft.viewer(viewer);
            }
            let embeds = verifier.embeds(site.id())?;
            let token = embeds.issue(draft).await?;
            let text = token.to_text();
            let paths: Vec<String> = site.embed_paths().map(|pattern| token.url(&pattern)).collect();
            let fields = vec![("token", json!(text)), ("paths", json!(paths))];
            let site = Some(site.id());
            Minted { kind: "embed", site, kid: None, expires_at, is_checked: false, text, fields }
                .print(now, out)
        })
    }
}
