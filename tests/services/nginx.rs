//! Secure links as nginx decides them: the same requests to a real nginx and to a verifier with the preset `nginx`.
//!
//! 20,000 links in each run, or as many as `PLAYGATE_NGINX` says, the same kinds in every run: `PLAYGATE_NGINX_SEED` asks
//! for others. Both must come to the same of 200, 403, 410 and 400 in the same second. What they differ on stands in
//! `nginx/differences.toml`, each class with its reason, and a class that does not occur any more fails the run. Without
//! nginx the test says so and passes; with `PLAYGATE_REQUIRE_SERVICES=1` it fails.

#![expect(clippy::print_stdout, reason = "the counts are worth reading")]

mod generate;
pub(crate) mod server;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::support::Random;
use generate::Case;
use http::{Request, Uri};
use playgate::request::PeerAddr;
use playgate::schemes::Scheme;
use playgate::schemes::link::{IpBinding, SecureLink};
use playgate::time::UnixSeconds;
use playgate::{Decision, Denial, Site, Verifier};
use server::{Connection, Nginx};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(crate) const SECRET: &str = "a shared secret";

/// One location of nginx, and the same format for the verifier.
pub(crate) struct Format {
    pub(crate) host: &'static str,
    /// What `location` matches.
    pub(crate) location: &'static str,
    pub(crate) secure_link: &'static str,
    pub(crate) secure_link_md5: &'static str,
    expression: &'static str,
    pub(crate) hash_name: &'static str,
    pub(crate) expires_name: &'static str,
    pub(crate) expires: bool,
    pub(crate) binds: bool,
}

const USUAL: Format = Format {
    host: "usual.example.com",
    location: "/",
    secure_link: "$arg_md5,$arg_expires",
    secure_link_md5: "$secure_link_expires$uri a shared secret",
    expression: "{expires}{path} {secret}",
    hash_name: "md5",
    expires_name: "expires",
    expires: true,
    binds: false,
};

pub(crate) const FORMATS: [Format; 7] = [
    // The first answers every other host too.
    Format {
        host: "cdn.example.com",
        secure_link_md5: "$secure_link_expires|$host|$uri a shared secret",
        expression: "{expires}|{host}|{path} {secret}",
        ..USUAL
    },
    USUAL,
    Format {
        host: "bound.example.com",
        secure_link_md5: "$secure_link_expires$uri$remote_addr a shared secret",
        expression: "{expires}{path}{ip} {secret}",
        binds: true,
        ..USUAL
    },
    Format {
        host: "ever.example.com",
        secure_link: "$arg_md5",
        secure_link_md5: "a shared secret$uri",
        expression: "{secret}{path}",
        expires: false,
        ..USUAL
    },
    Format {
        host: "argument.example.com",
        secure_link_md5: "$secure_link_expires$uri$arg_v a shared secret",
        expression: "{expires}{path}{query:v} {secret}",
        ..USUAL
    },
    Format {
        host: "names.example.com",
        secure_link: "$arg_st,$arg_e",
        secure_link_md5: "a shared secret$uri$secure_link_expires",
        expression: "{secret}{path}{expires}",
        hash_name: "st",
        expires_name: "e",
        ..USUAL
    },
    Format {
        host: "folder.example.com",
        location: "~ ^(?<folder>.*/)",
        secure_link_md5: "$secure_link_expires$folder a shared secret",
        expression: "{expires}{dir} {secret}",
        ..USUAL
    },
];

impl Format {
    fn verifier(&self) -> Verifier {
        let link = SecureLink::nginx(self.expression, SECRET)
            .hash_name(self.hash_name)
            .expires_name(self.expires_name);
        let link = if self.binds { link.ip_binding(IpBinding::EXACT) } else { link };
        let link = if self.expires { link } else { link.never_expires(true) };
        let site = Site::bucket("vod").any_host().secure_link(link).accepts([Scheme::SecureLink]);
        Verifier::builder().site(site).trusted_proxies(["127.0.0.1"]).build().unwrap()
    }
}

#[test]
fn links_are_decided_as_nginx_decides_them_and_every_difference_has_its_reason() {
    let Some(nginx) = Nginx::start(&FORMATS) else { return };
    let number = |name: &str, usual| {
        std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
    };
    let cases: u64 = number("PLAYGATE_NGINX", 20_000);
    let seed: u64 = number("PLAYGATE_NGINX_SEED", 20_261_122);
    println!("{}: {cases} cases, PLAYGATE_NGINX_SEED={seed}", nginx.version());
    let started = Instant::now();
    let verifiers = FORMATS.each_ref().map(Format::verifier);
    let mut connection = nginx.connect();
    let (mut agreed, mut differ) = (BTreeMap::new(), BTreeMap::new());
    for number in 0..cases {
        let mut random = Random::new(seed, number);
        let format = random.below(FORMATS.len());
        let (case, ours, theirs) = both(&verifiers[format], &FORMATS[format], &random, &mut connection);
        if ours.status() == theirs {
            *agreed.entry(theirs).or_insert(0_u64) += 1;
            continue;
        }
        let because = if ours.status() == 400 { Vec::new() } else { case.because(theirs) };
        let difference = Difference { ours: ours.name(), theirs, because };
        let example = || format!("case {number} at {}: {}", FORMATS[format].host, case.shown());
        differ.entry(difference).or_insert_with(|| (0_u64, example())).0 += 1;
    }

    println!("{:.1} s; both agree on:", started.elapsed().as_secs_f64());
    for (status, count) in &agreed {
        println!("{count:>9}  {status}");
    }
    let mut faults = String::new();
    println!("they differ on:");
    let classes = classes();
    for class in &classes {
        let of_class = differ.iter().filter(|(difference, _)| class.holds(difference));
        let count: u64 = of_class.map(|(_, (count, _))| count).sum();
        println!("{count:>9}  {}", class.name);
        if count == 0 {
            writeln!(faults, "[{}] does not occur any more", class.name).unwrap();
        }
    }
    for (difference, (count, example)) in &differ {
        if !classes.iter().any(|class| class.holds(difference)) {
            writeln!(faults, "in no class: {count} times {difference:?}\n    {example}").unwrap();
        }
    }
    assert!(faults.is_empty(), "{faults}");
    for (status, share) in [(200, 5), (403, 5), (410, 20), (400, 50)] {
        let agreed = agreed.get(&status).copied().unwrap_or_default();
        assert!(agreed >= cases / share, "{status} {agreed} times: too few to say anything");
    }
}

