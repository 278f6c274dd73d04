//! Reads the counters of a verifier: [`Verifier::stats`].

#[cfg(feature = "metrics")]
mod facade;
mod keys;
mod metric;
mod prometheus;

use std::collections::BTreeMap;
use std::time::Duration;

pub use keys::{AgeCount, KeyStats};
pub use prometheus::CONTENT_TYPE as PROMETHEUS_CONTENT_TYPE;
use serde::Serialize;

use super::handle::Verifier;
use crate::crypto::Algorithm;
use crate::error::Code;
use crate::schemes::Scheme;
use crate::stats::{Counts, Reading, SAMPLED_EVERY, Slot};

/// The name under which decisions for sites beyond [`MAX_SITES`](crate::stats::MAX_SITES) are counted.
pub const OTHER_SITES: &str = "_other_sites";

/// The statistics of a verifier since its creation. They contain no secrets.
///
/// Serde can serialize the statistics. Counters start at zero when the process starts, and never decrease. They continue when the
/// policy changes.
///
/// ```
/// # use playgate::{Site, Verifier, time::UnixSeconds};
/// let verifier = Verifier::builder().site(Site::bucket("open").host("cdn.example.com").public()).build()?;
/// let request = http::Request::get("/a.ts").header("host", "cdn.example.com").body(()).unwrap();
/// let _ = verifier.decide(&request, UnixSeconds::now());
///
/// let stats = verifier.stats();
/// assert_eq!(stats.total("public"), 1);
/// assert!(stats.to_prometheus().contains("playgate_decisions_total{site=\"cdn.example.com\",outcome=\"public\"} 1\n"));
/// # Ok::<(), playgate::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// The decisions by site, scheme, outcome and code. Combinations that have not occurred are left out, except grants by each
    /// scheme that a site accepts.
    pub decisions: Vec<DecisionCount>,
    /// The latency of decisions. Each thread measures one decision in [`SAMPLED_EVERY`].
    pub latency: LatencyStats,
    /// The cache of verified tokens.
    pub cache: CacheStats,
    /// The signatures that were checked with a key, by algorithm. Remembered tokens need no check. The hashes of secure links and
    /// Akamai tokens are not included.
    pub signatures: Vec<SignatureCount>,
    /// The lookups of embed tokens and revocations in the store.
    pub lookups: LookupStats,
    /// The keys in force.
    pub keys: KeyStats,
    /// Reloads of the configuration, and the present errors.
    pub reloads: ReloadStats,
    /// The manifests that were rewritten, or that passed unchanged for a reason.
    pub manifests: ManifestStats,
    /// The number of present problems of a shared store; see [`Store::problems`](crate::store::Store::problems).
    pub store_problems: u64,
}

/// The number of decisions of one kind. Each request counts once, when its decision is final.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecisionCount {
    /// The site's id, or [`OTHER_SITES`]. Absent for requests that belong to no site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The scheme of the credential that was granted or rejected, such as `signed-token`. Absent if no credential was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<&'static str>,
    /// `pass`, `preflight`, `public`, `granted`, `denied` or `shadowed`. The last means that the request would be refused, but passed
    /// because its site is in [shadow mode](crate::site::danger).
    pub outcome: &'static str,
    /// The code of a denial, enforced or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The number of decisions.
    pub count: u64,
}

/// The statistics of the cache of verified tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CacheStats {
    /// Tokens that were found in the cache.
    pub hits: u64,
    /// Well-formed tokens that were not in the cache.
    pub misses: u64,
    /// Tokens that were removed to make room for another token.
    pub evictions: u64,
    /// The number of tokens in the cache.
    pub size: u64,
    /// The maximum number of tokens in the cache.
    pub capacity: u64,
}

/// The statistics of signatures of one algorithm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SignatureCount {
    /// The registered name of the algorithm, such as `RS256`.
    pub algorithm: &'static str,
    /// Valid signatures.
    pub verified: u64,
    /// Invalid signatures.
    pub failed: u64,
}

