//! Which site does a request belong to, and what are its rules?
//!
//! A [`Site`] is what an operator says of a set of hosts, or of a base path on them: what it serves, who may have
//! it, how answers look. A [`Policy`] is the checked form of all sites together:
//!
//! 1. Every setting is checked, and all errors are reported at once; a policy that exists is sound.
//! 2. A host finds its sites: exact host over pattern over `*`; on one host the longest base path wins, and where
//!    none of its base paths holds the path, the next less exact host is asked.
//! 3. If some reading of a path is inside a base path and the path itself is outside, the request is refused with 400.
//! 4. A host that no site claims: [`UnknownHost`] decides. A path outside of every base path, on a host that a site claims:
//!    [`Outside`] decides, and a policy with base paths below `/` has to set it, since such requests pass without a
//!    credential. A site for any host (`"*"`) claims every host: beside it only [`Outside`] decides, and beside named hosts
//!    the hosts that pass are listed.
//!
//! Exact hosts and base paths are found by hash: a hundred thousand of them cost what ten cost. Patterns are asked
//! one after the other, so keep them few, and write exact hosts where the names are known.
//!
//! # The configuration file
//!
//! With the feature `config` all of it can be said in a file, TOML or JSON by its name's ending, for
//! [`Verifier::from_file`](crate::Verifier::from_file). Every field has a builder method of the same meaning; unknown
//! fields are errors, and all errors are told at once, each with its line. [`SCHEMA`] describes it to editors.
//!
//! ```toml
//! version = 1                          # required; another number is refused
//! unknown_host = "refuse"              # a host that no site claims: 421; or "pass" to the inner service
//! outside = "refuse"                   # a path outside of every base path: 404; or "pass", or { pass = ["app.example.com"] };
//!                                      # required where some site has a base path below /
//! trusted_proxies = ["10.0.0.0/8"]     # believed about the client's address and https; default none
//! token_cache = 65536                  # how many verified tokens are remembered; 0 for none
//! expose_reason = true                 # whether the body of a refusal carries its code
//!
//! [failed_signatures]                  # so many, and no more are checked for a while; either or both
//! per_client = { requests = 60, within = 60 }   # by one address; 1 to 1000000 in 1 second to 1 day; default 60000 in 60 for public ones; or "unlimited"
//! per_key = { requests = 1000, within = 1 }     # for one key, whoever brings them: keeps its new viewers waiting
//!
//! [[site]]
//! hosts = ["cdn.example.com"]          # required: exact, a pattern with {bucket}, {region} or {playback_id}, or "*"
//! id = "cdn"                           # default the first host
//! base_path = "/"
//! serves = { bucket = "vod" }          # required: a bucket, { bucket = "{bucket}" }, { live = "host" } or "path"
//! access = "authenticated"             # or "public"
//! public_paths = ["posters/"]          # exact keys, or folders ending in a slash; default none
//! methods = ["GET", "HEAD"]
//! require_https = false
//! accepts = ["signed-token", "secure-link", "embed-token"] # default signed tokens, and what is described below
//! carriers = ["query", "cookie"]       # and "bearer", which is asked between the two
//! query_name = "auth"
//! cookie_name = "Qencode-Auth-Token"
//! max_token_bytes = 4096
//! prefix = "segments"                  # or "bytes"
//! whole_bucket = true                  # whether an empty uri covers it
//! require_exp = false
//! max_lifetime = "24h"                 # default none; times are seconds, or text
//! issuer = "https://login.example"     # default none
//! audience = "cdn"                     # default none
//! leeway = 0                           # at most 60
//! cache = "private"                    # or "inner"
//! strip_credentials = false
//! grant_extension = false
//! identity_headers = { x-viewer = "sub", x-kid = { grant = "kid" }, x-internal = false }   # default none: the first
//! # has a claim, the second kid, site, scheme, scope or expires_at of the grant; the last is only removed from requests
//! answers = { expired = 410 }          # other statuses for codes; default none
//!
//! [site.forward]                       # or forward = "auto", which is the default; or forward = false: into manifests goes
//! only_keys = ["md5", "expires"]       # or except_keys; default the parameters of the credential that was granted
//! from = ["m3u8", "mpd", "mpp"]        # mpp: patches to an MPD
//! to = ["m3u8", "ts", "mp4"]           # default every file
//! hosts = ["segments.example.com", "b.example.com:8443"]   # beside the request's own and the site's; default none
//! max_mpd = 1_048_576                  # the longest MPD that is rewritten: 1 KiB to 16 MiB, held in memory until it is whole
//!
//! [site.secure_link]                   # default none: URLs with an expiry and a hash
//! preset = "gcore"                     # required; or "gcore_video", "gcore_mp4", "nginx", "custom"
//! secret_file = ["secrets/link", "secrets/link.old"]   # or secret_env; one, or two while they change, the new one first
//! covers = "directory"                 # for "gcore"; or "file", or "either" without ip_binding
//! ip_binding = ["/24", "/64"]          # or "exact", "/16", "/48"; default none
//! # expression = "{expires}{path}{ip} {secret}"   # for "nginx" and "custom": required
//! # hash = "hmac-sha256"               # for "custom": required; or "sha256", "md5"
//! # encoding = "base64url"             # for "custom"; or "hex"
//! # hash_name = "md5"                  # for "nginx", and "custom", where it is "hash"
//! # expires_name = "expires"           # for both
//! # never_expires = false              # for both: an expression without {expires}
//!
//! [site.embed]                         # default none: opaque tokens that can be taken back; embed = {} is enough
//! path = "/watch/{token}"              # a page, or "/embed/{token}/" for all that is below, or a list of both
//! scope = "videos/{video}/"            # what a token opens; on a live site the playback ID that its video is
//! realm = "courses"                    # sites of one realm share tokens; default the site's id
//! origins_on = "manifests-and-keys"    # or "all": what has to come from one of a token's origins
//! allow_missing_origin = false         # lets native players in, which tell none
//! lifetime = "24h"                     # for how long a token is good: 5 minutes to 30 days, or "never" expiring
//! lifetimes = { trailer = "never" }    # the same for single videos; default none
//!
//! [site.cors]                          # default none: nothing is touched
//! origins = ["https://app.example.com"]     # required; or "https://*.example.com", or "*" without credentials
//! credentials = false
//! methods = ["GET", "HEAD"]
//! headers = ["range"]                  # and authorization, where carriers has "bearer"
//! expose = ["content-range", "accept-ranges", "date", "etag"]
//! max_age = 3600
//!
//! [[stream]]                           # a stream id, which key scopes name, and the playback ID in tokens and URLs
//! id = "st-1"
//! playback_id = "channel-1"
//!
//! [[keys]]                             # one of dir, file, jwks, pem, secret_file, secret_env
//! dir = "keys"                         # <kid>.pem, <kid>.jwk, jwks.json; relative paths start at this file
//! scope = { bucket = "vod" }           # required: { bucket = … }, { stream = … } or { site = … }
//! broken_files = "refuse"              # or "skip": what a file that cannot be loaded does at the start
//! not_after = 2027-01-31T00:00:00Z     # or seconds since 1970; default none
//! max_staleness = "7days"              # how long keys outlive a file or folder that cannot be read; default without end
//! danger = { digit_string_dates = false, kid_from_jti = false }   # scope = "any" in place of a scope
//!
//! [[keys]]
//! secret_file = "secrets/2026-11"      # secrets never stand in the file
//! scope = { site = "cdn" }
//! kid = "2026-11"                      # default the file's name without its ending
//! algorithm = "HS256"                  # default what the key is for
//! ```

mod check;
#[cfg(feature = "config")]
mod config;
mod failed_signatures;
mod forward;
mod hosts;
mod hosts_builder;
mod identity;
mod mounts;
mod outside;
mod pattern;
mod policy;
mod rules;
mod settings;
mod stripping;

#[cfg(feature = "config")]
pub use config::SCHEMA;
#[cfg(feature = "config")]
pub(crate) use config::{ConfigFile, Notation, in_file};
pub use failed_signatures::FailedSignatures;
pub(crate) use failed_signatures::PerClient;
pub use forward::Forward;
pub(crate) use forward::{ForwardRules, Granted, PathFormat};
pub(crate) use hosts::{Exact, Place};
pub(crate) use identity::IdentityNames;
pub use identity::{GrantFact, IdentityValue};
pub use outside::Outside;
pub use policy::{DEFAULT_TOKEN_CACHE, MAX_TOKEN_CACHE, Policy, PolicyBuilder, UnknownHost};
pub use rules::{Access, CacheScope, HookFn, Refused, SiteView};
pub(crate) use rules::{SiteRules, TimeRules, Transport};
#[cfg(feature = "config")]
pub(crate) use settings::Hook;
pub use settings::Site;
pub(crate) use stripping::Stripping;
