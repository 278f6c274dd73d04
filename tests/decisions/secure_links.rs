//! Secure links as the systems that mint them describe them: published examples, and every rule by its name.

use std::net::IpAddr;
use std::time::Duration;

use http::Request;
use playgate::error::{Denial, LinkFault, Repeated};
use playgate::mint::{LinkSigner, Signer};
use playgate::request::PeerAddr;
use playgate::schemes::link::{Covers, IpBinding, LinkEncoding, SecureLink};
use playgate::schemes::{Carrier, Scheme};
use playgate::time::UnixSeconds;
use playgate::{Decision, Key, KeyScope, Scope, Site, Verifier, crypto::LinkHash};
use serde::Deserialize;

const NOW: i64 = 1_750_000_000;
const SECRET: &str = "a shared secret";
const HOST: &str = "cdn.example.com";

fn site(link: SecureLink) -> Site {
    Site::bucket("vod").any_host().secure_link(link)
}

fn behind(link: SecureLink) -> Verifier {
    Verifier::builder().site(site(link)).build().unwrap()
}

fn get(target: &str, peer: &str) -> Request<()> {
    let peer = PeerAddr((peer.parse::<IpAddr>().unwrap(), 50000).into());
    Request::get(target).header("host", HOST).extension(peer).body(()).unwrap()
}

/// The code, or `granted`.
fn decided(verifier: &Verifier, request: &Request<()>, now: i64) -> String {
    match verifier.decide(request, UnixSeconds::new(now)) {
        Decision::Granted(_) => "granted".to_owned(),
        other => other.denial().map_or_else(|| format!("{other:?}"), |denial| denial.code().to_string()),
    }
}

fn outcome(link: SecureLink, target: &str) -> String {
    decided(&behind(link), &get(target, "192.0.2.1"), NOW)
}

/// A link for a path, an hour to live.
fn signed(link: &SecureLink, path: &str) -> String {
    LinkSigner::new(link).unwrap().link(path).expires_at(UnixSeconds::new(NOW + 3600)).sign().unwrap()
}

#[derive(Deserialize)]
struct Published {
    name: String,
    secret: String,
    expression: Option<String>,
    parameters: Option<(String, Option<String>)>,
    ip: Option<String>,
    target: String,
    now: i64,
    expect: String,
}

fn published(json: &str, link: impl Fn(&Published) -> SecureLink) -> usize {
    let rows: Vec<Published> = serde_json::from_str(json).unwrap();
    for row in &rows {
        let link = link(row);
        let link = if row.ip.is_some() { link.ip_binding(IpBinding::EXACT) } else { link };
        let request = get(&row.target, row.ip.as_deref().unwrap_or("192.0.2.1"));
        assert_eq!(decided(&behind(link), &request, row.now), row.expect, "{}", row.name);
    }
    rows.len()
}

#[test]
fn published_links_of_nginx_are_decided_as_nginx_does() {
    let rows = published(include_str!("../data/secure_links/nginx.json"), |row| {
        let link = SecureLink::nginx(row.expression.as_deref().unwrap(), row.secret.as_str());
        let (hash, expires) = row.parameters.clone().unwrap();
        let link = link.hash_name(hash).expires_name(expires.clone().unwrap_or("expires".to_owned()));
        if expires.is_none() { link.never_expires(true) } else { link }
    });
    assert_eq!(rows, 26);
}

#[test]
fn published_links_of_gcore_are_decided_as_its_pages_say() {
    let cdn = include_str!("../data/secure_links/gcore.json");
    assert_eq!(published(cdn, |row| SecureLink::gcore(row.secret.as_str()).covers(Covers::File)), 2);
    let mp4 = include_str!("../data/secure_links/gcore_mp4.json");
    assert_eq!(published(mp4, |row| SecureLink::gcore_mp4(row.secret.as_str())), 8);
    assert_eq!(published(mp4, |row| SecureLink::gcore_video(row.secret.as_str())), 8);
}

