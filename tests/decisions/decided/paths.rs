//! Path: one normal form.

use playgate::error::{Code, Denial, PathFault};
use playgate::site::{Outside, UnknownHost};
use playgate::verifier::VerifierBuilder;

use crate::support::{HOST, TestKey, World, behind, gate, get, token, vod};
use playgate::{KeyScope, Site};

#[tokio::test]
async fn a_path_with_another_reading_is_refused_in_any_spelling() {
    use PathFault::{
        Backslash, Control, DecodesAgain, DotSegment, EmptySegment, EncodedSlash, NotAbsolute, NotUtf8,
        PercentEncoding,
    };
    let world = World::start(behind(vod())).await;
    for (target, fault) in [
        ("/videos/1/a%", PercentEncoding),
        ("/videos/1/%2", PercentEncoding),
        ("/videos/1/%zz", PercentEncoding),
        ("/videos/1/%u0041", PercentEncoding),
        ("/videos/1/%00", Control),
        ("/videos/1/a%0d%0aSet-Cookie:x", Control),
        ("/videos/1/%1f", Control),
        ("/videos/1/%7F", Control),
        ("/videos/1/%C2%85", Control),
        ("/videos\\1\\a.ts", Backslash),
        ("/videos/1/..\\2/a.ts", Backslash),
        ("/videos/1%5Ca.ts", Backslash),
        ("/videos/1%5ca.ts", Backslash),
        ("/videos%2F1/a.ts", EncodedSlash),
        ("/videos%2f1/a.ts", EncodedSlash),
        ("/videos/1/..%2f2/a.ts", EncodedSlash),
        ("//videos/1/a.ts", EmptySegment),
        ("/videos//1/a.ts", EmptySegment),
        ("/videos/1//", EmptySegment),
        ("/./videos/1/a.ts", DotSegment),
        ("/videos/1/.", DotSegment),
        ("/videos/1/..", DotSegment),
        ("/videos/1/../2/a.ts", DotSegment),
        ("/videos/1/%2e%2e/2/a.ts", DotSegment),
        ("/videos/1/.%2E/2/a.ts", DotSegment),
        ("/videos/1/%2e/a.ts", DotSegment),
        ("/videos/1/%252e%252e/2/a.ts", DecodesAgain),
        ("/videos/1/%25252e%25252e/2/a.ts", DecodesAgain),
        ("/videos/1/..%252f2/a.ts", DecodesAgain),
        ("/videos/1%255ca.ts", DecodesAgain),
        ("/videos/1/%2500", DecodesAgain),
        ("/videos/1/%ff", NotUtf8),
        ("/videos/1/%c0%ae%c0%ae/2/a.ts", NotUtf8),
        ("/videos/1/%ed%a0%80", NotUtf8),
        ("*", NotAbsolute),
    ] {
        let mut ask = get(target).query(token("videos/1/"));
        if target == "*" {
            ask = get(target).cookie(token("")).http1_only();
        }
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), "400 ambiguous_path", "{target}");
        assert_eq!(answer.denial, Some(Denial::AmbiguousPath(fault)), "{target}");
    }
}

#[tokio::test]
async fn what_is_no_request_line_never_gets_inside() {
    let world = World::start(behind(vod().public())).await;
    for (name, target) in [
        ("no leading slash", "videos/1/a.ts"),
        ("NUL", "/videos/1/\0"),
        ("tab", "/videos/1/\ta"),
        ("space", "/videos/1/a b.ts"),
        ("delete", "/videos/1/\x7f"),
    ] {
        let answer = world.ask(&get(target).http1_only()).await;
        assert_eq!(answer.status, 400, "{name}");
        assert!(!answer.is_inner(), "{name}");
    }
}

#[tokio::test]
async fn a_public_site_has_no_other_reading_of_a_path_either() {
    let world = World::start(behind(vod().public())).await;
    assert_eq!(world.verdict(&get("/a.ts")).await, "200");
    assert_eq!(world.verdict(&get("/a/../b.ts")).await, "400 ambiguous_path");
    assert_eq!(world.verdict(&get("/a%2Fb.ts")).await, "400 ambiguous_path");
}

