//! Token scope and key scope: what a token covers, and what its key may sign for.

use playgate::error::ClaimName;
use playgate::scope::PrefixRule;
use playgate::{Denial, KeyScope, Site};

use crate::support::{HOST, TestKey, World, behind, gate, get, token, vod};

const OUT_OF_SCOPE: &str = "403 out_of_scope";
const WRONG_KEY: &str = "403 wrong_key";

#[tokio::test]
async fn the_default_prefix_rule_is_whole_segments_at_all_depths() {
    let world = World::start(behind(vod())).await;
    for (uri, target, covered) in [
        ("videos/1", "/videos/1", true),
        ("videos/1", "/videos/1/", true),
        ("videos/1", "/videos/1/a.ts", true),
        ("videos/1", "/videos/1/720p/a.ts", true),
        ("videos/1/", "/videos/1/a.ts", true),
        ("videos/1/", "/videos/1/720p/a.ts", true),
        ("videos/1/", "/videos/1", false),
        ("videos/1", "/videos/10/a.ts", false),
        ("videos/1/", "/videos/10/a.ts", false),
        ("videos/1", "/videos/1.mp4", false),
        ("videos/1/a", "/videos/1/a.ts", false),
        ("videos/1/a.ts", "/videos/1/a.ts", true),
        ("videos/1/a.ts", "/videos/1/b.ts", false),
        ("videos", "/videos/1/a.ts", true),
        ("1/a.ts", "/videos/1/a.ts", false),
        ("videos/1/../2", "/videos/2/a.ts", false),
        ("videos//1", "/videos/1/a.ts", false),
        ("videos/*", "/videos/1/a.ts", false),
        (".", "/videos/1/a.ts", false),
        (" ", "/videos/1/a.ts", false),
    ] {
        let verdict = if covered { "200" } else { OUT_OF_SCOPE };
        assert_eq!(world.verdict(&get(target).cookie(token(uri))).await, verdict, "{uri:?} on {target}");
    }
}

#[tokio::test]
async fn the_byte_prefix_is_there_by_name() {
    let world = World::start(behind(vod().prefix(PrefixRule::Bytes))).await;
    for (uri, target, covered) in [
        ("videos/1", "/videos/1/a.ts", true),
        ("videos/1", "/videos/10/a.ts", true),
        ("videos/1", "/videos/1.mp4", true),
        ("vid", "/videos/1/a.ts", true),
        ("videos/1/", "/videos/10/a.ts", false),
        ("ideos", "/videos/1/a.ts", false),
        ("/videos", "/videos/1/a.ts", false),
    ] {
        let verdict = if covered { "200" } else { OUT_OF_SCOPE };
        assert_eq!(world.verdict(&get(target).cookie(token(uri))).await, verdict, "{uri:?} on {target}");
    }
}

#[tokio::test]
async fn an_empty_uri_covers_the_whole_bucket_unless_the_site_forbids_it() {
    let ask = get("/any/thing.ts").cookie(token(""));
    let open = World::start(behind(vod())).await;
    assert_eq!(open.verdict(&ask).await, "200");
    assert_eq!(open.verdict(&get("/").cookie(token(""))).await, "200");
    let strict = World::start(behind(vod().whole_bucket(false))).await;
    let answer = strict.ask(&ask).await;
    assert_eq!((answer.verdict().as_str(), answer.denial), (OUT_OF_SCOPE, Some(Denial::WholeBucket)));
    assert_eq!(strict.verdict(&get("/any/thing.ts").cookie(token("any"))).await, "200");
    // A blunter rule about prefixes opens no other way in.
    let bytes = World::start(behind(vod().whole_bucket(false).prefix(PrefixRule::Bytes))).await;
    assert_eq!(bytes.verdict(&ask).await, OUT_OF_SCOPE);
}

