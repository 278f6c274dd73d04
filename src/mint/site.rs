//! Signers and claims that match the settings of a site, so that a program signs what its own configuration accepts.

use super::link::LinkSigner;
use crate::schemes::akamai::AkamaiSigner;
use crate::site::SiteView;

impl<'s> SiteView<'s> {
    /// Returns the issuer that signed tokens must name in `iss`, if the site requires one.
    pub fn token_issuer(self) -> Option<&'s str> {
        self.0.schemes.jws.as_ref()?.issuer()
    }

    /// Returns the audience that signed tokens must name in `aud`, if the site requires one.
    pub fn token_audience(self) -> Option<&'s str> {
        self.0.schemes.jws.as_ref()?.audience()
    }

    /// Returns the places of embed tokens in paths: `/watch/{token}`, for
    /// [`EmbedToken::url`](crate::schemes::embed::EmbedToken::url).
    pub fn embed_paths(self) -> impl Iterator<Item = String> {
        self.0.schemes.embed.as_ref().into_iter().flat_map(crate::schemes::embed::EmbedRules::path_patterns)
    }

    /// Returns a signer of the site's secure links, which uses the first of its secrets, or `None` if the site accepts no
    /// secure links.
    ///
    /// ```
    /// # #[cfg(feature = "secure-link-md5")] {
    /// use playgate::{Site, Verifier, schemes::link::SecureLink};
    ///
    /// let site = Site::bucket("vod").host("cdn.example.com").secure_link(SecureLink::gcore("a shared secret"));
    /// let verifier = Verifier::builder().site(site).build()?;
    /// let snapshot = verifier.snapshot();
    /// let signers = snapshot.policy().sites().filter_map(|site| site.link_signer());
    /// assert_eq!(signers.count(), 1);
    /// # }
    /// # Ok::<(), playgate::ConfigErrors>(())
    /// ```
    pub fn link_signer(self) -> Option<LinkSigner> {
        self.0.schemes.link.as_ref().map(LinkSigner::of_rules)
    }

    /// Returns a signer of the site's Akamai tokens, which uses the first of its keys, or `None` if the site accepts no
    /// Akamai tokens.
    pub fn akamai_signer(self) -> Option<AkamaiSigner> {
        self.0.schemes.akamai.as_ref().map(AkamaiSigner::of_rules)
    }
}
