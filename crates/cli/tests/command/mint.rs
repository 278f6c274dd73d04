use playgate::request::{RequestView, Target};
use playgate::schemes::Scheme;
use playgate::{Decision, Verifier};

use crate::world::World;

const URL: &str = "https://cdn.example.com/videos/1/master.m3u8";
const KEY: &str = "private/2026-12.pem";
const CLOUDFRONT: &str = "private/K2JCJMDEHXQW5F.pem";

/// A request for a URL, over TLS.
struct Get {
    host: String,
    target: String,
    cookie: String,
}

impl Get {
    fn new(url: &str, cookie: &str) -> Self {
        let rest = url.trim().strip_prefix("https://").unwrap();
        let (host, target) = rest.split_at(rest.find('/').unwrap());
        Self { host: host.to_owned(), target: target.to_owned(), cookie: cookie.to_owned() }
    }
}

impl RequestView for Get {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target::origin_form(&self.target)
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        match (name, nth) {
            ("host", 0) => Some(self.host.as_bytes()),
            ("cookie", 0) if !self.cookie.is_empty() => Some(self.cookie.as_bytes()),
            _ => None,
        }
    }

    fn is_tls(&self) -> bool {
        true
    }
}

fn verifier(world: &World) -> Verifier {
    Verifier::from_file(world.path("playgate.toml")).unwrap()
}

/// Returns the scheme of a grant, or the code of a denial.
fn decided(verifier: &Verifier, url: &str, cookie: &str) -> Result<Scheme, String> {
    let request = Get::new(url, cookie);
    match verifier.decide(&request, verifier.now()) {
        Decision::Granted(grant) => Ok(grant.scheme()),
        Decision::Denied(refusal) => Err(refusal.code().as_str().to_owned()),
        other => panic!("{other:?}"),
    }
}

/// Changes one character in the middle of the text.
fn changed(text: &str, at: usize) -> String {
    let mut changed: Vec<char> = text.chars().collect();
    changed[at] = if changed[at] == '1' { '2' } else { '1' };
    changed.into_iter().collect()
}

#[test]
fn a_minted_url_is_accepted_and_refused_after_a_change() {
    let world = World::new();
    let verifier = verifier(&world);
    for (args, scheme) in [
        (vec!["mint", "url", URL, "--key", KEY], Scheme::SignedToken),
        (vec!["mint", "url", URL, "--kid", "shared"], Scheme::SignedToken),
        (vec!["mint", "link", URL, "--covers", "directory"], Scheme::SecureLink),
        (vec!["mint", "link", URL, "--covers", "file"], Scheme::SecureLink),
        (vec!["mint", "akamai", URL, "--acl", "/videos/1/*"], Scheme::Akamai),
        (vec!["mint", "akamai", URL], Scheme::Akamai),
        (vec!["mint", "cloudfront", URL, "--key", CLOUDFRONT], Scheme::CloudFront),
    ] {
        let url = world.good(&args);
        let url = url.trim();
        assert_eq!(decided(&verifier, url, ""), Ok(scheme), "{args:?}: {url}");
        let elsewhere = url.replace("/videos/1/master", "/videos/2/master");
        assert!(decided(&verifier, &elsewhere, "").is_err(), "{elsewhere}");
        // Some character of the query: of the expiry, the hash, the signature or what it is of.
        for at in [URL.len() + 12, URL.len() + 20, URL.len() + 30] {
            let other = changed(url, at);
            assert!(decided(&verifier, &other, "").is_err(), "{other}");
        }
    }
}

#[test]
fn a_minted_token_has_the_scope_and_the_claims_of_its_site() {
    let world = World::new();
    let verifier = verifier(&world);
    let json = world.json(&["mint", "token", "--scope", "videos/1/", "--key", KEY, "--url", URL]);
    assert_eq!(json["scope"], "videos/1/");
    assert_eq!(json["site"], "cdn");
    assert_eq!(json["kid"], "2026-12");
    assert_eq!(json["algorithm"], "ES256");
    assert_eq!(json["checked"], true);
    let left = json["expires_at"].as_i64().unwrap() - verifier.now().get();
    assert!((3595..=3600).contains(&left), "1 hour unless another is written: {json}");
    let token = json["token"].as_str().unwrap();
    assert_eq!(
        decided(&verifier, &format!("https://media.example.com/videos/1/a.ts?token={token}"), ""),
        Ok(Scheme::SignedToken)
    );
    assert_eq!(
        decided(&verifier, &format!("https://cdn.example.com/videos/2/a.ts?token={token}"), ""),
        Err("out_of_scope".to_owned())
    );
    let by_name = world.json(&["mint", "token", "--scope", "a.mp4", "--key", KEY, "--expires", "never"]);
    assert_eq!((by_name["expires_at"].is_null(), by_name["expires"].is_null()), (true, true));
}