#[tokio::test]
async fn the_object_key_is_the_path_decoded_once() {
    let world = World::start(behind(vod())).await;
    for (name, uri, target, covered) in [
        ("plain", "videos/1/", "/videos/1/a.ts", true),
        ("encoded letters", "videos/1/", "/%76%69deos/%31/a.ts", true),
        ("encoded uri is no path", "%76ideos/1/", "/%76ideos/1/a.ts", false),
        ("a space", "a b/", "/a%20b/c.ts", true),
        ("plus is plus", "a+b/", "/a+b/c.ts", true),
        ("plus, encoded", "a+b/", "/a%2Bb/c.ts", true),
        ("plus is no space", "a b/", "/a+b/c.ts", false),
        ("a percent sign", "100%/", "/100%25/c.ts", true),
        ("capitals", "Videos/", "/videos/a.ts", false),
        ("capitals in the path", "videos/", "/VIDEOS/a.ts", false),
        ("UTF-8", "vid\u{e9}os/", "/vid%C3%A9os/a.ts", true),
        ("another normalisation", "vide\u{301}os/", "/vid%C3%A9os/a.ts", false),
        ("dotted names", "videos/", "/videos/.hidden/..a/...", true),
        ("parameters are part of a segment", "videos/1/", "/videos/1;v=2/a.ts", false),
        ("a question mark, encoded", "a?b", "/a%3Fb", true),
        ("a hash, encoded", "a#b", "/a%23b", true),
    ] {
        let verdict = if covered { "200" } else { "403 out_of_scope" };
        assert_eq!(world.verdict(&get(target).query(token(uri))).await, verdict, "{name}");
    }
}