/// Where the verifier may grant what nginx refuses: the link is a good one, and nginx does not see it.
const HARMLESS: [&str; 4] = ["capital name", "encoded name", "odd host", "mapped address"];

#[test]
fn no_class_grants_a_link_that_is_not_good_and_each_has_a_reason_of_its_own() {
    let classes = classes();
    for (number, class) in classes.iter().enumerate() {
        let harmless = HARMLESS.contains(&class.because.as_str());
        assert!(harmless || class.ours.iter().all(|ours| ours != GRANTED), "[{}] grants", class.name);
        assert!(class.reason.len() > 40, "[{}] has no reason", class.name);
        for other in &classes[..number] {
            let same = other.because == class.because
                && other.ours.iter().any(|ours| class.ours.contains(ours))
                && other.theirs.iter().any(|theirs| class.theirs.contains(theirs));
            assert!(!same, "[{}] is [{}]", class.name, other.name);
        }
    }
}

/// The second that it is; [`UnixSeconds::now`] may be a tick late, which nginx is not.
fn precisely() -> UnixSeconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixSeconds::new(since.as_secs().try_into().unwrap())
}

/// What both say within one second.
fn both(
    verifier: &Verifier,
    format: &Format,
    random: &Random,
    connection: &mut Connection,
) -> (Case, Ours, u16) {
    loop {
        let now = precisely();
        let case = generate::case(&mut random.clone(), format, now.get());
        let theirs = connection.ask(&case);
        let ours = ours(verifier, &case, now);
        if precisely() == now {
            return (case, ours, theirs);
        }
    }
}

const GRANTED: &str = "granted";

/// What the verifier says of a request, or the server before it.
enum Ours {
    Granted,
    Denied(Denial),
    NoTarget,
}

impl Ours {
    /// The status that it is customary to give for it behind nginx.
    fn status(&self) -> u16 {
        match self {
            Self::Granted => 200,
            Self::Denied(Denial::LinkBad(_) | Denial::CredentialMissing) => 403,
            Self::Denied(Denial::LinkExpired { .. }) => 410,
            Self::Denied(_) | Self::NoTarget => 400,
        }
    }

    /// `granted`, or the denial without its numbers.
    fn name(&self) -> String {
        match self {
            Self::Granted => GRANTED.to_owned(),
            Self::NoTarget => "NoTarget".to_owned(),
            Self::Denied(denial) => {
                let whole = format!("{denial:?}");
                whole.split_once(" {").map_or(whole.clone(), |(name, _)| name.to_owned())
            }
        }
    }
}

fn ours(verifier: &Verifier, case: &Case, now: UnixSeconds) -> Ours {
    let Ok(uri) = Uri::try_from(case.target.as_slice()) else { return Ours::NoTarget };
    let proxy = PeerAddr((IpAddr::from([127, 0, 0, 1]), 50000).into());
    let request = Request::get(uri)
        .header("host", case.host.as_str())
        .header("x-forwarded-for", case.client.to_string())
        .extension(proxy)
        .body(())
        .unwrap();
    match verifier.decide(&request, now) {
        Decision::Granted(_) => Ours::Granted,
        decision => Ours::Denied(decision.denial().unwrap_or_else(|| panic!("{decision:?}"))),
    }
}

/// One way in which both differ.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    ours: String,
    theirs: u16,
    /// What is odd about the request; empty where the denial says it all.
    because: Vec<&'static str>,
}

/// Differences that are known.
struct Class {
    name: String,
    ours: Vec<String>,
    theirs: Vec<u16>,
    because: String,
    reason: String,
}

impl Class {
    fn holds(&self, Difference { ours, theirs, because }: &Difference) -> bool {
        let reason =
            if self.because.is_empty() { because.is_empty() } else { because.contains(&&*self.because) };
        reason && self.ours.contains(ours) && self.theirs.contains(theirs)
    }
}

fn classes() -> Vec<Class> {
    let document = DeTable::parse(include_str!("nginx/differences.toml")).unwrap();
    let classes = document.get_ref().get("class").and_then(|classes| classes.get_ref().as_array()).unwrap();
    let read = |class: &Spanned<DeValue<'_>>| {
        let class = class.get_ref().as_table().unwrap();
        let text = |name: &str| class.get(name).and_then(|field| field.get_ref().as_str()).map(str::to_owned);
        let must = |name: &str| text(name).unwrap_or_else(|| panic!("no {name} in {class:?}"));
        let because = text("because");
        assert_eq!(class.len(), 4 + usize::from(because.is_some()), "{class:?}");
        let ours = must("ours").split(' ').map(str::to_owned).collect();
        let theirs = must("nginx").split(' ').map(|status| status.parse().unwrap()).collect();
        Class {
            name: must("name"),
            ours,
            theirs,
            because: because.unwrap_or_default(),
            reason: must("reason"),
        }
    };
    classes.iter().map(read).collect()
}
