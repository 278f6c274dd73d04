//! CloudFront's URLs and cookies: what is signed is granted until it expires, no bit of it can be another, and a `Resource` covers
//! what a plain reading of it covers.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use playgate::request::{RequestView, Target};
use playgate::schemes::cloudfront::{CloudFront, CloudFrontPolicy, CloudFrontSigner, Protocol, Wildcards};
use playgate::time::UnixSeconds;
use playgate::{Decision, Denial, KeyScope, Site, Verifier};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::drawn::cases;
use crate::support::{NOW, TestKey, cloudfront_key, cloudfront_query, cloudfront_signer};

struct Asks<'a> {
    host: &'a str,
    path: &'a str,
    query: Option<&'a [u8]>,
    cookies: &'a [String],
    client: IpAddr,
}

impl RequestView for Asks<'_> {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: self.path.as_bytes(), query: self.query }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        match (name, nth) {
            ("host", 0) => Some(self.host.as_bytes()),
            ("cookie", nth) => self.cookies.get(nth).map(String::as_bytes),
            _ => None,
        }
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(self.client)
    }
}

fn decide(verifier: &Verifier, asks: &Asks<'_>, now: i64) -> Result<(), Denial> {
    match verifier.decide(asks, UnixSeconds::new(now)) {
        Decision::Granted(_) => Ok(()),
        decision => Err(decision.denial().unwrap_or_else(|| panic!("{decision:?}"))),
    }
}

fn verifier(protocol: Protocol, wildcards: Wildcards) -> Verifier {
    let cloudfront = CloudFront::new().protocol(protocol).wildcards(wildcards);
    let keys = [TestKey::Rsa, TestKey::P256].map(|key| cloudfront_key(key, KeyScope::bucket("vod")));
    Verifier::builder()
        .site(Site::bucket("vod").any_host().cloudfront(cloudfront))
        .keys(keys)
        .build()
        .unwrap()
}

static SECTIONS: LazyLock<[Verifier; 2]> = LazyLock::new(|| {
    [Protocol::Https, Protocol::Http].map(|protocol| verifier(protocol, Wildcards::Sections))
});
static ANYWHERE: LazyLock<[Verifier; 2]> = LazyLock::new(|| {
    [Protocol::Https, Protocol::Http].map(|protocol| verifier(protocol, Wildcards::Anywhere))
});
static SIGNERS: LazyLock<[CloudFrontSigner; 2]> =
    LazyLock::new(|| [TestKey::Rsa, TestKey::P256].map(cloudfront_signer));

fn client() -> impl Strategy<Value = Ipv4Addr> {
    any::<[u8; 4]>().prop_map(Ipv4Addr::from)
}

/// A URL by its sections.
#[derive(Clone, Debug)]
struct Url {
    is_http: bool,
    host: String,
    path: String,
    query: Option<String>,
}

fn url() -> impl Strategy<Value = Url> {
    let query = option::of("[ab=&%2]{0,6}");
    (any::<bool>(), "[ab]{1,3}\\.net(:80)?", "(/([ab]|%2[a1]|[!'()*,;~]){1,4}){1,3}", query)
        .prop_map(|(is_http, host, path, query)| Url { is_http, host, path, query })
}

impl Url {
    fn text(&self) -> String {
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}://{}{}{query}", if self.is_http { "http" } else { "https" }, self.host, self.path)
    }

    fn verifiers(&self) -> [&'static Verifier; 2] {
        [&SECTIONS, &ANYWHERE].map(|verifiers| &verifiers[usize::from(self.is_http)])
    }

    /// The query behind which the signature stands.
    fn with(&self, signed: &str) -> Vec<u8> {
        let own = self.query.as_ref().map(|query| format!("{query}&")).unwrap_or_default();
        format!("{own}{signed}").into_bytes()
    }

    fn decided(&self, verifier: &Verifier, signed: &[u8], client: Ipv4Addr, now: i64) -> Result<(), Denial> {
        let asks = Asks {
            host: &self.host,
            path: &self.path,
            query: Some(signed),
            cookies: &[],
            client: client.into(),
        };
        decide(verifier, &asks, now)
    }

    fn decided_by_cookies(
        &self,
        policy: &CloudFrontPolicy,
        client: Ipv4Addr,
        now: i64,
    ) -> Result<(), Denial> {
        let query = self.query.as_ref().map(String::as_bytes);
        let cookies: Vec<String> =
            policy.cookies().map(|(name, value)| format!("a=1; {name}={value}")).collect();
        let asks =
            Asks { host: &self.host, path: &self.path, query, cookies: &cookies, client: client.into() };
        decide(self.verifiers()[0], &asks, now)
    }
}

