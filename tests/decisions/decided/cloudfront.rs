//! CloudFront's signed URLs and cookies: every rule by its name.

use std::net::IpAddr;
use std::time::Duration;

use http::Request;
use playgate::crypto::SignatureHash;
use playgate::error::UrlSignatureFault;
use playgate::rate::{FailedSignatures, Rate};
use playgate::request::{PeerAddr, RequestView, Target};
use playgate::revocation::Revocation;
use playgate::schemes::cloudfront::{
    CloudFront, CloudFrontCarrier, CloudFrontPolicy, Protocol, Unsignable, Wildcards,
};
use playgate::schemes::{Carrier, Refuse, Scheme};
use playgate::site::{GrantFact, Outside};
use playgate::time::{Leeway, UnixSeconds};
use playgate::{Decision, Denial, KeyScope, Site, Verifier};

use crate::support::{
    CLOUDFRONT_SHA1, HOST, NOW, TestKey, World, cloudfront_key, cloudfront_query, cloudfront_signature,
    cloudfront_signer, gate, get, vod,
};

const PATH: &str = "/videos/1/a.ts";
const URL: &str = "https://cdn.example.com/videos/1/a.ts";
const FOLDER: &str = "https://cdn.example.com/videos/1/*";
const NAMES: [&str; 5] = ["Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];

fn settings() -> CloudFront {
    CloudFront::new().protocol(Protocol::Https)
}

fn behind(site: Site) -> Verifier {
    let keys = [TestKey::Rsa, TestKey::P256].map(|key| cloudfront_key(key, KeyScope::bucket("vod")));
    gate().site(site).keys(keys).trusted_proxies(["192.0.2.200"]).build().unwrap()
}

fn usual() -> Verifier {
    behind(vod().cloudfront(settings()))
}

fn asks(target: &str, fields: &[(&str, &str)], peer: &str) -> Request<()> {
    let peer = PeerAddr((peer.parse::<IpAddr>().unwrap(), 50000).into());
    let request = Request::get(target).header("host", HOST).extension(peer);
    fields.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(()).unwrap()
}

fn in_query(query: &str) -> Request<()> {
    asks(&format!("{PATH}?{query}"), &[], "192.0.2.1")
}

fn in_cookies(cookies: &str) -> Request<()> {
    asks(PATH, &[("cookie", cookies)], "192.0.2.1")
}

/// The fault of a bad signature, the code of another denial, or `granted`.
fn decided_at(verifier: &Verifier, request: &impl RequestView, now: i64) -> String {
    match verifier.decide(request, UnixSeconds::new(now)) {
        Decision::Granted(_) => "granted".to_owned(),
        other => match other.denial().unwrap_or_else(|| panic!("{other:?}")) {
            Denial::UrlSignatureBad(fault) => format!("{fault:?}"),
            denial => denial.code().to_string(),
        },
    }
}

fn decided(verifier: &Verifier, request: &impl RequestView) -> String {
    decided_at(verifier, request, NOW)
}

fn soon() -> UnixSeconds {
    UnixSeconds::new(NOW + 60)
}

fn folder(key: TestKey) -> CloudFrontPolicy {
    cloudfront_signer(key).policy(FOLDER).expires_at(soon()).sign().unwrap()
}

fn canned(key: TestKey) -> CloudFrontPolicy {
    cloudfront_signer(key).url(URL).expires_at(soon()).sign().unwrap()
}

fn cookies_of(policy: &CloudFrontPolicy) -> String {
    policy.cookies().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

/// The query with the value of one part changed.
fn changed(query: &str, name: &str, change: impl Fn(&str) -> String) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((found, value)) if found == name => format!("{found}={}", change(value)),
        _ => part.to_owned(),
    };
    query.split('&').map(part).collect::<Vec<_>>().join("&")
}

/// The value of one part.
fn part<'q>(query: &'q str, name: &str) -> &'q str {
    let found = query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    found.unwrap()
}

/// The query without one part.
fn without(query: &str, name: &str) -> String {
    let is_other = |part: &&str| part.split_once('=').is_none_or(|(found, _)| found != name);
    query.split('&').filter(is_other).collect::<Vec<_>>().join("&")
}

/// The same parts as cookies.
fn as_cookies(query: &str) -> String {
    query.split('&').map(|part| format!("CloudFront-{part}")).collect::<Vec<_>>().join("; ")
}

/// A custom policy of this `Resource` and these conditions, as JSON.
fn policy_text(resource: &str, conditions: &str) -> String {
    format!(r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{{conditions}}}}}]}}"#)
}

const SOON: &str = r#""DateLessThan":{"AWS:EpochTime":1750000060}"#;

#[test]
fn one_of_the_five_names_in_the_query_makes_cookies_unread() {
    let (all, cookies_alone) =
        (usual(), behind(vod().cloudfront(settings().carriers([CloudFrontCarrier::Cookie]))));
    let query_alone = behind(vod().cloudfront(settings().carriers([CloudFrontCarrier::Query])));
    let cookies = cookies_of(&folder(TestKey::Rsa));
    let decide = |verifier: &Verifier, query: &str| {
        let request = asks(&format!("{PATH}?{query}"), &[("cookie", &cookies)], "192.0.2.1");
        decided(verifier, &request)
    };
    for name in NAMES {
        for query in [name.to_owned(), format!("{name}=SHA256"), format!("x=1&{name}=&y"), encoded(name)] {
            assert_eq!(decide(&all, &query), "Incomplete", "{query}");
            // Where signed URLs are not looked for, it is a parameter like any other, which the policy's `*` covers.
            assert_eq!(decide(&cookies_alone, &query), "granted", "{query}");
        }
        for query in [name.to_lowercase(), format!("x{name}=1"), format!("{name}s=1"), format!("x={name}")] {
            assert_eq!(decide(&all, &query), "granted", "{query}");
        }
        let request = in_cookies(&cookies);
        assert_eq!(decided(&query_alone, &request), "credential_missing");
        assert_eq!(decided(&all, &request), "granted");
    }
    // Nor is a signed URL, even a good one, where the site has cookies alone.
    let query = folder(TestKey::Rsa).query();
    assert_eq!(decided(&cookies_alone, &in_query(&query)), "credential_missing");
    assert_eq!(decided(&query_alone, &in_query(&query)), "granted");
}

/// The name with its first letter percent-encoded.
fn encoded(name: &str) -> String {
    format!("%{:02X}{}=1", name.as_bytes()[0], &name[1..])
}

#[test]
fn a_parameter_that_occurs_twice_is_refused() {
    let verifier = usual();
    let query = folder(TestKey::Rsa).query();
    for name in NAMES {
        for repeated in [
            format!("{query}&{name}=1&{name}=1"),
            format!("{name}&{query}&{name}"),
            format!("{}&{query}&{name}=1", encoded(name)),
        ] {
            assert_eq!(decided(&verifier, &in_query(&repeated)), "ambiguous_credential", "{repeated}");
        }
    }
    // The same value twice is two values.
    for part in query.split('&') {
        assert_eq!(decided(&verifier, &in_query(&format!("{query}&{part}"))), "ambiguous_credential");
    }
}

#[test]
fn a_cookie_name_that_occurs_twice_is_refused() {
    let verifier = usual();
    let cookies = cookies_of(&folder(TestKey::Rsa));
    for name in NAMES {
        let name = format!("CloudFront-{name}");
        let twice = format!("{name}=1; {cookies}; {name}=1");
        assert_eq!(decided(&verifier, &in_cookies(&twice)), "ambiguous_credential", "{name}");
        let one = format!("{name}=1");
        let lines = [("cookie", &*one), ("cookie", &*cookies), ("cookie", &*one)];
        assert_eq!(decided(&verifier, &asks(PATH, &lines, "192.0.2.1")), "ambiguous_credential", "{name}");
    }
    // Names of cookies have their case, and one credential may be in several lines.
    let other = format!("cloudfront-policy=1; {cookies}; CLOUDFRONT-POLICY=1");
    assert_eq!(decided(&verifier, &in_cookies(&other)), "granted");
    let lines: Vec<&str> = cookies.split("; ").collect();
    let fields: Vec<(&str, &str)> = lines.iter().map(|line| ("cookie", *line)).collect();
    assert_eq!(decided(&verifier, &asks(PATH, &fields, "192.0.2.1")), "granted");
}

