//! Responses of protected sites, what the inner service sees, and failing.

use playgate::mint::LinkSigner;
use playgate::schemes::Carrier;
use playgate::schemes::Refuse;
use playgate::schemes::embed::{Embed, EmbedDraft};
use playgate::schemes::link::SecureLink;
use playgate::site::{CacheScope, GrantFact, Outside, UnknownHost};
use playgate::time::UnixSeconds;
use playgate::{KeyScope, Site};

use crate::support::{Answer, HOST, NOW, TestKey, World, behind, gate, get, inner, saying, token, vod};

const PATH: &str = "/videos/1/a.ts";

#[tokio::test]
async fn granted_answers_are_private_in_place_of_public_and_s_maxage_and_where_nothing_stands() {
    for (inner, outer) in [
        (&[][..], "private"),
        (&[("cache-control", "max-age=60")], "private, max-age=60"),
        (&[("cache-control", "public, max-age=60")], "private, max-age=60"),
        (&[("cache-control", "max-age=60, s-maxage=600")], "private, max-age=60"),
        (&[("cache-control", "PUBLIC, S-MaxAge=600")], "private"),
        (&[("cache-control", "private, max-age=60")], "private, max-age=60"),
        (&[("cache-control", "no-store")], "no-store"),
        (&[("cache-control", "no-cache")], "private, no-cache"),
        (&[("cache-control", "public"), ("cache-control", "max-age=5")], "private, max-age=5"),
    ] {
        let world = saying(vod(), inner).await;
        for status in ["200", "206", "304", "404", "500"] {
            let target = format!("{PATH}?auth={}&status={status}", token("videos/1/"));
            let answer = world.ask(&get(target)).await;
            assert_eq!(answer.status.to_string(), status);
            assert_eq!(answer.field("cache-control"), Some(outer), "{inner:?} with {status}");
        }
    }
}

#[tokio::test]
async fn fields_for_shared_caches_alone_go_with_the_rest() {
    let fields = &[("cdn-cache-control", "max-age=600"), ("surrogate-control", "max-age=600")];
    let ask = get(PATH).cookie(token("videos/1/"));
    let private = saying(vod(), fields).await.ask(&ask).await;
    assert_eq!((private.field("cdn-cache-control"), private.field("surrogate-control")), (None, None));
    let inner = saying(vod().cache(CacheScope::Inner), fields).await.ask(&ask).await;
    assert_eq!(inner.field("cdn-cache-control"), Some("max-age=600"));
}

#[tokio::test]
async fn cache_inner_leaves_it_to_the_inner_service() {
    let ask = get(PATH).cookie(token("videos/1/"));
    let world = saying(vod().cache(CacheScope::Inner), &[("cache-control", "public, s-maxage=600")]).await;
    assert_eq!(world.ask(&ask).await.field("cache-control"), Some("public, s-maxage=600"));
    let world = saying(vod().cache(CacheScope::Inner), &[]).await;
    assert_eq!(world.ask(&ask).await.field("cache-control"), None);
    assert_eq!(
        world.ask(&get(PATH)).await.field("cache-control"),
        Some("no-store"),
        "a denial, all the same"
    );
}

#[tokio::test]
async fn public_paths_of_a_protected_site_keep_their_cache_scope() {
    let site = vod().public_paths(["poster.jpg"]);
    let world = saying(site, &[("cache-control", "public, max-age=60")]).await;
    let answer = world.ask(&get("/poster.jpg")).await;
    assert_eq!(answer.field("cache-control"), Some("public, max-age=60"));
}

