//! Embed tokens over real sockets: what they open, for whom, and how they are taken back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::support::{Answer, Ask, HOST, NOW, World, behind, gate, get, http1, lines_about, token, vod};
use playgate::rate::Rate;
use playgate::schemes::Refuse;
use playgate::schemes::Scheme;
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken, Lifetime, OriginsOn};
use playgate::time::UnixSeconds;
use playgate::verifier::Embeds;
use playgate::{Decision, Site, Verifier};

fn embedding() -> Site {
    vod().embed(Embed::new().paths(["/watch/{token}", "/embed/{token}/"]))
}

/// A world whose one site takes embed tokens and signed tokens.
async fn world(site: Site) -> (World, Embeds) {
    let verifier = behind(site);
    let embeds = verifier.embeds(HOST).unwrap();
    (World::start(verifier).await, embeds)
}

fn asks(token: EmbedToken) -> [(&'static str, Ask); 5] {
    let text = token.to_text();
    [
        ("the page", get(format!("/watch/{text}"))),
        ("below the path", get(format!("/embed/{text}/videos/1/master.m3u8"))),
        ("the query", get("/videos/1/master.m3u8").query(&text)),
        ("a cookie", get("/videos/1/seg-1.ts").cookie(&text)),
        ("an encoded query", get("/videos/1/seg-1.ts").query(text.replacen('a', "%61", 1))),
    ]
}

#[tokio::test]
async fn a_token_opens_its_video_from_every_carrier() {
    let (world, embeds) = world(embedding()).await;
    let token = embeds.issue(EmbedDraft::new("1")).await.unwrap();
    for (name, ask) in asks(token) {
        let answer = world.ask(&ask).await;
        assert!(answer.is_inner(), "{name}: {}", answer.verdict());
        assert_eq!(answer.field("cache-control"), Some("private"), "{name}");
        assert_eq!(answer.field("content-security-policy"), None, "{name}: every origin may frame it");
    }
}

#[tokio::test]
async fn a_token_opens_nothing_but_its_video() {
    let (world, embeds) = world(embedding()).await;
    let text = embeds.issue(EmbedDraft::new("1")).await.unwrap().to_text();
    for (name, ask, verdict) in [
        ("another video", get("/videos/2/a.ts").query(&text), "403 out_of_scope"),
        ("a video whose name begins alike", get("/videos/10/a.ts").query(&text), "403 out_of_scope"),
        ("another folder", get("/private/1/a.ts").query(&text), "403 out_of_scope"),
        ("the folder without its slash", get("/videos/1").query(&text), "403 out_of_scope"),
        ("another video below the path", get(format!("/embed/{text}/videos/2/a.ts")), "403 out_of_scope"),
        ("nothing below the path", get(format!("/embed/{text}/")), "403 out_of_scope"),
        ("out of it by dots", get(format!("/embed/{text}/videos/1/../2/a.ts")), "400 ambiguous_path"),
        ("another token", get("/videos/1/a.ts").query("0".repeat(32)), "403 embed_unknown"),
        ("one digit more", get("/videos/1/a.ts").query(format!("{text}0")), "403 embed_unknown"),
        ("in capitals", get("/videos/1/a.ts").query(text.to_uppercase() + "G"), "401 malformed_token"),
        ("no token in the path", get("/watch/about"), "403 embed_unknown"),
        ("a bad one in the path beside a good one", get("/watch/about").query(&text), "403 embed_unknown"),
        ("twice", get("/videos/1/a.ts").query(&text).query(&text), "400 ambiguous_credential"),
        ("none", get("/videos/1/a.ts"), "401 credential_missing"),
        ("a good method", get("/videos/1/a.ts").query(&text).method("HEAD"), "200"),
        ("another method", get("/videos/1/a.ts").query(&text).method("DELETE"), "405 method"),
    ] {
        assert_eq!(world.ask(&ask).await.verdict(), verdict, "{name}");
    }
}

#[tokio::test]
async fn where_no_signed_token_is_accepted_its_form_is_that_of_no_token() {
    let (world, embeds) = world(embedding().accepts([Scheme::EmbedToken])).await;
    let text = embeds.issue(EmbedDraft::new("1")).await.unwrap().to_text();
    for (name, ask, verdict) in [
        ("an embed token", get("/videos/1/a.ts").query(&text), "200"),
        ("none", get("/videos/1/a.ts"), "403 credential_missing"),
        ("a signed one", get("/videos/1/a.ts").query(token("videos/1")), "403 embed_unknown"),
        ("an empty one", get("/videos/1/a.ts").query(""), "403 embed_unknown"),
    ] {
        assert_eq!(world.ask(&ask).await.verdict(), verdict, "{name}");
    }
}

#[tokio::test]
async fn signed_tokens_are_decided_as_without() {
    let (world, _) = world(embedding()).await;
    for (ask, verdict) in [
        (get("/videos/1/a.ts").query(token("videos/1")), "200"),
        (get("/videos/2/a.ts").query(token("videos/1")), "403 out_of_scope"),
        (get("/videos/1/a.ts").query("a.b.c"), "401 malformed_token"),
    ] {
        assert_eq!(world.ask(&ask).await.verdict(), verdict);
    }
}

#[tokio::test]
async fn a_live_site_opens_the_playback_id_that_the_video_is() {
    let site = Site::live_by_path().host(HOST).embed(Embed::new().path("/embed/{token}/"));
    let verifier = gate().site(site).build().unwrap();
    let embeds = verifier.embeds(HOST).unwrap();
    let text = embeds.issue(EmbedDraft::new("ch1")).await.unwrap().to_text();
    let world = World::start(verifier).await;
    let granted = get("/ch1.m3u8").query(&text).parsed().unwrap();
    let Decision::Granted(grant) = world.verifier.decide(&granted, UnixSeconds::new(NOW)) else {
        panic!("granted")
    };
    assert_eq!(grant.to_owned().scope(), Some("ch1"));
    for (ask, verdict) in [
        (get("/ch1.m3u8").query(&text), "200"),
        (get("/ch1/seg-1.ts").query(&text), "200"),
        (get(format!("/embed/{text}/ch1.m3u8")), "200"),
        (get(format!("/embed/{text}/ch2.m3u8")), "403 out_of_scope"),
        (get("/ch11.m3u8").query(&text), "403 out_of_scope"),
    ] {
        assert_eq!(world.ask(&ask).await.verdict(), verdict, "{}", ask.target.replace(&text, "…"));
    }
}

#[tokio::test]
async fn a_token_of_one_realm_opens_nothing_in_another() {
    let site = |host: &str| Site::bucket(format!("bucket of {host}")).host(host).embed(Embed::new());
    let shared = |host: &str| Site::bucket("shared").host(host).embed(Embed::new().realm("together"));
    let verifier = gate()
        .site(site("a.example.com"))
        .site(site("b.example.com"))
        .site(shared("c.example.com"))
        .site(shared("d.example.com"))
        .build()
        .unwrap();
    let world = World::start(verifier.clone()).await;
    for (issuer, host, verdict) in [
        ("a.example.com", "a.example.com", "200"),
        ("a.example.com", "b.example.com", "403 out_of_scope"),
        ("a.example.com", "c.example.com", "403 out_of_scope"),
        ("c.example.com", "d.example.com", "200"),
        ("d.example.com", "a.example.com", "403 out_of_scope"),
    ] {
        let token = verifier.embeds(issuer).unwrap().issue(EmbedDraft::new("1")).await.unwrap();
        let ask = get("/videos/1/a.ts").host(host).query(token.to_text());
        assert_eq!(world.ask(&ask).await.verdict(), verdict, "{issuer} at {host}");
        let page = get(format!("/watch/{}", token.to_text())).host(host);
        assert_eq!(world.ask(&page).await.verdict(), verdict, "{issuer} at {host}, its page");
    }
    let error = verifier.embeds("e.example.com").unwrap_err().to_string();
    assert!(error.contains("\"a.example.com\", \"b.example.com\""), "{error}");
}

const REVOKED: &str = "403 revoked";

#[tokio::test]
async fn a_revoked_token_is_refused_by_the_next_decision() {
    let (world, embeds) = world(embedding()).await;
    let issue = |draft: EmbedDraft| {
        let embeds = embeds.clone();
        async move { embeds.issue(draft).await.unwrap() }
    };
    let of_viewer = |video: &str, viewer: &str| EmbedDraft::new(video).viewer(viewer);
    let (one, other) = (issue(of_viewer("1", "ann")).await, issue(of_viewer("1", "bob")).await);
    let (second, third) = (issue(of_viewer("2", "ann")).await, issue(of_viewer("2", "bob")).await);
    let verdicts = async |rows: [(EmbedToken, &str, &str); 4]| {
        for (token, video, verdict) in rows {
            let ask = get(format!("/videos/{video}/a.ts")).query(token.to_text());
            assert_eq!(world.ask(&ask).await.verdict(), verdict, "video {video}");
        }
    };
    verdicts([(one, "1", "200"), (other, "1", "200"), (second, "2", "200"), (third, "2", "200")]).await;
    embeds.revoke(one).await.unwrap();
    verdicts([(one, "1", REVOKED), (other, "1", "200"), (second, "2", "200"), (third, "2", "200")]).await;
    embeds.revoke_viewer("ann").await.unwrap();
    verdicts([(one, "1", REVOKED), (other, "1", "200"), (second, "2", REVOKED), (third, "2", "200")]).await;
    let next = embeds.rotate(of_viewer("2", "bob")).await.unwrap();
    verdicts([(next, "2", "200"), (other, "1", "200"), (second, "2", REVOKED), (third, "2", REVOKED)]).await;
    embeds.revoke_video("1").await.unwrap();
    verdicts([(next, "2", "200"), (other, "1", REVOKED), (second, "2", REVOKED), (third, "2", REVOKED)])
        .await;
    let counts = embeds.counts(one).unwrap();
    assert!(counts.granted > 0 && counts.denied["revoked"] > 0, "{counts:?}");
    // What is issued from now on is good again.
    let (again, same) = (issue(of_viewer("1", "ann")).await, issue(of_viewer("2", "ann")).await);
    verdicts([(again, "1", "200"), (same, "2", "200"), (next, "2", "200"), (other, "1", REVOKED)]).await;
}

#[tokio::test]
async fn a_token_that_was_revoked_before_it_was_known_stays_revoked() {
    let (world, embeds) = world(embedding()).await;
    let token = EmbedToken::parse(&"ab".repeat(20)).unwrap();
    embeds.revoke(token).await.unwrap();
    let error = embeds.issue(EmbedDraft::new("1").token(token)).await.unwrap_err().to_string();
    assert!(error.contains("already issued or revoked"), "{error}");
    let ask = get("/videos/1/a.ts").query(token.to_text());
    assert_eq!(world.ask(&ask).await.verdict(), "403 revoked");
}

#[tokio::test]
async fn a_rotation_that_fails_revokes_nothing() {
    let (world, embeds) = world(embedding()).await;
    let old = embeds.issue(EmbedDraft::new("1")).await.unwrap();
    let known = embeds.issue(EmbedDraft::new("2")).await.unwrap();
    for (name, draft) in [
        ("a token that is known", EmbedDraft::new("1").token(known)),
        ("a draft that breaks a rule", EmbedDraft::new("1").expires_in(Duration::ZERO)),
    ] {
        assert!(embeds.rotate(draft).await.is_err(), "{name}");
        let ask = get("/videos/1/a.ts").query(old.to_text());
        assert_eq!(world.ask(&ask).await.verdict(), "200", "{name}");
    }
}

#[tokio::test]
async fn a_token_expires_in_the_second_that_it_names() {
    let now = Arc::new(AtomicI64::new(NOW));
    let clock = Arc::clone(&now);
    let site = embedding()
        .embed(Embed::new().lifetime(Duration::from_hours(1)).lifetime_of("free", Lifetime::Never));
    let builder = Verifier::builder().clock(move || UnixSeconds::new(clock.load(Ordering::Relaxed)));
    let verifier = builder.site(site).build().unwrap();
    let embeds = verifier.embeds(HOST).unwrap();
    let world = World::start(verifier).await;
    let by_site = embeds.issue(EmbedDraft::new("1")).await.unwrap().to_text();
    let own = embeds.issue(EmbedDraft::new("1").expires_in(Duration::from_mins(5))).await.unwrap().to_text();
    let free = embeds.issue(EmbedDraft::new("free")).await.unwrap().to_text();
    for (after, verdicts) in [
        (0, ["200", "200", "200"]),
        (299, ["200", "200", "200"]),
        (300, ["200", "403 embed_expired", "200"]),
        (3599, ["200", "403 embed_expired", "200"]),
        (3600, ["403 embed_expired", "403 embed_expired", "200"]),
    ] {
        now.store(NOW + after, Ordering::Relaxed);
        let asks = [
            get("/videos/1/a.ts").query(&by_site),
            get("/videos/1/a.ts").query(&own),
            get("/videos/free/a.ts").query(&free),
        ];
        for (ask, verdict) in asks.iter().zip(verdicts) {
            assert_eq!(world.ask(ask).await.verdict(), verdict, "after {after} s");
        }
    }
}

#[tokio::test]
async fn a_draft_that_breaks_a_rule_is_refused_with_the_remedy() {
    let (_, embeds) = world(embedding()).await;
    let day = Duration::from_hours(24);
    for (name, draft, said) in [
        (
            "too short",
            EmbedDraft::new("1").expires_in(Duration::from_secs(299)),
            "299 s: write 5 minutes (300 s) to 30 days",
        ),
        (
            "too long",
            EmbedDraft::new("1").expires_in(day * 30 + Duration::from_secs(1)),
            "2592001 s: write 5 minutes",
        ),
        ("no video", EmbedDraft::new(""), "a video of 0 bytes: use 1 to 256"),
        ("two segments", EmbedDraft::new("a/b"), "\"a/b\", which is not a segment of a path"),
        ("dots", EmbedDraft::new(".."), "not a segment of a path"),
        ("an encoded slash", EmbedDraft::new("a%2fb"), "not a segment of a path"),
        ("a line end", EmbedDraft::new("a\nb"), "control characters"),
        ("a long viewer", EmbedDraft::new("1").viewer("x".repeat(257)), "a viewer of 257 bytes"),
        ("a slash in an origin", EmbedDraft::new("1").origins(["https://a.example.com/"]), "ends in a slash"),
        ("every origin", EmbedDraft::new("1").origins(["*"]), "an empty list"),
        ("a claim of its own", EmbedDraft::new("1").metadata("sub", "x"), "\"sub\", which is a claim"),
        (
            "much metadata",
            EmbedDraft::new("1").metadata("a", "x".repeat(3000)),
            "bytes of metadata: use at most",
        ),
    ] {
        let error = embeds.issue(draft).await.unwrap_err().to_string();
        assert!(error.contains(said), "{name}: {error}");
    }
    let both = EmbedDraft::new("a/b").expires_in(Duration::ZERO);
    assert_eq!(
        embeds.issue(both).await.unwrap_err().to_string().lines().count(),
        2,
        "every fault is told at once"
    );
}

#[tokio::test]
async fn pages_are_checked_by_referer_and_told_who_may_frame_them() {
    let (world, embeds) = world(embedding()).await;
    let draft = EmbedDraft::new("1").origins(["app.example.com", "https://*.example.net"]);
    let text = embeds.issue(draft).await.unwrap().to_text();
    let page = || get(format!("/watch/{text}"));
    for (name, ask, verdict) in [
        ("a listed page", page().field("referer", "https://app.example.com/watch?v=1"), "200"),
        ("a listed pattern", page().field("referer", "https://a.example.net/"), "200"),
        ("the site's own page", page().field("referer", format!("https://{HOST}/list")), "200"),
        ("another page", page().field("referer", "https://evil.example/"), "403 origin_not_allowed"),
        ("over http", page().field("referer", "http://app.example.com/"), "403 origin_not_allowed"),
        (
            "a listed name as a path",
            page().field("referer", "https://evil.example/https://app.example.com/"),
            "403 origin_not_allowed",
        ),
        ("no page", page(), "403 origin_not_allowed"),
        (
            "an iframe of other content",
            get("/videos/1/player.html").query(&text).field("sec-fetch-dest", "iframe"),
            "403 origin_not_allowed",
        ),
        (
            "a document of other content",
            get("/videos/1/player.html")
                .query(&text)
                .field("sec-fetch-dest", "document")
                .field("referer", "https://app.example.com/"),
            "200",
        ),
    ] {
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), verdict, "{name}");
        let policy = (verdict == "200")
            .then_some("frame-ancestors 'self' https://app.example.com https://*.example.net");
        assert_eq!(answer.field("content-security-policy"), policy, "{name}");
    }
}