/// The statistics of lookups in the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LookupStats {
    /// Decisions that needed a lookup first.
    pub needed: u64,
    /// Lookups that were started. Several requests for one token share one query of the store, but each request counts here.
    pub started: u64,
    /// Lookups that the store did not answer.
    pub failed: u64,
    /// The latency of lookups that ended.
    pub latency: LatencyStats,
}

/// The statistics of reloads of the configuration. All are zero without the feature `config`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReloadStats {
    /// Reloads that were applied.
    pub applied: u64,
    /// Reloads that were rejected because of errors.
    pub rejected: u64,
    /// The time of the last applied reload, in seconds since 1970. Absent if no reload was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_applied_at: Option<i64>,
    /// The number of present errors, whose content is not in force. [`Health::errors`](super::Health::errors) lists the errors.
    pub errors: u64,
    /// The number of files and folders that cannot be read. Their last valid keys stay in force.
    pub kept_sources: u64,
}

/// The statistics of manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ManifestStats {
    /// Manifests that were rewritten completely.
    pub rewritten: u64,
    /// Manifests that passed unchanged, completely or from some byte on, by reason.
    pub unchanged: BTreeMap<String, u64>,
    /// Bytes of manifests that were sent through a rewriter.
    pub bytes: u64,
}

/// A histogram of latencies.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LatencyStats {
    /// Each thread measures one event in this number.
    pub sampled_every: u32,
    /// The number of measured events up to each bound. The counts are cumulative.
    pub buckets: Vec<LatencyBucket>,
    /// The number of measured events.
    pub count: u64,
    /// The sum of the measured latencies, in seconds.
    pub sum_seconds: f64,
}

/// One bucket of a histogram.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LatencyBucket {
    /// The upper bound in seconds, inclusive.
    pub up_to_seconds: f64,
    /// The number of events up to this bound.
    pub count: u64,
}

impl Verifier {
    /// Returns the statistics of decisions, signatures, lookups, keys, reloads and manifests.
    ///
    /// Reading the counters takes time and memory in proportion to the numbers of sites, threads and keys. Call this function once
    /// for each scrape, and not for each request.
    pub fn stats(&self) -> Stats {
        let snapshot = self.snapshot();
        let counters = &*snapshot.counters;
        let (sites, others) = counters.read_sites();
        let outside = counters.read_outside();
        let mut decisions = Vec::new();
        let mut totals = Totals::default();
        let named = sites.iter().map(|(id, counts)| (Some(id.as_str()), counts));
        let others = others.iter().map(|counts| (Some(OTHER_SITES), counts));
        for (site, counts) in [(None, &outside)].into_iter().chain(named).chain(others) {
            let view = site.and_then(|id| snapshot.policy.site_of_id(id));
            let accepts = |scheme| view.is_some_and(|site| site.schemes.accepts(scheme));
            push_decisions(&mut decisions, site, counts, accepts);
            totals.add(counts);
        }
        let (hits, misses, evictions) = (totals.hits, totals.misses, totals.evictions);
        let (size, capacity) = snapshot.seen.size();
        let (started, failed) = counters.lookups.read();
        let (rewritten, unchanged) = counters.manifests.read();
        let (applied, rejected, last_applied_at) = counters.reloads.read();
        let (errors, kept_sources) = self.present_errors();
        Stats {
            decisions,
            latency: LatencyStats::of(counters.latency.read(), SAMPLED_EVERY),
            cache: CacheStats { hits, misses, evictions, size, capacity },
            signatures: totals.signatures(),
            lookups: LookupStats {
                needed: totals.needed,
                started,
                failed,
                latency: LatencyStats::of(counters.lookups.latency.read(), 1),
            },
            keys: KeyStats::of(&snapshot.keys, self.now()),
            reloads: ReloadStats { applied, rejected, last_applied_at, errors, kept_sources },
            manifests: ManifestStats { rewritten, unchanged, bytes: counters.manifests.bytes() },
            store_problems: self.store_problems().len() as u64,
        }
    }
}