/// Every preset, each with what its links open.
fn presets() -> Vec<(&'static str, SecureLink, &'static str)> {
    let custom = |hash, secret: &str| SecureLink::custom("{expires}|{host}|{path}", hash, secret);
    vec![
        ("gcore", SecureLink::gcore(SECRET), "/a/b.m3u8"),
        ("gcore file", SecureLink::gcore(SECRET).covers(Covers::File), "/a/b.m3u8"),
        ("gcore either", SecureLink::gcore(SECRET).covers(Covers::Either), "/a/b.m3u8"),
        ("gcore_video", SecureLink::gcore_video(SECRET), "/videos/12_34/master.m3u8"),
        ("gcore_mp4", SecureLink::gcore_mp4(SECRET), "/videos/12_34/movie.mp4?speed=1000k&buffer=1"),
        ("nginx", SecureLink::nginx("{expires}{path} {secret}", SECRET), "/a/b.m3u8"),
        (
            "nginx with an argument",
            SecureLink::nginx("{expires}{path}{query:v} {secret}", SECRET),
            "/a/b.ts?v=7",
        ),
        ("nginx directory", SecureLink::nginx("{expires}{dir} {secret}", SECRET), "/a/b.m3u8"),
        ("sha256", SecureLink::custom("{expires}{path}{secret}", LinkHash::Sha256, SECRET), "/a/b.m3u8"),
        (
            "sha256 hex",
            SecureLink::custom("{expires}{path}{secret}", LinkHash::Sha256, SECRET)
                .encoding(LinkEncoding::Hex),
            "/a/b.m3u8",
        ),
        ("hmac", custom(LinkHash::HmacSha256, "0123456789abcdef0123456789abcdef"), "/a/b.m3u8"),
    ]
}

#[test]
fn what_is_minted_is_granted_and_what_is_changed_is_not() {
    for (name, link, path) in presets() {
        let url = signed(&link, &format!("https://{HOST}{path}"));
        let target = url.strip_prefix(&format!("https://{HOST}")).unwrap();
        let verifier = behind(link);
        assert_eq!(decided(&verifier, &get(target, "192.0.2.1"), NOW), "granted", "{name}: {target}");
        let last = NOW + 3600;
        let in_last_second = if name.starts_with("nginx") { "granted" } else { "link_expired" };
        assert_eq!(
            decided(&verifier, &get(target, "192.0.2.1"), last - 1),
            "granted",
            "{name}: last second but one"
        );
        assert_eq!(
            decided(&verifier, &get(target, "192.0.2.1"), last),
            in_last_second,
            "{name}: the named second"
        );
        assert_eq!(
            decided(&verifier, &get(target, "192.0.2.1"), last + 1),
            "link_expired",
            "{name}: too late"
        );
        // Every character of a link counts, but for bits that stand for nothing and what covers more than one path.
        for at in 1..target.len() {
            let mut bytes = target.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
            let changed = String::from_utf8(bytes).unwrap();
            let outcome = decided(&verifier, &get(&changed, "192.0.2.1"), NOW);
            if outcome == "granted" {
                assert!(may_change(name, target, at), "{name}: {changed} for {target}");
            }
        }
    }
}

/// Whether the byte at this place is none that a link of this kind proves.
fn may_change(name: &str, target: &str, at: usize) -> bool {
    let file = target.find('?').unwrap_or(target.len());
    let in_file_name = at > target[..file].rfind('/').unwrap() && at < file;
    let covers_directory = matches!(name, "gcore" | "gcore_video" | "nginx directory") && in_file_name;
    // `videos`, which links of Gcore Video do not name: another of its three kinds would be one change more.
    let proof = target.find("md5=").map(|start| start + 4);
    let loose_bits = proof.is_some_and(|start| at == start + 21);
    covers_directory || loose_bits
}

