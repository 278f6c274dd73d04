//! Whatever sites there are and whatever the request, its host and path lead to the site that a plain reading of the
//! rules leads to: exact host over the most literal pattern over `*`, the longest base path, else the next less exact
//! host; and a path that some reader could take for one inside a site is never let past.
//!
//! The input is text. Each line up to an empty one is a site, `host,host /base/path/`, or `pass` for
//! `UnknownHost::Pass`, or `outside` with the hosts that pass outside of every base path, `outside host,host`, all of them
//! without a list, and none without the line; then comes a line with the host of the request, and the rest is its path.

#![no_main]

mod bounds;

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode;
use playgate::error::Code;
use playgate::request::{RequestView, Target};
use playgate::site::{Outside, UnknownHost};
use playgate::time::UnixSeconds;
use playgate::{Decision, Policy, Site, Verifier};

const MOST_SITES: usize = 8;
/// A path whose normal form can be decoded again more often is refused.
const MOST_DECODED_AGAIN: usize = 2;
/// A path with more decodings, itself among them, is not let past, whatever it reads as.
const MOST_DECODINGS: usize = 5;

fuzz_target!(|input: &[u8]| {
    let Some((sites, request)) = split(input, b"\n\n") else { return };
    let Some((host, path)) = split(request, b"\n") else { return };
    let Ok(lines) = std::str::from_utf8(sites) else { return };
    let passes = lines.lines().any(|line| line == "pass");
    let sites: Vec<PlainSite> = lines.lines().filter_map(PlainSite::read).take(MOST_SITES).collect();

    let unknown = if passes { UnknownHost::Pass } else { UnknownHost::Refuse };
    let outside = lines.lines().find_map(read_outside).unwrap_or(Outside::Refuse);
    let builder = Verifier::builder().unknown_host(unknown).outside(outside.clone());
    let built =
        sites.iter().enumerate().fold(builder, |builder, (id, site)| builder.site(site.site(id))).build();
    assert!(built.is_err() || !has_twins(&sites), "two sites in one place: {sites:?}");
    assert!(built.is_err() || may_pass(&outside, &sites), "{outside:?} of {sites:?}");
    let Ok(verifier) = built else {
        let wrong = has_twins(&sites) || may_tie(&sites) || !may_pass(&outside, &sites);
        assert!(sites.is_empty() || wrong, "{sites:?}: {:?}", built.err());
        return;
    };
    let request = Request { host: (!host.is_empty()).then_some(host), path };
    let size = host.len() + path.len();
    let decide = || verifier.decide(&request, UnixSeconds::new(0));
    let decision = bounds::decided(size, decide, |decision| drop(decision.reply(&request)));
    let id = decision.site().map(|site| site.id().parse::<usize>().expect("its place"));
    let code = decision.denial().map(|denial| denial.code());
    let found = match (&decision, code, id) {
        (Decision::Pass(_), None, None) => Found::Passed,
        (Decision::Public(_), None, Some(site)) => Found::Inside { site, public: true },
        (Decision::Denied(_), Some(Code::CredentialMissing), Some(site)) => {
            Found::Inside { site, public: false }
        }
        (Decision::Denied(_), Some(Code::AmbiguousPath), Some(site)) => Found::AmbiguousPath(site),
        (Decision::Denied(_), Some(Code::AmbiguousHost), None) => Found::AmbiguousHost,
        (Decision::Denied(_), Some(Code::UnknownHost), None) => Found::UnknownHost,
        (Decision::Denied(_), Some(Code::Outside), None) => Found::Outside,
        other => panic!("no such decision: {other:?}"),
    };
    check(&sites, &request, passes, &outside, found);
});

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Passed,
    Inside { site: usize, public: bool },
    AmbiguousPath(usize),
    AmbiguousHost,
    UnknownHost,
    Outside,
}

