//! Comparisons with another gate, on sites that do not enforce: counters by both verdicts, and the most recent disagreements.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Serialize, Serializer};

use crate::error::Code;
use crate::site::{Policy, SiteIndex};
use crate::time::{Clock, UnixSeconds};

/// The number of disagreements that are kept. Each takes less than 1 KiB.
pub const MAX_DISAGREEMENTS: usize = 100;

/// The number of disagreements that are logged in one second, for all sites together.
pub const MAX_DISAGREEMENTS_LOGGED: u32 = 10;

/// The verdict of another gate, as a header field of the request states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OtherVerdict {
    /// The field is `allow`, `allowed`, `granted`, or a status from 200 to 299.
    Allowed,
    /// The field is `deny`, `denied`, `refused`, or a status from 400 to 499.
    Refused,
    /// The field has any other text, or several lines.
    Unknown,
    /// The request has no such field, or the site has no [`shadow_header`](crate::Site::shadow_header).
    Missing,
    /// The peer is not a trusted proxy, so the field is not read.
    Untrusted,
}

impl OtherVerdict {
    /// All verdicts, in the order of the counters.
    const ALL: [Self; 5] = [Self::Allowed, Self::Refused, Self::Unknown, Self::Missing, Self::Untrusted];

    /// Returns the verdict, as in reports and log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Missing => "missing",
            Self::Untrusted => "untrusted",
        }
    }

    /// Parses the value of a header field, in any case.
    pub(crate) fn parse(value: &[u8]) -> Self {
        let value = value.trim_ascii();
        let is = |words: [&str; 3]| words.into_iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()));
        match value {
            [b'2', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => Self::Allowed,
            [b'4', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => Self::Refused,
            _ if is(["allow", "allowed", "granted"]) => Self::Allowed,
            _ if is(["deny", "denied", "refused"]) => Self::Refused,
            _ => Self::Unknown,
        }
    }
}

/// The verdict of the verifier on a request, enforced or not. It is serialized as `granted`, `public` or the code of the denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OwnVerdict {
    /// A credential was verified and covers the request.
    Granted,
    /// The resource is public.
    Public,
    /// The request is refused with this code, or would be refused if the site enforced.
    Refused(Code),
}

impl OwnVerdict {
    /// Returns all verdicts, in the order of the counters.
    fn all() -> impl Iterator<Item = Self> {
        let codes = Code::ALL.iter().map(|code| Self::Refused(*code));
        [Self::Granted, Self::Public].into_iter().chain(codes)
    }

    /// Returns the verdict, as in reports and log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Public => "public",
            Self::Refused(code) => code.as_str(),
        }
    }

    /// Returns true if the gates disagree: one gate lets the request pass, and the other refuses the request.
    pub const fn disagrees_with(self, other: OtherVerdict) -> bool {
        match (other, self) {
            (OtherVerdict::Allowed, Self::Refused(_))
            | (OtherVerdict::Refused, Self::Granted | Self::Public) => true,
            (OtherVerdict::Allowed, Self::Granted | Self::Public)
            | (OtherVerdict::Refused, Self::Refused(_))
            | (OtherVerdict::Unknown | OtherVerdict::Missing | OtherVerdict::Untrusted, _) => false,
        }
    }
}

impl Serialize for OwnVerdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A request on which the verifier and another gate disagree. As in log lines, text from the request is bounded and contains
/// nothing that could be a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Disagreement {
    /// The time of the request, in seconds since 1970.
    pub at: i64,
    /// The id of the site.
    pub site: String,
    /// The method.
    pub method: String,
    /// The path, as in log lines.
    pub path: String,
    /// The verdict of the other gate.
    pub theirs: OtherVerdict,
    /// The verdict of the verifier.
    pub ours: OwnVerdict,
    /// The `kid` of the key that signed the credential, or the `kid` that a refused credential claims. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

/// The number of requests with one pair of verdicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerdictCount {
    /// The id of the site.
    pub site: String,
    /// The verdict of the other gate.
    pub theirs: OtherVerdict,
    /// The verdict of the verifier.
    pub ours: OwnVerdict,
    /// The number of requests since the verifier was created.
    pub requests: u64,
}

/// The comparisons of a snapshot. All snapshots of one verifier share the counters and the disagreements.
#[derive(Clone)]
pub(crate) struct Comparisons {
    record: Arc<Record>,
    /// The counters of the policy's sites that do not enforce, sorted by index.
    sites: Arc<[(SiteIndex, Arc<VerdictCounters>)]>,
}

struct Record {
    clock: Arc<dyn Clock>,
    /// The counters by the id of the site. They continue after a reload.
    sites: Mutex<BTreeMap<Box<str>, Arc<VerdictCounters>>>,
    recent: Mutex<Recent>,
}

/// The most recent disagreements, and the number of lines that were logged in the current second.
#[derive(Default)]
struct Recent {
    list: VecDeque<Disagreement>,
    second: Option<UnixSeconds>,
    logged: u32,
    left_out: u64,
}

impl Comparisons {
    pub(crate) fn new(clock: Arc<dyn Clock>, policy: &Policy) -> Self {
        let record = Record { clock, sites: Mutex::default(), recent: Mutex::default() };
        Self { record: Arc::new(record), sites: Arc::default() }.under(policy)
    }

