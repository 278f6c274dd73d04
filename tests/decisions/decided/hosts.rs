//! Hosts: which site a request belongs to.

use playgate::error::Denial;
use playgate::site::{Outside, PolicyBuilder, UnknownHost};
use playgate::{KeyScope, Policy, Site};

use crate::support::{HOST, TestKey, World, behind, gate, get, token, vod};

#[tokio::test]
async fn hosts_compare_without_case_port_and_one_trailing_dot() {
    let world = World::start(behind(vod())).await;
    for (host, verdict) in [
        ("cdn.example.com", "200"),
        ("CDN.Example.COM", "200"),
        ("cdn.example.com:80", "200"),
        ("cdn.example.com:8443", "200"),
        ("cdn.example.com.", "200"),
        ("CDN.EXAMPLE.COM.:443", "200"),
        ("cdn.example.com..", "421 unknown_host"),
        ("xcdn.example.com", "421 unknown_host"),
        ("cdn.example.com.evil.net", "421 unknown_host"),
        ("example.com", "421 unknown_host"),
        ("cdn.example.co", "421 unknown_host"),
    ] {
        let ask = get("/videos/1/a.ts").query(token("videos/1/")).host(host);
        assert_eq!(world.verdict(&ask).await, verdict, "{host}");
    }
}

#[tokio::test]
async fn what_is_no_host_name_is_refused() {
    let world = World::start(behind(vod().any_host().public())).await;
    for host in ["", ".", ":80", "a b", "cdn.example.com/x", "user@cdn.example.com", "a,b", "a:b", "a:1:2"] {
        let answer = world.ask(&get("/a.ts").host(host).http1_only()).await;
        assert_eq!(answer.verdict(), "400 ambiguous_host", "{host:?}");
    }
}

#[tokio::test]
async fn two_host_fields_are_refused_even_where_they_agree() {
    let world = World::start(behind(vod())).await;
    let good = token("videos/1/");
    for second in [HOST, "other.example.com", ""] {
        let answer = world
            .raw(format!(
                "GET /videos/1/a.ts?auth={good} HTTP/1.1\r\nHost: {HOST}\r\nHost: {second}\r\nConnection: close\r\n\r\n"
            ))
            .await;
        assert_eq!(answer.verdict(), "400 ambiguous_host", "{second:?}");
    }
}

#[tokio::test]
async fn an_absolute_form_target_must_agree_with_host() {
    let world = World::start(behind(vod())).await;
    let good = token("videos/1/");
    for (name, authority, version, host, verdict) in [
        ("the same", HOST, "1.1", Some(HOST), "200"),
        ("but for case, port and dot", "CDN.example.com.:80", "1.1", Some("cdn.Example.com"), "200"),
        ("another host", "other.example.com", "1.1", Some(HOST), "400 ambiguous_host"),
        ("another Host", HOST, "1.1", Some("other.example.com"), "400 ambiguous_host"),
        ("a user", "user@cdn.example.com", "1.1", Some(HOST), "400 ambiguous_host"),
        ("no Host at all", HOST, "1.0", None, "200"),
        ("an unknown host alone", "other.example.com", "1.0", None, "421 unknown_host"),
    ] {
        let field = host.map_or(String::new(), |host| format!("Host: {host}\r\n"));
        let answer = world
            .raw(format!(
                "GET http://{authority}/videos/1/a.ts?auth={good} HTTP/{version}\r\n{field}Connection: close\r\n\r\n"
            ))
            .await;
        assert_eq!(answer.verdict(), verdict, "{name}");
    }
}

#[tokio::test]
async fn an_authority_in_http2_must_agree_with_host() {
    let world = World::start(behind(vod())).await;
    let target = format!("/videos/1/a.ts?auth={}", token("videos/1/"));
    for (authority, host, verdict) in [
        (HOST, None, "200"),
        (HOST, Some(HOST), "200"),
        ("CDN.example.com:80", Some("cdn.example.com."), "200"),
        (HOST, Some("other.example.com"), "400 ambiguous_host"),
        ("other.example.com", Some(HOST), "400 ambiguous_host"),
        ("other.example.com", None, "421 unknown_host"),
    ] {
        let mut request = http::Request::get(format!("http://{authority}{target}"));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let answer = world.http2(request.body(bytes::Bytes::new()).unwrap()).await;
        assert_eq!(answer.verdict(), verdict, "{authority} and {host:?}");
    }
}

#[tokio::test]
async fn a_request_without_host_is_refused_unless_a_site_for_every_host_takes_it() {
    let good = token("videos/1/");
    let named = World::start(behind(vod())).await;
    let any = World::start(behind(Site::bucket("vod").any_host())).await;
    let ask = |query: &str, version: &str| {
        format!("GET /videos/1/a.ts{query} HTTP/{version}\r\nConnection: close\r\n\r\n")
    };
    let good = format!("?auth={good}");
    for (query, verdict) in
        [(&*good, "200"), ("?auth=", "401 malformed_token"), ("", "401 credential_missing")]
    {
        assert_eq!(named.raw(ask(query, "1.0")).await.verdict(), "400 ambiguous_host", "{query}");
        assert_eq!(named.raw(ask(query, "1.1")).await.verdict(), "400 ambiguous_host", "{query}");
        assert_eq!(any.raw(ask(query, "1.0")).await.verdict(), verdict, "{query}");
        // RFC 9112 §3.2 has servers refuse that, and actix-web does.
        assert_eq!(any.raw_beyond_actix(ask(query, "1.1")).await.verdict(), verdict, "{query}");
    }
}