#[test]
fn a_credential_has_signature_key_and_one_of_policy_and_expires() {
    let verifier = usual();
    let expires = (NOW + 60).to_string();
    for key in [TestKey::Rsa, TestKey::P256] {
        for query in [folder(key).query(), canned(key).query()] {
            assert_eq!(decided(&verifier, &in_query(&query)), "granted", "{query}");
            let mut parts: Vec<&str> = query.split('&').collect();
            parts.reverse();
            parts.insert(2, "x=1");
            let shuffled = parts.join("&");
            let expected = if query.starts_with("Policy") { "granted" } else { "Mismatch" };
            assert_eq!(decided(&verifier, &in_query(&shuffled)), expected, "{shuffled}");
            assert_eq!(decided(&verifier, &in_cookies(&as_cookies(&query))), "granted", "{query}");
            for missing in ["Policy", "Expires", "Signature", "Key-Pair-Id"] {
                let less = without(&query, missing);
                if less != query {
                    assert_eq!(decided(&verifier, &in_query(&less)), "Incomplete", "{less}");
                    assert_eq!(decided(&verifier, &in_cookies(&as_cookies(&less))), "Incomplete", "{less}");
                }
            }
        }
        for both in [
            format!("{}&Expires={expires}", folder(key).query()),
            format!("{}&Policy=x", canned(key).query()),
            format!("{}&Policy=", canned(key).query()),
        ] {
            assert_eq!(decided(&verifier, &in_query(&both)), "Form", "{both}");
            assert_eq!(decided(&verifier, &in_cookies(&as_cookies(&both))), "Form");
        }
    }
    assert_eq!(decided(&verifier, &asks(PATH, &[], "192.0.2.1")), "credential_missing");
    // The halves of two carriers are no credential.
    let query = folder(TestKey::Rsa).query();
    let (policy, rest) = query.split_once('&').unwrap();
    let rest = as_cookies(rest);
    let request = asks(&format!("{PATH}?{policy}"), &[("cookie", &rest)], "192.0.2.1");
    assert_eq!(decided(&verifier, &request), "Incomplete");
}

#[test]
fn an_absent_hash_algorithm_means_sha_1_and_an_unknown_one_is_refused() {
    let verifier = usual();
    for (key, signature) in CLOUDFRONT_SHA1 {
        let query = format!("Expires={}&Signature={signature}&Key-Pair-Id={}", NOW + 60, key.kid());
        assert_eq!(decided(&verifier, &in_query(&query)), "granted", "{query}");
        assert_eq!(decided(&verifier, &in_cookies(&as_cookies(&query))), "granted", "{query}");
        let with_sha256 = folder(key).query();
        for (hash, with_sha1, with_sha256) in [
            ("SHA1", Some("granted"), Some("Mismatch")),
            ("SHA256", Some("Mismatch"), None),
            ("", None, None),
            ("sha1", None, None),
            ("sha256", None, None),
            ("SHA-1", None, None),
            ("SHA512", None, None),
            ("SHA%31", None, None),
        ]
        .map(|(hash, sha1, sha256)| (hash, sha1, sha256.map(|code| (code, with_sha256.clone()))))
        {
            let expected = with_sha1.unwrap_or("Form");
            let named = format!("{query}&Hash-Algorithm={hash}");
            assert_eq!(decided(&verifier, &in_query(&named)), expected, "{named}");
            if let Some((expected, query)) = with_sha256 {
                let named = changed(&query, "Hash-Algorithm", |_| hash.to_owned());
                assert_eq!(decided(&verifier, &in_query(&named)), expected, "{named}");
            }
        }
        let absent = without(&with_sha256, "Hash-Algorithm");
        assert_eq!(decided(&verifier, &in_query(&absent)), "Mismatch", "{absent}");
    }
}

#[test]
fn a_hash_that_the_site_does_not_accept_is_refused_whatever_the_signature() {
    let only = |hash| behind(vod().cloudfront(settings().hashes([hash])));
    let (sha1, sha256) = (only(SignatureHash::Sha1), only(SignatureHash::Sha256));
    for (key, signature) in CLOUDFRONT_SHA1 {
        let old = format!("Expires={}&Signature={signature}&Key-Pair-Id={}", NOW + 60, key.kid());
        for old in [old.clone(), format!("{old}&Hash-Algorithm=SHA1")] {
            assert_eq!(decided(&sha1, &in_query(&old)), "granted");
            assert_eq!(decided(&sha256, &in_query(&old)), "HashRefused");
        }
        let new = folder(key).query();
        assert_eq!(decided(&sha1, &in_query(&new)), "HashRefused");
        assert_eq!(decided(&sha256, &in_query(&new)), "granted");
    }
}

#[test]
fn base64_has_three_characters_of_its_own_with_or_without_padding_and_may_be_percent_encoded() {
    let verifier = usual();
    // Padding of one character in the policy and of two in the signature, and all three characters of its own.
    let text = policy_text(FOLDER, SOON);
    let query = (0..200)
        .map(|blanks| cloudfront_query(format!("{text}{}", " ".repeat(blanks))))
        .find(|query| {
            let (policy, signature) = (part(query, "Policy"), part(query, "Signature"));
            policy.ends_with('_') && ["-", "~", "__"].iter().all(|piece| signature.contains(piece))
        })
        .unwrap();
    let both =
        |change: &dyn Fn(&str) -> String| changed(&changed(&query, "Signature", change), "Policy", change);
    for (name, query, expected) in [
        ("with padding", query.clone(), "granted"),
        ("without padding", both(&|value| value.trim_end_matches('_').to_owned()), "granted"),
        ("half of the padding", changed(&query, "Signature", |value| value.replace("__", "_")), "granted"),
        ("%7E", both(&|value| value.replace('~', "%7E")), "granted"),
        ("%7e", both(&|value| value.replace('~', "%7e")), "granted"),
        ("%2D and %5F", both(&|value| value.replace('-', "%2D").replace('_', "%5F")), "granted"),
        (
            "every character percent-encoded",
            both(&|value| value.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat()),
            "granted",
        ),
        ("encoded twice", both(&|value| value.replace('~', "%257E")), "Form"),
        ("+", changed(&query, "Signature", |value| value.replace('-', "+")), "Form"),
        ("%2B", changed(&query, "Signature", |value| value.replace('-', "%2B")), "Form"),
        ("/", changed(&query, "Signature", |value| value.replace('~', "/")), "Form"),
        ("%2F", changed(&query, "Signature", |value| value.replace('~', "%2F")), "Form"),
        ("=", changed(&query, "Signature", |value| value.replace('_', "=")), "Form"),
        ("%3D", changed(&query, "Signature", |value| value.replace('_', "%3D")), "Form"),
        ("= in the policy", changed(&query, "Policy", |value| value.replace('_', "=")), "Form"),
        ("padding inside", changed(&query, "Signature", |value| format!("_{value}")), "Form"),
        ("a foreign character", changed(&query, "Signature", |value| format!("!{value}")), "Form"),
        ("a blank", changed(&query, "Signature", |value| format!("{value}%20")), "Form"),
        ("one character too many", changed(&query, "Signature", |value| format!("AAA{value}")), "Form"),
        ("no signature", changed(&query, "Signature", |_| String::new()), "Mismatch"),
        ("no policy", changed(&query, "Policy", |_| String::new()), "Form"),
        ("another length", changed(&query, "Signature", |value| value[4..].to_owned()), "Mismatch"),
        ("a long signature", changed(&query, "Signature", |value| value.repeat(9)), "TooLong"),
        ("a long policy", changed(&query, "Policy", |value| value.repeat(99)), "TooLong"),
    ] {
        assert_eq!(decided(&verifier, &in_query(&query)), expected, "{name}: {query}");
        let cookies = as_cookies(&query);
        assert_eq!(decided(&verifier, &in_cookies(&cookies)), expected, "{name}: {cookies}");
    }
}

