//! What a hook sees, and when it runs.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use playgate::crypto::LinkHash;
use playgate::mint::LinkSigner;
use playgate::schemes::embed::{Embed, EmbedDraft, Lifetime};
use playgate::schemes::link::SecureLink;
use playgate::schemes::{ClaimValue, HookRequest, Refuse};
use playgate::time::UnixSeconds;
use playgate::{KeyScope, Site, Verifier};

use crate::support::{HOST, NOW, TestKey, World, gate, get, vod};

/// Signed tokens, embed tokens and secure links.
fn every_scheme() -> (Site, SecureLink) {
    let link = SecureLink::custom("{path} {expires}", LinkHash::HmacSha256, &[7; 32]);
    let embed = Embed::new().paths(["/embed/{token}/"]);
    (vod().embed(embed).secure_link(link.clone()), link)
}

fn verifier(site: Site) -> Verifier {
    gate()
        .site(site)
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .trusted_proxies(["127.0.0.1"])
        .build()
        .unwrap()
}

/// A request of each scheme for `videos/1/a b.ts`, with a claim `plan` where the scheme has claims of one's own.
async fn requests(
    verifier: &Verifier,
    link: &SecureLink,
    plan: &str,
) -> Vec<(&'static str, &'static str, String)> {
    let path = "/videos/1/a%20b.ts";
    let token = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","plan":"{plan}","n":1.5,"sub":"ann"}}"#));
    let draft = EmbedDraft::new("1").metadata("plan", plan).viewer("ann").expires_in(Lifetime::Never);
    let embed = verifier.embeds(HOST).unwrap().issue(draft).await.unwrap().to_text();
    let signer = LinkSigner::new(link).unwrap();
    let url = signer.link(path).expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap();
    vec![
        ("signed-token", "Query", format!("{path}?auth={token}")),
        ("embed-token", "Query", format!("{path}?auth={embed}")),
        ("embed-token", "Path", format!("/embed/{embed}{path}")),
        ("secure-link", "Query", url),
    ]
}

fn shown(value: Option<ClaimValue<'_>>) -> String {
    match value {
        None => "none".to_owned(),
        Some(ClaimValue::Text(text)) => format!("{:?}", text.chars().collect::<String>()),
        Some(ClaimValue::Integer(number)) => number.to_string(),
        Some(ClaimValue::Number(number)) => format!("number {number}"),
        Some(other) => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_hook_sees_the_request_and_the_claims_of_every_scheme() {
    let seen = Arc::new(Mutex::new((String::new(), HashSet::new())));
    let record = Arc::clone(&seen);
    let (site, link) = every_scheme();
    let verifier = verifier(site.hook(move |request: &HookRequest<'_>| {
        let claims = ["plan", "n", "sub", "video", "exp"].map(|name| shown(request.claim(name)));
        let mut record = record.lock().unwrap();
        record.1.insert(request.client());
        record.0 = format!(
            "{} {} {} {:?} {} {} {:?} {} {:?} {}",
            request.method(),
            request.host(),
            request.path(),
            request.key(),
            request.site(),
            request.scheme().as_str(),
            request.carrier(),
            request.field("x-own", 1).is_some_and(|field| field == b"two"),
            request.field("x-own", 2),
            claims.join(" ")
        );
        Ok(())
    }));
    let requests = requests(&verifier, &link, "go\\u006cd").await;
    let world = World::start(verifier).await;
    let client: IpAddr = [203, 0, 113, 9].into();
    for (scheme, carrier, target) in requests {
        let ask = get(&target).field("x-own", "one").field("x-own", "two");
        assert_eq!(world.verdict(&ask.field("x-forwarded-for", client.to_string())).await, "200", "{target}");
        let path = if carrier == "Path" { target.replace("%20", " ") } else { "/videos/1/a b.ts".to_owned() };
        let claims = match scheme {
            "signed-token" => r#""gold" number 1.5 "ann" none none"#.to_owned(),
            "embed-token" => r#""go\\u006cd" none "ann" "1" none"#.to_owned(),
            _ => format!("none none none none {}", NOW + 60),
        };
        let expected = format!(
            "GET {HOST} {path} Some(\"videos/1/a b.ts\") {HOST} {scheme} {carrier} true None {claims}"
        );
        assert_eq!(seen.lock().unwrap().0, expected);
    }
    // A layer inside of a router does not know its peer.
    assert_eq!(seen.lock().unwrap().1, HashSet::from([Some(client), None]));
}

#[tokio::test]
async fn a_hook_that_refuses_refuses_every_scheme_and_runs_after_all_other_rules_of_the_credential() {
    let (site, link) = every_scheme();
    let verifier = verifier(site.hook(|_| Err(Refuse::default())));
    let requests = requests(&verifier, &link, "gold").await;
    let world = World::start(verifier).await;
    for (_, _, target) in requests {
        assert_eq!(world.verdict(&get(&target)).await, "403 refused_by_hook", "{target}");
        // Whatever else is wrong is reported first.
        let elsewhere = target.replace("videos/1/", "videos/2/");
        let verdict = world.verdict(&get(&elsewhere)).await;
        assert!(["403 out_of_scope", "403 link_bad"].contains(&&*verdict), "{elsewhere}: {verdict}");
    }
}

#[test]
fn a_hook_reads_the_playback_id_of_a_live_stream() {
    let secret = b"0123456789abcdef0123456789abcdef";
    let key = playgate::Key::from_secret("k", secret, KeyScope::site("live")).unwrap();
    let only_ch1 = |site: Site| {
        let site = site.id("live").hook(|request| match request.playback_id() {
            Some("ch1") => Ok(()),
            Some(_) | None => Err(Refuse::default()),
        });
        Verifier::builder().site(site).key(key.clone()).build().unwrap()
    };
    let by_path = only_ch1(Site::live_by_path().host("live.example.com"));
    let by_host = only_ch1(Site::live_by_host().host("play-{playback_id}.example.com"));
    let bucket = only_ch1(Site::bucket("b").host("live.example.com"));
    let token = |scope| {
        let signer = playgate::mint::Signer::from_secret("k", secret).unwrap();
        signer.token(scope).sign().unwrap().as_str().to_owned()
    };
    let stream = |id: &str| token(playgate::Scope::playback_id(id).unwrap());
    for (name, verifier, host, path, token, is_granted) in [
        ("path", &by_path, "live.example.com", "/ch1.m3u8", stream("ch1"), true),
        ("path", &by_path, "live.example.com", "/ch1/seg-1.ts", stream("ch1"), true),
        ("path", &by_path, "live.example.com", "/ch2.m3u8", stream("ch2"), false),
        ("host", &by_host, "play-ch1.example.com", "/a/seg-1.ts", stream("ch1"), true),
        ("host", &by_host, "play-ch2.example.com", "/a/seg-1.ts", stream("ch2"), false),
        ("bucket", &bucket, "live.example.com", "/ch1.m3u8", token(playgate::Scope::whole_bucket()), false),
    ] {
        let request = get(path).host(host).query(&token).parsed().unwrap();
        let decision = verifier.decide(&request, verifier.now());
        assert_eq!(
            matches!(decision, playgate::Decision::Granted(_)),
            is_granted,
            "{name} {path}: {decision:?}"
        );
    }
}