#[tokio::test]
async fn manifests_and_keys_are_checked_by_origin_and_segments_where_the_site_says_so() {
    const DENIED: &str = "403 origin_not_allowed";
    for (on, segment) in [(OriginsOn::ManifestsAndKeys, "200"), (OriginsOn::Everything, DENIED)] {
        let (world, embeds) = world(vod().embed(Embed::new().origins_on(on))).await;
        let text = embeds.issue(EmbedDraft::new("1").origins(["app.example.com"])).await.unwrap().to_text();
        let ask = |file: &str| get(format!("/videos/1/{file}")).query(&text);
        for (name, ask, verdict) in [
            ("a listed origin", ask("master.m3u8").origin("https://app.example.com"), "200"),
            ("the own origin", ask("master.m3u8").origin(&format!("https://{HOST}")), "200"),
            (
                "a player in the own page",
                ask("master.m3u8").field("referer", format!("http://{HOST}/watch/x")),
                "200",
            ),
            ("a player whose page tells nothing", ask("k.key").field("sec-fetch-site", "same-origin"), "200"),
            ("another origin", ask("master.m3u8").origin("https://evil.example"), DENIED),
            (
                "another origin, with a listed referer",
                ask("master.mpd").origin("https://evil.example").field("referer", "https://app.example.com/"),
                DENIED,
            ),
            ("the null origin", ask("master.m3u8").origin("null"), DENIED),
            ("neither", ask("master.m3u8"), DENIED),
            ("a key with neither", ask("1.key"), DENIED),
            ("cross-site with neither", ask("1.key").field("sec-fetch-site", "cross-site"), DENIED),
            ("a segment with neither", ask("seg-1.ts"), segment),
            ("a segment of another origin", ask("seg-1.ts").origin("https://evil.example"), segment),
            ("a segment of a listed origin", ask("seg-1.ts").origin("https://app.example.com"), "200"),
        ] {
            assert_eq!(world.ask(&ask).await.verdict(), verdict, "{on:?}: {name}");
        }
    }
}

