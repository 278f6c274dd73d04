use super::faults::list_names;
use super::handle::Verifier;
use crate::error::ConfigError;
use crate::records::{EmbedCounts, EmbedDraft, EmbedToken, Lifetime, check_id};
use crate::revocation::Revocation;
use crate::store::StoreError;

impl Verifier {
    /// Returns the embed tokens of one site, by its id: to issue, revoke and count them.
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
    /// [`ConfigError::NoEmbedSite`] when no site of this id takes embed tokens.
    pub fn embeds(&self, site: &str) -> Result<Embeds, ConfigError> {
        let embeds = Embeds { verifier: self.clone(), site: site.to_owned() };
        embeds.rules("")?;
        Ok(embeds)
    }

    /// Revokes signed tokens. On this node the next decision refuses them, on others of a shared store within a second.
    ///
    /// The revocation is kept until the second that it names, the `exp` of the last token, and for the longest leeway more.
    /// If a shared store loses an acknowledged revocation, the nodes that know it send it again; see
    /// `RedisStore` (feature `redis`).
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`]. After [`Unavailable`](StoreError::Unavailable) the revocation is in force on this node, and is
    /// sent to the others later. After [`NotReplicated`](StoreError::NotReplicated) it is in force everywhere, but a failover
    /// could still lose it in the store.
    pub async fn revoke(&self, revocation: Revocation) -> Result<(), StoreError> {
        self.store().revoke(revocation).await
    }

    /// Gives back what was taken back by the same name; tells whether it was.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]; nothing was given back then. [`StoreError::NotReplicated`]; it was given back.
    pub async fn restore(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        self.store().restore(revocation).await
    }
}

/// The embed tokens of one site and those that share its realm; see [`Verifier::embeds`].
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
    /// [`StoreError::Refused`] for a draft that breaks a rule, with every fault; nothing is issued then.
    pub async fn issue(&self, draft: EmbedDraft) -> Result<EmbedToken, StoreError> {
        let now = self.verifier.now();
        let (realm, lifetime) = self.rules(draft.video())?;
        let (token, stored) = draft.check(&realm, lifetime, now).map_err(StoreError::Refused)?;
        self.verifier.store().issue(token, stored, now).await?;
        Ok(token)
    }

    /// Revokes one token, known or not: the next decision refuses it. Its record goes two minutes later; from then on it is
    /// refused as one that is unknown, and could be issued [again](EmbedDraft::token). A shared store remembers it for as
    /// long as it would have been good, a day at least, and 31 days where that was for ever. So does every node that has made
    /// or received the revocation: it refuses the token, and sends the revocation again to a store that comes back without it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::NotReplicated`]; it is in force on this node all the same.
    pub async fn revoke(&self, token: EmbedToken) -> Result<(), StoreError> {
        self.verifier.store().revoke_token(token, self.verifier.now()).await
    }

    /// Revokes every token of the draft's video that was issued so far, and issues this one, in one step.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue); nothing is revoked then. After [`StoreError::NotReplicated`] the video was rotated, but the
    /// new token is not returned: rotate again.
    pub async fn rotate(&self, draft: EmbedDraft) -> Result<EmbedToken, StoreError> {
        let now = self.verifier.now();
        let (realm, lifetime) = self.rules(draft.video())?;
        let video = draft.video().to_owned();
        let (token, stored) = draft.check(&realm, lifetime, now).map_err(StoreError::Refused)?;
        self.verifier.store().rotate(&realm, &video, Some((token, stored)), now).await?;
        Ok(token)
    }

    /// Revokes every token of a video that was issued so far.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; where others could not be told, it is in force here all the same.
    pub async fn revoke_video(&self, video: &str) -> Result<(), StoreError> {
        check_id("video", video, true).map_err(|error| StoreError::Refused(error.into()))?;
        let (realm, _) = self.rules(video)?;
        self.verifier.store().rotate(&realm, video, None, self.verifier.now()).await
    }

    /// Revokes every embed token of a viewer that was issued so far, of whatever video and realm.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; where others could not be told, it is in force here all the same.
    pub async fn revoke_viewer(&self, viewer: &str) -> Result<(), StoreError> {
        check_id("viewer", viewer, false).map_err(|error| StoreError::Refused(error.into()))?;
        self.verifier.store().revoke_viewer(viewer, self.verifier.now()).await
    }

    /// What became of the requests with a token on this node; `None` where it is not known (any more).
    pub fn counts(&self, token: EmbedToken) -> Option<EmbedCounts> {
        self.verifier.store().access().embeds.counts(&token)
    }

    /// What became of the requests for a video with embed tokens, on this node; `None` where it has none.
    pub fn video_counts(&self, video: &str) -> Option<EmbedCounts> {
        let (realm, _) = self.rules(video).ok()?;
        self.verifier.store().access().embeds.video_counts(&realm, video)
    }

    /// Returns the realm, and for how long a video's tokens are good; as the policy in force says.
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