    /// Returns the comparisons for another policy. A site continues the counters of an earlier site with the same id.
    pub(super) fn under(&self, policy: &Policy) -> Self {
        let mut known = locked(&self.record.sites);
        let sites = policy.shadowed().map(|(index, site)| {
            let counters = known.entry(site.facts.id.clone()).or_default();
            (index, Arc::clone(counters))
        });
        Self { sites: sites.collect(), record: Arc::clone(&self.record) }
    }

    /// Counts a request to a site that does not enforce.
    pub(crate) fn count(&self, site: SiteIndex, theirs: OtherVerdict, ours: OwnVerdict) {
        let found = self.sites.binary_search_by_key(&site, |(index, _)| *index);
        if let Some((_, counters)) = found.ok().and_then(|at| self.sites.get(at)) {
            counters.count(theirs, ours);
        }
    }

    /// Returns the current second by the verifier's clock.
    pub(crate) fn now(&self) -> UnixSeconds {
        self.record.clock.now()
    }

    /// Keeps a disagreement. If it has to be logged, returns the number of earlier disagreements that were not logged.
    pub(crate) fn keep(&self, disagreement: Disagreement, now: UnixSeconds) -> Option<u64> {
        let mut recent = locked(&self.record.recent);
        if recent.list.len() >= MAX_DISAGREEMENTS {
            recent.list.pop_front();
        }
        recent.list.push_back(disagreement);
        if recent.second != Some(now) {
            recent.second = Some(now);
            recent.logged = 0;
        }
        if recent.logged >= MAX_DISAGREEMENTS_LOGGED {
            recent.left_out = recent.left_out.saturating_add(1);
            return None;
        }
        recent.logged = recent.logged.saturating_add(1);
        Some(std::mem::take(&mut recent.left_out))
    }

    /// Returns every nonzero counter by site, and the disagreements, the oldest first.
    pub(crate) fn read(&self) -> (Vec<VerdictCount>, Vec<Disagreement>) {
        let counts = locked(&self.record.sites).iter().flat_map(|(id, counters)| counters.read(id)).collect();
        (counts, locked(&self.record.recent).list.iter().cloned().collect())
    }
}

impl std::fmt::Debug for Comparisons {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparisons").field("sites", &self.sites.len()).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of verdicts of the verifier: granted, public, and one for each code.
const OWN_VERDICTS: usize = Code::ALL.len() + 2;

/// The counters of one site: one row for each verdict of the other gate.
struct VerdictCounters([[AtomicU64; OWN_VERDICTS]; OtherVerdict::ALL.len()]);

impl Default for VerdictCounters {
    fn default() -> Self {
        Self(std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))))
    }
}

impl VerdictCounters {
    fn count(&self, theirs: OtherVerdict, ours: OwnVerdict) {
        let column = match ours {
            OwnVerdict::Granted => 0,
            OwnVerdict::Public => 1,
            OwnVerdict::Refused(code) => (code as usize).saturating_add(2),
        };
        if let Some(counter) = self.0.get(theirs as usize).and_then(|row| row.get(column)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn read(&self, site: &str) -> impl Iterator<Item = VerdictCount> {
        let rows = OtherVerdict::ALL.into_iter().zip(&self.0);
        let counters = rows.flat_map(|(theirs, row)| {
            OwnVerdict::all().zip(row).map(move |(ours, count)| (theirs, ours, count))
        });
        counters.filter_map(move |(theirs, ours, count)| {
            let requests = count.load(Ordering::Relaxed);
            (requests > 0).then(|| VerdictCount { site: site.to_owned(), theirs, ours, requests })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_a_counter_of_its_own() {
        let counters = VerdictCounters::default();
        let pairs = || {
            OtherVerdict::ALL.into_iter().flat_map(|theirs| OwnVerdict::all().map(move |ours| (theirs, ours)))
        };
        for (number, (theirs, ours)) in pairs().enumerate() {
            (0..=number).for_each(|_| counters.count(theirs, ours));
        }
        let counts: Vec<_> =
            counters.read("a").map(|count| (count.theirs, count.ours, count.requests)).collect();
        let wanted: Vec<_> =
            pairs().zip(1_u64..).map(|((theirs, ours), requests)| (theirs, ours, requests)).collect();
        assert_eq!(counts, wanted);
        assert_eq!(counts.len(), OtherVerdict::ALL.len() * OWN_VERDICTS);
    }

    #[test]
    fn a_verdict_is_a_word_or_a_status_in_any_case() {
        use OtherVerdict::{Allowed, Refused, Unknown};
        for (value, verdict) in [
            ("allow", Allowed),
            ("ALLOWED", Allowed),
            (" granted\t", Allowed),
            ("200", Allowed),
            ("206", Allowed),
            ("299", Allowed),
            ("deny", Refused),
            ("Denied", Refused),
            ("refused", Refused),
            ("401", Refused),
            ("410", Refused),
            ("", Unknown),
            ("-", Unknown),
            ("0", Unknown),
            ("20", Unknown),
            ("2000", Unknown),
            ("2x0", Unknown),
            ("302", Unknown),
            ("500", Unknown),
            ("allow, deny", Unknown),
            ("200, 200", Unknown),
            ("allow\u{0}", Unknown),
        ] {
            assert_eq!(OtherVerdict::parse(value.as_bytes()), verdict, "{value:?}");
        }
    }
}