#[tokio::test]
async fn native_players_are_admitted_by_name() {
    let (world, embeds) = world(vod().embed(Embed::new().allow_missing_origin(true))).await;
    let text = embeds.issue(EmbedDraft::new("1").origins(["app.example.com"])).await.unwrap().to_text();
    let ask = get("/videos/1/master.m3u8").query(&text);
    assert_eq!(world.ask(&ask).await.verdict(), "200");
    let evil = ask.origin("https://evil.example");
    assert_eq!(world.ask(&evil).await.verdict(), "403 origin_not_allowed");
}

/// One request at one door.
async fn once(world: &World, ask: &Ask) -> Answer {
    let (door, address) = world.addresses().next().unwrap();
    http1(door, address, &ask.http1()).await
}

#[tokio::test]
async fn a_rate_counts_granted_manifests_and_keys_alone() {
    let (world, embeds) = world(embedding()).await;
    let rate = Rate::new(3, Duration::from_hours(24)).unwrap();
    let token = embeds.issue(EmbedDraft::new("1").rate(rate)).await.unwrap();
    let text = token.to_text();
    let manifest = get("/videos/1/master.m3u8").query(&text);
    let key = get("/videos/1/1.key").query(&text);
    for (name, ask, verdict) in [
        ("a segment", get("/videos/1/seg-1.ts").query(&text), "200"),
        ("a page", get(format!("/watch/{text}")), "200"),
        ("a manifest of another video", get("/videos/2/a.m3u8").query(&text), "403 out_of_scope"),
        ("another method", manifest.clone().method("DELETE"), "405 method"),
        ("a manifest", manifest.clone(), "200"),
        ("a key", key.clone(), "200"),
        ("a manifest's head", manifest.clone().method("HEAD"), "200"),
        ("a segment after that", get("/videos/1/seg-1.ts").query(&text), "200"),
    ] {
        assert_eq!(once(&world, &ask).await.verdict(), verdict, "{name}");
    }
    for ask in [manifest, key] {
        let answer = once(&world, &ask).await;
        assert_eq!(answer.verdict(), "429 rate_limited");
        let seconds: u32 = answer.field("retry-after").unwrap().parse().unwrap();
        assert!((1..=86_400 / 3).contains(&seconds), "{seconds}");
        assert_eq!(answer.field("cache-control"), Some("no-store"));
    }
    let counts = embeds.counts(token).unwrap();
    assert_eq!(counts.granted, 6);
    let denied: Vec<(&str, u64)> = counts.denied.into_iter().collect();
    assert_eq!(denied, [("method", 1), ("out_of_scope", 1), ("rate_limited", 2)]);
}