#[test]
fn a_directory_link_covers_files_directly_inside_and_no_sub_directories() {
    let link = SecureLink::gcore(SECRET);
    let url = signed(&link, "/videos/1/master.m3u8");
    let query = url.split_once('?').unwrap().1;
    let verifier = behind(link);
    for (path, expected) in [
        ("/videos/1/master.m3u8", "granted"),
        ("/videos/1/seg-1.ts", "granted"),
        ("/videos/1/", "granted"),
        ("/videos/1/720p/seg-1.ts", "link_bad"),
        ("/videos/1", "link_bad"),
        ("/videos/", "link_bad"),
        ("/videos/10/seg-1.ts", "link_bad"),
        ("/videos/1/../2/seg-1.ts", "ambiguous_path"),
    ] {
        assert_eq!(
            decided(&verifier, &get(&format!("{path}?{query}"), "192.0.2.1"), NOW),
            expected,
            "{path}"
        );
    }
}

#[test]
fn a_site_says_which_of_file_and_directory_links_it_takes() {
    let (file, directory) = (
        signed(&SecureLink::gcore(SECRET).covers(Covers::File), "/a/b.ts"),
        signed(&SecureLink::gcore(SECRET).covers(Covers::Directory), "/a/b.ts"),
    );
    for (covers, takes_file, takes_directory) in [
        (Covers::File, "granted", "link_bad"),
        (Covers::Directory, "link_bad", "granted"),
        (Covers::Either, "granted", "granted"),
    ] {
        let link = || SecureLink::gcore(SECRET).covers(covers);
        assert_eq!(outcome(link(), &file), takes_file, "{covers:?}, file link");
        assert_eq!(outcome(link(), &directory), takes_directory, "{covers:?}, directory link");
    }
    let elsewhere = file.replace("/a/b.ts", "/a/c.ts");
    assert_eq!(outcome(SecureLink::gcore(SECRET).covers(Covers::Either), &elsewhere), "link_bad");
}

#[test]
fn the_hash_comes_before_the_expiry() {
    let link = || SecureLink::gcore(SECRET);
    let old = LinkSigner::new(&link())
        .unwrap()
        .link("/a/b.ts")
        .expires_at(UnixSeconds::new(NOW - 1))
        .sign()
        .unwrap();
    assert_eq!(outcome(link(), &old), "link_expired");
    assert_eq!(outcome(link(), &old.replace("md5=", "md5=x")), "link_bad");
    let denial = behind(link()).decide(&get(&old, "192.0.2.1"), UnixSeconds::new(NOW)).denial().unwrap();
    assert!(denial.verified());
}

#[test]
fn an_expiry_is_decimal_digits_positive_and_countable() {
    for (digits, expected) in [
        ("1750003600", Denial::LinkBad(LinkFault::Mismatch)),
        ("9223372036854775807", Denial::LinkBad(LinkFault::Mismatch)),
        ("9223372036854775808", Denial::LinkBad(LinkFault::Expiry)),
        ("0", Denial::LinkBad(LinkFault::Expiry)),
        ("", Denial::LinkBad(LinkFault::Expiry)),
        ("-1750003600", Denial::LinkBad(LinkFault::Expiry)),
        ("+1750003600", Denial::LinkBad(LinkFault::Expiry)),
        ("1750003600.0", Denial::LinkBad(LinkFault::Expiry)),
        ("0x684F", Denial::LinkBad(LinkFault::Expiry)),
        ("1750003600%20", Denial::LinkBad(LinkFault::Expiry)),
        ("%31750003600", Denial::LinkBad(LinkFault::Expiry)),
        ("１７５０００３６００", Denial::LinkBad(LinkFault::Expiry)),
    ] {
        let target = format!("/a/b.ts?md5=AAAAAAAAAAAAAAAAAAAAAA&expires={digits}");
        let request = Request::builder().uri(target.parse::<http::Uri>().unwrap()).header("host", HOST);
        let decided = behind(SecureLink::gcore(SECRET));
        let denial = decided.decide(&request.body(()).unwrap(), UnixSeconds::new(NOW)).denial();
        assert_eq!(denial, Some(expected), "{digits:?}");
    }
    let missing = behind(SecureLink::gcore(SECRET));
    let request = get("/a/b.ts?md5=AAAAAAAAAAAAAAAAAAAAAA", "192.0.2.1");
    let denial = missing.decide(&request, UnixSeconds::new(NOW)).denial();
    assert_eq!(denial, Some(Denial::LinkBad(LinkFault::NoExpiry)));
}