#[test]
fn minted_cookies_are_accepted() {
    let world = World::new();
    let verifier = verifier(&world);
    let json = world.json(&[
        "mint",
        "cookie",
        "--scope",
        "videos/1/",
        "--domain",
        "example.com",
        "--key",
        KEY,
        "--url",
        URL,
    ]);
    let pair = json["cookie"].as_str().unwrap();
    assert!(pair.starts_with("viewer=eyJ"), "{json}");
    assert_eq!(decided(&verifier, URL, pair), Ok(Scheme::SignedToken));
    assert_eq!(decided(&verifier, &URL.replace("/1/", "/2/"), pair), Err("out_of_scope".to_owned()));
    let text = world.good(&["mint", "cookie", "--scope", "videos/1/", "--key", KEY, "--partitioned"]);
    for attribute in ["Path=/videos/1/", "Secure", "HttpOnly", "SameSite=None", "Partitioned", "Max-Age="] {
        assert!(text.contains(attribute), "{attribute}: {text}");
    }
    let cookies = world.good(&[
        "mint",
        "cloudfront",
        URL,
        "--key",
        CLOUDFRONT,
        "--cookies",
        "--resource",
        "https://cdn.example.com/videos/1/*",
    ]);
    let cookies = cookies.trim().replace('\n', "; ");
    assert_eq!(decided(&verifier, &URL.replace("master", "other"), &cookies), Ok(Scheme::CloudFront));
    assert!(decided(&verifier, &URL.replace("/1/", "/2/"), &cookies).is_err());
}

#[test]
fn keys_come_from_files_variables_and_standard_input() {
    let world = World::new();
    let verifier = verifier(&world);
    let pem = world.read(KEY);
    let of_input =
        world.run_with_input(&["mint", "url", URL, "--key", "-", "--kid", "2026-12"], pem.as_bytes());
    let of_variable = world
        .run_with_env(&["mint", "url", URL, "--key-env", "SIGNER", "--kid", "2026-12"], ("SIGNER", &pem));
    let of_secret = world.run(&["mint", "url", URL, "--key", "secrets/shared"]);
    for ran in [of_input, of_variable, of_secret] {
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(decided(&verifier, &ran.stdout, ""), Ok(Scheme::SignedToken));
        assert!(ran.stderr.contains("(in 1 h)") || ran.stderr.contains("(in 59 min"), "{ran:?}");
    }
}

#[test]
fn without_a_configuration_a_token_has_the_default_names() {
    let world = World::new();
    let url = world.good(&["mint", "url", URL, "--key", KEY, "--no-config"]);
    assert!(url.starts_with(&format!("{URL}?auth=eyJ")), "{url}");
    std::fs::remove_file(world.path("playgate.toml")).unwrap();
    let json = world.json(&["mint", "url", URL, "--key", KEY]);
    assert_eq!((json["site"].is_null(), json["checked"].as_bool()), (true, Some(false)));
    world.fails(&["mint", "link", URL], 2, &["no configuration"]);
    world.fails(&["mint", "url", URL, "--key", KEY, "--site", "cdn"], 2, &["no configuration"]);
    world.fails(
        &["mint", "url", URL, "--key", KEY, "--config", "absent.toml"],
        1,
        &["absent.toml", "does not exist"],
    );
}