#[tokio::test]
async fn a_path_of_raw_utf8_reads_as_its_encoding_does() {
    let world = World::start(behind(vod())).await;
    let ask = get("/vid\u{e9}os/a.ts").query(token("vid\u{e9}os/")).http1_only().beyond_actix();
    let answer = world.ask(&ask).await;
    assert_eq!(answer.verdict(), "200");
    let broken = [b"GET /vid\xe9os/a.ts?auth=", token("").as_bytes()].concat();
    let rest = format!(" HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    let answer = world.raw([broken, rest.into_bytes()].concat()).await;
    assert_eq!(answer.status, 400, "Latin-1 is no UTF-8");
    assert!(!answer.is_inner());
}

#[tokio::test]
async fn outside_every_base_path_a_request_passes_untouched() {
    let world = World::start(behind(vod().base_path("/media/").strip_credentials(true))).await;
    for target in [
        "/",
        "/index.html",
        "/api//x",
        "/a/../b",
        "/%",
        "/%zz",
        "/a%00",
        "/x%2fy",
        "/mediaX/a",
        "/medi",
        "/MEDIAX/a",
        "/x/media/a",
        "/a\\b",
        "/100%25",
    ] {
        let ask = get(format!("{target}?auth=a&auth=b")).cookie("x").bearer("y");
        let answer = world.ask(&ask).await;
        let seen =
            format!("GET {target}?auth=a&auth=b\nauthorization: Bearer y\ncookie: Qencode-Auth-Token=x\n");
        assert_eq!(answer.seen(), seen, "{target}");
        assert_eq!(answer.field("cache-control"), None, "{target}");
        assert_eq!(answer.field("vary"), None, "{target}");
    }
}

#[tokio::test]
async fn a_path_outside_that_can_be_read_as_inside_is_refused() {
    let world = World::start(behind(vod().base_path("/media/"))).await;
    for target in [
        "//media/a",
        "///media/a",
        "/./media/a",
        "/a/../media/b",
        "/a/%2e%2e/media/b",
        "/%256dedia/a",
        "/%25256dedia/a",
        "/media%2fa",
        "/media%252fa",
        "/media%5ca",
        "/\\media/a",
        "/%2fmedia/a",
        "/x//../media/a",
        "/x/..//media/a",
        "/media/../other",
        "/media/a%",
        "/a/..%2fmedia/b",
        "/..%5cmedia/b",
        "/%2e/media",
    ] {
        let answer = world.ask(&get(target).query(token(""))).await;
        assert_eq!(answer.verdict(), "400 ambiguous_path", "{target}");
    }
}

fn behind_both(one: Site, another: Site) -> playgate::Verifier {
    gate()
        .site(one)
        .site(another)
        .outside(Outside::Pass)
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_path_that_a_file_system_may_fold_into_a_base_path_is_refused() {
    let open_root = Site::bucket("open").host(HOST).id("open").public();
    for (name, verifier) in [
        ("alone", behind(vod().base_path("/media/caf\u{e9}s/"))),
        ("beside a public root", behind_both(vod().base_path("/media/caf\u{e9}s/"), open_root)),
    ] {
        let world = World::start(verifier).await;
        for target in [
            "/MEDIA/caf%C3%A9s/a.ts",
            "/Media/CAF%C3%89S/a.ts",
            "/media./caf%C3%A9s/a.ts",
            "/media%20/caf%C3%A9s/a.ts",
            "/media/caf%C3%A9s.%20./a.ts",
            "/media%2e/caf%C3%A9s",
            "/media/caf%C3%A9%C5%BF/a.ts",
            "/media::$INDEX_ALLOCATION/caf%C3%A9s/a.ts",
            "/%4dedia/caf%C3%A9s/a.ts",
            "/.../media/caf%C3%A9s/a.ts",
        ] {
            let answer = world.ask(&get(target).query(token(""))).await;
            assert_eq!(answer.verdict(), "400 ambiguous_path", "{name}: {target}");
        }
        for target in ["/MEDIA/caf%C3%A9/a.ts", "/medias/caf%C3%A9s/a.ts", "/media"] {
            assert_eq!(world.verdict(&get(target)).await, "200", "{name}: {target}");
        }
        for target in ["/media/caf%C3%A9s/A.TS", "/media/caf%C3%A9s/MEDIA./a.ts"] {
            assert_eq!(world.verdict(&get(target)).await, "401 credential_missing", "{name}: {target}");
            assert_eq!(world.verdict(&get(target).query(token(""))).await, "200", "{name}: {target}");
        }
    }
}

#[tokio::test]
async fn a_path_that_decodes_again_into_another_site_is_refused_whatever_that_site_is() {
    let open_root = Site::bucket("open").host(HOST).id("open").public();
    let open_folder = Site::bucket("open").host(HOST).id("open").base_path("/media/open/").public();
    let beside_root = World::start(behind_both(vod().base_path("/media/"), open_root)).await;
    let around_folder = World::start(behind_both(vod().base_path("/media/"), open_folder)).await;
    for (name, world, target) in [
        ("a public root", &beside_root, "/%256dedia/a.ts"),
        ("a public root", &beside_root, "/%25256dedia/a.ts"),
        ("a public root", &beside_root, "/%256DEDIA/a.ts"),
        ("a public folder", &around_folder, "/media/%256fpen/a.ts"),
        ("a public folder", &around_folder, "/media/OPEN/a.ts"),
        ("a public folder", &around_folder, "/media/open./a.ts"),
    ] {
        let answer = world.ask(&get(target).query(token(""))).await;
        assert_eq!(answer.verdict(), "400 ambiguous_path", "{name}: {target}");
    }
    assert_eq!(beside_root.verdict(&get("/50%25off/a.ts")).await, "200", "no reading is inside");
    assert_eq!(around_folder.verdict(&get("/media/open/A.ts")).await, "200");
    assert_eq!(around_folder.verdict(&get("/media/opened/a.ts")).await, "401 credential_missing");
}

#[tokio::test]
async fn inside_a_base_path_the_key_begins_after_its_slash() {
    let world = World::start(behind(vod().base_path("/media/"))).await;
    for (name, target, uri, verdict) in [
        ("below", "/media/videos/1/a.ts", "videos/1/", "200"),
        (
            "the base path is not part of the key",
            "/media/videos/1/a.ts",
            "media/videos/1/",
            "403 out_of_scope",
        ),
        ("the base path spelled otherwise", "/%6Dedia/videos/1/a.ts", "videos/1/", "200"),
        ("the base path itself", "/media/", "", "200"),
        ("the base path without its slash", "/media", "", "200"),
        ("the base path twice", "/media/media/a", "media/", "200"),
    ] {
        assert_eq!(world.verdict(&get(target).query(token(uri))).await, verdict, "{name}");
        assert_eq!(world.verdict(&get(target)).await, "401 credential_missing", "{name}");
    }
}

#[tokio::test]
async fn on_one_host_the_longest_base_path_wins() {
    let site = |bucket: &str, base: &str| Site::bucket(bucket).id(bucket).host(HOST).base_path(base);
    let keys = ["a", "b", "c"].map(|bucket| TestKey::Secret.key_as(bucket, KeyScope::bucket(bucket)));
    let verifier = gate()
        .site(site("a", "/"))
        .site(site("c", "/media/private/deep/"))
        .site(site("b", "/media/private/"))
        .keys(keys)
        .build()
        .unwrap();
    let world = World::start(verifier).await;
    for (target, bucket) in [
        ("/media/x.ts", "a"),
        ("/media/privates/x.ts", "a"),
        ("/media/private/x.ts", "b"),
        ("/media/private", "b"),
        ("/media/private/deeper/x.ts", "b"),
        ("/media/private/deep/x.ts", "c"),
        ("/media/%70rivate/deep/x.ts", "c"),
    ] {
        for kid in ["a", "b", "c"] {
            let header = format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);
            let ask = get(target).query(TestKey::Secret.sign(&header, r#"{"uri":""}"#));
            let verdict = if kid == bucket { "200" } else { "403 wrong_key" };
            assert_eq!(world.verdict(&ask).await, verdict, "{kid} on {target}");
        }
    }
}

#[tokio::test]
async fn a_path_too_long_to_look_at_is_not_let_past() {
    let long = format!("/{}", "a".repeat(5000));
    let whole = World::start(behind(vod())).await;
    assert_eq!(whole.verdict(&get(&*long).cookie(token(""))).await, "400 ambiguous_path");
    let verifier =
        gate().site(vod().base_path("/media/")).outside(Outside::Pass).unknown_host(UnknownHost::Pass);
    let verifier = verifier.build().unwrap();
    let folder = World::start(verifier).await;
    assert_eq!(folder.verdict(&get(format!("/{}", "%61".repeat(2000)))).await, "400 ambiguous_path");
    assert_eq!(folder.verdict(&get(&*long)).await, "400 ambiguous_path");
    assert_eq!(folder.verdict(&get(&*long).host("elsewhere.example.com")).await, "200");
}

#[tokio::test]
async fn a_path_too_long_to_look_at_is_answered_as_the_site_says_that_it_stands_in() {
    let site = |base: &str, status| vod().id(base).base_path(base).answer(Code::AmbiguousPath, status);
    let sites = [site("/media/", 404), site("/media/a/", 410), site("/other/longer/", 451)];
    let verifier =
        sites.into_iter().fold(gate().outside(Outside::Refuse), VerifierBuilder::site).build().unwrap();
    let world = World::start(verifier).await;
    let long = "a".repeat(5000);
    for (folder, verdict) in [
        ("/media/", "404 ambiguous_path"),
        ("/media/a/", "410 ambiguous_path"),
        ("/other/longer/", "451 ambiguous_path"),
    ] {
        assert_eq!(world.verdict(&get(format!("{folder}{long}"))).await, verdict, "{folder}");
    }
}