#[tokio::test]
async fn requests_are_counted_by_token_and_by_video() {
    let (world, embeds) = world(embedding()).await;
    let one = embeds.issue(EmbedDraft::new("1").origins(["app.example.com"])).await.unwrap();
    let other = embeds.issue(EmbedDraft::new("1")).await.unwrap();
    assert_eq!(embeds.counts(one).unwrap().first_seen, None);
    for token in [one, other] {
        once(&world, &get("/videos/1/master.m3u8").query(token.to_text())).await;
        once(&world, &get("/videos/1/seg-1.ts").query(token.to_text())).await;
    }
    let counts = embeds.counts(one).unwrap();
    assert_eq!((counts.granted, counts.denied.get("origin_not_allowed")), (1, Some(&1)));
    assert_eq!((counts.first_seen, counts.last_seen), (Some(NOW), Some(NOW)));
    let counts = embeds.video_counts("1").unwrap();
    assert_eq!((counts.granted, counts.denied.get("origin_not_allowed")), (3, Some(&1)));
    assert_eq!(embeds.video_counts("2"), None);
}

/// A hook that refuses by a member would take a member that cannot be read for an absent one.
#[tokio::test]
async fn metadata_that_cannot_be_read_is_refused_by_every_hook() {
    let (world, embeds) = world(
        embedding()
            .hook(|request| if request.has("blocked", "yes") { Err(Refuse::default()) } else { Ok(()) }),
    )
    .await;
    for (depth, verdict) in [(14, "200"), (16, "403 refused_by_hook")] {
        let nested = (0..depth).fold(serde_json::json!(1), |inner, _| serde_json::json!([inner]));
        let token = embeds.issue(EmbedDraft::new("1").metadata("nested", nested)).await.unwrap();
        let answer = world.ask(&get("/videos/1/a.ts").query(token.to_text())).await;
        assert_eq!(answer.verdict(), verdict, "{depth}");
    }
}