#[tokio::test]
async fn a_key_is_known_in_force_and_good_for_the_resource() {
    let site = || vod().cloudfront(settings()).accepts([Scheme::CloudFront, Scheme::SignedToken]);
    let bucket = || KeyScope::bucket("vod");
    let query = |key: TestKey| folder(key).query();
    let jws = gate().site(site()).key(TestKey::RsaOther.key_as("jws", bucket())).build().unwrap();
    let of_jws = query(TestKey::RsaOther).replace("Id=rsa-other", "Id=jws");
    assert_eq!(decided(&jws, &in_query(&of_jws)), "unknown_key");
    assert_eq!(decided(&jws, &in_query(&query(TestKey::Rsa))), "unknown_key");
    for id in ["", "RSA", "rsa%20", "%72sa", "rsa;"] {
        let other = changed(&query(TestKey::Rsa), "Key-Pair-Id", |_| id.to_owned());
        assert_eq!(decided(&usual(), &in_query(&other)), "unknown_key", "{id}");
    }
    for key in [TestKey::Rsa, TestKey::P256] {
        let with = |key| {
            let other = Site::bucket("other").host("other.example.com");
            gate().site(site()).site(other).key(key).build().unwrap()
        };
        let last = UnixSeconds::new(NOW);
        let retired = with(cloudfront_key(key, bucket()).not_after(last));
        for (now, expected) in [(NOW, "granted"), (NOW + 1, "unknown_key")] {
            assert_eq!(decided_at(&retired, &in_query(&query(key)), now), expected);
        }
        for (scope, expected) in [
            (KeyScope::bucket("vod"), "granted"),
            (KeyScope::bucket("other"), "wrong_key"),
            (KeyScope::site(HOST), "granted"),
            (KeyScope::site("other.example.com"), "wrong_key"),
        ] {
            let verifier = with(cloudfront_key(key, scope.clone()));
            assert_eq!(decided(&verifier, &in_query(&query(key))), expected, "{scope:?}");
        }
        let verifier = usual();
        verifier.revoke(Revocation::key(key.kid())).await.unwrap();
        assert_eq!(decided(&verifier, &in_query(&query(key))), "revoked");
        assert_eq!(decided(&verifier, &in_query(&canned(key).query())), "revoked");
        // Whatever else is wrong is reported first.
        let elsewhere = asks(&format!("/videos/2/a.ts?{}", query(key)), &[], "192.0.2.1");
        assert_eq!(decided(&verifier, &elsewhere), "url_signature_out_of_scope");
    }
    // Keys of one kind under each other's name.
    let (rsa, p256) = (query(TestKey::Rsa), query(TestKey::P256));
    assert_eq!(decided(&usual(), &in_query(&rsa.replace("Id=rsa", "Id=p256"))), "Mismatch");
    assert_eq!(decided(&usual(), &in_query(&p256.replace("Id=p256", "Id=rsa"))), "Mismatch");
}

#[test]
fn a_cloudfront_key_verifies_no_jwt_and_a_key_of_jwts_no_cloudfront_signature() {
    let site = || vod().cloudfront(settings()).accepts([Scheme::CloudFront, Scheme::SignedToken]);
    let bucket = || KeyScope::bucket("vod");
    for key in [TestKey::Rsa, TestKey::P256] {
        let token = in_query(&format!("auth={}", key.token(r#"{"uri":"videos/1/"}"#)));
        let signed = in_query(&folder(key).query());
        let of_cloudfront = gate().site(site()).key(cloudfront_key(key, bucket())).build().unwrap();
        assert_eq!(decided(&of_cloudfront, &signed), "granted");
        assert_eq!(decided(&of_cloudfront, &token), "wrong_algorithm");
        let of_jwts = gate().site(site()).key(key.key(bucket())).build().unwrap();
        assert_eq!(decided(&of_jwts, &token), "granted");
        assert_eq!(decided(&of_jwts, &signed), "unknown_key");
    }
}

/// The signed URL, and what is requested with its signature.
#[test]
fn a_canned_policy_is_of_the_url_that_the_client_requested() {
    let as_requested = behind(Site::bucket("vod").any_host().cloudfront(CloudFront::new()));
    let https = behind(Site::bucket("vod").any_host().cloudfront(settings()));
    let moved =
        behind(Site::bucket("vod").any_host().cloudfront(settings().domain("media.example.com:8443")));
    for (name, verifier, signed, host, target, expected) in [
        ("as it is", &https, URL, HOST, PATH, "granted"),
        ("another file", &https, URL, HOST, "/videos/1/b.ts", "Mismatch"),
        ("another host", &https, URL, "other.example.com", PATH, "Mismatch"),
        ("a host in capitals", &https, URL, "CDN.example.com", PATH, "Mismatch"),
        ("signed in capitals", &https, "https://CDN.example.com/a", "CDN.example.com", "/a", "granted"),
        ("with its port", &https, "https://h.example.com:8443/a", "h.example.com:8443", "/a", "granted"),
        ("another port", &https, "https://h.example.com:8443/a", "h.example.com", "/a", "Mismatch"),
        ("a port that is not signed", &https, URL, "cdn.example.com:443", PATH, "Mismatch"),
        ("another protocol", &https, "http://cdn.example.com/a", HOST, "/a", "Mismatch"),
        ("plain HTTP", &as_requested, "http://cdn.example.com/a", HOST, "/a", "granted"),
        ("not over TLS", &as_requested, URL, HOST, PATH, "Mismatch"),
        ("a domain of its own", &moved, "https://media.example.com:8443/a", HOST, "/a", "granted"),
        ("not the domain", &moved, URL, HOST, PATH, "Mismatch"),
        ("another spelling", &https, URL, HOST, "/videos/1/%61.ts", "Mismatch"),
        ("its spelling", &https, "https://cdn.example.com/%61%c3%a9", HOST, "/%61%c3%a9", "granted"),
        ("its query", &https, "https://cdn.example.com/a?x=1&y&&z=%20", HOST, "/a?x=1&y&&z=%20", "granted"),
        ("its query in another order", &https, "https://cdn.example.com/a?x&y", HOST, "/a?y&x", "Mismatch"),
        ("one parameter less", &https, "https://cdn.example.com/a?x&y", HOST, "/a?x", "Mismatch"),
        ("one parameter more", &https, "https://cdn.example.com/a?x", HOST, "/a?x&y", "Mismatch"),
        ("a bare ?", &https, "https://cdn.example.com/a?", HOST, "/a?", "granted"),
        ("a bare ? that is not signed", &https, "https://cdn.example.com/a", HOST, "/a?", "Mismatch"),
        ("no ?", &https, "https://cdn.example.com/a?", HOST, "/a", "Mismatch"),
    ] {
        for key in [TestKey::Rsa, TestKey::P256] {
            let policy = cloudfront_signer(key).url(signed).expires_at(soon()).sign().unwrap();
            assert_eq!(policy.signed_url().unwrap(), policy.url(signed));
            assert_eq!(policy.url(&format!("{signed}#t=5?")), format!("{}#t=5?", policy.url(signed)));
            let separator = if target.contains('?') { '&' } else { '?' };
            let after = format!("{target}{separator}{}", policy.query());
            let cookies = cookies_of(&policy);
            let mut requests = vec![(after, None), (target.to_owned(), Some(&cookies))];
            if let Some((path, query)) = target.split_once('?').filter(|(_, query)| !query.is_empty()) {
                requests.push((format!("{path}?{}&{query}", policy.query()), None));
            }
            for (target, cookies) in requests {
                let request = Request::get(&target).header("host", host);
                let request =
                    cookies.iter().fold(request, |request, cookies| request.header("cookie", *cookies));
                assert_eq!(decided(verifier, &request.body(()).unwrap()), expected, "{name}: {target}");
            }
        }
    }
    // A wildcard is none here. Our signer refuses it: as a custom policy, the same text would have one.
    let signature = cloudfront_signature(policy_text("https://cdn.example.com/*", SOON));
    let signed = format!("Signature={signature}&Key-Pair-Id=rsa&Hash-Algorithm=SHA256&Expires={}", NOW + 60);
    for (path, expected) in [("/a", "Mismatch"), ("/*", "granted")] {
        let request = asks(&format!("{path}?{signed}"), &[], "192.0.2.1");
        assert_eq!(decided(&https, &request), expected, "{path}");
    }
    // Behind a proxy that names the protocol.
    let query = canned(TestKey::Rsa).query();
    for (peer, proto, expected) in [
        ("192.0.2.200", "https", "granted"),
        ("192.0.2.200", "http", "Mismatch"),
        ("192.0.2.1", "https", "Mismatch"),
    ] {
        let request = asks(&format!("{PATH}?{query}"), &[("x-forwarded-proto", proto)], peer);
        assert_eq!(decided(&as_requested, &request), expected, "{peer} {proto}");
    }
}

/// A request of any bytes.
struct Bytes<'a> {
    path: &'a [u8],
    query: &'a [u8],
}

impl RequestView for Bytes<'_> {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: self.path, query: Some(self.query) }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        (name == "host" && nth == 0).then_some(HOST.as_bytes())
    }

    fn peer(&self) -> Option<IpAddr> {
        Some([192, 0, 2, 1].into())
    }
}