#[test]
fn a_parameter_that_occurs_twice_is_refused() {
    let link = || SecureLink::gcore_mp4(SECRET);
    let url = signed(&link(), "/videos/1_2/a.mp4?speed=1k");
    assert_eq!(outcome(link(), &url), "granted");
    for again in ["md5=x", "expires=1", "speed=1k", "%6d%645=x", "expire%73=1"] {
        for target in [format!("{url}&{again}"), url.replace('?', &format!("?{again}&"))] {
            let denial = behind(link()).decide(&get(&target, "192.0.2.1"), UnixSeconds::new(NOW)).denial();
            assert_eq!(denial, Some(Denial::AmbiguousCredential(Repeated::QueryParameter)), "{target}");
        }
    }
    assert_eq!(outcome(link(), &format!("{url}&other=1&other=2")), "granted");
}

#[test]
fn a_link_bound_to_an_address_is_for_that_client_or_its_network() {
    for (binding, minted_for, asks, expected) in [
        ("exact", "203.0.113.7", "203.0.113.7", "granted"),
        ("exact", "203.0.113.7", "203.0.113.8", "link_bad"),
        ("/24", "203.0.113.7", "203.0.113.200", "granted"),
        ("/24", "203.0.113.7", "203.0.114.7", "link_bad"),
        ("/16", "203.0.113.7", "203.0.5.5", "granted"),
        ("/24", "2001:db8::1", "2001:db8::2", "link_bad"),
        ("/64", "2001:db8:0:1::1", "2001:db8:0:1:ffff::9", "granted"),
        ("/64", "2001:db8:0:1::1", "2001:db8:0:2::1", "link_bad"),
        ("/48", "2001:db8:0:1::1", "2001:db8:0:2::1", "granted"),
        ("/24", "203.0.113.7", "::ffff:203.0.113.9", "granted"),
    ] {
        let binding = IpBinding::EXACT.parse(binding).unwrap();
        let link = SecureLink::gcore(SECRET).ip_binding(binding);
        let signer = LinkSigner::new(&link).unwrap();
        let draft = signer.link("/a/b.ts").client(minted_for.parse().unwrap());
        let url = draft.expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
        assert_eq!(
            decided(&behind(link), &get(&url, asks), NOW),
            expected,
            "{binding:?} {minted_for} {asks}"
        );
    }
}

#[test]
fn the_client_of_a_bound_link_is_told_by_trusted_proxies_alone() {
    let link = || SecureLink::gcore(SECRET).ip_binding(IpBinding::EXACT);
    let signer = LinkSigner::new(&link()).unwrap();
    let draft = signer.link("/a/b.ts").client("203.0.113.7".parse().unwrap());
    let url = draft.expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
    let ask = |peer: &str, forwarded: &str| {
        let mut request = get(&url, peer);
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
        request
    };
    let verifier = Verifier::builder().site(site(link())).trusted_proxies(["10.0.0.0/8"]).build().unwrap();
    for (peer, forwarded, expected) in [
        ("10.0.0.1", "203.0.113.7", "granted"),
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", "granted"),
        ("10.0.0.1", "203.0.113.7, 198.51.100.1", "link_bad"),
        ("10.0.0.1", "unknown", "link_bad"),
        ("198.51.100.1", "203.0.113.7", "link_bad"),
        ("203.0.113.7", "198.51.100.1", "granted"),
    ] {
        assert_eq!(decided(&verifier, &ask(peer, forwarded), NOW), expected, "{peer} {forwarded}");
    }
    let nobody = Request::get(url.as_str()).header("host", HOST).body(()).unwrap();
    let denial = verifier.decide(&nobody, UnixSeconds::new(NOW)).denial();
    assert_eq!(denial, Some(Denial::LinkBad(LinkFault::ClientUnknown)));
}

