use crate::world::World;

#[test]
fn a_minted_token_is_decoded_and_nothing_is_verified() {
    let world = World::new();
    let token =
        world.good(&["mint", "token", "--scope", "videos/1/", "--kid", "shared", "--claim", "sub=u42"]);
    for ran in
        [world.run_with_input(&["inspect", "-"], token.as_bytes()), world.run(&["inspect", token.trim()])]
    {
        assert_eq!(ran.code, 0, "{ran:?}");
        for text in [
            "signed token (JWT)",
            "kid \"shared\"",
            "\"HS256\"",
            "\"videos/1/\"",
            "UTC (in 1 h)",
            "\"u42\"",
            "Nothing was verified",
        ] {
            assert!(
                ran.stdout.contains(text)
                    || (text == "UTC (in 1 h)" && ran.stdout.contains("UTC (in 59 min")),
                "{text}: {}",
                ran.stdout
            );
        }
        assert!(!ran.stdout.contains("problem"), "{}", ran.stdout);
    }
    let json = world.json(&["inspect", token.trim()]);
    assert_eq!(json[0]["kind"], "signed-token");
    assert_eq!(json[0]["verified"], false);
    assert_eq!(json[0]["kid"], "shared");
    assert_eq!(json[0]["parts"]["claims"]["aud"], "cdn");
    let exp = json[0]["dates"]["exp"]["seconds"].as_i64().unwrap();
    let iat = json[0]["dates"]["iat"]["seconds"].as_i64().unwrap();
    assert_eq!(exp - iat, 3600);
}

#[test]
fn every_kind_of_minted_url_is_decoded() {
    let world = World::new();
    let url = "https://media.example.com/videos/1/a.ts";
    let key = "private/K2JCJMDEHXQW5F.pem";
    for (args, kind, kid) in [
        (vec!["mint", "url", url, "--kid", "shared"], "signed-token", Some("shared")),
        (vec!["mint", "cookie", "--scope", "videos/1/", "--kid", "shared"], "signed-token", Some("shared")),
        (vec!["mint", "akamai", url, "--acl", "/videos/*"], "akamai", None),
        (vec!["mint", "cloudfront", url, "--key", key], "cloudfront", Some("K2JCJMDEHXQW5F")),
        (
            vec!["mint", "cloudfront", url, "--key", key, "--resource", "https://*/videos/*"],
            "cloudfront",
            Some("K2JCJMDEHXQW5F"),
        ),
    ] {
        let minted = world.good(&args);
        let json = world.json(&["inspect", minted.trim()]);
        assert_eq!(json.as_array().unwrap().len(), 1, "{json}");
        assert_eq!(json[0]["kind"], kind);
        assert_eq!(json[0]["kid"].as_str(), kid);
        assert_eq!(json[0]["problems"], serde_json::json!([]), "{json}");
        let dates = json[0]["dates"].as_object().unwrap();
        assert!(dates.values().any(|date| date["distance"].as_str().unwrap().starts_with("in ")), "{json}");
    }
}

#[test]
fn text_without_a_credential_is_refused() {
    let world = World::empty();
    for text in ["", "hello", "https://cdn.example.com/a.ts?x=1", "a.b.c"] {
        world.fails(&["inspect", text], 1, &["contains no credential"]);
    }
}

#[test]
fn a_hostile_token_does_not_reach_the_terminal_raw() {
    let world = World::empty();
    // {"alg":"none","kid":"\u001b[2J"} and {"sub":"\u202e"}
    let token = "eyJhbGciOiJub25lIiwia2lkIjoiXHUwMDFiWzJKIn0.eyJzdWIiOiJcdTIwMmUifQ.";
    let text = world.good(&["inspect", token]);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    assert!(text.contains("problem: ") && text.contains("\\u{1b}[2J"), "{text}");
}