#[test]
fn a_url_that_is_no_plain_json_text_has_no_canned_policy() {
    let verifier = usual();
    for (path, query, expected) in [
        ("/a", "x=1", "granted"),
        ("/a'(){}[]|^`<>", "x='[1]", "granted"),
        ("/a\"b", "", "Form"),
        ("/a", "x=\"", "Form"),
        ("/a", "x=\\", "Form"),
        ("/a", "x=\u{e9}", "Form"),
        ("/a\u{e9}", "", "Form"),
        ("/a", "x= ", "Form"),
        ("/a", "x=\t", "Form"),
        ("/a", "x=\u{7f}", "Form"),
    ] {
        let own = if query.is_empty() { String::new() } else { format!("?{query}") };
        let url = format!("https://{HOST}{path}{own}");
        // As concatenation makes it: what a client that could choose the URL would want to be signed.
        let text = policy_text(&url, SOON);
        let signed = format!(
            "Expires={}&Signature={}&Key-Pair-Id=rsa&Hash-Algorithm=SHA256",
            NOW + 60,
            cloudfront_signature(text)
        );
        let query = if query.is_empty() { signed } else { format!("{query}&{signed}") };
        let request = Bytes { path: path.as_bytes(), query: query.as_bytes() };
        assert_eq!(decided(&verifier, &request), expected, "{url:?}");
    }
    // The text of a custom policy in the form of a canned one, with the rest of it in the URL.
    let hostile = r#"https://cdn.example.com/a","Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}"#;
    let text = policy_text(hostile, SOON);
    let query = format!(
        "Expires={}&Signature={}&Key-Pair-Id=rsa&Hash-Algorithm=SHA256",
        NOW + 60,
        cloudfront_signature(text)
    );
    let path = &hostile["https://cdn.example.com".len()..];
    let request = Bytes { path: path.as_bytes(), query: query.as_bytes() };
    assert_eq!(decided(&verifier, &request), "Form");
}