#[test]
fn a_bound_file_link_leaves_the_ambiguity_that_is_documented_and_no_other() {
    let link = || SecureLink::gcore(SECRET).covers(Covers::File).ip_binding(IpBinding::EXACT);
    let signer = LinkSigner::new(&link()).unwrap();
    let draft = signer.link("/v/a1").client("2.3.4.5".parse().unwrap());
    let url = draft.expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
    let moved = url.replace("/v/a1", "/v/a");
    assert_eq!(decided(&behind(link()), &get(&moved, "12.3.4.5"), NOW), "granted", "as documented");
    assert_eq!(decided(&behind(link()), &get(&moved, "2.3.4.5"), NOW), "link_bad");
    let either = site(SecureLink::gcore(SECRET).covers(Covers::Either).ip_binding(IpBinding::EXACT));
    let error = Verifier::builder().site(either).build().unwrap_err().to_string();
    assert!(error.contains("covers files or directories and binds addresses"), "{error}");
}

#[test]
fn two_secrets_are_live_while_one_takes_the_others_place() {
    let old = signed(&SecureLink::gcore("the old secret"), "/a/b.ts");
    let new = signed(&SecureLink::gcore("the new secret"), "/a/b.ts");
    let both = || SecureLink::gcore("the new secret").also("the old secret");
    assert_eq!((outcome(both(), &old), outcome(both(), &new)), ("granted".to_owned(), "granted".to_owned()));
    let verifier = behind(both());
    let policy = playgate::Policy::builder().site(site(SecureLink::gcore("the new secret"))).build().unwrap();
    verifier.swap(policy);
    assert_eq!(decided(&verifier, &get(&old, "192.0.2.1"), NOW), "link_bad");
    assert_eq!(decided(&verifier, &get(&new, "192.0.2.1"), NOW), "granted");
}

#[test]
fn a_site_may_take_tokens_and_links_and_the_first_that_is_present_decides() {
    let secret = b"0123456789abcdef0123456789abcdef";
    let link = || SecureLink::gcore(SECRET);
    let build = |site: Site| {
        let key = Key::from_secret("k", secret, KeyScope::bucket("vod")).unwrap();
        Verifier::builder().site(site).key(key).build().unwrap()
    };
    let both = build(site(link()).carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]));
    let links = build(site(link()).accepts([Scheme::SecureLink]));
    let token = Signer::from_secret("k", secret).unwrap().token(Scope::folder("a").unwrap()).sign().unwrap();
    let good = signed(&link(), "/a/b.ts");
    let bad = good.replace("md5=", "md5=x");
    let cookie = format!("Qencode-Auth-Token={}", token.as_str());
    for (name, target, cookies, with_both, links_alone) in [
        ("link", good.clone(), false, "granted", "granted"),
        ("token", token.url("/a/b.ts"), false, "granted", "credential_missing"),
        ("cookie", "/a/b.ts".to_owned(), true, "granted", "credential_missing"),
        ("bad link, good cookie", bad.clone(), true, "link_bad", "link_bad"),
        ("good token, bad link", token.url(&bad), false, "granted", "link_bad"),
        ("bad token, good link", format!("{good}&auth=x"), false, "malformed_token", "granted"),
        ("expires alone, good cookie", "/a/b.ts?expires=1".to_owned(), true, "granted", "credential_missing"),
        ("nothing", "/a/b.ts".to_owned(), false, "credential_missing", "credential_missing"),
    ] {
        let mut request = get(&target, "192.0.2.1");
        if cookies {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        assert_eq!(decided(&both, &request, NOW), with_both, "{name}: both");
        assert_eq!(decided(&links, &request, NOW), links_alone, "{name}: links alone");
    }
}