/// A text in which pieces of another became wildcards.
fn blurred(text: &str, edits: &[(Index, usize, char)]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for (at, len, wildcard) in edits {
        let at = at.index(text.len() + 1);
        let len = if *wildcard == '?' { 1 } else { *len }.min(text.len() - at);
        text.splice(at..at + len, [*wildcard]);
    }
    text.into_iter().collect()
}

/// Whether a pattern fits a text, in the plainest way.
fn fits(pattern: &str, text: &str) -> bool {
    let mut pattern_rest = pattern.chars();
    let mut text_rest = text.chars();
    match (pattern_rest.next(), text_rest.next()) {
        (None, None) => true,
        (Some('*'), first) => {
            fits(pattern_rest.as_str(), text) || (first.is_some() && fits(pattern, text_rest.as_str()))
        }
        (Some('?'), Some(_)) => fits(pattern_rest.as_str(), text_rest.as_str()),
        (Some(one), Some(other)) => one == other && fits(pattern_rest.as_str(), text_rest.as_str()),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The guide's reading: one pattern for each section, of those that a `Resource` stands for.
fn fits_in_sections(resource: &str, url: &Url) -> bool {
    if resource == "*" {
        return true;
    }
    let named = resource.split_once("://").filter(|(protocol, _)| !protocol.contains('/'));
    let (protocol, rest) = match named {
        Some(named) => named,
        None if resource.starts_with('*') => ("*", resource),
        None => return false,
    };
    let (domain, rest) = rest.find('/').or(rest.find('?')).map_or((rest, ""), |at| rest.split_at(at));
    let protocol_fits = fits(&protocol.to_lowercase(), if url.is_http { "http" } else { "https" });
    let is_ours = protocol_fits && fits(&domain.to_lowercase(), &url.host);
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let query_fits = match (query, &url.query) {
        (Some(pattern), Some(query)) => fits(pattern, query),
        (Some(_), None) => false,
        (None, None) => true,
        (None, Some(_)) => rest.ends_with('*') || (rest.is_empty() && domain.ends_with('*')),
    };
    let path_fits = if path.is_empty() {
        (rest.is_empty() && domain.ends_with('*')) || url.path == "/"
    } else {
        fits(path, &url.path)
    };
    is_ours && path_fits && query_fits
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_signed_policy_is_granted_until_it_expires_and_to_its_client_alone(
        url in url(),
        signer in 0..2_usize,
        wildcard in option::of(any::<Index>()),
        starts in option::of(-1000_i64..0),
        lives in 1_i64..100_000_000,
        bound in option::of(client()),
        other in client(),
    ) {
        let signer = &SIGNERS[signer];
        let text = url.text();
        let draft = match wildcard {
            Some(at) => {
                let start = text.find("://").unwrap() + "://".len();
                signer.policy(format!("{}*", &text[..start + at.index(text.len() - start)]))
            }
            None if text.contains('*') => signer.policy(text.as_str()),
            None => signer.url(text.as_str()),
        };
        let mut draft = draft.expires_at(UnixSeconds::new(NOW + lives));
        if let Some(starts) = starts {
            draft = draft.starts_after(UnixSeconds::new(NOW + starts));
        }
        if let Some(client) = bound {
            draft = draft.client(client);
        }
        let policy = draft.sign().unwrap();
        let client = bound.unwrap_or(other);
        // A `?` may have been cut off, and the rest of a query cannot be covered by the path then.
        let signed = url.with(&policy.query());
        let at = |now: i64| {
            let (in_query, in_cookies) =
                (url.decided(url.verifiers()[0], &signed, client, now), url.decided_by_cookies(&policy, client, now));
            assert_eq!(in_query, in_cookies, "{text}");
            in_query
        };
        prop_assert_eq!(at(NOW), Ok(()), "{} {}", text, policy.query());
        prop_assert_eq!(at(NOW + lives - 1), Ok(()));
        let expired = matches!(at(NOW + lives), Err(Denial::UrlSignatureExpired { .. }));
        prop_assert!(expired);
        if let Some(starts) = starts {
            prop_assert_eq!(at(NOW + starts + 1), Ok(()));
            let early = matches!(at(NOW + starts), Err(Denial::UrlSignatureNotYetValid { .. }));
            prop_assert!(early);
        }
        let by_other = url.decided(url.verifiers()[0], &signed, other, NOW);
        prop_assert_eq!(by_other.is_ok(), bound.is_none_or(|bound| bound == other));
    }

    #[test]
    fn no_bit_of_a_credential_can_be_another(
        url in url(),
        signer in 0..2_usize,
        is_canned in any::<bool>(),
        at in any::<Index>(),
        bit in 0_u8..8,
        client in client(),
    ) {
        let signer = &SIGNERS[signer];
        let is_canned = is_canned && !url.text().contains('*');
        let draft = if is_canned { signer.url(url.text()) } else { signer.policy("*").client(client) };
        let query = draft.expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap().query().into_bytes();
        let mut changed = query.clone();
        changed[at.index(query.len())] ^= 1 << bit;
        let own = url.query.as_ref().map(|query| format!("{query}&")).unwrap_or_default();
        let decide = |query: &[u8]| {
            url.decided(url.verifiers()[0], &[own.as_bytes(), query].concat(), client, NOW)
        };
        prop_assert_eq!(decide(&query), Ok(()));
        prop_assert!(decide(&changed).is_err(), "{}", changed.escape_ascii());
    }

    #[test]
    fn no_character_of_the_url_of_a_canned_policy_can_be_another(
        url in url(),
        signer in 0..2_usize,
        at in any::<Index>(),
        with in "[ab!0]",
    ) {
        let mut url = url;
        url.path = url.path.replace('*', "+");
        url.query = url.query.map(|query| query.replace('*', "+"));
        let signed = SIGNERS[signer].url(url.text()).expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
        let mut other = url.clone();
        let changed = if let Some(query) = other.query.as_mut().filter(|query| !query.is_empty()) { query } else { &mut other.path };
        let at = at.index(changed.len());
        changed.replace_range(at..=at, &with);
        let decided = |url: &Url| {
            url.decided(url.verifiers()[0], &url.with(&signed.query()), Ipv4Addr::LOCALHOST, NOW)
        };
        prop_assert_eq!(decided(&url), Ok(()));
        prop_assert_eq!(decided(&other).is_ok(), other.text() == url.text(), "{:?} {:?}", url, other);
    }

    #[test]
    fn a_resource_covers_what_a_plain_reading_of_it_covers(
        url in url(),
        edits in vec((any::<Index>(), 0..6_usize, select(&['*', '?', '*'][..])), 0..4),
        own in option::weighted(0.3, "(https?|\\*|http\\*)?(://)?[ab.nt*?]{0,6}(/[ab*?]{0,4}){0,3}"),
        upper in any::<bool>(),
    ) {
        let resource = own.unwrap_or_else(|| blurred(&url.text(), &edits));
        let resource = if upper { resource.replacen('a', "A", 1) } else { resource };
        let text = format!(
            r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{}}}}}}}]}}"#,
            NOW + 60
        );
        let signed = url.with(&cloudfront_query(text));
        let covered = [fits_in_sections(&resource, &url), fits(&resource, &url.text())];
        for (verifier, covered) in url.verifiers().into_iter().zip(covered) {
            let decided = url.decided(verifier, &signed, Ipv4Addr::LOCALHOST, NOW);
            let expected = if covered { Ok(()) } else { Err(Denial::UrlSignatureOutOfScope) };
            prop_assert_eq!(decided, expected, "{} {}", resource, url.text());
        }
    }
}
