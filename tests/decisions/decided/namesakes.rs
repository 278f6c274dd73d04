//! Several keys of one `kid`: which of them verifies a token, and why it is refused if none does.

use playgate::error::{ClaimName, Denial};
use playgate::keys::KeyIdentity;
use playgate::keys::danger::{Danger, any_scope};
use playgate::time::UnixSeconds;
use playgate::{ConfigError, Key, KeyScope, Site};

use crate::support::TestKey::{Ed25519, P256, P256Other, Rsa, RsaOther, Secret};
use crate::support::{HOST, NOW, TestKey, World, gate, get, vod};

const OTHER: &str = "other.example.com";

/// One bucket on each of two hosts, a live site on a third, and these keys.
async fn world(keys: impl IntoIterator<Item = Key>) -> World {
    let other = Site::bucket("other").host(OTHER).id("shop");
    let live = Site::live_by_path().host("live.example.com");
    let sites = gate().site(vod()).site(other).site(live).stream("channel", "ch1").token_cache(64);
    World::start(sites.keys(keys).build().unwrap()).await
}

/// A token by a key under another `kid`.
fn token(key: TestKey, kid: &str, claims: &str) -> String {
    key.sign(&format!(r#"{{"alg":"{}","kid":"{kid}"}}"#, key.alg()), claims)
}

fn bucket(name: &str) -> KeyScope {
    KeyScope::bucket(name)
}

/// The verdict, twice: of a new token, and of one that was seen if it is good.
async fn verdict(world: &World, host: &str, token: &str) -> (String, Option<Denial>) {
    let path = if host.starts_with("live") { "/ch1/a.ts" } else { "/videos/1/a.ts" };
    let ask = get(path).host(host).query(token);
    let first = world.ask(&ask).await;
    let again = world.ask(&ask).await;
    assert_eq!((first.verdict(), first.denial), (again.verdict(), again.denial));
    (first.verdict(), first.denial)
}

#[tokio::test]
async fn tenants_may_name_their_keys_alike_and_each_opens_its_own() {
    let world = world([
        P256.key_as("1", bucket("vod")),
        Ed25519.key_as("1", bucket("other")),
        Rsa.key_as("1", KeyScope::stream("channel")),
        Secret.key_as("1", bucket("channel")),
    ])
    .await;
    let wrong = (String::from("401 wrong_algorithm"), Some(Denial::WrongAlgorithm));
    for (key, host) in [(P256, HOST), (Ed25519, OTHER), (Rsa, "live.example.com")] {
        let uri = if key == Rsa { "ch1" } else { "videos/1/" };
        let token = token(key, "1", &format!(r#"{{"uri":"{uri}"}}"#));
        for asked in [HOST, OTHER, "live.example.com"] {
            let expected = if asked == host { ("200".to_owned(), None) } else { wrong.clone() };
            assert_eq!(verdict(&world, asked, &token).await, expected, "{key:?} at {asked}");
        }
    }
    for (other, host) in [(P256Other, HOST), (RsaOther, "live.example.com")] {
        let uri = if other == RsaOther { "ch1" } else { "videos/1/" };
        let token = token(other, "1", &format!(r#"{{"uri":"{uri}"}}"#));
        let found = verdict(&world, host, &token).await;
        assert_eq!(found, ("401 bad_signature".to_owned(), Some(Denial::BadSignature)), "{other:?}");
    }
}

#[tokio::test]
async fn each_key_of_a_kid_that_may_sign_for_the_resource_is_tried() {
    // Of one algorithm, so that the signature alone tells them apart.
    let keys = [
        P256.key_as("1", bucket("vod")),
        P256Other.key_as("1", KeyScope::site(HOST)),
        Ed25519.key_as("1", any_scope()),
        Rsa.key_as("2", bucket("vod")),
    ];
    for keys in [keys.clone(), {
        let [a, b, c, d] = keys;
        [d, c, b, a]
    }] {
        let world = world(keys).await;
        for (name, key, host, expected) in [
            ("the bucket's", P256, HOST, "200"),
            ("the bucket's elsewhere", P256, OTHER, "401 wrong_algorithm"),
            ("the site's", P256Other, HOST, "200"),
            ("the site's elsewhere", P256Other, OTHER, "401 wrong_algorithm"),
            ("that for everything", Ed25519, HOST, "200"),
            ("that for everything, elsewhere", Ed25519, OTHER, "200"),
            ("one of another kid", Rsa, HOST, "401 wrong_algorithm"),
        ] {
            let token = token(key, "1", r#"{"uri":"videos/1/"}"#);
            assert_eq!(verdict(&world, host, &token).await.0, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn a_key_of_an_issuer_verifies_the_tokens_of_that_issuer_alone() {
    let by = |key: TestKey, issuer: &str| key.key_as("1", bucket("vod")).issued_by(issuer).unwrap();
    let alone = world([by(P256, "a")]).await;
    let several = world([by(P256, "a"), by(P256Other, "b"), Ed25519.key_as("1", bucket("other"))]).await;
    let beside_any = world([by(P256, "a"), P256Other.key_as("1", bucket("vod"))]).await;
    let wrong = Some(Denial::WrongIssuer);
    let missing = Some(Denial::MissingClaim(ClaimName::Iss));
    let malformed = Some(Denial::MalformedClaim(ClaimName::Iss));
    let bad = Some(Denial::BadSignature);
    for (claim, key, denials) in [
        (r#","iss":"a""#, P256, [None, None, None]),
        (r#","iss":"\u0061""#, P256, [None, None, None]),
        (r#","iss":"b""#, P256, [wrong, bad, bad]),
        (r#","iss":"b""#, P256Other, [wrong, None, None]),
        (r#","iss":"a""#, P256Other, [bad, bad, None]),
        (r#","iss":"a/""#, P256, [wrong, wrong, bad]),
        (r#","iss":"A""#, P256, [wrong, wrong, bad]),
        (r#","iss":"c""#, P256Other, [wrong, wrong, None]),
        ("", P256, [missing, missing, bad]),
        ("", P256Other, [missing, missing, None]),
        (r#","iss":["a"]"#, P256, [malformed, malformed, bad]),
        (r#","iss":["b"]"#, P256Other, [malformed, malformed, None]),
    ] {
        let token = token(key, "1", &format!(r#"{{"uri":"videos/1/"{claim}}}"#));
        for ((name, world), denial) in
            [("alone", &alone), ("several", &several), ("beside any", &beside_any)].into_iter().zip(denials)
        {
            assert_eq!(verdict(world, HOST, &token).await.1, denial, "{name}, {key:?} {claim}");
        }
    }
    let token = token(P256, "1", r#"{"uri":"videos/1/","iss":"a"}"#);
    let elsewhere = Some(Denial::WrongKeyScope);
    for (name, world) in [("alone", &alone), ("beside any", &beside_any)] {
        assert_eq!(verdict(world, OTHER, &token).await.1, elsewhere, "{name}");
    }
}

#[tokio::test]
async fn where_no_key_of_a_kid_takes_the_token_the_most_specific_reason_is_given() {
    let past = UnixSeconds::new(NOW - 1);
    let keys = [P256.key_as("1", bucket("a")), Ed25519.key_as("1", bucket("b"))];
    let elsewhere = world(keys).await;
    let keys = [P256.key_as("1", bucket("vod")).not_after(past), Ed25519.key_as("1", KeyScope::site(HOST))];
    let retired = world(keys).await;
    let good = r#"{"uri":"videos/1/"}"#;
    for (name, world, token, denial) in [
        ("an unknown kid", &elsewhere, token(P256, "2", good), Denial::UnknownKey),
        ("all for other resources", &elsewhere, token(P256, "1", good), Denial::WrongKeyScope),
        ("whatever the algorithm", &elsewhere, token(Rsa, "1", good), Denial::WrongKeyScope),
        (
            "an unsigned token",
            &elsewhere,
            P256.sign(r#"{"alg":"none","kid":"1"}"#, good),
            Denial::UnsignedToken,
        ),
        (
            "a retired key and one of another algorithm",
            &retired,
            token(P256, "1", good),
            Denial::RetiredKey { not_after: past, now: UnixSeconds::new(NOW) },
        ),
        (
            "the token's scope beside a retired key",
            &retired,
            token(Ed25519, "1", r#"{"uri":"videos/2/"}"#),
            Denial::OutOfScope,
        ),
    ] {
        assert_eq!(verdict(world, HOST, &token).await.1, Some(denial), "{name}");
    }
    assert_eq!(verdict(&retired, HOST, &token(Ed25519, "1", good)).await.1, None);
}

#[tokio::test]
async fn a_key_that_may_be_named_by_jti_is_found_among_others_of_its_kid() {
    let named = Danger { kid_from_jti: true, ..Danger::NONE };
    let world = world([
        P256.key_as("1", bucket("vod")).danger(named),
        P256Other.key_as("1", KeyScope::site(HOST)),
        Ed25519.key_as("2", bucket("vod")),
        Ed25519.key_as("2", KeyScope::site(HOST)),
    ])
    .await;
    let sign = |key: TestKey, jti: &str| {
        key.sign(&format!(r#"{{"alg":"{}"}}"#, key.alg()), &format!(r#"{{"uri":"videos/1/","jti":"{jti}"}}"#))
    };
    for (name, key, jti, denial) in [
        ("one that allows it", P256, "1", None),
        ("one that does not is not tried", P256Other, "1", Some(Denial::BadSignature)),
        ("none allows it", Ed25519, "2", Some(Denial::MissingKeyId)),
        ("no such key", Ed25519, "3", Some(Denial::MissingKeyId)),
    ] {
        assert_eq!(verdict(&world, HOST, &sign(key, jti)).await.1, denial, "{name}");
    }
}

#[tokio::test]
async fn a_key_is_replaced_or_removed_by_its_identity_and_its_namesakes_stay() {
    let world = world([P256.key_as("1", bucket("vod")), P256.key_as("1", bucket("other"))]).await;
    let keys = || world.verifier.keys();
    let opens = async |key: TestKey, host: &str| {
        verdict(&world, host, &token(key, "1", r#"{"uri":"videos/1/"}"#)).await.1.is_none()
    };
    assert!(opens(P256, HOST).await && opens(P256, OTHER).await);
    keys().replace_key(P256Other.key_as("1", bucket("vod"))).unwrap();
    assert!(!opens(P256, HOST).await && opens(P256Other, HOST).await && opens(P256, OTHER).await);

    let none = keys().replace_key(P256.key_as("1", KeyScope::site(HOST))).unwrap_err();
    assert_eq!(none, ConfigError::NoSuchKey { key: format!("\"1\" of site {HOST}") });
    assert!(none.to_string().contains("insert it"), "{none}");
    let taken = keys().insert(P256.key_as("1", bucket("vod"))).unwrap_err();
    assert_eq!(taken, ConfigError::DuplicateKey { key: "\"1\" of bucket vod".to_owned() });
    assert!(opens(P256Other, HOST).await, "neither changed anything");

    let identity = KeyIdentity::new("1", bucket("vod")).unwrap();
    assert!(!keys().remove(&identity.clone().issued_by("a").unwrap()));
    assert!(keys().remove(&identity) && !keys().remove(&identity));
    assert!(!opens(P256Other, HOST).await && opens(P256, OTHER).await);
    keys().insert(P256.key_as("1", bucket("vod"))).unwrap();
    assert_eq!((keys().remove_kid("1"), keys().remove_kid("1")), (2, 0));
    assert!(!opens(P256, HOST).await && !opens(P256, OTHER).await);
}

#[test]
fn an_issuer_that_no_token_can_have_is_refused() {
    for bytes in [0, 513] {
        let error = P256.key_as("1", bucket("vod")).issued_by("i".repeat(bytes)).unwrap_err();
        assert_eq!(error, ConfigError::KeyIssuer { bytes });
    }
    assert!(P256.key_as("1", bucket("vod")).issued_by("i".repeat(512)).is_ok());
}

#[test]
fn an_issuer_that_every_site_of_the_key_refuses_is_an_error() {
    let key = |scope: KeyScope| P256.key_as("1", scope).issued_by("a").unwrap();
    let site = |id: &str, issuer: Option<&str>| {
        let site = Site::bucket("vod").host(format!("{id}.example.com")).id(id);
        issuer.into_iter().fold(site, Site::issuer)
    };
    let live = || Site::live_by_path().host("live.example.com").issuer("b");
    for (name, sites, scope, is_refused) in [
        ("another issuer", vec![site("x", Some("b"))], bucket("vod"), true),
        ("the same", vec![site("x", Some("a"))], bucket("vod"), false),
        ("no issuer", vec![site("x", None)], bucket("vod"), false),
        ("one site of two", vec![site("x", Some("b")), site("y", None)], bucket("vod"), false),
        ("the site of the scope", vec![site("x", Some("b")), site("y", None)], KeyScope::site("x"), true),
        ("a bucket that nobody serves", vec![site("x", Some("b"))], bucket("other"), false),
        ("a stream", vec![site("x", None), live()], KeyScope::stream("s"), true),
        ("everything", vec![site("x", Some("b")), live()], any_scope(), true),
    ] {
        let gate = sites.into_iter().fold(gate(), playgate::verifier::VerifierBuilder::site);
        let errors = gate.key(key(scope)).build().map(drop).map_err(|errors| errors.to_string());
        assert_eq!(errors.is_err(), is_refused, "{name}: {errors:?}");
        let text = errors.err().unwrap_or_default();
        assert!(
            !is_refused
                || text.contains("issuer \"a\"") && text.contains("accepts only tokens of issuer \"b\""),
            "{text}"
        );
    }
}