#[test]
fn a_grant_by_link_tells_what_it_opens_and_has_no_kid() {
    for (link, url, scope, carrier) in [
        (SecureLink::gcore(SECRET), "/v/1/a.ts", "v/1/", Carrier::Query),
        (SecureLink::gcore(SECRET), "/a.ts", "", Carrier::Query),
        (SecureLink::gcore(SECRET).covers(Covers::File), "/v/1/a.ts", "v/1/a.ts", Carrier::Query),
        (SecureLink::gcore_video(SECRET), "/videos/1_2/a/b.ts", "videos/1_2/", Carrier::Path),
    ] {
        let verifier = behind(link.clone());
        let target = signed(&link, url);
        let request = get(&target, "192.0.2.1");
        let Decision::Granted(grant) = verifier.decide(&request, UnixSeconds::new(NOW)) else {
            panic!("{url}")
        };
        let owned = grant.to_owned();
        assert_eq!(owned.scope(), Some(scope));
        assert_eq!((grant.kid(), grant.scheme(), grant.carrier()), (None, Scheme::SecureLink, carrier));
        assert_eq!(grant.expires_at(), Some(UnixSeconds::new(NOW + 3600)));
        let shown = format!("{grant:?} {owned:?} {verifier:?}");
        assert!(!shown.contains(SECRET) && !shown.contains("md5="), "{shown}");
    }
}

#[test]
fn gcore_video_opens_one_video_whatever_the_file_and_nothing_without_a_token() {
    let link = SecureLink::gcore_video(SECRET);
    let url = signed(&link, "/cmaf/12_34/master.m3u8");
    let verifier = behind(link);
    let folder = url.strip_suffix("master.m3u8").unwrap();
    for (target, expected) in [
        (url.clone(), "granted"),
        (format!("{folder}720p/seg-1.m4s"), "granted"),
        (folder.replace("/cmaf/", "/mpegts/") + "seg-1.ts", "granted"),
        (folder.replace("/cmaf/", "/other/") + "seg-1.ts", "credential_missing"),
        (folder.replace("12_34", "12_35") + "seg-1.ts", "link_bad"),
        ("/cmaf/12_34/master.m3u8".to_owned(), "credential_missing"),
        ("/cmaf/12_34/AAAAAAAAAAAAAAAAAAAAAA/1750003600/a.ts".to_owned(), "link_bad"),
        ("/cmaf/12_34/x/y/a.ts".to_owned(), "link_bad"),
    ] {
        assert_eq!(decided(&verifier, &get(&target, "192.0.2.1"), NOW), expected, "{target}");
    }
}

#[test]
fn a_longest_lifetime_counts_for_links_too_and_for_those_that_never_expire() {
    let hour = Duration::from_hours(1);
    let gcore = || SecureLink::gcore(SECRET);
    let for_ever = || SecureLink::nginx("{path} {secret}", SECRET).never_expires(true);
    let (bounded, endless) = (signed(&gcore(), "/a/b.ts"), signed(&for_ever(), "/a/b.ts"));
    for (name, site, url, now, expected) in [
        ("a second too long", site(gcore()).max_lifetime(hour), &bounded, NOW - 1, "link_bad"),
        ("just so long", site(gcore()).max_lifetime(hour), &bounded, NOW, "granted"),
        ("for ever, with a limit", site(for_ever()).max_lifetime(hour), &endless, NOW, "link_bad"),
        ("for ever, with an expiry asked for", site(for_ever()).require_exp(true), &endless, NOW, "link_bad"),
        ("for ever", site(for_ever()), &endless, NOW, "granted"),
    ] {
        let verifier = Verifier::builder().site(site).build().unwrap();
        assert_eq!(decided(&verifier, &get(url, "192.0.2.1"), now), expected, "{name}");
    }
}