/// Parses `outside host,host` or `outside`.
fn read_outside(line: &str) -> Option<Outside> {
    match line.strip_prefix("outside")? {
        "" => Some(Outside::Pass),
        hosts => Some(Outside::pass_hosts(hosts.strip_prefix(' ')?.split(','))),
    }
}

/// Returns whether a policy with these sites may have this setting.
fn may_pass(outside: &Outside, sites: &[PlainSite]) -> bool {
    let any = || places(sites).filter(|(name, _)| **name == Name::Any);
    match outside {
        Outside::Refuse => true,
        Outside::Pass => {
            let named = places(sites).any(|(name, _)| *name != Name::Any);
            !named || any().count() == 0 || any().any(|(_, base)| base == "/")
        }
        Outside::PassHosts(hosts) => hosts.iter().all(|host| {
            let bare = !host.contains('/') && (!host.contains(':') || host.ends_with(']'));
            let name = normal_host(host.as_bytes()).filter(|_| bare);
            name.is_some_and(|name| !levels(sites, &name).is_empty())
        }),
        other => panic!("{other:?} is not known here"),
    }
}

/// Returns whether a request for this host passes outside of every base path.
fn passes_outside(outside: &Outside, host: &[u8]) -> bool {
    match outside {
        Outside::Pass => true,
        Outside::PassHosts(hosts) => {
            hosts.iter().any(|name| normal_host(name.as_bytes()).is_some_and(|name| name == host))
        }
        _ => false,
    }
}

fn check(sites: &[PlainSite], request: &Request<'_>, passes: bool, outside: &Outside, found: Found) {
    let host = match request.host {
        Some(raw) => match normal_host(raw) {
            Some(host) => host,
            None => return assert_eq!(found, Found::AmbiguousHost),
        },
        None => Vec::new(),
    };
    let levels = levels(sites, &host);
    if levels.is_empty() {
        let unknown = if passes { Found::Passed } else { Found::UnknownHost };
        return assert_eq!(found, if host.is_empty() { Found::AmbiguousHost } else { unknown });
    }
    let fate = if passes_outside(outside, &host) { Found::Passed } else { Found::Outside };
    let normal = normal_path(request.path);
    if let Some(path) = &normal
        && let Some((site, key)) = place(&levels, path)
    {
        let mut elsewhere = sites_of_readings(&levels, path);
        elsewhere.remove(&site);
        let public = key == b"open" || key.starts_with(b"a/");
        return match found {
            Found::AmbiguousPath(other) => assert!(elsewhere.contains(&other), "refused by {other}, inside {site}"),
            found => {
                assert!(elsewhere.is_empty(), "inside {site}, and some reading in {elsewhere:?}");
                assert_eq!(found, Found::Inside { site, public });
            }
        };
    }
    let decoded: Vec<Vec<u8>> = decodings(request.path).take(MOST_DECODINGS + 1).collect();
    let inside = sites_of_readings(&levels, request.path);
    match found {
        Found::Passed | Found::Outside => {
            assert_eq!(found, fate);
            assert!(inside.is_empty() && decoded.len() <= MOST_DECODINGS, "let past: {decoded:?}")
        }
        Found::AmbiguousPath(site) => {
            assert!(
                inside.contains(&site) || decoded.len() > MOST_DECODINGS,
                "refused by {site}: {decoded:?}"
            );
        }
        other => panic!("{other:?}, of a path that is in no site as it stands"),
    }
}

/// Returns the sites that some reading of a path leads to, on a file system that folds names or does not.
fn sites_of_readings(levels: &[Level<'_>], path: &[u8]) -> BTreeSet<usize> {
    decodings(path)
        .take(MOST_DECODINGS + 1)
        .flat_map(|path| shapes(&path))
        .flat_map(|reading| [place_of_reading(levels, &reading), place_of_folded(levels, &reading)])
        .flatten()
        .collect()
}

#[derive(Debug)]
struct PlainSite {
    hosts: Vec<Name>,
    base_path: String,
    text: Vec<String>,
}

/// How a site names its hosts, from the most exact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Exact(Vec<u8>),
    Pattern(String),
    Any,
}