#[tokio::test]
async fn viewer_and_metadata_reach_the_inner_service_and_hooks() {
    let site = embedding()
        .identity_header("x-viewer", "sub")
        .identity_header("x-plan", "plan")
        .identity_header("x-video", "video")
        .hook(|claims| if claims.has("plan", "gold") { Ok(()) } else { Err(Refuse::default()) });
    let (world, embeds) = world(site).await;
    let gold = embeds.issue(EmbedDraft::new("1").viewer("u\"4\\2").metadata("plan", "gold")).await.unwrap();
    let answer = world.ask(&get("/videos/1/a.ts").query(gold.to_text()).field("x-viewer", "forged")).await;
    for line in ["x-viewer: u\"4\\2", "x-plan: gold", "x-video: 1"] {
        assert!(answer.seen().lines().any(|seen| seen == line), "{line}: {}", answer.seen());
    }
    for draft in [EmbedDraft::new("1"), EmbedDraft::new("1").metadata("plan", "tin")] {
        let other = embeds.issue(draft).await.unwrap();
        let answer = world.ask(&get("/videos/1/a.ts").query(other.to_text())).await;
        assert_eq!(answer.verdict(), "403 refused_by_hook");
    }
}

#[tokio::test]
async fn no_token_is_logged_however_its_path_is_spelled() {
    lines_about("");
    let (world, embeds) = world(embedding()).await;
    let text = embeds.issue(EmbedDraft::new("1")).await.unwrap().to_text();
    let encoded = text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"));
    let twice = encoded.replace('%', "%25");
    let evil = |ask: Ask| ask.host("unknown.example.com");
    for (mark, ask) in [
        ("mark-1", get(format!("/watch/{text}")).method("DELETE").field("x-mark", "1")),
        ("mark-2", get(format!("/embed/{encoded}/mark-2.ts"))),
        ("mark-3", get(format!("/embed/{twice}/mark-3.ts"))),
        ("mark-4", evil(get(format!("/embed/{text}/mark-4.ts")))),
        ("mark-5", get(format!("/embed/{text}/mark-5.ts")).query(&text)),
        ("mark-6", get("/videos/2/mark-6.ts").cookie(&text)),
    ] {
        world.ask(&ask).await;
        if mark != "mark-1" {
            assert!(!lines_about(mark).is_empty(), "{mark} was logged");
        }
    }
    for spelled in [&text, &encoded, &twice] {
        assert_eq!(lines_about(spelled), [""; 0]);
    }
    assert!(!lines_about("/embed/{32 bytes #").is_empty());
}