#[test]
fn formats_that_would_protect_nothing_are_refused_with_their_remedy() {
    let custom = |text: &str| SecureLink::custom(text, LinkHash::Sha256, SECRET);
    let keyed = |text: &str, secret: &str| SecureLink::custom(text, LinkHash::HmacSha256, secret);
    let long = "0123456789abcdef0123456789abcdef";
    for (link, message) in [
        (custom("{expires}{path}"), "without {secret}: anyone could make a link: write {secret} in it"),
        (custom("{path}{secret}"), "without {expires}: anyone could change its expiry"),
        (custom("{expires}{secret}"), "whose expression has neither {path} nor {dir}"),
        (custom("{expires}{path}{secret}").never_expires(true), "with both never_expires and {expires}"),
        (custom("{expires}{path}{ip}{secret}"), "with {ip} but no ip_binding"),
        (custom("{expires}{path}{secret}").ip_binding(IpBinding::EXACT), "binds addresses without {ip}"),
        (custom("{expires}{path}{secret}").covers(Covers::File), "with covers, which its format determines"),
        (custom("{uri}"), "link expression has {uri}"),
        (keyed("{expires}{path}{secret}", long), "with {secret} in an HMAC's expression"),
        (keyed("{expires}{path}", "short secret"), "secret has 12 bytes: write 32 bytes or more"),
        (SecureLink::gcore("five5"), "secret has 5 bytes: write 6 bytes or more"),
        (SecureLink::gcore(SECRET).also(SECRET), "the same secret twice"),
        (SecureLink::gcore(SECRET).also("second one").also("third one"), "with 3 secrets"),
        (SecureLink::gcore(SECRET).encoding(LinkEncoding::Hex), "with encoding, which its format determines"),
        (
            SecureLink::gcore(SECRET).hash_name("a").expires_name("b"),
            "with hash_name, which its format determines",
        ),
        (
            custom("{expires}{path}{secret}").hash_name("a").expires_name("a"),
            "query parameter \"a\" for both a link's proof and its expiry",
        ),
        (
            custom("{expires}{path}{secret}").hash_name("a b").expires_name("c"),
            "has the query parameter \"a b\"",
        ),
    ] {
        let error = Verifier::builder().site(site(link)).build().unwrap_err().to_string();
        assert!(error.contains(message), "{message}: {error}");
        assert!(!error.contains(SECRET) && !error.contains(long), "{error}");
    }
    let nothing = Site::bucket("vod").any_host().accepts([]);
    let error = Verifier::builder().site(nothing).build().unwrap_err().to_string();
    assert!(error.contains("accepts no credential"), "{error}");
}

#[test]
fn what_cannot_be_signed_is_said_with_its_remedy() {
    let bound = SecureLink::gcore(SECRET).ip_binding(IpBinding::EXACT);
    let soon = UnixSeconds::new(NOW);
    let signer = |link: &SecureLink| LinkSigner::new(link).unwrap();
    for (outcome, message) in [
        (signer(&SecureLink::gcore(SECRET)).link("/a").sign(), "link has no expiry"),
        (signer(&bound).link("/a").expires_at(soon).sign(), "bound to an address"),
        (
            signer(&SecureLink::gcore(SECRET)).link("ftp://h/a").expires_at(soon).sign(),
            "URL is neither https",
        ),
        (
            signer(&SecureLink::gcore(SECRET)).link("https://h").expires_at(soon).sign(),
            "URL is neither https",
        ),
        (signer(&SecureLink::gcore(SECRET)).link("/a/../b").expires_at(soon).sign(), "path is ambiguous"),
        (signer(&SecureLink::gcore(SECRET)).link("/a").file().expires_at(soon).sign(), "with this coverage"),
        (signer(&SecureLink::gcore_video(SECRET)).link("/a/b").expires_at(soon).sign(), "not /videos/"),
        (
            signer(&SecureLink::gcore(SECRET)).link("/a").expires_at(UnixSeconds::new(-5)).sign(),
            "before 1970",
        ),
    ] {
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(message), "{message}: {error}");
    }
    let link = SecureLink::gcore(SECRET);
    let url = signed(&link, "https://h:8443/caf%C3%A9/a.ts?md5=old&x=1&expires=3#t=5");
    assert!(
        url.starts_with("https://h:8443/caf%C3%A9/a.ts?x=1&md5=") && url.ends_with("&expires=1750003600#t=5"),
        "{url}"
    );
}