impl PlainSite {
    /// A line that could be a site on its own.
    fn read(line: &str) -> Option<Self> {
        let (hosts, base_path) = line.split_once(' ')?;
        let text: Vec<String> = hosts.split(',').map(str::to_owned).collect();
        let hosts = text.iter().map(|host| Name::read(host)).collect();
        let site = Self { hosts, base_path: base_path.to_owned(), text };
        Policy::builder().site(site.site(0)).outside(Outside::Refuse).build().ok()?;
        Some(site)
    }

    fn site(&self, id: usize) -> Site {
        Site::bucket("b")
            .id(id.to_string())
            .hosts(&self.text)
            .base_path(&self.base_path)
            .public_paths(["open", "a/"])
    }
}

impl Name {
    fn read(text: &str) -> Self {
        match text {
            "*" => Self::Any,
            _ if text.contains('{') => Self::Pattern(text.to_ascii_lowercase()),
            _ => Self::Exact(normal_host(text.as_bytes()).unwrap_or_default()),
        }
    }

    /// More literal text goes first, and an exact host before all.
    fn rank(&self) -> usize {
        match self {
            Self::Exact(_) => usize::MAX,
            Self::Pattern(pattern) => {
                labels(pattern).map(|(before, _, after)| before.len() + after.len()).sum()
            }
            Self::Any => 0,
        }
    }

    fn matches(&self, host: &[u8]) -> bool {
        match self {
            Self::Exact(name) => name == host,
            Self::Any => true,
            Self::Pattern(pattern) => {
                let parts: Vec<&[u8]> = host.split(|&byte| byte == b'.').collect();
                parts.len() == labels(pattern).count()
                    && labels(pattern).zip(parts).all(|((before, named, after), part)| {
                        let literal = before.len() + after.len();
                        part.starts_with(before.as_bytes())
                            && part.ends_with(after.as_bytes())
                            && if named { part.len() > literal } else { part.len() == literal }
                    })
            }
        }
    }
}

/// Each label: what is before its name, whether it has one, and what is after.
fn labels(pattern: &str) -> impl Iterator<Item = (&str, bool, &str)> {
    pattern.split('.').map(|label| match label.split_once('{') {
        Some((before, rest)) => (before, true, rest.split_once('}').map_or("", |(_, after)| after)),
        None => (label, false, ""),
    })
}

fn places(sites: &[PlainSite]) -> impl Iterator<Item = (&Name, &str)> {
    sites.iter().flat_map(|site| site.hosts.iter().map(|name| (name, site.base_path.as_str())))
}

fn has_twins(sites: &[PlainSite]) -> bool {
    let (mut seen, mut folded) = (BTreeSet::new(), BTreeSet::new());
    places(sites).any(|(name, base)| {
        !seen.insert((name, base)) || (base != "/" && !folded.insert((name, fold(base.trim_end_matches('/').as_bytes()))))
    })
}

/// Whether two different patterns are as literal, so that the sites may have been refused.
fn may_tie(sites: &[PlainSite]) -> bool {
    let patterns: BTreeSet<&Name> =
        places(sites).map(|(name, _)| name).filter(|name| matches!(name, Name::Pattern(_))).collect();
    let ranks: BTreeSet<usize> = patterns.iter().map(|name| name.rank()).collect();
    ranks.len() < patterns.len()
}

/// The base paths of one name.
type Level<'s> = Vec<(usize, &'s str)>;

