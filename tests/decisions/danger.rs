//! The switches for issuers that cannot be mended: each admits one form, for the keys that have it, and is
//! said aloud.

use std::time::Duration;

use crate::support::TestKey::{Ed25519, P256, Rsa, Secret};
use crate::support::{Ask, Disk, HOST, KEYS, NOW, TestKey, VOD, World, decided, gate, get, lines_about, vod};
use playgate::error::{ClaimName, TokenFault};
use playgate::keys::KeySource;
use playgate::keys::danger::{Danger, any_scope};
use playgate::time::UnixSeconds;
use playgate::{ConfigError, Decision, Denial, Key, KeyScope, Site, Verifier};

const DIGITS: Danger = Danger { digit_string_dates: true, ..Danger::NONE };
const JTI: Danger = Danger { kid_from_jti: true, ..Danger::NONE };

/// One key for the bucket, under its own name.
fn with(key: TestKey, danger: Danger) -> Verifier {
    gate().site(vod()).key(key.key(KeyScope::bucket("vod")).danger(danger)).build().unwrap()
}

/// `None` for a grant.
fn denial(verifier: &Verifier, ask: &Ask) -> Option<Denial> {
    let request = ask.parsed().unwrap();
    match verifier.decide(&request, verifier.now()) {
        Decision::Granted(_) => None,
        other => Some(other.denial().unwrap_or_else(|| panic!("{other:?}"))),
    }
}

fn asking(token: String) -> Ask {
    get("/videos/1/a.ts").cookie(token)
}

