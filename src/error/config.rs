use thiserror::Error;

/// A fault of a key, a site or a setting, with its remedy.
///
/// The text quotes the offending input, but never a secret or the text of a key. The `Debug` output is the same text, for
/// `fn main() -> Result<(), Box<dyn Error>>`.
#[derive(Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message is its documentation and contains its fields")]
pub enum ConfigError {
    #[error("leeway is {secs} s: write 60 or less")]
    LeewayTooLong { secs: u16 },

    #[error("token_cache is {tokens}: write 16777216 or less, or 0 for none")]
    TokenCache { tokens: usize },

    // Keys
    #[error("kid {kid:?} {found}: write 1 to 256 bytes of text")]
    KeyId { kid: String, found: &'static str },
    #[error("key {kid:?} has no scope: name the bucket, the stream or the site that it may sign for")]
    KeyWithoutScope { kid: String },
    #[error(
        "key {kid:?} is a private key, which a verifier must not have: extract the public key with openssl \
         pkey -in {kid}.pem -pubout -out {kid}.pub.pem, and keep the private key with the issuer"
    )]
    PrivateKey { kid: String },
    #[error(
        "key {kid:?} is a certificate: extract its public key with openssl x509 -in {kid}.pem -pubkey -noout"
    )]
    Certificate { kid: String },
    #[error("key {kid:?} is a PEM block {label:?}: use {write}")]
    PemBlock { kid: String, label: String, write: &'static str },
    #[error("key {kid:?} is not a PEM file with one key: it {found}; write one block from BEGIN to END")]
    NotPem { kid: String, found: &'static str },
    #[error(
        "key {kid:?} cannot be read: its bytes are damaged or do not match the stated key type; export it again"
    )]
    BrokenKey { kid: String },
    #[error("key {kid:?} is {found}: use RSA, P-256, P-384, Ed25519 or a shared secret")]
    KeyType { kid: String, found: String },
    #[error(
        "key {kid:?} may not verify signatures according to its \"use\" or \"key_ops\": use a signature key"
    )]
    KeyUse { kid: String },
    #[error("key {kid:?} is an RSA key of {bits} bits: use 2048 to 8192 bits")]
    RsaSize { kid: String, bits: usize },
    #[error(
        "key {kid:?} is an RSA key with an even modulus or a bad exponent: generate a new one with exponent 65537"
    )]
    RsaExponent { kid: String },
    #[error(
        "key {kid:?} is an RSA key with the ROCA fingerprint (CVE-2017-15361): the private key can be \
         computed from it; generate a new one with other software"
    )]
    RsaFingerprint { kid: String },
    #[error("secret {kid:?} is PEM text: load it as a public key, or use 32 random bytes")]
    SecretIsPem { kid: String },
    #[error("secret {kid:?} has {bytes} bytes: use {least} or more, the length of the hash")]
    SecretTooShort { kid: String, bytes: usize, least: usize },
    #[error("key set has two keys {key}: change the kid, scope or issuer of one of them")]
    DuplicateKey { key: String },
    #[error("key set has no key {key} to replace: insert it instead")]
    NoSuchKey { key: String },
    #[error(
        "issuer of a key has {bytes} bytes: write the iss of its tokens, 1 to 512 bytes, or leave it out"
    )]
    KeyIssuer { bytes: usize },
    #[error(
        "key of the algorithm {algorithm} has an issuer, but credentials of this algorithm have no issuer: leave it out"
    )]
    KeyWithoutIssuer { algorithm: &'static str },
    #[error(
        "{key} has the issuer {issuer:?}, but site {site:?} accepts only tokens of issuer {takes:?}, so the \
         key grants nothing: write the same issuer for both, or for only one of them"
    )]
    KeyIssuerRefused { key: String, issuer: String, site: String, takes: String },
    #[error("JWK document {found}")]
    NotJwk { found: String },
    #[error("JWK set has no usable key: add a key for signatures, or fix the skipped ones")]
    NoKeys,
    #[error("JWK set {found}")]
    SetTooLarge { found: String },
    #[error("JWK set has {count} more unusable members")]
    MoreSkipped { count: usize },
    #[error(
        "JWK set contains shared secrets beside public keys: a set of public keys is often published, which \
         would disclose the secrets; put secrets in a separate file"
    )]
    MixedSet,
    #[error("{key} is for site {site:?}, but no site has that id: use one of {known}")]
    KeyForNoSite { key: String, site: String, known: String },
    #[error("key {kid:?} is a public key, which cannot sign: use the private key")]
    PublicKeyCannotSign { kid: String },
    #[error("scope {text:?} {found}: write {write}")]
    Scope { text: String, found: &'static str, write: &'static str },

    // Sites
    #[error("policy has no site: add one that serves a bucket or live streams")]
    NoSites,
    #[error("two sites have the id {id:?}, which defaults to the first host: write a unique id for each")]
    DuplicateSite { id: String },
    #[error("site {site:?} has no host: write one, or \"*\" for any host")]
    NoHosts { site: String },
    #[error("host {host:?} of site {site:?} {found}: write {write}")]
    Host { site: String, host: String, found: &'static str, write: String },
    #[error(
        "sites {first:?} and {second:?} both have host {host:?} at {base_path:?}: change the host or base path of one of \
         them"
    )]
    HostTwice { host: String, base_path: String, first: String, second: String },
    #[error(
        "site {site:?} has base path {base_path:?}, but outside is not set: write outside = \"refuse\" to \
         answer requests outside every base path with 404, outside = {{ pass = [\"app.example.com\"] }} to \
         pass those for the listed hosts to the inner service without a credential, or outside = \"pass\" \
         to pass all of them"
    )]
    OutsideUnset { site: String, base_path: String },
    #[error(
        "outside is \"pass\", but site {site:?} has the host \"*\" beside sites with named hosts, so a request with a \
         mistyped host would reach the inner service without a credential: list the hosts that pass, as in \
         outside = {{ pass = [\"app.example.com\"] }}"
    )]
    OutsidePassesAnyHost { site: String },
    #[error(
        "outside passes no host: list one, as in outside = {{ pass = [\"app.example.com\"] }}, or write \"refuse\""
    )]
    OutsideNoHosts,
    #[error("host {host:?} of outside {found}: write {write}")]
    OutsideHost { host: String, found: &'static str, write: String },
    #[error("base path {base_path:?} of site {site:?} {found}: write {write:?}")]
    BasePath { site: String, base_path: String, found: &'static str, write: String },
    #[error(
        "public path {path:?} of site {site:?} {found}: write an object key, or a folder that ends in a slash"
    )]
    PublicPath { site: String, path: String, found: &'static str },
    #[error("site {site:?} {found}: write {write}")]
    Setting { site: String, found: String, write: &'static str },
    #[error(
        "site {site:?} does not enforce, but site {enforcing:?} enforces and also serves {resources}: write danger = \
         {{ enforce = false }} on both sites, or on neither"
    )]
    ShadowedElsewhere { site: String, enforcing: String, resources: String },
    #[error("{text:?} on site {site:?} is not a method or field name: write letters, digits and hyphens")]
    NotAToken { site: String, text: String },
    #[error("status {status} for {code} on site {site:?} is not an error status: write 400 to 599")]
    AnswerStatus { site: String, code: super::Code, status: u16 },
    #[error("stream {stream:?} {found}: write one playback ID for each stream")]
    Stream { stream: String, found: &'static str },

    // Without its text, which may contain a secret in place of {secret}.
    #[error("link expression {found}: write {write}")]
    LinkExpression { found: String, write: String },
    #[error("ip_binding is {found}: write \"exact\", \"/24\" or \"/16\", and for IPv6 \"/64\" or \"/48\"")]
    IpBinding { found: String },

    // Embed tokens and revocations
    #[error("embed token of {bytes} bytes is malformed: use 32 to 64 of the characters 0 to 9 and a to f")]
    EmbedToken { bytes: usize },
    #[error(
        "lifetime of an embed token is {seconds} s: write 5 minutes (300 s) to 30 days (2592000 s), or \"never\""
    )]
    EmbedLifetime { seconds: u64 },
    #[error("embed token {found}: use {write}")]
    EmbedDraft { found: String, write: &'static str },
    #[error("rate is {requests} requests in {} s: write 1 to 1000000 in 1 s to 1 day", within.as_secs())]
    Rate { requests: u32, within: std::time::Duration },
    #[error("name to revoke has {bytes} bytes: use 1 to 256")]
    Revocation { bytes: usize },
    #[error("no site with the id {site:?} accepts embed tokens: use one of {known}")]
    NoEmbedSite { site: String, known: String },
    #[error("shared store {found}: write {write}")]
    Store { found: String, write: &'static str },
    #[error("the system provides no random bytes: check its random generator, such as getrandom(2)")]
    NoRandomness,

    #[error("trusted proxy {text:?} {found}: write {write}")]
    Proxy { text: String, found: &'static str, write: String },

    // Files
    #[error("{file}{}: {error}", line.map(|line| format!(":{line}")).unwrap_or_default())]
    InFile { file: String, line: Option<u32>, error: Box<ConfigError> },
    #[error("{found}")]
    Unreadable { found: String },
    #[error("is not valid {notation}: {found}")]
    Syntax { notation: &'static str, found: String },
    #[error("has an unknown extension: use .toml or .json")]
    UnknownNotation,
    #[error(
        "version is {found}, but this release reads version 1: write 1, or see \"Upgrading\" in the CHANGELOG"
    )]
    FormatVersion { found: i64 },
    #[error("{table} has no field {field:?}: write {write}")]
    UnknownField { table: String, field: String, write: String },
    #[error("{field} {found}: write {write}")]
    Field { field: String, found: String, write: String },
    #[error("{part} {found}: write {write}")]
    Section { part: String, found: String, write: String },
    #[error("hook is for site {site:?}, but no site has that id: use one of {known}")]
    HookForNoSite { site: String, known: String },
    #[error("is not a key file and is ignored: name key files <kid>.pem, <kid>.jwk or jwks.json")]
    PassedOver,
    #[error(
        "no longer contains a key file: to retire its keys, add a jwks.json with {{\"keys\":[]}}, remove the \
         section, or set not_after or max_staleness"
    )]
    EmptiedFolder,
    #[error("{error}; its last valid keys stay in force{}", age_limit(*.max_staleness))]
    LastGoodKeys { error: Box<ConfigError>, max_staleness: Option<std::time::Duration> },
    #[error("{error}; its keys are no longer in force")]
    KeysRemoved { error: Box<ConfigError> },
    #[error("{error}; until then its last valid secret stays in force")]
    LastGoodSecret { error: Box<ConfigError> },
    #[error(
        "key {key} in {file} is also in {first}, which takes precedence: change the kid, scope or issuer of one of them"
    )]
    DoubledKey { key: String, file: String, first: String },
    #[error("key {kid:?} is {found}, not for {wanted}: leave algorithm out, or use a key for it")]
    OtherAlgorithm { kid: String, found: String, wanted: &'static str },
    #[error("key has the kid {named:?} from its file or section, but {inside:?} in its content: use one kid")]
    OtherKeyId { named: String, inside: String },

    // CORS
    #[error("cors of site {site:?} has no origin: write one, or \"*\" without credentials")]
    NoOrigins { site: String },
    #[error("origin {origin:?} {found}: write {write:?}")]
    Origin { origin: String, found: &'static str, write: String },
    #[error(
        "cors of site {site:?} has origin {origin:?} together with credentials, \
         which would let any page read with its visitor's cookies: list the origins by name"
    )]
    OriginWithCredentials { site: String, origin: String },
}

/// Returns the limit on the age of kept keys, as the end of a sentence.
fn age_limit(max_staleness: Option<std::time::Duration>) -> String {
    let limit = |max: std::time::Duration| format!(" until they are {} s old (max_staleness)", max.as_secs());
    max_staleness.map(limit).unwrap_or_default()
}

impl std::fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// All faults of a policy, one on each line. The `Debug` output is the same text.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl std::fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl ConfigErrors {
    /// Returns `Ok` if there are no errors.
    pub(crate) fn check(errors: Vec<ConfigError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// Creates the error of at least one fault.
    #[cfg(feature = "config")]
    pub(crate) fn several(errors: Vec<ConfigError>) -> Self {
        debug_assert!(!errors.is_empty(), "an error without a cause");
        Self(errors)
    }

    /// Returns the errors, in the order in which they were found. There is at least one.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl IntoIterator for ConfigErrors {
    type Item = ConfigError;
    type IntoIter = std::vec::IntoIter<ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            std::fmt::Display::fmt(error, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