/// The base paths under every name that matches the host, the most exact name first.
fn levels<'s>(sites: &'s [PlainSite], host: &[u8]) -> Vec<Level<'s>> {
    let names = sites.iter().flat_map(|site| &site.hosts).filter(|name| name.matches(host));
    let mut names: Vec<&Name> = names.collect::<BTreeSet<_>>().into_iter().collect();
    names.sort_by_key(|name| (*name == &Name::Any, std::cmp::Reverse(name.rank())));
    for pair in names.windows(2) {
        let tie = matches!(pair, [Name::Pattern(_), Name::Pattern(_)]) && pair[0].rank() == pair[1].rank();
        assert!(!tie, "both match: {pair:?}");
    }
    let of_name = |name: &&Name| {
        let named = sites.iter().enumerate().filter(|(_, site)| site.hosts.contains(name));
        named.map(|(id, site)| (id, site.base_path.as_str())).collect()
    };
    names.iter().map(of_name).collect()
}

/// The site with the longest base path that holds the path, and what follows it.
fn place<'k>(levels: &[Level<'_>], path: &'k [u8]) -> Option<(usize, &'k [u8])> {
    levels.iter().find_map(|level| {
        let holding = level.iter().filter_map(|(id, base)| {
            let unslashed = base.trim_end_matches('/').as_bytes() == path;
            let key = if unslashed { Some(&path[path.len()..]) } else { path.strip_prefix(base.as_bytes()) };
            Some((base.len(), (*id, key?)))
        });
        holding.max_by_key(|(length, _)| *length).map(|(_, place)| place)
    })
}