#[tokio::test]
async fn a_host_that_no_site_claims_is_421_unless_the_configuration_says_pass() {
    let refuse = World::start(behind(vod())).await;
    let elsewhere = get("/videos/1/a.ts?auth=x").host("other.example.com");
    let answer = refuse.ask(&elsewhere).await;
    assert_eq!(answer.verdict(), "421 unknown_host");
    assert_eq!(answer.denial, Some(Denial::UnknownHost));
    let verifier = gate().site(vod()).unknown_host(UnknownHost::Pass).build().unwrap();
    let pass = World::start(verifier).await;
    assert_eq!(pass.ask(&elsewhere).await.seen(), "GET /videos/1/a.ts?auth=x\n");
    assert_eq!(pass.verdict(&get("/a/../b").host("other.example.com")).await, "200");
    let two = format!("GET / HTTP/1.1\r\nHost: a\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    assert_eq!(pass.raw(two).await.verdict(), "400 ambiguous_host", "one of them may be claimed");
}

#[tokio::test]
async fn an_exact_host_wins_over_a_pattern_and_a_pattern_over_any() {
    let keys = ["exact", "eu", "any"].map(|bucket| TestKey::Secret.key_as(bucket, KeyScope::bucket(bucket)));
    let verifier = gate()
        .site(Site::bucket("any").any_host())
        .site(Site::bucket("{bucket}").id("pattern").host("{bucket}.media.example.com"))
        .site(Site::bucket("exact").host("vod.media.example.com"))
        .keys(keys)
        .build()
        .unwrap();
    let world = World::start(verifier).await;
    for (host, bucket) in [
        ("vod.media.example.com", "exact"),
        ("VOD.media.example.com:80", "exact"),
        ("eu.media.example.com", "eu"),
        ("EU.Media.example.com", "eu"),
        ("a.eu.media.example.com", "any"),
        ("media.example.com", "any"),
        ("[::1]:8080", "any"),
        ("127.0.0.1", "any"),
    ] {
        for kid in ["exact", "eu", "any"] {
            let header = format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);
            let ask = get("/a.ts").query(TestKey::Secret.sign(&header, r#"{"uri":""}"#)).host(host);
            let verdict = if kid == bucket { "200" } else { "403 wrong_key" };
            assert_eq!(world.verdict(&ask).await, verdict, "{kid} on {host}");
        }
    }
}

/// The configuration of the README: a bucket on hosts of its own, and a folder of an application under any host.
#[tokio::test]
async fn beside_a_site_for_any_host_a_mistyped_host_opens_no_route() {
    let sites = |host: &str| {
        gate()
            .site(vod().host(host))
            .site(Site::bucket("courses").any_host().base_path("/media/"))
            .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
    };
    let errors = sites("b.example.com").outside(Outside::Pass).build().unwrap_err().to_string();
    assert!(errors.contains("outside = { pass = [\"app.example.com\"] }"), "{errors}");
    let errors = sites("b.example.com").build().unwrap_err().to_string();
    assert!(errors.contains("\"refuse\"") && errors.contains("\"pass\""), "{errors}");
    let verifier = sites("b.example.com").outside(Outside::pass_hosts(["APP.example.com."])).build().unwrap();
    let world = World::start(verifier).await;
    for (host, target, verdict) in [
        ("b.example.com", "/videos/1/a.ts", "401 credential_missing"),
        ("b.exampel.com", "/videos/1/a.ts", "404 outside"),
        ("b.exampel.com", "/media/1/a.ts", "401 credential_missing"),
        ("app.example.com", "/videos/1/a.ts", "200"),
        ("App.Example.Com", "/videos/1/a.ts", "200"),
        ("app.example.com", "/media/1/a.ts", "401 credential_missing"),
        ("app.example.com", "/x/..//media/1/a.ts", "400 ambiguous_path"),
        ("api.app.example.com", "/videos/1/a.ts", "404 outside"),
    ] {
        assert_eq!(world.verdict(&get(target).host(host)).await, verdict, "{host}{target}");
    }
}

/// A site at `/` serves the rest of a host, so that nothing is outside.
#[test]
fn outside_need_not_be_set_where_a_site_serves_the_rest() {
    let folder = |host: &str| Site::bucket("courses").id("folder").host(host).base_path("/media/");
    let root = |host: &str| Site::bucket("vod").id("root").host(host);
    for (name, sites, needed) in [
        ("a folder alone", vec![folder(HOST)], true),
        ("a root of its host", vec![folder(HOST), root(HOST)], false),
        ("a root of any host", vec![folder(HOST), root("*")], false),
        ("a root of another host", vec![folder(HOST), root("b.example.com")], true),
        ("a root of one host beside a folder of any", vec![folder("*"), root(HOST)], true),
        ("a folder and a root of any host", vec![folder("*"), root("*")], false),
        ("a folder of a pattern", vec![folder("{region}.example.com"), root(HOST)], true),
    ] {
        let policy = |outside: Option<Outside>| {
            let builder = sites.iter().cloned().fold(Policy::builder(), PolicyBuilder::site);
            outside.into_iter().fold(builder, PolicyBuilder::outside).build()
        };
        assert_eq!(policy(None).is_err(), needed, "{name}");
        assert!(policy(Some(Outside::Refuse)).is_ok(), "{name}");
    }
}