#[tokio::test]
async fn strip_credentials_removes_the_credential_before_the_inner_service_sees_it() {
    let world = World::start(behind(
        vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]).strip_credentials(true),
    ))
    .await;
    let good = token("videos/1/");
    for (name, ask, seen) in [
        ("query alone", get(PATH).query(&good), "GET /videos/1/a.ts\n".to_owned()),
        (
            "query among others",
            get(format!("{PATH}?a=%20&auth={good}&b&&c=1")),
            "GET /videos/1/a.ts?a=%20&b&&c=1\n".to_owned(),
        ),
        ("name spelled otherwise", get(format!("{PATH}?%61uth={good}")), "GET /videos/1/a.ts\n".to_owned()),
        (
            "path as it came",
            get(format!("/%76ideos/1/a.ts?auth={good}")),
            "GET /%76ideos/1/a.ts\n".to_owned(),
        ),
        ("bearer", get(PATH).bearer(&good), "GET /videos/1/a.ts\n".to_owned()),
        ("cookie alone", get(PATH).cookie(&good), "GET /videos/1/a.ts\n".to_owned()),
        (
            "cookie among others",
            get(PATH).field("cookie", format!("a=1; Qencode-Auth-Token={good}; b=\"2\"")),
            "GET /videos/1/a.ts\ncookie: a=1; b=\"2\"\n".to_owned(),
        ),
        (
            "every cookie of the name",
            get(PATH).field("cookie", "a=1").cookie("junk").cookie(&good).field("cookie", "b=2"),
            "GET /videos/1/a.ts\ncookie: a=1; b=2\n".to_owned(),
        ),
    ] {
        let answer = world.ask(&ask).await;
        assert!(!String::from_utf8_lossy(&answer.body).contains(&good), "{name}");
        // HTTP/1.1 keeps several fields apart.
        let got = answer.seen().replace("\ncookie: b=2", "; b=2").replace("; b=2; b=2", "; b=2");
        assert_eq!(got, seen, "{name}");
    }
}

#[tokio::test]
async fn strip_credentials_empties_every_carrier_that_the_site_listens_to_and_no_other() {
    let good = token("videos/1/");
    let everywhere = get(format!("{PATH}?a=1")).query(&good).bearer(&good).cookie(&good);
    for (name, site, seen) in [
        (
            "all three",
            vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]),
            "GET /videos/1/a.ts?a=1\n".to_owned(),
        ),
        (
            "an application's own bearer stays",
            vod(),
            format!("GET /videos/1/a.ts?a=1\nauthorization: Bearer {good}\n"),
        ),
        (
            "an unlisted cookie stays",
            vod().carriers([Carrier::Query, Carrier::Bearer]),
            format!("GET /videos/1/a.ts?a=1\ncookie: Qencode-Auth-Token={good}\n"),
        ),
    ] {
        let world = World::start(behind(site.strip_credentials(true))).await;
        assert_eq!(world.ask(&everywhere).await.seen(), seen, "{name}");
    }
    let world = World::start(behind(
        vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]).strip_credentials(true),
    ))
    .await;
    let basic = get(PATH).query(&good).field("authorization", "Basic dTpw");
    let seen = "GET /videos/1/a.ts\nauthorization: Basic dTpw\n";
    assert_eq!(world.ask(&basic).await.seen(), seen, "Basic is no credential of ours");
    for both in [
        basic.clone().bearer(&good),
        get(PATH).query(&good).bearer(&good).field("authorization", "Basic dTpw"),
    ] {
        assert_eq!(world.ask(&both).await.seen(), seen, "a bearer's is one, wherever it stands");
    }
}