#[tokio::test]
async fn what_has_a_token_in_its_path_tells_its_origin_alone_to_what_it_loads() {
    type Fields = &'static [(&'static str, &'static str)];
    const STRICT: &[&str] = &["strict-origin"];
    for (name, inner, bound, free) in [
        ("no policy", &[] as Fields, STRICT, STRICT),
        ("a weaker policy", &[("referrer-policy", "unsafe-url")], STRICT, STRICT),
        ("the whole URL for the same host", &[("referrer-policy", "same-origin")], STRICT, STRICT),
        ("the same policy", &[("referrer-policy", "Strict-Origin")], &["Strict-Origin"], &["Strict-Origin"]),
        (
            "no referrer, which checks of origins need",
            &[("referrer-policy", "no-referrer")],
            STRICT,
            &["no-referrer"],
        ),
        (
            "two policies",
            &[("referrer-policy", "no-referrer"), ("referrer-policy", "unsafe-url")],
            STRICT,
            STRICT,
        ),
    ] {
        let verifier = behind(embedding());
        let embeds = verifier.embeds(HOST).unwrap();
        let world = World::around(
            verifier,
            crate::support::inner(move |_| {
                let answer = http::Response::builder().status(404);
                let said = inner.iter().fold(answer, |answer, (name, value)| answer.header(*name, *value));
                said.body("no such page".into()).unwrap()
            }),
        )
        .await;
        let listed = embeds.issue(EmbedDraft::new("1").origins(["app.example.com"])).await.unwrap();
        let open = embeds.issue(EmbedDraft::new("1")).await.unwrap();
        for (token, expected) in [(listed, bound), (open, free)] {
            for target in
                ["/watch/{token}", "/embed/{token}/videos/1/player.html", "/embed/{token}/videos/1/a.css"]
            {
                let ask = get(token.url(target)).field("referer", "https://app.example.com/");
                let answer = world.ask(&ask).await;
                assert_eq!(answer.status, 404, "{name}: {target}");
                assert_eq!(answer.fields("referrer-policy"), expected, "{name}: {target}");
            }
            let ask = get("/videos/1/player.html").query(token.to_text());
            let said: Vec<&str> = inner.iter().map(|(_, value)| *value).collect();
            let answer = world.ask(&ask.field("referer", "https://app.example.com/")).await;
            assert_eq!(answer.fields("referrer-policy"), said, "{name}: a token in the query");
        }
    }
}

