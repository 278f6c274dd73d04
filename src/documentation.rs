#![doc = include_str!("documentation/links.md")]
#![doc = include_str!("../docs/README.md")]

// Links between pages are references, such as `[tokens][tokens]`. Each page defines them at its end for readers of the
// repository, and `links.md` defines the same names for rustdoc. The first definition of a name wins, so `links.md` comes first.

#[cfg(test)]
#[path = "documentation/configuration.rs"]
mod configuration;
#[cfg(test)]
#[path = "documentation/tests.rs"]
mod tests;

/// Makes a module for each page. The code in them is tested if it has every feature that it uses.
macro_rules! pages {
    ($($file:literal => $name:ident,)+) => {$(
        #[cfg(any(
            all(doc, not(doctest)),
            all(
                doctest,
                feature = "actix",
                feature = "axum",
                feature = "keygen",
                feature = "media-keys",
                feature = "metrics",
                feature = "redis",
                feature = "secure-link-md5",
                feature = "watch"
            )
        ))]
        #[doc = include_str!("documentation/links.md")]
        #[doc = include_str!(concat!("../docs/", $file))]
        pub mod $name {}
    )+};
}

pages! {
    "getting-started.md" => getting_started,
    "decision.md" => decision,
    "tokens.md" => tokens,
    "secure-links.md" => secure_links,
    "embed-tokens.md" => embed_tokens,
    "cloudfront-and-akamai.md" => cloudfront_and_akamai,
    "cors-and-cookies.md" => cors_and_cookies,
    "manifests-and-players.md" => manifests_and_players,
    "keys.md" => keys,
    "explain.md" => explain,
    "fleet.md" => fleet,
    "hooks.md" => hooks,
    "metrics.md" => metrics,
    "other-layers.md" => other_layers,
    "denial-codes.md" => denial_codes,
    "troubleshooting.md" => troubleshooting,
    "which-credential.md" => which_credential,
    "migrating.md" => migrating,
    "rollout.md" => rollout,
    "sizing.md" => sizing,
    "configuration.md" => configuration,
    "benchmarks.md" => benchmarks,
    "testing.md" => testing,
    "architecture.md" => architecture,
    "decisions.md" => decisions,
}
