use serde::Deserialize;

/// The requests that require an allowed origin. Requests for pages always require one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "origins_on"))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OriginsOn {
    /// Manifests and keys, without which nothing plays: paths that end in `.m3u8`, `.m3u`, `.mpd`, `.mpp` or `.key`, in any case.
    /// Paths that a file server may resolve to such a file count too: `1.key/`, `1.key.`, `1.key;x`, `master.m3u8.gz`, a folder,
    /// or a name without an extension.
    #[default]
    ManifestsAndKeys,
    /// Every request.
    #[serde(rename = "all")]
    Everything,
}