/// What is asked with these claims beside a good `uri`.
fn claiming(key: TestKey, claims: &str) -> Ask {
    asking(key.token(&format!(r#"{{"uri":"videos/1/",{claims}}}"#)))
}

#[test]
fn dates_in_strings_are_malformed_unless_the_key_says_otherwise() {
    let (strict, lax) = (with(Rsa, Danger::NONE), with(Rsa, DIGITS));
    let exp = Denial::MalformedClaim(ClaimName::Exp);
    let nbf = Denial::MalformedClaim(ClaimName::Nbf);
    let now = UnixSeconds::new(NOW);
    let expired = |exp| Some(Denial::Expired { exp: UnixSeconds::new(exp), now });
    let early = |nbf| Some(Denial::NotYetValid { nbf: UnixSeconds::new(nbf), now });
    let late = |date| {
        let (claim, date) = (ClaimName::Exp, UnixSeconds::new(date));
        Some(Denial::MalformedToken(TokenFault::Milliseconds { claim, date }))
    };
    let date = |name: &str, seconds: i64| format!(r#""{name}":"{seconds}""#);
    for (name, claims, strictly, laxly) in [
        ("exp to come", date("exp", NOW + 1), exp, None),
        ("exp now", date("exp", NOW), exp, expired(NOW)),
        ("exp past", date("exp", NOW - 1), exp, expired(NOW - 1)),
        ("exp zero", date("exp", 0), exp, expired(0)),
        ("exp of 12 digits", date("exp", 999_999_999_999), exp, None),
        ("exp in milliseconds", date("exp", 1_790_000_000_000), exp, late(1_790_000_000_000)),
        ("exp with leading zeros", format!(r#""exp":"000{}""#, NOW + 1), exp, None),
        ("nbf past", date("nbf", NOW - 1), nbf, None),
        ("nbf now", date("nbf", NOW), nbf, None),
        ("nbf to come", date("nbf", NOW + 1), nbf, early(NOW + 1)),
        ("both", format!("{},{}", date("nbf", NOW), date("exp", NOW + 1)), exp, None),
        (
            "exp as text, nbf as number",
            format!(r#""nbf":{},{}"#, NOW + 1, date("exp", NOW + 1)),
            exp,
            early(NOW + 1),
        ),
    ] {
        let ask = claiming(Rsa, &claims);
        assert_eq!(denial(&strict, &ask), Some(strictly), "{name}, strictly");
        assert_eq!(denial(&lax, &ask), laxly, "{name}, laxly");
    }
}

#[test]
fn other_strings_than_digits_stay_malformed() {
    let lax = with(Rsa, DIGITS);
    for claim in [ClaimName::Exp, ClaimName::Nbf] {
        for (name, value) in [
            ("exponent", r#""1e9""#),
            ("leading space", r#"" 1750000001""#),
            ("trailing space", r#""1750000001 ""#),
            ("sign", r#""-5""#),
            ("plus", r#""+1750000001""#),
            ("empty", r#""""#),
            ("hexadecimal", r#""0x1""#),
            ("fraction", r#""1750000001.0""#),
            ("separator", r#""1_750_000_001""#),
            ("escaped digits", r#""\u0031750000001""#),
            ("digits of another script", r#""１７５００００００１""#),
            ("19 digits", r#""9999999999999999999""#),
            ("a date", r#""2200-01-01T00:00:00Z""#),
            ("null", "null"),
            ("true", "true"),
            ("a list", r#"["1750000001"]"#),
            ("a number that does not fit", "9223372036854775808"),
        ] {
            let ask = claiming(Rsa, &format!(r#""{claim}":{value}"#));
            assert_eq!(denial(&lax, &ask), Some(Denial::MalformedClaim(claim)), "{claim}, {name}");
        }
    }
}

#[test]
fn dates_in_strings_are_under_all_the_rules_that_dates_are_under() {
    let key = || Rsa.key(KeyScope::bucket("vod")).danger(DIGITS);
    let on = |site: Site| gate().site(site).key(key()).build().unwrap();
    let ask = |exp: i64| claiming(Rsa, &format!(r#""exp":"{exp}""#));
    let hour = Duration::from_hours(1);
    let leeway = playgate::time::Leeway::from_secs(10).unwrap();
    let too_long = Denial::LifetimeTooLong { exp: UnixSeconds::new(NOW + 3601), max: 3600 };
    let expired = Denial::Expired { exp: UnixSeconds::new(NOW - 10), now: UnixSeconds::new(NOW) };
    for (name, verifier, exp, wanted) in [
        ("require_exp", on(vod().require_exp(true)), NOW + 1, None),
        ("max_lifetime", on(vod().max_lifetime(hour)), NOW + 3600, None),
        ("beyond max_lifetime", on(vod().max_lifetime(hour)), NOW + 3601, Some(too_long)),
        ("leeway", on(vod().leeway(leeway)), NOW - 9, None),
        ("beyond leeway", on(vod().leeway(leeway)), NOW - 10, Some(expired)),
    ] {
        assert_eq!(denial(&verifier, &ask(exp)), wanted, "{name}");
    }
}

#[test]
fn a_grant_tells_when_its_dates_in_strings_expire() {
    let lax = with(Rsa, DIGITS);
    for (name, claims, wanted) in [
        ("digits in a string", format!(r#""exp":"{}""#, NOW + 60), Some(UnixSeconds::new(NOW + 60))),
        ("a number", format!(r#""exp":{}"#, NOW + 60), Some(UnixSeconds::new(NOW + 60))),
        ("none", r#""sub":"x""#.to_owned(), None),
    ] {
        let request = claiming(Rsa, &claims).parsed().unwrap();
        let Decision::Granted(grant) = lax.decide(&request, lax.now()) else { panic!("{name}") };
        assert_eq!((grant.expires_at(), grant.to_owned().expires_at()), (wanted, wanted), "{name}");
    }
}

#[tokio::test]
async fn a_switch_is_for_the_keys_that_have_it_alone() {
    let scope = || KeyScope::bucket("vod");
    let builder = gate().site(vod()).key(Rsa.key(scope()).danger(DIGITS)).key(P256.key(scope()));
    let builder = builder.key(Secret.key(scope()).danger(JTI)).key(Ed25519.key(scope()).danger(Danger::NONE));
    let world = World::start(builder.build().unwrap()).await;
    let digits = |key: TestKey| claiming(key, &format!(r#""exp":"{}""#, NOW + 60));
    let nameless = |key: TestKey| {
        let header = format!(r#"{{"alg":"{}"}}"#, key.alg());
        asking(key.sign(&header, &format!(r#"{{"jti":"{}","uri":"videos/1/"}}"#, key.kid())))
    };
    for (key, on_digits, on_jti) in [
        (Rsa, "200", "401 unknown_key"),
        (P256, "401 malformed_token", "401 unknown_key"),
        (Secret, "401 malformed_token", "200"),
        (Ed25519, "401 malformed_token", "401 unknown_key"),
    ] {
        assert_eq!(world.verdict(&digits(key)).await, on_digits, "digits by {key:?}");
        assert_eq!(world.verdict(&nameless(key)).await, on_jti, "no kid by {key:?}");
        assert_eq!(world.verdict(&claiming(key, r#""sub":"x""#)).await, "200", "plain by {key:?}");
    }
}

#[test]
fn a_token_without_kid_is_refused_unless_its_jti_names_a_key_that_says_so() {
    let key = |key: TestKey, danger| key.key(KeyScope::bucket("vod")).danger(danger);
    let with =
        |danger| gate().site(vod()).key(key(Secret, danger)).key(key(Rsa, Danger::NONE)).build().unwrap();
    let (strict, lax) = (with(Danger::NONE), with(JTI));
    let ask = |header: &str, claims: &str| {
        let header = format!(r#"{{"alg":"HS256"{header}}}"#);
        asking(Secret.sign(&header, &format!(r#"{{{claims}"uri":"videos/1/"}}"#)))
    };
    let missing = Some(Denial::MissingKeyId);
    for (name, header, claims, strictly, laxly) in [
        ("neither", "", "", missing, missing),
        ("jti", "", r#""jti":"secret","#, missing, None),
        ("jti with an escape", "", r#""jti":"\u0073ecret","#, missing, None),
        ("jti of a key without the switch", "", r#""jti":"rsa","#, missing, missing),
        ("jti of no key", "", r#""jti":"5d3f","#, missing, missing),
        ("jti is a number", "", r#""jti":5,"#, missing, missing),
        ("jti is null", "", r#""jti":null,"#, missing, missing),
        ("jti is a list", "", r#""jti":["secret"],"#, missing, missing),
        ("kid in the payload", "", r#""kid":"secret","#, missing, missing),
        ("kid alone", r#","kid":"secret""#, "", None, None),
        ("kid, and the same jti", r#","kid":"secret""#, r#""jti":"secret","#, None, None),
        ("kid, and another jti", r#","kid":"secret""#, r#""jti":"rsa","#, None, None),
    ] {
        let ask = ask(header, claims);
        assert_eq!(denial(&strict, &ask), strictly, "{name}, strictly");
        assert_eq!(denial(&lax, &ask), laxly, "{name}, laxly");
    }
}

#[test]
fn a_kid_in_the_header_decides_whatever_the_jti_says() {
    let key = |key: TestKey| key.key(KeyScope::bucket("vod")).danger(JTI);
    let verifier = gate().site(vod()).key(key(Secret)).key(key(P256)).build().unwrap();
    let ask = |kid: &str, jti: &str| {
        let header = format!(r#"{{"alg":"HS256","kid":{kid}}}"#);
        asking(Secret.sign(&header, &format!(r#"{{"jti":"{jti}","uri":"videos/1/"}}"#)))
    };
    for (name, ask, wanted) in [
        ("both name it", ask(r#""secret""#, "secret"), None),
        ("the kid names it", ask(r#""secret""#, "p256"), None),
        ("the jti names it", ask(r#""p256""#, "secret"), Some(Denial::WrongAlgorithm)),
        ("the kid names no key", ask(r#""none""#, "secret"), Some(Denial::UnknownKey)),
    ] {
        assert_eq!(denial(&verifier, &ask), wanted, "{name}");
    }
    for kid in [r#""""#, "5", "null"] {
        let found = denial(&verifier, &ask(kid, "secret"));
        assert!(matches!(found, Some(Denial::MalformedToken(_))), "kid {kid}: {found:?}");
    }
}

#[test]
fn a_key_that_is_named_by_jti_is_under_every_rule_that_keys_are_under() {
    let scope = || KeyScope::bucket("vod");
    let past = UnixSeconds::new(NOW - 1);
    let by = |key: Key| {
        gate().site(vod()).site(Site::bucket("other").host("other.example")).key(key).build().unwrap()
    };
    let good = || asking(Secret.sign(r#"{"alg":"HS256"}"#, r#"{"jti":"secret","uri":"videos/1/"}"#));
    let expired = format!(r#"{{"jti":"secret","uri":"videos/1/","exp":{NOW}}}"#);
    let forged = TestKey::SecretOther.sign(r#"{"alg":"HS256"}"#, r#"{"jti":"secret","uri":"videos/1/"}"#);
    let key = || Secret.key(scope()).danger(JTI);
    let now = UnixSeconds::new(NOW);
    for (name, verifier, ask, wanted) in [
        ("good", by(key()), good(), None),
        ("signature", by(key()), asking(forged), Some(Denial::BadSignature)),
        ("scope of the key", by(key()), good().host("other.example"), Some(Denial::WrongKeyScope)),
        ("retired", by(key().not_after(past)), good(), Some(Denial::RetiredKey { not_after: past, now })),
        ("algorithm", by(P256.key_as("secret", scope()).danger(JTI)), good(), Some(Denial::WrongAlgorithm)),
        (
            "time",
            by(key()),
            asking(Secret.sign(r#"{"alg":"HS256"}"#, &expired)),
            Some(Denial::Expired { exp: now, now }),
        ),
    ] {
        assert_eq!(denial(&verifier, &ask), wanted, "{name}");
    }
}

/// Buckets and streams under every kind of host and path.
fn every_site() -> [(Site, Ask, &'static str); 5] {
    [
        (vod(), get("/videos/1/a.ts"), "videos/1/"),
        (
            Site::bucket("other").host("other.example").base_path("/media/"),
            get("/media/a.ts").host("other.example"),
            "",
        ),
        (
            Site::bucket("{bucket}").id("b").host("{bucket}.example.net"),
            get("/a").host("any.example.net"),
            "",
        ),
        (Site::live_by_path().host("live.example"), get("/ch1/seg-1.ts").host("live.example"), "ch1"),
        (
            Site::live_by_host().id("h").host("p-{playback_id}.example"),
            get("/1.ts").host("p-ch1.example"),
            "ch1",
        ),
    ]
}

#[tokio::test]
async fn a_key_of_any_scope_opens_every_bucket_and_every_stream_on_every_site() {
    let sites = every_site()
        .into_iter()
        .fold(gate().outside(playgate::site::Outside::Refuse), |gate, (site, ..)| gate.site(site));
    let builder = sites.key(Rsa.key(any_scope())).key(P256.key(KeyScope::bucket("vod")));
    let world = World::start(builder.build().unwrap()).await;
    for (number, (_, ask, uri)) in every_site().into_iter().enumerate() {
        let by = |key: TestKey| ask.clone().cookie(key.token(&format!(r#"{{"uri":"{uri}"}}"#)));
        assert_eq!(world.verdict(&by(Rsa)).await, "200", "{ask:?}");
        let scoped = if number == 0 { "200" } else { "403 wrong_key" };
        assert_eq!(world.verdict(&by(P256)).await, scoped, "{ask:?} by a key of one bucket");
        // The token's own scope still counts.
        let elsewhere = ask.clone().cookie(Rsa.token(r#"{"uri":"elsewhere/"}"#));
        assert_eq!(world.verdict(&elsewhere).await, "403 out_of_scope", "{ask:?}");
    }
}

#[test]
fn each_switch_is_said_aloud_for_each_key_of_code() {
    lines_about("");
    let key = |kid: &str, scope| TestKey::Secret.key_as(kid, scope);
    let bucket = || KeyScope::bucket("vod");
    let all = Danger { digit_string_dates: true, kid_from_jti: true };
    let keys = [
        key("aloud-plain", bucket()),
        key("aloud-digits", bucket()).danger(DIGITS),
        key("aloud-jti", bucket()).danger(JTI),
        key("aloud-any", any_scope()),
        key("aloud-all", any_scope()).danger(all),
    ];
    gate().site(vod()).keys(keys).build().unwrap();
    for (kid, dangers) in [
        ("aloud-plain", &[][..]),
        ("aloud-digits", &["digit_string_dates"]),
        ("aloud-jti", &["kid_from_jti"]),
        ("aloud-any", &["scope any"]),
        ("aloud-all", &["digit_string_dates", "kid_from_jti", "scope any"]),
    ] {
        let said = lines_about(kid);
        assert_eq!(said.len(), dangers.len(), "{kid}: {said:#?}");
        for danger in dangers {
            let line =
                said.iter().find(|line| line.contains(danger)).unwrap_or_else(|| panic!("{kid}: {said:#?}"));
            assert!(line.contains(" WARN "), "{line}");
        }
    }
}

#[test]
fn each_switch_of_a_file_is_said_aloud_once_for_each_source() {
    let disk = Disk::with_keys(&[("a", P256), ("b", Rsa)]);
    disk.put("jti/c.pem", Rsa.public());
    disk.put("any/d.pem", Rsa.public());
    let keys = format!("{KEYS}danger = {{ digit_string_dates = true }}\n");
    let jti =
        KEYS.replace("keys\"", "jti\"") + "danger = { kid_from_jti = true, digit_string_dates = false }\n";
    let any = "[[keys]]\ndir = \"any\"\ndanger = { scope = \"any\", kid_from_jti = true }\n";
    disk.config(&[VOD, &keys, &jti, any]);
    let verifier = disk.verifier();
    let said = |wanted: [(&str, &str, usize); 7], when: &str| {
        for (folder, danger, times) in wanted {
            let folder = format!("source={}", disk.path(folder).display());
            let lines = disk.warnings(danger);
            let found = lines.iter().filter(|line| line.contains(&folder)).count();
            assert_eq!(found, times, "{danger} of {folder} {when}: {lines:#?}");
        }
    };
    let at_first = [
        ("keys", "digit_string_dates", 1),
        ("keys", "kid_from_jti", 0),
        ("jti", "kid_from_jti", 1),
        ("jti", "digit_string_dates", 0),
        ("any", "scope any", 1),
        ("any", "kid_from_jti", 1),
        ("more", "scope any", 0),
    ];
    said(at_first, "at first");
    assert_eq!(disk.warnings("").len(), 4, "{:#?}", disk.warnings(""));
    let _ = verifier.reload().unwrap();
    said(at_first, "after a reload that changed nothing");
    let more = any.replace("any\"\ndanger", "more\"\ndanger");
    disk.put("more/e.pem", Ed25519.public());
    disk.config(&[VOD, &keys, &jti, any, &more]);
    let _ = verifier.reload().unwrap();
    let mut with_more = at_first;
    with_more[6].2 = 1;
    said(with_more, "after one source more");
}

#[test]
fn the_switches_work_from_a_file() {
    let disk = Disk::with_keys(&[("rsa", Rsa)]);
    disk.put("any/p256.pem", P256.public());
    disk.put("secret.txt", Secret.public());
    let other = "[[site]]\nhosts = [\"other.example\"]\nserves = { bucket = \"other\" }\n";
    let dangers = "danger = { digit_string_dates = true }\n\
                   [[keys]]\ndir = \"any\"\ndanger = { scope = \"any\" }\n\
                   [[keys]]\nsecret_file = \"secret.txt\"\nscope = { bucket = \"vod\" }\n\
                   danger = { kid_from_jti = true }\n";
    disk.config(&[VOD, other, KEYS, dangers]);
    let verifier = disk.verifier();
    let digits = claiming(Rsa, r#""exp":"4102444800""#);
    let java = asking(Secret.sign(r#"{"alg":"HS256"}"#, r#"{"jti":"secret","uri":"videos/1/"}"#));
    for (name, ask, verdict) in [
        ("digits", digits, "granted"),
        ("jti", java, "granted"),
        ("any on one bucket", P256.asks_as("p256"), "granted"),
        ("any on another", P256.asks_as("p256").host("other.example"), "granted"),
        ("one bucket on another", Rsa.asks_as("rsa").host("other.example"), "wrong_key"),
        ("digits by a key without the switch", claiming(P256, r#""exp":"4102444800""#), "malformed_token"),
    ] {
        assert_eq!(decided(&verifier, &ask), verdict, "{name}");
    }
    let health = verifier.health();
    let dangers: Vec<_> = health.keys.iter().map(|key| (&*key.kid, &*key.scope, &*key.danger)).collect();
    assert_eq!(
        dangers,
        [
            ("p256", "any", &[][..]),
            ("rsa", "bucket vod", &["digit_string_dates"]),
            ("secret", "bucket vod", &["kid_from_jti"]),
        ]
    );
}

/// `tests/support/keys` stands in for the samples' private key.
#[test]
fn what_the_published_samples_write_is_refused_under_the_switches_where_it_is_no_jws() {
    let all = Danger { digit_string_dates: true, kid_from_jti: true };
    let secret = Secret.key(any_scope()).danger(all);
    let verifier = gate().site(vod()).key(secret).key(Rsa.key(any_scope()).danger(all)).build().unwrap();
    let uri = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    let csharp = |kid: &str| {
        let header = format!(r#"{{"alg":"{uri}","typ":"JWT","kid":"{kid}"}}"#);
        asking(Secret.sign(&header, r#"{"uri":"videos/1/","exp":"4102444800"}"#))
    };
    let adjusted = asking(
        Rsa.sign(r#"{"alg":"RS256","typ":"JWT","kid":"rsa"}"#, r#"{"uri":"videos/1/","exp":"4102444800"}"#),
    );
    let java =
        asking(Secret.sign(r#"{"alg":"HS256"}"#, r#"{"jti":"secret","uri":"videos/1/","exp":4102444800}"#));
    for (name, ask, wanted) in [
        ("C# by a secret", csharp("secret"), Some(Denial::XmlDsigAlgorithm)),
        ("C# by an RSA key", csharp("rsa"), Some(Denial::XmlDsigAlgorithm)),
        ("C# as its comment suggests", adjusted, None),
        ("Java by a real secret", java, None),
    ] {
        assert_eq!(denial(&verifier, &ask), wanted, "{name}");
    }
}

#[test]
fn the_text_of_a_pem_is_no_secret_under_the_switches_either() {
    let pem = Rsa.private();
    let error = Key::from_secret("k", pem, any_scope()).unwrap_err();
    assert_eq!(error, ConfigError::SecretIsPem { kid: "k".to_owned() });
    let disk = Disk::new();
    disk.put("k.pem", pem);
    let all = "danger = { digit_string_dates = true, kid_from_jti = true, scope = \"any\" }\n";
    disk.config(&[VOD, "[[keys]]\nsecret_file = \"k.pem\"\n", all]);
    let errors = Verifier::from_file(disk.path("playgate.toml")).unwrap_err().to_string();
    assert!(errors.contains("secret \"k\" is PEM text"), "{errors}");
    assert!(!errors.contains('\n'), "and nothing else is wrong: {errors}");
    let all = Danger { digit_string_dates: true, kid_from_jti: true };
    let source = KeySource::secret_file(disk.path("k.pem"), any_scope()).danger(all);
    let errors = gate().site(Site::bucket("vod").host(HOST)).key_source(source).build().unwrap_err();
    assert!(errors.to_string().contains("is PEM text"), "{errors}");
}
