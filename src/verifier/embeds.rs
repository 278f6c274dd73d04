use super::faults::list_names;
use super::handle::Verifier;
use crate::error::ConfigError;
use crate::records::{EmbedCounts, EmbedDraft, EmbedToken, Lifetime, check_id};
use crate::revocation::Revocation;
use crate::store::StoreError;

impl Verifier {
    /// Returns a handle to issue, revoke and count the embed tokens of a site, given the site's id.
    ///
    /// ```
    /// use playgate::{Site, Verifier, schemes::embed::{Embed, EmbedDraft}};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let verifier = Verifier::builder()
    ///     .site(Site::bucket("courses").host("cdn.example.com").embed(Embed::new()))
    ///     .build()?;
    /// let embeds = verifier.embeds("cdn.example.com")?;
    ///
    /// let token = embeds.issue(EmbedDraft::new("video-1").viewer("u42")).await?;
    /// let page = token.url("https://cdn.example.com/watch/{token}");
    /// embeds.revoke(token).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::NoEmbedSite`] if no site with this id accepts embed tokens.
    pub fn embeds(&self, site: &str) -> Result<Embeds, ConfigError> {
        let embeds = Embeds { verifier: self.clone(), site: site.to_owned() };
        embeds.rules("")?;
        Ok(embeds)
    }

    /// Revokes signed tokens. They are rejected by the next decision on this node, and within a second on other nodes with the
    /// same shared store.
    ///
    /// The revocation is kept until the second that it names, the `exp` of the last token, plus the longest leeway. If a shared
    /// store loses an acknowledged revocation, the nodes that know it send it again; see `RedisStore` (feature `redis`).
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`]. After [`Unavailable`](StoreError::Unavailable), the revocation is in force on this node, and is
    /// sent to the others later. After [`NotReplicated`](StoreError::NotReplicated), it is in force everywhere, but a failover
    /// of the store could still lose it.
    pub async fn revoke(&self, revocation: Revocation) -> Result<(), StoreError> {
        self.store().revoke(revocation).await
    }

    /// Withdraws a revocation with the same name. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Unavailable`] if the revocation was not withdrawn, and [`StoreError::NotReplicated`] if it was
    /// withdrawn, but a failover could still undo that.
    pub async fn restore(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        self.store().restore(revocation).await
    }
}

/// A handle to the embed tokens of one site and of the sites that share its realm; see [`Verifier::embeds`].
#[derive(Clone, Debug)]
pub struct Embeds {
    verifier: Verifier,
    site: String,
}

impl Embeds {
    /// Issues a token.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Refused`] with every fault if the draft breaks a rule. Nothing is issued in that case.
    pub async fn issue(&self, draft: EmbedDraft) -> Result<EmbedToken, StoreError> {
        let now = self.verifier.now();
        let (realm, lifetime) = self.rules(draft.video())?;
        let (token, stored) = draft.check(&realm, lifetime, now).map_err(StoreError::Refused)?;
        self.verifier.store().issue(token, stored, now).await?;
        Ok(token)
    }

    /// Revokes one token, whether or not it is known. The next decision rejects it.
    ///
    /// The token's record is removed two minutes later. From then on the token is rejected as unknown, and could be issued
    /// [again](EmbedDraft::token). A shared store remembers the revocation until the token's expiry, for at least a day, and for
    /// 31 days if the token never expires. Every node that made or received the revocation remembers it as long: it rejects the
    /// token, and sends the revocation again to a store that comes back without it.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Unavailable`] or [`StoreError::NotReplicated`]. The revocation is nevertheless in force on this
    /// node.
    pub async fn revoke(&self, token: EmbedToken) -> Result<(), StoreError> {
        self.verifier.store().revoke_token(token, self.verifier.now()).await
    }

    /// Revokes every token issued so far for the draft's video and issues the draft's token, in one step.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`issue`](Self::issue); nothing is revoked in that case. After [`StoreError::NotReplicated`], the
    /// video was rotated, but the new token is not returned: rotate again.
    pub async fn rotate(&self, draft: EmbedDraft) -> Result<EmbedToken, StoreError> {
        let now = self.verifier.now();
        let (realm, lifetime) = self.rules(draft.video())?;
        let video = draft.video().to_owned();
        let (token, stored) = draft.check(&realm, lifetime, now).map_err(StoreError::Refused)?;
        self.verifier.store().rotate(&realm, &video, Some((token, stored)), now).await?;
        Ok(token)
    }

    /// Revokes every token issued so far for a video.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if other nodes could not be informed. The revocation is nevertheless in force on this node.
    pub async fn revoke_video(&self, video: &str) -> Result<(), StoreError> {
        check_id("video", video, true).map_err(|error| StoreError::Refused(error.into()))?;
        let (realm, _) = self.rules(video)?;
        self.verifier.store().rotate(&realm, video, None, self.verifier.now()).await
    }

    /// Revokes every embed token issued so far to a viewer, for any video and in any realm.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if other nodes could not be informed. The revocation is nevertheless in force on this node.
    pub async fn revoke_viewer(&self, viewer: &str) -> Result<(), StoreError> {
        check_id("viewer", viewer, false).map_err(|error| StoreError::Refused(error.into()))?;
        self.verifier.store().revoke_viewer(viewer, self.verifier.now()).await
    }

    /// Returns the outcomes of requests with a token on this node, or `None` if the token is not, or no longer, known.
    pub fn counts(&self, token: EmbedToken) -> Option<EmbedCounts> {
        self.verifier.store().access().embeds.counts(&token)
    }

    /// Returns the outcomes of requests for a video with embed tokens on this node, or `None` if the video has no embed tokens.
    pub fn video_counts(&self, video: &str) -> Option<EmbedCounts> {
        let (realm, _) = self.rules(video).ok()?;
        self.verifier.store().access().embeds.video_counts(&realm, video)
    }

    /// Returns the realm, and the default lifetime of a video's tokens, from the policy in force.
    fn rules(&self, video: &str) -> Result<(String, Lifetime), ConfigError> {
        let state = self.verifier.snapshot();
        let site = state.policy.site_of_id(&self.site);
        if let Some(rules) = site.and_then(|site| site.schemes.embed.as_ref()) {
            Ok((rules.realm().to_owned(), rules.lifetime(video)))
        } else {
            let known = list_names(state.policy.embed_sites().map(|id| format!("{id:?}")));
            Err(ConfigError::NoEmbedSite { site: self.site.clone(), known })
        }
    }
}