impl Stats {
    /// Returns the number of decisions with this outcome, such as `granted`, for all sites.
    pub fn total(&self, outcome: &str) -> u64 {
        self.decisions
            .iter()
            .filter(|decision| decision.outcome == outcome)
            .map(|decision| decision.count)
            .sum()
    }

    /// Returns the number of denials with this code, for all sites and schemes.
    pub fn denied(&self, code: Code) -> u64 {
        let code = Some(code.as_str());
        self.decisions.iter().filter(|decision| decision.code == code).map(|decision| decision.count).sum()
    }
}

/// Adds the decisions of one site.
fn push_decisions(
    decisions: &mut Vec<DecisionCount>,
    site: Option<&str>,
    counts: &Counts,
    accepts: impl Fn(Scheme) -> bool,
) {
    let mut push = |slot: Slot, outcome, scheme: Option<Scheme>, code: Option<Code>, keeps_zero| {
        let count = counts.of(slot);
        if count > 0 || keeps_zero {
            decisions.push(DecisionCount {
                site: site.map(str::to_owned),
                scheme: scheme.map(Scheme::as_str),
                outcome,
                code: code.map(Code::as_str),
                count,
            });
        }
    };
    push(Slot::PASS, "pass", None, None, false);
    push(Slot::PREFLIGHT, "preflight", None, None, false);
    push(Slot::PUBLIC, "public", None, None, false);
    for scheme in Scheme::ALL {
        push(Slot::granted(*scheme as usize), "granted", Some(*scheme), None, accepts(*scheme));
    }
    for scheme in [None].into_iter().chain(Scheme::ALL.iter().copied().map(Some)) {
        for code in Code::ALL {
            let slot = Slot::denied(scheme.map(|scheme| scheme as usize), *code);
            push(slot, "denied", scheme, Some(*code), false);
        }
    }
    for code in Code::ALL {
        push(Slot::shadowed(*code), "shadowed", None, Some(*code), false);
    }
}

/// The counts that are not reported by site.
#[derive(Default)]
struct Totals {
    hits: u64,
    misses: u64,
    evictions: u64,
    needed: u64,
    signatures: BTreeMap<&'static str, (u64, u64)>,
}

impl Totals {
    fn add(&mut self, counts: &Counts) {
        self.hits += counts.hits();
        self.misses += counts.misses();
        self.evictions += counts.evictions();
        self.needed += counts.of(Slot::NEEDED);
        for algorithm in Algorithm::JWS.iter().chain(Algorithm::OTHER) {
            let (verified, failed) = counts.signatures(*algorithm);
            if verified > 0 || failed > 0 {
                let sums = self.signatures.entry(algorithm.name()).or_default();
                *sums = (sums.0 + verified, sums.1 + failed);
            }
        }
    }

    fn signatures(&self) -> Vec<SignatureCount> {
        let signatures = self.signatures.iter();
        signatures
            .map(|(algorithm, (verified, failed))| SignatureCount {
                algorithm,
                verified: *verified,
                failed: *failed,
            })
            .collect()
    }
}

impl LatencyStats {
    fn of(Reading { buckets, count, sum }: Reading, sampled_every: u32) -> Self {
        let buckets =
            buckets.into_iter().map(|(bound, count)| LatencyBucket { up_to_seconds: seconds(bound), count });
        Self { sampled_every, buckets: buckets.collect(), count, sum_seconds: seconds(sum) }
    }
}

/// Converts a duration to seconds, as close to the decimal value as possible: 250 µs to 0.00025.
fn seconds(duration: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 104 days")]
    let nanos = duration.as_nanos() as f64;
    nanos / 1e9
}