#[test]
fn a_custom_policy_has_one_statement_with_known_members_and_dates_in_seconds() {
    let (usual, strict) = (usual(), behind(vod().cloudfront(settings().require_resource(true))));
    let conditions = |conditions: &str| policy_text(FOLDER, conditions);
    let date = |date: &str| conditions(&format!(r#""DateLessThan":{{"AWS:EpochTime":{date}}}"#));
    let address = |value: &str| conditions(&format!(r#"{SOON},"IpAddress":{{"AWS:SourceIp":{value}}}"#));
    let good = policy_text(FOLDER, SOON);
    let deep = format!("{}1{}", r#"{"a":["#.repeat(20), "]}".repeat(20));
    for (name, text, expected) in [
        ("compact", good.clone(), "granted"),
        (
            "blanks",
            "\n { \"Statement\" : [ { \"Condition\" : { \"DateLessThan\" :\r\n\t{ \"AWS:EpochTime\" : 1750000060 } } ,\
             \"Resource\":\"*\" } ] }\n"
                .to_owned(),
            "granted",
        ),
        (
            "another order",
            conditions(&format!(
                r#""IpAddress":{{"AWS:SourceIp":"192.0.2.0/24"}},"DateGreaterThan":{{"AWS:EpochTime":0}},{SOON}"#
            )),
            "granted",
        ),
        ("an escaped slash", good.replace('/', "\\/"), "granted"),
        ("an escaped name", good.replace("Resource", "\\u0052esource"), "granted"),
        ("no resource", format!(r#"{{"Statement":[{{"Condition":{{{SOON}}}}}]}}"#), "granted"),
        ("two statements", r#"{"Statement":[{},{}]}"#.to_owned(), "Form"),
        ("two good statements", good.replace("}}}]", &format!("}}}}}},{}]", &good[14..good.len() - 2])), "Form"),
        ("no statement", r#"{"Statement":[]}"#.to_owned(), "Form"),
        ("a statement outside of an array", good.replace(['[', ']'], ""), "Form"),
        ("a statement that is text", r#"{"Statement":["x"]}"#.to_owned(), "Form"),
        ("no member", "{}".to_owned(), "Form"),
        ("no object", "[]".to_owned(), "Form"),
        ("no JSON", "Statement".to_owned(), "Form"),
        ("something after it", format!("{good}x"), "Form"),
        ("a second object", format!("{good}{good}"), "Form"),
        ("another case", good.replace("Statement", "statement"), "UnknownField"),
        ("a version", good.replacen('{', r#"{"Version":"2012-10-17","#, 1), "UnknownField"),
        ("an effect", good.replace("{\"Resource", "{\"Effect\":\"Allow\",\"Resource"), "UnknownField"),
        ("an unknown condition", conditions(&format!(r#"{SOON},"StringEquals":{{}}"#)), "UnknownField"),
        ("an unknown member of a date", date("1750000060,\"x\":1"), "UnknownField"),
        ("Statement twice", good.replacen('{', r#"{"Statement":[],"#, 1), "Form"),
        ("Resource twice", good.replace("{\"Resource", "{\"Resource\":\"*\",\"Resource"), "Form"),
        ("Condition twice", good.replace("{\"Resource", "{\"Condition\":{},\"Resource"), "Form"),
        ("a date twice", conditions(&format!("{SOON},{SOON}")), "Form"),
        ("a date twice, once escaped", conditions(&format!("{SOON},{}", SOON.replace("Less", "\\u004cess"))), "Form"),
        ("seconds twice", date("1750000060,\"AWS:EpochTime\":1750000060"), "Form"),
        ("no resource text", good.replace(&format!("\"{FOLDER}\""), "1"), "Form"),
        ("a list of resources", good.replace(&format!("\"{FOLDER}\""), &format!("[\"{FOLDER}\"]")), "Form"),
        ("no condition", format!(r#"{{"Statement":[{{"Resource":"{FOLDER}"}}]}}"#), "NoExpiry"),
        ("an empty condition", conditions(""), "NoExpiry"),
        ("no end", conditions(r#""DateGreaterThan":{"AWS:EpochTime":1}"#), "NoExpiry"),
        ("a date as text", date("\"1750000060\""), "Date"),
        ("a fraction", date("1750000060.0"), "Date"),
        ("an exponent", date("1.75e9"), "Date"),
        ("milliseconds", date("1750000060000"), "Date"),
        ("the last second", date("999999999999"), "granted"),
        ("a leading zero", date("01750000060"), "Form"),
        ("a sign", date("-1750000060"), "Date"),
        ("zero", date("0"), "url_signature_expired"),
        ("no number", date("null"), "Date"),
        ("no seconds", conditions(r#""DateLessThan":{}"#), "Date"),
        ("a date without an object", conditions(r#""DateLessThan":1750000060"#), "Form"),
        ("a start as text", conditions(&format!(r#"{SOON},"DateGreaterThan":{{"AWS:EpochTime":"1"}}"#)), "Date"),
        ("too deep", conditions(&format!(r#"{SOON},"x":{deep}"#)), "Form"),
        ("an address", address("\"192.0.2.1\""), "granted"),
        ("an IPv6 address", address("\"2001:db8::1\""), "Form"),
        ("an IPv6 range", address("\"2001:db8::/32\""), "Form"),
        ("a list of addresses", address("[\"192.0.2.1\"]"), "Form"),
        ("no address", address("\"\""), "Form"),
        ("a long prefix", address("\"192.0.2.1/33\""), "Form"),
        ("a prefix with a zero before it", address("\"192.0.2.1/024\""), "Form"),
        ("a prefix with a sign", address("\"192.0.2.1/+24\""), "Form"),
        ("no prefix", address("\"192.0.2.1/\""), "Form"),
        ("an address with a zero before it", address("\"192.0.2.01\""), "Form"),
        ("a short address", address("\"192.0.2/24\""), "Form"),
        ("blanks in an address", address("\" 192.0.2.1\""), "Form"),
        ("an address with escapes", address("\"192.0.2.1\\/32\""), "granted"),
        ("an address without an object", conditions(&format!(r#"{SOON},"IpAddress":"192.0.2.1""#)), "Form"),
    ] {
        let request = in_query(&cloudfront_query(&text));
        assert_eq!(decided(&usual, &request), expected, "{name}: {text}");
        let expected = if name == "no resource" { "NoScope" } else { expected };
        assert_eq!(decided(&strict, &request), expected, "{name}, with a required resource: {text}");
    }
    for bytes in [&b"\xff"[..], b"\xef\xbb\xbf{}", b"{\"Statement\":[{\"Resource\":\"\xe9\"}]}"] {
        assert_eq!(decided(&usual, &in_query(&cloudfront_query(bytes))), "Form", "{bytes:?}");
    }
    // A policy without the form, or an expired one, costs no signature.
    let with_policy = |text: &str| {
        let signed = cloudfront_query(text);
        changed(&cloudfront_query(&good), "Policy", |_| part(&signed, "Policy").to_owned())
    };
    for (text, expected) in [
        ("{}".to_owned(), "Form"),
        (date("0"), "url_signature_expired"),
        (policy_text("https://cdn.example.com/*", SOON), "Mismatch"),
        (policy_text("https://elsewhere.example/*", SOON), "Mismatch"),
    ] {
        assert_eq!(decided(&usual, &in_query(&with_policy(&text))), expected, "{text}");
    }
}

#[test]
fn a_date_of_a_canned_policy_is_its_digits() {
    let verifier = usual();
    for (expires, expected) in [
        ("1750000060", "granted"),
        ("999999999999", "granted"),
        ("0", "url_signature_expired"),
        ("", "Date"),
        ("01750000060", "Date"),
        ("+1750000060", "Date"),
        ("-1", "Date"),
        ("1750000060.0", "Date"),
        ("1750000060000", "Date"),
        ("%31750000060", "Date"),
        ("1750000060}", "Date"),
        ("99999999999999999999", "Date"),
    ] {
        let text = policy_text(URL, &format!(r#""DateLessThan":{{"AWS:EpochTime":{expires}}}"#));
        let signature = cloudfront_signature(text);
        let query = format!("Expires={expires}&Signature={signature}&Key-Pair-Id=rsa&Hash-Algorithm=SHA256");
        assert_eq!(decided(&verifier, &in_query(&query)), expected, "{expires}");
        assert_eq!(decided(&verifier, &in_cookies(&as_cookies(&query))), expected, "{expires}");
    }
}

/// `Resource`, the requested URL, and whether it is covered by each reading. Those with `guide` are examples of CloudFront's guide.
#[test]
fn a_resource_covers_what_its_wildcards_say_by_the_reading_of_the_site() {
    let site = |settings: CloudFront| behind(Site::bucket("vod").any_host().cloudfront(settings));
    let (https, http) = (Protocol::Https, Protocol::Http);
    let verifier = |protocol, wildcards| site(CloudFront::new().protocol(protocol).wildcards(wildcards));
    let by = |wildcards| [verifier(https, wildcards), verifier(http, wildcards)];
    let (sections, anywhere) = (by(Wildcards::Sections), by(Wildcards::Anywhere));
    for (resource, url, by_sections, by_anywhere) in [
        ("https://h.net/a", "https://h.net/a", true, true),
        ("https://h.net/a", "https://h.net/b", false, false),
        ("https://h.net/a", "https://h.net/a?x", false, false),
        ("https://h.net/a?x=1", "https://h.net/a?x=1", true, true),
        ("https://h.net/a?x=1", "https://h.net/a?x=2", false, false),
        ("https://h.net/a?x=*", "https://h.net/a?x=2&y", true, true),
        ("https://h.net/a?x=?", "https://h.net/a?x=2", true, true),
        ("https://h.net/a?x=?", "https://h.net/a?x=", false, false),
        ("https://h.net/a?*", "https://h.net/a", false, false),
        ("https://h.net/a?*", "https://h.net/a?", true, true),
        ("https://h.net/a?", "https://h.net/a?", true, true),
        ("https://h.net/a?", "https://h.net/a", false, false),
        ("https://h.net/a?", "https://h.net/ab", false, true),
        // `*` alone, and at the end of the domain. The second is a published test of boto.
        ("*", "http://any.net/a?x", true, true),
        ("http://*", "http://any.net/a/b?x", true, true),
        ("http://*", "https://any.net/a", false, false),
        ("https://h.*", "https://h.net/a?x=1", true, true),
        ("https://h.net*", "https://h.net/a", true, true),
        ("https://h.net", "https://h.net/", true, false),
        ("https://h.net", "https://h.net/a", false, false),
        ("https://h.net/*", "https://h.net/", true, true),
        // a query without a path is one of the path /
        ("https://h.net?*", "https://h.net/?x", true, true),
        ("https://h.net?*", "https://h.net/", false, true),
        ("https://h.net?*", "https://h.net/a", false, true),
        ("https://h.net?*", "https://h.net:443/a", false, true),
        ("https://*?*", "https://h.net/a", false, true),
        ("https://*?x=1", "https://h.net/?x=1", true, true),
        // guide: every protocol
        ("*://h.net/a", "https://h.net/a", true, true),
        ("*://h.net/a", "http://h.net/a", true, true),
        ("http*://h.net/a", "http://h.net/a", true, true),
        ("http*://h.net/a", "https://h.net/a", true, true),
        ("http?://h.net/a", "https://h.net/a", true, true),
        ("http?://h.net/a", "http://h.net/a", false, false),
        // guide: *example.com is *://*example.com/
        ("*example.com", "https://www.example.com/", true, false),
        ("*example.com", "http://example.com/", true, false),
        ("*example.com", "https://www.example.com/a", false, false),
        ("*example.com/*", "https://www.example.com/a?x", true, true),
        ("*example.com?", "https://www.example.com/", false, true),
        // guide: hello*world does not cover hello?world
        ("http://example.com/hello*world", "http://example.com/hello?world", false, true),
        ("http://example.com/hello*world", "http://example.com/hello-world", true, true),
        // guide: a * at the end of the path covers every query
        (
            "https://h.net/*game_download.zip*",
            "https://h.net/example_game_download.zip?license=yes",
            true,
            true,
        ),
        (
            "https://h.net/*game_download.zip",
            "https://h.net/example_game_download.zip?license=yes",
            false,
            false,
        ),
        ("https://*.example.com/a/*", "https://cdn.example.com/a/b/c", true, true),
        ("https://*.example.com/a/*", "https://a.b.example.com/a/", true, true),
        ("https://*.example.com/a/*", "https://example.com/a/", false, false),
        ("https://*.example.com/*", "https://evil.net/a.example.com/", false, true),
        ("https://?.net/a", "https://h.net/a", true, true),
        ("https://h.net/a?.ts", "https://h.net/ab.ts", false, true),
        ("https://h.net/a?.ts", "https://h.net/a?.ts", true, true),
        ("https://h.net/a?b", "https://h.net/a%3Fb", false, false),
        ("https://h.net/*/c", "https://h.net/a/b/c", true, true),
        ("https://h.net/*/c?x", "https://h.net/a/b/c?x", true, true),
        ("https://h.net/a*?x", "https://h.net/a?x", true, true),
        ("https://h.net/a*?x", "https://h.net/a?y&x", false, true),
        ("https://h.net/**b*", "https://h.net/abba", true, true),
        ("https://h.net/*ab*ab", "https://h.net/abaab", true, true),
        ("https://h.net/*ab*ab", "https://h.net/aab", false, false),
        // protocol and domain without case, path and query with theirs
        ("HTTPS://H.Net/a", "https://h.net/a", true, false),
        ("https://h.net/A", "https://h.net/a", false, false),
        ("https://h.net/a?X", "https://h.net/a?x", false, false),
        // nothing is decoded
        ("https://h.net/%61", "https://h.net/a", false, false),
        ("https://h.net/a", "https://h.net/%61", false, false),
        ("https://h.net/%61", "https://h.net/%61", true, true),
        ("https://h.net/\\u00e9*", "https://h.net/%C3%A9a", false, false),
        // ports are in the domain
        ("https://h.net/a", "https://h.net:8443/a", false, false),
        ("https://h.net:8443/a", "https://h.net:8443/a", true, true),
        ("https://h.net:*/a", "https://h.net:8443/a", true, true),
        // what cannot be in a request, or names no protocol
        ("https://h.net/a#b", "https://h.net/a", false, false),
        ("https://h.net/a\\\\?x", "https://h.net/a?x", false, false),
        ("https://h.net/./a", "https://h.net/a", false, false),
        ("/a", "https://h.net/a", false, false),
        ("h.net/a", "https://h.net/a", false, false),
        ("", "https://h.net/a", false, false),
        // escapes of JSON
        ("https:\\/\\/h.net\\/a?x\\u0026y", "https://h.net/a?x&y", true, true),
        ("\\u002a", "https://h.net/a", true, true),
        // a pattern that is a URL in a query
        ("https://h.net/a?u=https://i.net/*", "https://h.net/a?u=https://i.net/b", true, true),
        ("*h.net/a?u=https://i.net/*", "https://h.net/a?u=https://i.net/b", true, true),
    ] {
        let (protocol, rest) = url.split_once("://").unwrap();
        let (host, target) = rest.split_once('/').unwrap();
        let number = usize::from(protocol == "http");
        let query = cloudfront_query(policy_text(resource, SOON));
        let separator = if target.contains('?') { '&' } else { '?' };
        let target =
            if target.ends_with('?') { format!("/{target}&") } else { format!("/{target}{separator}") };
        let request = Request::get(format!("{target}{query}")).header("host", host).body(()).unwrap();
        for (name, verifiers, covered) in
            [("sections", &sections, by_sections), ("anywhere", &anywhere, by_anywhere)]
        {
            let expected = if covered { "granted" } else { "url_signature_out_of_scope" };
            assert_eq!(decided(&verifiers[number], &request), expected, "{resource} {url}, {name}");
        }
    }
}

#[test]
fn matching_gives_up_after_sixteen_steps_for_each_byte() {
    let verifier = usual();
    let target = format!("/{}b", "a".repeat(2000));
    for (stars, expected) in [(1, "granted"), (12, "granted"), (100, "url_signature_out_of_scope")] {
        let resource = format!("https://{HOST}/{}*c", "*a".repeat(stars));
        let query = cloudfront_query(policy_text(&resource.replace("*c", "*"), SOON));
        assert_eq!(decided(&verifier, &asks(&format!("{target}?{query}"), &[], "192.0.2.1")), "granted");
        let query = cloudfront_query(policy_text(&resource, SOON));
        let request = asks(&format!("{target}?{query}"), &[], "192.0.2.1");
        assert_eq!(decided(&verifier, &request), "url_signature_out_of_scope", "{stars}");
        // A match that needs many attempts is found while there are steps.
        let resource = format!("https://{HOST}/*{}b", "a".repeat(stars));
        let query = cloudfront_query(policy_text(&resource, SOON));
        let request = asks(&format!("{target}?{query}"), &[], "192.0.2.1");
        assert_eq!(decided(&verifier, &request), expected, "{stars}");
    }
}

#[test]
fn both_dates_are_exclusive_and_leeway_applies_at_both() {
    let leeway = Leeway::from_secs(10).unwrap();
    let site = || vod().cloudfront(settings()).max_lifetime(Duration::from_hours(1));
    let (exact, lenient) = (behind(site()), behind(site().leeway(leeway)));
    let at = UnixSeconds::new;
    let signer = cloudfront_signer(TestKey::Rsa);
    let (early, late) = ("url_signature_not_yet_valid", "url_signature_expired");
    for (name, starts, expires, with_exact, with_lenient) in [
        ("the second after the start", Some(-1), 1, "granted", "granted"),
        ("the second of the start", Some(0), 1, early, "granted"),
        ("within leeway of the start", Some(9), 20, early, "granted"),
        ("before leeway", Some(10), 20, early, early),
        ("the last second", None, 1, "granted", "granted"),
        ("the second of the end", None, 0, late, "granted"),
        ("within leeway of the end", None, -9, late, "granted"),
        ("after leeway", None, -10, late, late),
        ("over before it started", Some(-30), -20, late, late),
        ("the longest life", None, 3600, "granted", "granted"),
        ("too long a life", None, 3601, "Lifetime", "Lifetime"),
    ] {
        let draft = signer.policy(FOLDER).expires_at(at(NOW + expires));
        let draft = starts.map_or(signer.policy(FOLDER).expires_at(at(NOW + expires)), |starts| {
            draft.starts_after(at(NOW + starts))
        });
        let mut queries = vec![draft.sign().unwrap().query()];
        if starts.is_none() {
            queries.push(signer.url(URL).expires_at(at(NOW + expires)).sign().unwrap().query());
        }
        for query in queries {
            assert_eq!(decided(&exact, &in_query(&query)), with_exact, "{name}: {query}");
            assert_eq!(decided(&lenient, &in_query(&query)), with_lenient, "{name}, with leeway: {query}");
        }
    }
    // An expired policy is refused before its signature is verified.
    let expired = signer.url(URL).expires_at(at(NOW)).sign().unwrap().query();
    let forged = changed(&expired, "Signature", |value| value.replace('A', "B"));
    assert_eq!(decided(&exact, &in_query(&forged)), late);
    let expired = signer.policy(FOLDER).expires_at(at(NOW)).sign().unwrap().query();
    let forged = changed(&expired, "Signature", |value| value.replace('A', "B"));
    assert_eq!(decided(&exact, &in_query(&forged)), late);
}

#[test]
fn an_address_is_the_clients_own_and_in_an_ipv4_range() {
    let verifier = usual();
    let query = |range: &str| {
        cloudfront_query(policy_text(FOLDER, &format!(r#"{SOON},"IpAddress":{{"AWS:SourceIp":"{range}"}}"#)))
    };
    let (other, unknown) = ("OtherClient", "ClientUnknown");
    for (range, client, expected) in [
        ("192.0.2.1", "192.0.2.1", "granted"),
        ("192.0.2.1", "192.0.2.2", other),
        ("192.0.2.1/32", "192.0.2.1", "granted"),
        ("192.0.2.0/24", "192.0.2.255", "granted"),
        ("192.0.2.0/24", "192.0.3.0", other),
        ("192.0.2.77/24", "192.0.2.1", "granted"),
        ("192.0.2.0/24", "::ffff:192.0.2.9", "granted"),
        ("192.0.2.0/24", "2001:db8::1", other),
        ("0.0.0.0/1", "2001:db8::1", other),
        ("0.0.0.0/0", "198.51.100.1", "granted"),
        ("0.0.0.0/0", "2001:db8::1", "granted"),
    ] {
        let request = asks(&format!("{PATH}?{}", query(range)), &[], client);
        assert_eq!(decided(&verifier, &request), expected, "{range} {client}");
    }
    // Without a peer, nobody is known, but `0.0.0.0/0` is everybody.
    for (range, expected) in [("192.0.2.0/24", unknown), ("0.0.0.0/0", "granted")] {
        let request = Request::get(format!("{PATH}?{}", query(range))).header("host", HOST);
        assert_eq!(decided(&verifier, &request.body(()).unwrap()), expected, "{range}");
    }
    // Behind a proxy, only an address that no hop hides counts.
    for (forwarded, expected) in [
        (Some("203.0.113.7"), "granted"),
        (Some("203.0.113.8"), other),
        (Some("unknown"), unknown),
        (Some("203.0.113.7, unknown"), unknown),
        (Some("203.0.113.7, 203.0.113.8"), other),
        (None, other),
    ] {
        let fields: Vec<(&str, &str)> =
            forwarded.map(|value| ("x-forwarded-for", value)).into_iter().collect();
        let request = asks(&format!("{PATH}?{}", query("203.0.113.7")), &fields, "192.0.2.200");
        assert_eq!(decided(&verifier, &request), expected, "{forwarded:?}");
    }
    // The signer's own restriction.
    let signer = cloudfront_signer(TestKey::P256);
    let policy = signer.url(URL).client([192, 0, 2, 1].into()).expires_at(soon());
    let query = policy.sign().unwrap().query();
    for (client, expected) in [("192.0.2.1", "granted"), ("192.0.2.2", other)] {
        assert_eq!(decided(&verifier, &asks(&format!("{PATH}?{query}"), &[], client)), expected);
    }
}

#[test]
fn a_grant_has_the_policy_as_claims_its_key_and_a_scope() {
    let site = || {
        vod().cloudfront(settings()).hook(|request| {
            let is_listed = request.has("ip", "192.0.2.0/24") || request.has("resource", "*");
            if is_listed { Err(Refuse::default()) } else { Ok(()) }
        })
    };
    let verifier = behind(site());
    let grant_of = |verifier: &Verifier, request: &Request<()>| {
        let decision = verifier.decide(request, UnixSeconds::new(NOW));
        let Decision::Granted(grant) = &decision else { panic!("{decision:?}") };
        assert_eq!((grant.scheme(), grant.expires_at()), (Scheme::CloudFront, Some(soon())));
        assert!(!format!("{decision:?}").contains("Signature="));
        let claims: serde_json::Value = grant.claims().unwrap();
        let owned = grant.to_owned();
        assert_eq!((owned.kid(), owned.carrier()), (grant.kid(), grant.carrier()));
        (grant.carrier(), grant.kid().map(str::to_owned), owned.scope().map(str::to_owned), claims)
    };
    let text = policy_text(
        &FOLDER.replace('/', "\\/"),
        &format!(
            r#"{SOON},"DateGreaterThan":{{"AWS:EpochTime":5}},"IpAddress":{{"AWS:SourceIp":"192.0.2.1"}}"#
        ),
    );
    let claims = serde_json::json!({ "exp": NOW + 60, "nbf": 5, "ip": "192.0.2.1", "resource": FOLDER });
    let query = cloudfront_query(text);
    let expected = |carrier| (carrier, Some("rsa".to_owned()), Some("videos/1/".to_owned()), claims.clone());
    assert_eq!(grant_of(&verifier, &in_query(&query)), expected(Carrier::Query));
    assert_eq!(grant_of(&verifier, &in_query(&query.replace('~', "%7E"))), expected(Carrier::Query));
    assert_eq!(grant_of(&verifier, &in_cookies(&as_cookies(&query))), expected(Carrier::Cookie));
    let alone = serde_json::json!({ "exp": NOW + 60 });
    let canned = canned(TestKey::P256);
    let of_canned = (Carrier::Query, Some("p256".to_owned()), None, alone.clone());
    assert_eq!(grant_of(&verifier, &in_query(&canned.query())), of_canned);
    let everything = cloudfront_query(format!(r#"{{"Statement":[{{"Condition":{{{SOON}}}}}]}}"#));
    assert_eq!(grant_of(&verifier, &in_query(&everything)).3, alone);
    for range in ["192.0.2.0/24", "192.0.2.0\\/24"] {
        let listed = policy_text(FOLDER, &format!(r#"{SOON},"IpAddress":{{"AWS:SourceIp":"{range}"}}"#));
        assert_eq!(decided(&verifier, &in_query(&cloudfront_query(listed))), "refused_by_hook");
    }
    assert_eq!(decided(&verifier, &in_query(&cloudfront_query(policy_text("*", SOON)))), "refused_by_hook");

    let sections = behind(vod().cloudfront(settings()));
    let anywhere = behind(vod().cloudfront(settings().wildcards(Wildcards::Anywhere)));
    let based = gate()
        .site(vod().base_path("/videos/").cloudfront(settings()))
        .outside(Outside::Refuse)
        .key(cloudfront_key(TestKey::Rsa, KeyScope::bucket("vod")))
        .build()
        .unwrap();
    for (verifier, resource, scope) in [
        (&sections, FOLDER, Some("videos/1/")),
        (&sections, URL, Some("videos/1/a.ts")),
        (&sections, "*://*.example.com/*", Some("")),
        (&sections, "*cdn.example.com/videos/*", Some("videos/")),
        (&sections, "https://cdn.example.com/*/a.ts", None),
        (&sections, "https://cdn.example.com/videos/*/*", None),
        (&sections, "https://cdn.example.com*", None),
        (&sections, "*", None),
        (&based, FOLDER, Some("1/")),
        (&based, "https://cdn.example.com/*", None),
        (&anywhere, FOLDER, Some("videos/1/")),
        (&anywhere, URL, Some("videos/1/a.ts")),
        // Here a `*` before the path may be a part of the path.
        (&anywhere, "https://*/a.ts", None),
        (&anywhere, "https://*.example.com/videos/1/*", None),
        (&anywhere, "*://cdn.example.com/videos/1/*", None),
        (&anywhere, "https://cdn.example.com/videos/1/?.ts", None),
    ] {
        let request = in_query(&cloudfront_query(policy_text(resource, SOON)));
        assert_eq!(grant_of(verifier, &request).2.as_deref(), scope, "{resource}");
    }
}

#[test]
fn failed_signatures_are_counted_and_nothing_else_is() {
    let limits = |limits: FailedSignatures| {
        let keys = [TestKey::Rsa, TestKey::P256].map(|key| cloudfront_key(key, KeyScope::bucket("vod")));
        gate().site(vod().cloudfront(settings())).keys(keys).failed_signatures(limits).build().unwrap()
    };
    let rate = Rate::new(3, Duration::from_mins(1)).unwrap();
    let good = folder(TestKey::Rsa).query();
    let forged = changed(&good, "Signature", |value| value.replace('A', "B"));
    let by_p256 = folder(TestKey::P256).query();
    let harmless = [
        without(&good, "Signature"),
        changed(&good, "Signature", |value| format!("!{value}")),
        changed(&good, "Key-Pair-Id", |_| "gone".to_owned()),
        cloudfront_query("no policy"),
        cloudfront_signer(TestKey::Rsa).url(URL).expires_at(UnixSeconds::new(NOW)).sign().unwrap().query(),
        cloudfront_signer(TestKey::Rsa)
            .policy(FOLDER)
            .expires_at(UnixSeconds::new(NOW))
            .sign()
            .unwrap()
            .query(),
    ];
    let (per_key, per_client) = (
        limits(FailedSignatures::unlimited().per_key(rate)),
        limits(FailedSignatures::unlimited().per_client(rate)),
    );
    for verifier in [&per_key, &per_client] {
        for query in harmless.iter().cycle().take(30) {
            assert_ne!(decided(verifier, &in_query(query)), "rate_limited", "{query}");
        }
        assert_eq!(decided(verifier, &in_query(&good)), "granted");
        for _ in 0..3 {
            assert_eq!(decided(verifier, &in_query(&forged)), "Mismatch");
        }
        assert_eq!(decided(verifier, &in_query(&good)), "rate_limited");
        assert_eq!(decided_at(verifier, &in_query(&good), NOW + 59), "granted");
    }
    let elsewhere = asks(&format!("{PATH}?{good}"), &[], "198.51.100.1");
    for _ in 0..3 {
        decided(&per_key, &in_query(&forged));
        decided(&per_client, &in_query(&forged));
    }
    assert_eq!(decided(&per_key, &in_query(&by_p256)), "granted");
    assert_eq!(decided(&per_key, &elsewhere), "rate_limited");
    assert_eq!(decided(&per_client, &in_query(&by_p256)), "rate_limited");
    assert_eq!(decided(&per_client, &elsewhere), "granted");
}

#[test]
fn a_signer_refuses_what_no_verifier_accepts() {
    let signer = cloudfront_signer(TestKey::P256);
    let at = UnixSeconds::new;
    let (url, policy) =
        (|url: &str| signer.url(url).expires_at(soon()), |url: &str| signer.policy(url).expires_at(soon()));
    for (name, draft, fault) in [
        ("no expiry", signer.url(URL), Unsignable::NoExpiry),
        ("an expiry before 1970", signer.url(URL).expires_at(at(-1)), Unsignable::Date),
        ("milliseconds", signer.url(URL).expires_at(at(1_000_000_000_000)), Unsignable::Date),
        ("a start before 1970", url(URL).starts_after(at(-1)), Unsignable::Date),
        ("a late start", url(URL).starts_after(soon()), Unsignable::StartsTooLate),
        ("a quote", url("https://cdn.example.com/a\"b"), Unsignable::Character),
        ("a backslash", policy("https://cdn.example.com/a\\b"), Unsignable::Character),
        ("a fragment", url("https://cdn.example.com/a#b"), Unsignable::Character),
        ("a blank", url("https://cdn.example.com/a b"), Unsignable::Character),
        ("another character", policy("https://cdn.example.com/é"), Unsignable::Character),
        ("a parameter of CloudFront's", url("https://cdn.example.com/a?Expires=1"), Unsignable::OwnParameter),
        ("an encoded one", url("https://cdn.example.com/a?%50olicy"), Unsignable::OwnParameter),
        ("one in a policy", policy("https://cdn.example.com/a?Expires=1"), Unsignable::OwnParameter),
        (
            "one in a URL with a start",
            url("https://cdn.example.com/a?Policy=1").starts_after(at(5)),
            Unsignable::OwnParameter,
        ),
        ("a wildcard in a URL", url("https://cdn.example.com/users/42/*"), Unsignable::Wildcard),
        ("no protocol", url("cdn.example.com/a"), Unsignable::Url),
        ("no host", url("/a"), Unsignable::Url),
        ("no path", url("https://cdn.example.com"), Unsignable::Url),
        ("a query without a path", url("https://cdn.example.com?x=/"), Unsignable::Url),
        ("no protocol in a policy", policy("cdn.example.com/*"), Unsignable::Url),
        ("no host in a policy", policy("/*"), Unsignable::Url),
        ("nothing", policy(""), Unsignable::Url),
    ] {
        assert_eq!(draft.sign().unwrap_err(), fault, "{name}");
    }
    for resource in ["*", "http*://*", "*example.com", "https://cdn.example.com"] {
        assert!(policy(resource).sign().is_ok(), "{resource}");
    }
}

/// Every server: stripped from every place, and named to the inner service as the site says.
#[tokio::test]
async fn what_follows_a_grant_follows_that_of_a_cloudfront_policy() {
    let site = vod()
        .cloudfront(settings())
        .strip_credentials(true)
        .identity_header("x-until", "exp")
        .identity_header("x-key", GrantFact::Kid)
        .identity_header("x-scope", GrantFact::Scope);
    let keys = [TestKey::Rsa, TestKey::P256].map(|key| cloudfront_key(key, KeyScope::bucket("vod")));
    let world = World::start(gate().site(site).keys(keys).build().unwrap()).await;
    let policy = folder(TestKey::Rsa);
    let ask = get(format!("{PATH}?x=1&{}&y", policy.query()))
        .field("cookie", format!("a=1; {}; b=2", cookies_of(&policy)));
    let until = NOW + 60;
    let identity = format!("x-key: rsa\nx-scope: videos/1/\nx-until: {until}\n");
    assert_eq!(world.ask(&ask).await.seen(), format!("GET {PATH}?x=1&y\ncookie: a=1; b=2\n{identity}"));
    let ask = get(PATH).field("cookie", cookies_of(&policy));
    assert_eq!(world.ask(&ask).await.seen(), format!("GET {PATH}\n{identity}"));
    for (ask, verdict) in [
        (get(format!("/videos/2/a.ts?{}", policy.query())), "403 url_signature_out_of_scope"),
        (get(format!("{PATH}?{}", policy.query().replace("Id=rsa", "Id=p256"))), "403 url_signature_bad"),
        (get(format!("{PATH}?{}", policy.query().replace("Id=rsa", "Id=gone"))), "401 unknown_key"),
        (get(format!("{PATH}?{}&Policy", policy.query())), "400 ambiguous_credential"),
        (get(format!("{PATH}?{}", policy.query())).method("DELETE"), "405 method"),
    ] {
        assert_eq!(world.verdict(&ask).await, verdict, "{}", ask.target);
    }
}

#[test]
fn a_fault_reads_as_a_sentence() {
    for (fault, text) in [
        (UrlSignatureFault::Incomplete, "URL signature is invalid: a part of it is missing"),
        (
            UrlSignatureFault::HashRefused,
            "URL signature is invalid: it is made with a hash that the site does not accept",
        ),
    ] {
        assert_eq!(Denial::UrlSignatureBad(fault).to_string(), text);
    }
}