/// The page's own requests then carry `Referer: https://<own host>/`, by which they are let in.
#[tokio::test]
async fn a_page_under_strict_origin_passes_the_check_of_its_own_origin() {
    let (world, embeds) = world(embedding()).await;
    let token = embeds.issue(EmbedDraft::new("1").origins(["app.example.com"])).await.unwrap();
    let manifest = get("/videos/1/master.m3u8").query(token.to_text());
    let page = manifest.clone().field("referer", format!("https://{HOST}/"));
    assert_eq!(world.ask(&page).await.verdict(), "200");
    assert_eq!(world.ask(&manifest).await.verdict(), "403 origin_not_allowed", "as under no-referrer");
}

#[tokio::test]
async fn a_listed_origin_compares_without_case() {
    let (world, embeds) = world(embedding()).await;
    let draft = EmbedDraft::new("1").origins(["App.Example.com", "https://*.Example.net"]);
    let text = embeds.issue(draft).await.unwrap().to_text();
    let manifest = || get("/videos/1/master.m3u8").query(&text);
    for (ask, verdict) in [
        (manifest().origin("https://app.example.com"), "200"),
        (manifest().origin("HTTPS://APP.example.com"), "200"),
        (manifest().origin("https://app.example.com:443"), "200"),
        (manifest().origin("https://A.EXAMPLE.net"), "200"),
        (manifest().field("referer", "https://APP.Example.com/Watch"), "200"),
        (manifest().field("referer", "HTTPS://CDN.example.com/"), "200"),
        (manifest().origin("https://app.example.com:8443"), "403 origin_not_allowed"),
        (manifest().origin("http://app.example.com"), "403 origin_not_allowed"),
    ] {
        assert_eq!(world.ask(&ask).await.verdict(), verdict, "{ask:?}");
    }
}