#[tokio::test]
async fn a_uri_that_is_missing_or_no_string_or_starts_with_a_slash_is_a_denial_that_says_so() {
    let world = World::start(behind(vod())).await;
    for (payload, denial) in [
        ("{}", Denial::MissingClaim(ClaimName::Uri)),
        (r#"{"URI":""}"#, Denial::MissingClaim(ClaimName::Uri)),
        (r#"{"uri":null}"#, Denial::MalformedClaim(ClaimName::Uri)),
        (r#"{"uri":1}"#, Denial::MalformedClaim(ClaimName::Uri)),
        (r#"{"uri":true}"#, Denial::MalformedClaim(ClaimName::Uri)),
        (r#"{"uri":["videos/1/"]}"#, Denial::MalformedClaim(ClaimName::Uri)),
        (r#"{"uri":{"":""}}"#, Denial::MalformedClaim(ClaimName::Uri)),
        (r#"{"uri":"/"}"#, Denial::ScopeStartsWithSlash),
        (r#"{"uri":"/videos/1/"}"#, Denial::ScopeStartsWithSlash),
        (r#"{"uri":"\/videos/1/"}"#, Denial::ScopeStartsWithSlash),
        (r#"{"uri":"\u002fvideos/1/"}"#, Denial::ScopeStartsWithSlash),
        (r#"{"uri":"//"}"#, Denial::ScopeStartsWithSlash),
    ] {
        let answer = world.ask(&get("/videos/1/a.ts").cookie(TestKey::Rsa.token(payload))).await;
        assert_eq!(answer.denial, Some(denial), "{payload}");
        assert!(!answer.is_inner(), "{payload}");
    }
}

#[tokio::test]
async fn a_uri_is_compared_after_unescaping() {
    let world = World::start(behind(vod())).await;
    for payload in [
        r#"{"uri":"vid\u00e9os\/1\/"}"#,
        r#"{"uri":"vid\u00E9os/1/"}"#,
        r#"{"\u0075ri":"vidéos/1/"}"#,
        r#"{"uri":"\u0076idéos/1/"}"#,
    ] {
        let ask = get("/vid%C3%A9os/1/a.ts").cookie(TestKey::Rsa.token(payload));
        assert_eq!(world.verdict(&ask).await, "200", "{payload}");
    }
    let long = format!(r#"{{"uri":"\u0076{}"}}"#, "a".repeat(2000));
    assert_eq!(world.verdict(&get("/va").cookie(TestKey::Rsa.token(&long))).await, OUT_OF_SCOPE);
}

#[tokio::test]
async fn on_a_live_site_the_uri_is_the_playback_id_from_the_path_exactly() {
    let site = Site::live_by_path().host("live.example.com");
    let key = TestKey::Rsa.key(KeyScope::site("live.example.com"));
    let world = World::start(gate().site(site).key(key).build().unwrap()).await;
    for (uri, target, covered) in [
        ("ch1", "/ch1.m3u8", true),
        ("ch1", "/ch1/seg-1.ts", true),
        ("ch1", "/ch1/720p/seg-1.ts", true),
        ("ch1", "/ch1", true),
        ("ch1", "/c%681.m3u8", true),
        ("ch.1", "/ch.1.m3u8", true),
        ("ch.1", "/ch.1/seg-1.ts", true),
        ("ch", "/ch.1/seg-1.ts", false),
        ("ch1", "/ch10.m3u8", false),
        ("ch1", "/ch10/seg-1.ts", false),
        ("ch10", "/ch1.m3u8", false),
        ("ch1/", "/ch1/seg-1.ts", false),
        ("ch1.m3u8", "/ch1.m3u8", false),
        ("ch1/seg-1.ts", "/ch1/seg-1.ts", false),
        ("CH1", "/ch1.m3u8", false),
        ("", "/ch1.m3u8", false),
        ("", "/", false),
        ("", "/.m3u8", false),
    ] {
        let verdict = if covered { "200" } else { OUT_OF_SCOPE };
        let ask = get(target).host("live.example.com").cookie(token(uri));
        assert_eq!(world.verdict(&ask).await, verdict, "{uri:?} on {target}");
    }
}

#[tokio::test]
async fn on_a_live_site_by_host_the_uri_is_what_the_host_pattern_captured() {
    let site = Site::live_by_host().id("live").host("play-{playback_id}.example.com");
    let key = TestKey::Rsa.key(KeyScope::site("live"));
    let world = World::start(gate().site(site).key(key).build().unwrap()).await;
    for (uri, host, verdict) in [
        ("ch1", "play-ch1.example.com", "200"),
        ("ch1", "PLAY-CH1.example.com:80", "200"),
        ("ch1", "play-ch10.example.com", OUT_OF_SCOPE),
        ("CH1", "play-CH1.example.com", OUT_OF_SCOPE),
        ("", "play-ch1.example.com", OUT_OF_SCOPE),
        ("ch1", "play-.example.com", "421 unknown_host"),
        ("ch1", "play-ch1.x.example.com", "421 unknown_host"),
    ] {
        for target in ["/index.m3u8", "/ch2/seg.ts", "/"] {
            let ask = get(target).host(host).cookie(token(uri));
            assert_eq!(world.verdict(&ask).await, verdict, "{uri:?} at {host}{target}");
        }
    }
}

#[tokio::test]
async fn a_bucket_key_opens_its_bucket_on_every_site_that_serves_it_and_nothing_else() {
    let verifier = gate()
        .site(Site::bucket("a").hosts(["a1.example.com", "a2.example.com"]))
        .outside(playgate::site::Outside::Refuse)
        .site(Site::bucket("a").host("apps.example.com").base_path("/media/"))
        .site(Site::bucket("b").host("b.example.com"))
        .site(Site::bucket("{bucket}").id("pattern").host("{bucket}.storage.example.com"))
        .site(Site::live_by_path().host("live.example.com"))
        .key(TestKey::Rsa.key(KeyScope::bucket("a")))
        .key(TestKey::P256.key(KeyScope::bucket("b")))
        .build()
        .unwrap();
    let world = World::start(verifier).await;
    let payload = r#"{"uri":""}"#;
    for (host, target, rsa, p256) in [
        ("a1.example.com", "/x.ts", "200", WRONG_KEY),
        ("a2.example.com", "/x.ts", "200", WRONG_KEY),
        ("apps.example.com", "/media/x.ts", "200", WRONG_KEY),
        ("b.example.com", "/x.ts", WRONG_KEY, "200"),
        ("a.storage.example.com", "/x.ts", "200", WRONG_KEY),
        ("b.storage.example.com", "/x.ts", WRONG_KEY, "200"),
        ("ab.storage.example.com", "/x.ts", WRONG_KEY, WRONG_KEY),
        ("live.example.com", "/a.m3u8", WRONG_KEY, WRONG_KEY),
    ] {
        let ask = get(target).host(host);
        let by = |key: TestKey| ask.clone().cookie(key.token(payload));
        assert_eq!(world.verdict(&by(TestKey::Rsa)).await, rsa, "bucket a's key on {host}");
        assert_eq!(world.verdict(&by(TestKey::P256)).await, p256, "bucket b's key on {host}");
    }
}

#[tokio::test]
async fn a_site_key_opens_what_its_site_serves_and_only_there() {
    let verifier = gate()
        .site(Site::live_by_path().hosts(["live.example.com", "live2.example.com"]))
        .site(Site::live_by_path().host("other.example.com"))
        .site(Site::bucket("vod").host(HOST))
        .site(Site::bucket("vod").id("backup").host("backup.example.com"))
        .key(TestKey::Rsa.key(KeyScope::site("live.example.com")))
        .key(TestKey::P256.key(KeyScope::site(HOST)))
        .key(TestKey::Ed25519.key(KeyScope::site("backup")))
        .build()
        .unwrap();
    let world = World::start(verifier).await;
    for (host, opened_by) in [
        ("live.example.com", Some(TestKey::Rsa)),
        ("live2.example.com", Some(TestKey::Rsa)),
        ("other.example.com", None),
        (HOST, Some(TestKey::P256)),
        ("backup.example.com", Some(TestKey::Ed25519)),
    ] {
        for key in [TestKey::Rsa, TestKey::P256, TestKey::Ed25519] {
            let ask = get("/ch1/a.ts").host(host).cookie(key.token(r#"{"uri":"ch1"}"#));
            let verdict = if opened_by == Some(key) { "200" } else { WRONG_KEY };
            assert_eq!(world.verdict(&ask).await, verdict, "{key:?} on {host}");
        }
    }
}

#[tokio::test]
async fn a_stream_key_opens_its_stream_on_every_live_site_by_the_playback_id_that_is_mapped_to_it() {
    let verifier = gate()
        .site(Site::live_by_path().host("live.example.com"))
        .site(Site::live_by_host().id("by-host").host("play-{playback_id}.example.com"))
        .site(Site::bucket("stream-1").host(HOST))
        .stream("stream-1", "ch1")
        .key(TestKey::Rsa.key(KeyScope::stream("stream-1")))
        .key(TestKey::P256.key(KeyScope::stream("ch2")))
        .build()
        .unwrap();
    let world = World::start(verifier).await;
    for (name, key, id, verdict) in [
        ("mapped", TestKey::Rsa, "ch1", "200"),
        ("mapped, by its stream id", TestKey::Rsa, "stream-1", WRONG_KEY),
        ("mapped, another's", TestKey::Rsa, "ch2", WRONG_KEY),
        ("not mapped", TestKey::P256, "ch2", "200"),
        ("not mapped, another's", TestKey::P256, "ch1", WRONG_KEY),
    ] {
        let token = key.token(&format!(r#"{{"uri":"{id}"}}"#));
        let by_path = get(format!("/{id}/seg.ts")).host("live.example.com").cookie(&token);
        let by_host = get("/seg.ts").host(&format!("play-{id}.example.com")).cookie(&token);
        assert_eq!(world.verdict(&by_path).await, verdict, "{name}, by path");
        assert_eq!(world.verdict(&by_host).await, verdict, "{name}, by host");
    }
    let bucket = get("/a.ts").cookie(TestKey::Rsa.token(r#"{"uri":""}"#));
    assert_eq!(world.verdict(&bucket).await, WRONG_KEY, "a bucket of the stream's name");
}

#[tokio::test]
async fn a_key_without_a_scope_is_not_loaded() {
    for scope in [KeyScope::bucket(""), KeyScope::stream(" "), KeyScope::site("")] {
        let error = playgate::Key::from_pem("k", TestKey::Rsa.public(), scope).unwrap_err();
        assert!(error.to_string().contains("has no scope"), "{error}");
    }
}