#[tokio::test]
async fn strip_credentials_removes_the_credential_from_the_referer() {
    let good = token("videos/1/");
    let hex = "0123456789abcdef".repeat(2);
    let twice = good.replace('.', "%252e");
    let long = "a/".repeat(2100);
    let page = "https://app.example.com/how-to-train-your-dragon?v=2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d";
    let site = vod()
        .embed(Embed::new().paths(["/watch/{token}", "/embed/{token}/"]))
        .secure_link(SecureLink::gcore_video("the secret"))
        .strip_credentials(true);
    let world = World::start(behind(site)).await;
    let open = World::start(behind(vod().public().strip_credentials(true))).await;
    // Name, fields of the client, field of the inner service. The starred ones hold on a public site without embeds and links.
    let rows = format!(
        "a token * | https://cdn.example.com/a?auth={good} | https://cdn.example.com/a
        a token among others | https://cdn.example.com/a?b=1&%61uth={good}&c | https://cdn.example.com/a?b=1&c
        a link | https://cdn.example.com/a?md5=x&expires=1&speed=2&buffer=3&q=4 | https://cdn.example.com/a?q=4
        an embed page | https://cdn.example.com/watch/abc | https://cdn.example.com/
        below an embed token | http://cdn.example.com:81/%65mbed/abc/videos/1/a.ts?x=1 | http://cdn.example.com:81/
        a video link | https://cdn.example.com/cmaf/a_1/proof/17/master.m3u8 | https://cdn.example.com/
        another name | https://app.example.com/p?url=https%3A%2F%2Fcdn%2F%3Fauth%3D{twice}&b | https://app.example.com/p?b
        a token in a path | https://app.example.com/p/{good} | https://app.example.com/
        a long name | https://app.example.com/p/x{hex}z | https://app.example.com/p/x{hex}z
        an embed token elsewhere | https://app.example.com/p/{hex} | https://app.example.com/
        a fragment | https://app.example.com/p?q#auth={good} | https://app.example.com/p?q
        a name and a password | https://u:p@app.example.com/ |
        too long | https://app.example.com/{long} | https://app.example.com/
        no URI * | auth={good} |
        not ASCII | https://app.example.com/\u{e9} |
        two * | https://a.example.com/ https://b.example.com/ |
        nothing of ours | {page} | {page}
        an origin * | https://app.example.com/ | https://app.example.com/"
    );
    for row in rows.lines() {
        let [name, fields, seen] = row.split('|').map(str::trim).collect::<Vec<_>>().try_into().unwrap();
        let mut asks = vec![(&world, get(PATH).cookie(&good))];
        if name.ends_with('*') {
            asks.push((&open, get(PATH)));
        }
        for (world, ask) in asks {
            let ask = fields.split(' ').fold(ask, |ask, field| ask.field("referer", field));
            let answer = world.ask(&ask).await;
            assert!(answer.is_inner(), "{name}: {}", answer.verdict());
            let referers = answer.seen().lines().filter_map(|line| line.strip_prefix("referer: "));
            assert_eq!(
                referers.collect::<Vec<_>>(),
                seen.split_terminator(' ').collect::<Vec<_>>(),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn without_strip_credentials_the_inner_service_sees_what_came() {
    let world = World::start(behind(vod())).await;
    let good = token("videos/1/");
    let answer = world.ask(&get(format!("{PATH}?a=1&auth={good}")).field("x-other", "y")).await;
    assert_eq!(answer.seen(), format!("GET {PATH}?a=1&auth={good}\nx-other: y\n"));
}

#[tokio::test]
async fn identity_headers_are_removed_from_every_incoming_request_before_ours_are_set() {
    let verifier = gate()
        .site(vod().identity_header("x-viewer", "sub").identity_header("X-Plan", "plan").base_path("/media/"))
        .site(Site::bucket("open").id("open").host(HOST).base_path("/open/").public())
        .site(Site::bucket("vod").id("plain").host("plain.example.com"))
        .outside(Outside::Pass)
        .unknown_host(UnknownHost::Pass)
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let world = World::start(verifier).await;
    let token = |claims: &str| TestKey::Rsa.token(&format!(r#"{{"uri":""{claims}}}"#));
    let named = token(r#","sub":"ada","plan":"gold""#);
    for (name, ask, seen) in [
        ("granted", get("/media/a").cookie(&named), "x-plan: gold\nx-viewer: ada\n"),
        ("claim absent", get("/media/a").cookie(token("")), ""),
        ("one of two", get("/media/a").cookie(token(r#","sub":"ada""#)), "x-viewer: ada\n"),
        ("number", get("/media/a").cookie(token(r#","sub":7"#)), "x-viewer: 7\n"),
        ("flag", get("/media/a").cookie(token(r#","sub":false"#)), "x-viewer: false\n"),
        ("object", get("/media/a").cookie(token(r#","sub":{"a":1}"#)), ""),
        ("null", get("/media/a").cookie(token(r#","sub":null"#)), ""),
        ("line break", get("/media/a").cookie(token(r#","sub":"a\r\nx-admin: 1""#)), ""),
        ("not ASCII", get("/media/a").cookie(token(r#","sub":"\u00e9""#)), ""),
        ("empty", get("/media/a").cookie(token(r#","sub":"""#)), ""),
        ("blanks around", get("/media/a").cookie(token(r#","sub":" ada ""#)), ""),
        ("a blank inside", get("/media/a").cookie(token(r#","sub":"ada l""#)), "x-viewer: ada l\n"),
        ("public site", get("/open/a"), ""),
        ("public site with a token", get("/open/a").query(&named), ""),
        ("outside every base path", get("/index.html"), ""),
        ("site without identity headers", get("/a").host("plain.example.com").cookie(&named), ""),
        ("unknown host that passes", get("/a").host("other.example.com"), ""),
    ] {
        let forged = ask
            .field("x-viewer", "root")
            .field("X-Viewer", "root")
            .field("x-plan", "all")
            .field("x-other", "stays");
        let answer = world.ask(&forged).await;
        let fields: String = answer
            .seen()
            .lines()
            .filter(|line| line.starts_with("x-"))
            .flat_map(|line| [line, "\n"])
            .collect();
        assert_eq!(fields, format!("x-other: stays\n{seen}"), "{name}");
    }
}

/// Returns the header fields of the inner service's request whose names start with x, one a line.
fn identity_fields(answer: &Answer) -> String {
    let fields = answer.seen().lines().filter(|line| line.starts_with('x'));
    fields.flat_map(|line| [line, "\n"]).collect()
}

#[tokio::test]
async fn identity_headers_carry_facts_of_the_grant_and_some_are_only_removed() {
    let site = |site: Site| {
        site.identity_header("x-kid", GrantFact::Kid)
            .identity_header("x-site", GrantFact::Site)
            .identity_header("x-scheme", GrantFact::Scheme)
            .identity_header("x-scope", GrantFact::Scope)
            .identity_header("x-until", GrantFact::ExpiresAt)
            .remove_header("x-internal")
    };
    let link = SecureLink::gcore("the secret");
    let signed = LinkSigner::new(&link).unwrap();
    let until = UnixSeconds::new(NOW + 60);
    let url = signed.link("https://cdn.example.com/videos/1/a.ts").expires_at(until).sign().unwrap();
    let target = url.strip_prefix("https://cdn.example.com").unwrap();
    let verifier = behind(site(vod().secure_link(link).embed(Embed::new()).public_paths(["open"])));
    let embeds = verifier.embeds(HOST).unwrap();
    let embed = embeds.issue(EmbedDraft::new("1")).await.unwrap().to_text();
    let world = World::start(verifier).await;
    let token = |claims: &str| TestKey::Rsa.token(&format!(r#"{{"uri":"{claims}}}"#));
    let expiry = format!("x-until: {}\n", NOW + 60);
    for (name, ask, seen) in [
        (
            "a signed token",
            get(PATH).cookie(token(&format!(r#"videos/1/","exp":{}"#, NOW + 60))),
            format!(
                "x-kid: rsa\nx-scheme: signed-token\nx-scope: videos/1/\nx-site: cdn.example.com\n{expiry}"
            ),
        ),
        (
            "a signed token for everything, for ever",
            get(PATH).cookie(token("\"")),
            "x-kid: rsa\nx-scheme: signed-token\nx-site: cdn.example.com\n".to_owned(),
        ),
        (
            "a secure link",
            get(target),
            format!("x-scheme: secure-link\nx-scope: videos/1/\nx-site: cdn.example.com\n{expiry}"),
        ),
        (
            "an embed token",
            get(PATH).cookie(&embed),
            format!(
                "x-scheme: embed-token\nx-scope: videos/1/\nx-site: cdn.example.com\nx-until: {}\n",
                NOW + 86_400
            ),
        ),
        ("a public path", get("/open"), String::new()),
    ] {
        let forged = ask.field("x-internal", "yes").field("X_Internal", "yes").field("x-kid", "root");
        let answer = world.ask(&forged.field("x_until", "0").field("x-scope", "everything")).await;
        assert_eq!(identity_fields(&answer), seen, "{name}");
    }
}

/// CGI, WSGI and PHP pass a header to a program as a variable, and `X-Viewer`, `X_Viewer` and `x.viewer` become the same one.
#[tokio::test]
async fn identity_headers_are_removed_in_every_spelling_that_a_gateway_folds_into_one() {
    let site = vod().identity_header("x-auth-kid", "sub").public_paths(["open"]);
    let world = World::start(behind(site)).await;
    let named = TestKey::Rsa.token(r#"{"uri":"","sub":"ada"}"#);
    for name in
        ["x-auth-kid", "X_Auth_Kid", "x_auth-kid", "X-AUTH_KID", "x.auth.kid", "x-auth~kid", "X_AUTH!KID"]
    {
        for (ask, seen) in [
            (get("/videos/1/a.ts").cookie(&named), "x-auth-kid: ada\nx-auth-kids: stays\nxauthkid: stays\n"),
            (get("/open"), "x-auth-kids: stays\nxauthkid: stays\n"),
        ] {
            let ask = ask.field(name, "root").field("x-auth-kids", "stays").field("xauthkid", "stays");
            let answer = world.ask(&ask.field("x_auth-kid", "root")).await;
            assert_eq!(identity_fields(&answer), seen, "{name}");
        }
    }
}

#[tokio::test]
async fn a_hook_refuses_on_the_users_own_rule_and_only_after_the_signature() {
    let site = vod().hook(|claims| if claims.has("plan", "gold") { Ok(()) } else { Err(Refuse::default()) });
    let world = World::start(behind(site)).await;
    let token = |key: TestKey, plan: &str| {
        key.sign(&TestKey::Rsa.header(), &format!(r#"{{"uri":"videos/1/","plan":"{plan}"}}"#))
    };
    for (name, token, verdict) in [
        ("gold", token(TestKey::Rsa, "gold"), "200"),
        ("silver", token(TestKey::Rsa, "silver"), "403 refused_by_hook"),
        ("silver, forged", token(TestKey::RsaOther, "silver"), "401 bad_signature"),
        ("gold, forged", token(TestKey::RsaOther, "gold"), "401 bad_signature"),
    ] {
        for _ in 0..2 {
            let answer = world.ask(&get(PATH).cookie(&token)).await;
            assert_eq!(answer.verdict(), verdict, "{name}");
            let verified = answer.denial.is_some_and(playgate::Denial::verified);
            assert_eq!(verified, verdict == "403 refused_by_hook", "{name}");
        }
    }
}

#[tokio::test]
async fn a_denial_does_not_tell_whether_the_object_exists() {
    let answer = |parts: &http::request::Parts| {
        let mut response = http::Response::new(bytes::Bytes::new());
        if parts.uri.path() != PATH {
            *response.status_mut() = http::StatusCode::NOT_FOUND;
        }
        response
    };
    let world = World::around(behind(vod()), inner(answer)).await;
    let good = token("videos/1/");
    assert_eq!(world.verdict(&get(PATH).cookie(&good)).await, "200");
    assert_eq!(world.verdict(&get("/videos/1/none.ts").cookie(&good)).await, "404");
    for bad in ["", "junk", &token("other/")] {
        let there = world.ask(&get(PATH).cookie(bad)).await;
        let absent = world.ask(&get("/videos/1/none.ts").cookie(bad)).await;
        assert_eq!(there.essence(), absent.essence());
    }
}

#[tokio::test]
async fn a_policy_that_is_wrong_is_refused_as_a_whole_with_every_error_in_it() {
    let errors = gate()
        .site(Site::bucket("a").host("https://cdn.example.com").base_path("media"))
        .site(Site::bucket("").max_token_bytes(0))
        .key(TestKey::Secret.key_as("k", KeyScope::bucket("a")))
        .key(TestKey::Rsa.key_as("k", KeyScope::bucket("a")))
        .build()
        .unwrap_err();
    let text = errors.to_string();
    for wanted in
        ["has a scheme", "base path", "serves a bucket without a name", "max_token_bytes 0", "two keys \""]
    {
        assert!(text.contains(wanted), "{wanted:?} is not in:\n{text}");
    }
    assert!(errors.iter().count() >= 5, "{text}");
}

#[tokio::test]
async fn without_any_key_every_token_is_refused_and_nothing_opens() {
    let world = World::start(gate().site(vod()).build().unwrap()).await;
    assert_eq!(world.verdict(&get(PATH).cookie(token("videos/1/"))).await, "401 unknown_key");
    assert_eq!(world.verdict(&get(PATH)).await, "401 credential_missing");
}