#[tokio::test]
async fn a_manifest_or_key_counts_by_whatever_name_a_server_of_files_may_have_for_it() {
    let (world, embeds) = world(embedding()).await;
    let draft = EmbedDraft::new("1").origins(["app.example.com"]);
    let bound = embeds.issue(draft).await.unwrap().to_text();
    for name in [
        "1.key/",
        "master.m3u8/",
        "1.KEY",
        "1.k%65y",
        "1.key.",
        "1.key%20",
        "1.key;a=b.ts",
        "master.m3u8.gz",
        "",
        "master",
        "1.%E2%84%AAey",
    ] {
        let ask = get(format!("/videos/1/{name}")).query(&bound);
        assert_eq!(world.ask(&ask).await.verdict(), "403 origin_not_allowed", "{name}: no origin");
        assert_eq!(world.ask(&ask.origin("https://app.example.com")).await.verdict(), "200", "{name}");
        let rate = Rate::new(1, Duration::from_hours(24)).unwrap();
        let rated = embeds.issue(EmbedDraft::new("1").rate(rate)).await.unwrap().to_text();
        let ask = get(format!("/videos/1/{name}")).query(&rated);
        assert_eq!(once(&world, &ask).await.verdict(), "200", "{name}: the first");
        assert_eq!(once(&world, &ask).await.verdict(), "429 rate_limited", "{name}: the second");
    }
}