/// A site at `/` holds whatever is no path, too.
fn place_of_reading(levels: &[Level<'_>], reading: &[u8]) -> Option<usize> {
    levels.iter().find_map(|level| {
        let root = level.iter().find(|(_, base)| *base == "/").map(|(id, _)| *id);
        place(std::slice::from_ref(level), reading).map(|(id, _)| id).or(root)
    })
}

/// The site in which a file system that folds case and trims names would find a reading.
fn place_of_folded(levels: &[Level<'_>], reading: &[u8]) -> Option<usize> {
    let path = fold(reading);
    levels.iter().find_map(|level| {
        let root = level.iter().find(|(_, base)| *base == "/").map(|(id, _)| *id);
        let holding = level.iter().filter(|(_, base)| *base != "/").filter_map(|(id, base)| {
            let base = fold(base.trim_end_matches('/').as_bytes());
            let rest = path.strip_prefix(base.as_slice())?;
            (rest.is_empty() || rest.starts_with(b"/")).then_some((base.len(), *id))
        });
        holding.max().map(|(_, id)| id).or(root)
    })
}

/// Each segment without a stream of NTFS, without dots and spaces at its end, and in one case.
fn fold(path: &[u8]) -> Vec<u8> {
    let mut folded = Vec::new();
    for segment in segments(path) {
        let is_stream = segment.windows(2).any(|pair| pair == b":$");
        let name = if is_stream { segment.split(|&byte| byte == b':').next().unwrap() } else { segment };
        let mut kept = Vec::new();
        for chunk in name.utf8_chunks() {
            let shown = chunk.valid().chars().filter(|shown| !has_no_width(*shown));
            let upper: String = shown.flat_map(char::to_lowercase).flat_map(char::to_uppercase).collect();
            kept.extend(upper.chars().flat_map(char::to_lowercase).collect::<String>().bytes());
            kept.extend(chunk.invalid());
        }
        while matches!(kept.last(), Some(b'.' | b' ')) {
            kept.pop();
        }
        if !kept.is_empty() || segment.is_empty() {
            folded.push(b'/');
            folded.extend(kept);
        }
    }
    folded
}

fn has_no_width(character: char) -> bool {
    matches!(u32::from(character), 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff)
}

/// In lower case, without port and one dot at the end (RFC 9110 §7.2).
fn normal_host(raw: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(raw).ok()?.to_ascii_lowercase();
    let literal = text.starts_with('[');
    let (name, port) = if literal {
        text.split_at(text.find(']')? + 1)
    } else {
        text.split_at(text.find(':').unwrap_or(text.len()))
    };
    let port = port.strip_prefix(':').or(port.is_empty().then_some(""))?;
    let name = name.strip_suffix('.').unwrap_or(name);
    let good = |c: char| {
        c.is_ascii_lowercase()
            || c.is_ascii_digit()
            || matches!(c, '-' | '.' | '_')
            || literal && matches!(c, '[' | ']' | ':')
    };
    let sound = port.len() <= 5
        && port.chars().all(|c| c.is_ascii_digit())
        && (1..=255).contains(&name.len())
        && name.chars().all(good);
    sound.then(|| name.as_bytes().to_vec())
}

/// The path decoded once, if it then has one reading and no more.
fn normal_path(raw: &[u8]) -> Option<Vec<u8>> {
    let slashes = |path: &[u8]| path.iter().filter(|&&byte| byte == b'/').count();
    let sound = |path: &[u8]| {
        let Ok(text) = std::str::from_utf8(path) else { return false };
        text.starts_with('/')
            && slashes(path) == slashes(raw)
            && !text.contains("//")
            && !text.contains('\\')
            && !text.chars().any(char::is_control)
            && !text.split('/').any(|segment| matches!(segment, "." | ".."))
    };
    let encoded = |rest: &[u8]| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit);
    if !raw.split(|&byte| byte == b'%').skip(1).all(encoded) {
        return None;
    }
    let normal = decode(raw);
    let again = || decodings(&normal).skip(1);
    (again().nth(MOST_DECODED_AGAIN).is_none() && sound(&normal) && again().all(|path| sound(&path)))
        .then_some(normal)
}

fn decode(path: &[u8]) -> Vec<u8> {
    percent_decode(path).collect()
}

/// The path as it stands, decoded, and decoded again for as long as that changes anything.
fn decodings(path: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    std::iter::successors(Some(path.to_vec()), |path| {
        let again = decode(path);
        (again != *path).then_some(again)
    })
}

/// Every way to read a decoded path: backslashes taken for slashes; then as it stands, with slashes merged, with dots
/// resolved, with one after the other in either order.
fn shapes(path: &[u8]) -> [Vec<u8>; 5] {
    let slashed: Vec<u8> = path.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect();
    let (merged, resolved) = (merge(&slashed), resolve(&slashed));
    [resolve(&merged), merge(&resolved), merged, resolved, slashed]
}

fn segments(path: &[u8]) -> Vec<&[u8]> {
    path.strip_prefix(b"/").unwrap_or(path).split(|&byte| byte == b'/').collect()
}

fn join(segments: &[&[u8]]) -> Vec<u8> {
    segments.iter().flat_map(|segment| [b"/", *segment].concat()).collect()
}

fn merge(path: &[u8]) -> Vec<u8> {
    let segments = segments(path);
    let last = segments.len() - 1;
    let kept = segments.iter().enumerate().filter(|(place, segment)| *place == last || !segment.is_empty());
    join(&kept.map(|(_, segment)| *segment).collect::<Vec<_>>())
}

/// RFC 3986 §5.2.4: the last segment becomes empty where it is one of dots.
fn resolve(path: &[u8]) -> Vec<u8> {
    let segments = segments(path);
    let mut resolved: Vec<&[u8]> = Vec::new();
    for segment in &segments {
        match *segment {
            b"." => {}
            b".." => drop(resolved.pop()),
            segment => resolved.push(segment),
        }
    }
    if matches!(segments.last(), Some(&b"." | &b"..")) {
        resolved.push(b"");
    }
    join(&resolved)
}

fn split<'t>(text: &'t [u8], at: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let place = text.windows(at.len()).position(|window| window == at)?;
    Some((&text[..place], &text[place + at.len()..]))
}

#[derive(Debug)]
struct Request<'i> {
    host: Option<&'i [u8]>,
    path: &'i [u8],
}

impl RequestView for Request<'_> {
    fn method(&self) -> &str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: self.path, query: None }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.host.filter(|_| name == "host" && nth == 0)
    }
}