#[test]
fn what_the_site_would_refuse_is_not_printed() {
    let world = World::new();
    world.good(&["keygen", "--out", "other/2026-12", "--private", "stolen"]);
    world.good(&["keygen", "--out", "other/unknown", "--private", "stolen"]);
    for (args, code, texts) in [
        (
            vec!["mint", "url", URL, "--key", "stolen/2026-12.pem"],
            1,
            ["another key with the kid \"2026-12\"", "matching private key"],
        ),
        (
            vec!["mint", "url", URL, "--key", "stolen/unknown.pem"],
            1,
            ["no key with the kid \"unknown\"", "add the public key"],
        ),
        (
            vec!["mint", "url", URL, "--key", KEY, "--scope", "videos/2/"],
            1,
            ["out_of_scope", "use a scope that covers the URL"],
        ),
        (vec!["mint", "url", URL, "--key", KEY, "--claim", "aud=other"], 1, ["claim_refused", "--claim"]),
        (
            vec!["mint", "url", "https://other.example.com/a", "--key", KEY],
            1,
            ["no site has the URL's host", "cdn"],
        ),
        (
            vec!["mint", "url", URL, "--key", KEY, "--site", "other"],
            2,
            ["no site has the id \"other\"", "cdn"],
        ),
        (vec!["mint", "url", URL, "--kid", "2026-12"], 2, ["no private key", "--key-env"]),
        (vec!["mint", "url", "/videos/1/a", "--key", KEY], 2, ["URL is \"/videos/1/a\"", "https://"]),
        (vec!["mint", "url", URL, "--key", KEY, "--scope", "/videos/"], 3, ["starts with a slash", "write"]),
        (vec!["mint", "token", "--key", KEY], 2, ["no scope", "--scope videos/1/"]),
        (vec!["mint", "url", URL, "--key", "keys/2026-12.pem"], 3, ["public key", "private key"]),
        (
            vec!["mint", "url", URL, "--key", "0123456789abcdef"],
            3,
            ["--key names a file that does not exist", "correct"],
        ),
        (vec!["mint", "url", URL, "--key-env", "PLAYGATE_ABSENT", "--kid", "k"], 3, ["not set", "--key-env"]),
        (
            vec!["mint", "url", URL, "--key", KEY, "--expires", "2020-01-01T00:00:00Z"],
            3,
            ["in the past", "later"],
        ),
        (vec!["mint", "akamai", URL, "--expires", "never"], 2, ["--expires is never", "use a lifetime"]),
        (
            vec!["mint", "cloudfront", URL, "--key", CLOUDFRONT, "--expires", "never"],
            2,
            ["--expires is never", "use a lifetime"],
        ),
        (vec!["mint", "cloudfront", URL, "--key", KEY], 1, ["unknown_key", "--kid"]),
        (vec!["mint", "cloudfront", URL], 2, ["no private key", "--key"]),
        (vec!["mint", "link", URL, "--expires", "never"], 2, ["--expires is never", "use a lifetime"]),
    ] {
        world.fails(&args, code, &texts);
    }
    let ran = world.run(&["mint", "url", URL, "--key", KEY, "--expires", "soon"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("write a lifetime such as 90s"), "{ran:?}");
    for (claim, remedy) in
        [("exp=1", "--expires"), ("uri=a/", "--scope"), ("nbf=1", "cannot be set"), ("sub", "sub=u42")]
    {
        let ran = world.run(&["mint", "url", URL, "--key", KEY, "--claim", claim]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(remedy), "{claim}: {ran:?}");
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let world = World::new();
    let secret = "fedcba9876543210fedcba9876543210";
    for args in [
        &["mint", "url", URL, "--key", secret][..],
        &["mint", "url", URL, "--key-env", secret, "--kid", "k"],
        &["public", secret],
    ] {
        let ran = world.run(args);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(!ran.stderr.contains(secret), "{ran:?}");
    }
}

#[test]
fn another_credential_in_the_url_is_found() {
    let world = World::new();
    let signed = world.good(&["mint", "url", URL, "--kid", "shared"]);
    // The link is read after the token, which would grant whatever the link is.
    world.fails(&["mint", "link", signed.trim()], 1, &["another credential, a signed-token", "remove it"]);
}

#[test]
fn a_fragment_stays_out_of_what_is_signed() {
    let world = World::new();
    for args in [
        &["mint", "url", "https://cdn.example.com/videos/1/a.mp4#t=5", "--kid", "shared"][..],
        &["mint", "link", "https://cdn.example.com/videos/1/a.mp4#t=5"],
        &["mint", "akamai", "https://cdn.example.com/videos/1/a.mp4#t=5"],
    ] {
        assert!(world.good(args).trim().ends_with("#t=5"), "{args:?}");
    }
    let url = "https://cdn.example.com/videos/1/a.mp4#t=5";
    let signed = world.good(&["mint", "cloudfront", url, "--key", CLOUDFRONT]);
    assert!(!signed.contains('#'), "{signed}");
}

#[test]
fn a_site_without_a_scheme_mints_none_of_its_credentials() {
    let world = World::new();
    world.write("playgate.toml", "version = 1\n[[site]]\nhosts = [\"cdn.example.com\"]\nserves = { bucket = \"vod\" }\ncarriers = [\"bearer\"]\nmax_lifetime = \"10min\"\n[[keys]]\ndir = \"keys\"\nscope = { bucket = \"vod\" }\n");
    world.fails(&["mint", "link", URL], 1, &["has no secure links", "secure_link"]);
    world.fails(&["mint", "akamai", URL], 1, &["has no Akamai tokens", "akamai"]);
    world.fails(
        &["mint", "cloudfront", URL, "--key", CLOUDFRONT],
        1,
        &["accepts no CloudFront", "cloudfront"],
    );
    world.fails(&["mint", "url", URL, "--key", KEY], 1, &["does not accept tokens in the query", "carriers"]);
    world.fails(
        &["mint", "cookie", "--scope", "a/", "--key", KEY],
        1,
        &["does not accept cookies", "carriers"],
    );
    world.configure("carriers = [\"bearer\"]\n", "");
    world.fails(&["mint", "url", URL, "--key", KEY], 1, &["claim_refused", "shorter --expires"]);
    assert_eq!(world.run(&["mint", "url", URL, "--key", KEY, "--expires", "5min"]).code, 0);
}

#[test]
fn links_of_a_site_that_binds_addresses_need_the_clients() {
    let world = World::new();
    world.configure("covers = \"either\"", "ip_binding = \"/24\"");
    world.fails(&["mint", "link", URL], 2, &["bound to addresses", "--client"]);
    world.good(&["mint", "link", URL, "--client", "192.0.2.7"]);
}

#[test]
fn of_several_sites_the_url_or_the_option_names_one() {
    let world = World::new();
    world.configure(
        "[[keys]]\ndir",
        "[[site]]\nhosts = [\"live.example.com\"]\nserves = { live = \"path\" }\n\n[[keys]]\ndir",
    );
    world.fails(
        &["mint", "token", "--scope", "videos/1/", "--key", KEY],
        2,
        &["several sites", "cdn, live.example.com"],
    );
    world.fails(
        &["mint", "url", URL, "--key", KEY, "--site", "live.example.com"],
        2,
        &["URL belongs to site \"cdn\"", "leave --site out"],
    );
    world.good(&["mint", "token", "--scope", "videos/1/", "--key", KEY, "--site", "cdn"]);
    assert_eq!(world.json(&["mint", "url", URL, "--key", KEY])["site"], "cdn");
    let live =
        world.json(&["mint", "token", "--scope", "channel-1", "--key", KEY, "--site", "live.example.com"]);
    assert_eq!(live["scope"], "channel-1");
}

#[cfg(not(feature = "redis"))]
#[test]
fn embed_tokens_need_a_build_with_a_store() {
    World::new().fails(
        &["mint", "embed", "video-1"],
        3,
        &["embed tokens need a shared store", "--features redis"],
    );
}

#[cfg(feature = "redis")]
#[test]
fn embed_tokens_need_the_address_of_a_store() {
    let world = World::new();
    world.fails(&["mint", "embed", "video-1"], 3, &["--store-env", "not set"]);
    world.fails(
        &["mint", "embed", "video-1", "--store", "absent"],
        3,
        &["--store names a file that does not exist"],
    );
    world.write("secrets/redis-url", "redis://:password@127.0.0.1:1\n");
    let ran = world.run(&["mint", "embed", "video-1", "--store", "secrets/redis-url"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("did not answer within 5 s"), "{ran:?}");
    assert!(!ran.stderr.contains("password@"), "{ran:?}");
}

#[cfg(feature = "redis")]
#[test]
fn an_issued_embed_token_is_accepted_by_an_origin_with_the_same_store() {
    let world = World::new();
    let store = crate::store::Store::start(&world);
    if !store.is_there() {
        return;
    }
    world.write("secrets/redis-url", &store.address);
    let json = world.json(&["mint", "embed", "video-1", "--viewer", "u42", "--store", "secrets/redis-url"]);
    let token = json["token"].as_str().unwrap();
    assert_eq!(json["paths"], serde_json::json!([format!("/watch/{token}")]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let shared = playgate::store::Store::redis(store.address.as_str()).connect().unwrap();
        shared.ready().await;
        let config = world.path("playgate.toml");
        let verifier = Verifier::builder().file(config).store(&shared).build().unwrap();
        let url = format!("https://cdn.example.com/videos/video-1/a.ts?token={token}");
        assert_eq!(looked_up(&verifier, &url).await, Ok(Scheme::EmbedToken));
        let elsewhere = url.replace("video-1", "video-2");
        assert_eq!(looked_up(&verifier, &elsewhere).await, Err("out_of_scope".to_owned()));
        let unknown = changed(&url, url.len() - 1);
        assert_eq!(looked_up(&verifier, &unknown).await, Err("embed_unknown".to_owned()));
        let left = json["expires_at"].as_i64().unwrap() - verifier.now().get();
        assert!((3590..=3600).contains(&left), "{json}");
    });
    let short = ["mint", "embed", "video-1", "--expires", "10s", "--store", "secrets/redis-url"];
    world.fails(&short, 3, &["lifetime of an embed token is 10 s", "5 minutes"]);
}

/// Decides on a URL, with lookups in the store as an adapter makes them.
#[cfg(feature = "redis")]
async fn looked_up(verifier: &Verifier, url: &str) -> Result<Scheme, String> {
    let request = Get::new(url, "");
    let mut found: Option<playgate::store::Found> = None;
    loop {
        let need = match verifier.decide_with(&request, verifier.now(), found.as_ref()) {
            Decision::Granted(grant) => return Ok(grant.scheme()),
            Decision::Denied(refusal) => return Err(refusal.code().as_str().to_owned()),
            Decision::Needs(needed) => needed.need(),
            other => panic!("{other:?}"),
        };
        let next = verifier.look_up(need).await;
        found = Some(match found {
            Some(found) => found.and(next),
            None => next,
        });
    }
}

#[test]
fn a_minted_debug_token_is_no_credential_and_needs_a_configuration_that_accepts_it() {
    let world = World::new();
    let origin = verifier(&world);
    let token = world.good(&["mint", "debug", "--key", KEY, "--expires", "5min"]);
    let url = format!("{URL}?token={}", token.trim());
    assert_eq!(decided(&origin, &url, ""), Err("claim_refused".to_owned()));

    let minted = world.json(&["mint", "debug", "--kid", "shared"]);
    assert_eq!((&minted["kind"], &minted["kid"]), (&"debug".into(), &"shared".into()));
    assert_eq!(minted["checked"], true);
    let lifetime = minted["expires_at"].as_i64().unwrap() - origin.now().get();
    assert!((590..=600).contains(&lifetime), "{lifetime}");

    let args = |expires| ["mint", "debug", "--key", KEY, "--expires", expires];
    world.fails(&args("2h"), 2, &["more than an hour from now"]);
    world.fails(&args("never"), 2, &["a debug token expires within an hour"]);
    world.fails(
        &["mint", "debug", "--key", CLOUDFRONT, "--kid", "2026-12"],
        3,
        &["is an RSA key, not for ES256"],
    );
    world.good(&["keygen", "--out", "other/2026-12", "--private", "stolen"]);
    let stolen = ["mint", "debug", "--key", "stolen/2026-12.pem"];
    world.fails(&stolen, 1, &["another key with the kid \"2026-12\""]);
    world.fails(&["mint", "debug", "--key", KEY, "--kid", "other"], 1, &["no key with the kid \"other\""]);
    world.configure("tokens = true", "clients = [\"203.0.113.7\"]");
    world.fails(&["mint", "debug", "--key", KEY], 1, &["accepts no debug tokens: add explain"]);
    std::fs::remove_file(world.path("playgate.toml")).unwrap();
    assert_eq!(world.json(&["mint", "debug", "--key", KEY])["checked"], false);
}
