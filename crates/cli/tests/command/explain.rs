use crate::world::World;

/// A token for `videos/1/`, for the site of the configuration.
fn token(world: &World) -> String {
    let args = ["mint", "token", "--scope", "videos/1/", "--key", "private/2026-12.pem", "--expires", "1h"];
    world.good(&args).trim().to_owned()
}

#[test]
fn a_refused_url_is_explained_with_the_rule_that_failed_and_the_remedy() {
    let world = World::new();
    let token = token(&world);
    let url = format!("https://cdn.example.com/videos/10/a.ts?token={token}");
    let ran = world.run(&["explain", &url, "--client", "203.0.113.7"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{ran:?}");
    for part in [
        "403 out_of_scope   GET cdn.example.com/videos/10/a.ts\n",
        "for client 203.0.113.7\n",
        "site        cdn (exact host, base path /), bucket \"vod\", authenticated\n",
        "signed-token in query parameter \"token\"\n",
        "FAILED      scope: ",
        "\"videos/10/\", \"videos/\" or \"videos/10/a.ts\"",
    ] {
        assert!(ran.stdout.contains(part), "{part:?}: {}", ran.stdout);
    }
    let signature = token.rsplit('.').next().unwrap();
    assert!(!ran.stdout.contains(signature), "{}", ran.stdout);
}

#[test]
fn a_granted_url_exits_with_zero_and_an_expired_one_does_not() {
    let world = World::new();
    let url = format!("https://cdn.example.com/videos/1/a.ts?token={}", token(&world));
    let text = world.good(&["explain", &url]);
    assert!(text.starts_with("granted   GET cdn.example.com/videos/1/a.ts\n"), "{text}");
    assert!(text.contains("keys/2026-12.pem") || text.contains("kid \"2026-12\""), "{text}");
    let ran = world.run(&["explain", &url, "--at", "2099-01-01T00:00:00Z", "--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["code"], "expired");
    assert_eq!(json["at"], 4_070_908_800_i64);
    let steps = json["credentials"][0]["steps"].as_array().unwrap();
    let failed = steps.iter().find(|step| step["result"] == "failed").unwrap();
    assert_eq!(failed["rule"], "expiry");
    assert!(failed["detail"].as_str().unwrap().contains(" ago"), "{failed}");
}

#[test]
fn cookies_header_fields_and_the_method_are_those_of_the_request() {
    let world = World::new();
    let token = token(&world);
    let url = "https://cdn.example.com/videos/1/a.ts";
    let by_cookie = world.good(&["explain", url, "--cookie", &format!("viewer={token}")]);
    assert!(by_cookie.contains("in cookie \"viewer\""), "{by_cookie}");
    let by_bearer = world.run(&["explain", url, "-H", &format!("Authorization: Bearer {token}")]);
    assert!(by_bearer.stdout.contains("the site's carriers do not include bearer"), "{by_bearer:?}");
    let put = world.run(&["explain", url, "--cookie", &format!("viewer={token}"), "--method", "PUT"]);
    assert!(put.stdout.starts_with("405 method"), "{put:?}");
    let host = world.run(&["explain", url, "-H", "Host: cdn.exampel.com"]);
    assert!(host.stdout.contains("differs by one letter from \"cdn.example.com\""), "{host:?}");
    let from_input = world.run_with_input(&["explain", "-"], format!("{url}?token={token}\n").as_bytes());
    assert_eq!(from_input.code, 0, "{from_input:?}");
}

#[test]
fn arguments_that_make_no_request_are_errors_of_usage() {
    let world = World::new();
    let url = "https://cdn.example.com/a";
    for (args, found) in [
        (vec!["explain", "/videos/1/a.ts"], "URL is"),
        (vec!["explain", url, "--header", "nothing"], "no colon"),
        (vec!["explain", url, "--at", "tomorrow"], "seconds since 1970"),
        (vec!["explain", url, "--client", "home"], "home"),
    ] {
        let ran = world.run(&args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(found), "{args:?}: {ran:?}");
    }
}

const TWELVE: &str = r#"version = 1
outside = "refuse"

[[site]]
hosts = ["cdn.example.com"]
id = "cdn"
serves = { bucket = "vod" }
base_path = "/media/"
cors = { origins = ["https://app.example.com"], credentials = true }

[[site]]
hosts = ["links.example.com"]
id = "links"
serves = { bucket = "links" }
accepts = ["secure-link"]

[site.secure_link]
preset = "gcore"
secret_file = "secrets/link"
ip_binding = "exact"

[[keys]]
dir = "keys"
scope = { bucket = "vod" }

[[keys]]
secret_file = "secrets/shared"
scope = { bucket = "music" }
"#;

/// A token whose signature is not valid. Scope, key and dates are checked before the signature.
fn unsigned(header: &str, claims: &str) -> String {
    use base64::Engine as _;
    let encode = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", encode(header), encode(claims), encode("no signature"))
}

#[test]
fn the_command_names_each_of_the_twelve_mistakes_and_its_remedy() {
    let world = World::new();
    world.write("playgate.toml", TWELVE);
    let es256 = r#"{"alg":"ES256","kid":"2026-12"}"#;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = |claims: &str| unsigned(es256, &format!(r#"{{"uri":"videos/1/"{claims}}}"#));
    let media = |query: &str| format!("https://cdn.example.com/media/videos/1/a.ts{query}");
    let auth = |token: String| media(&format!("?auth={token}"));
    let scope = world.good(&[
        "mint",
        "token",
        "--scope",
        "videos/1/",
        "--site",
        "cdn",
        "--key",
        "private/2026-12.pem",
    ]);
    let token = scope.trim();
    let link = ["mint", "link", "https://links.example.com/a.ts", "--client", "192.0.2.1"];
    let link = world.good(&link).trim().to_owned();
    let bearer = format!("Authorization: Bearer {token}");
    let plain = |url: String, says: [&'static str; 2]| (url, Vec::new(), says);
    let with = |url: String, options: &[&str], says: [&'static str; 2]| {
        (url, options.iter().map(|&option| option.to_owned()).collect(), says)
    };
    let mistakes: [(String, Vec<String>, [&str; 2]); 12] = [
        plain(
            "https://cdn.exmaple.com/media/a.ts".to_owned(),
            ["421 unknown_host", "differs by one letter from \"cdn.example.com\""],
        ),
        plain("https://cdn.example.com/videos/1/a.ts".to_owned(), ["404 outside", "are /media/"]),
        plain(auth(claims(&format!(r#","exp":{now}000"#))), ["401 malformed_token", "1000"]),
        plain(
            media(&format!("?Auth={token}")),
            ["401 credential_missing", "\"Auth\", but the site reads \"auth\""],
        ),
        plain(media(""), ["401 credential_missing", "Domain, Path and Secure"]),
        with(media(""), &["-H", &bearer], ["401 credential_missing", "do not include bearer"]),
        plain(
            auth(unsigned(es256, r#"{"uri":"media/videos/1/"}"#)),
            ["403 out_of_scope", "without the base path /media/"],
        ),
        plain(
            auth(unsigned(r#"{"alg":"HS256","kid":"shared"}"#, r#"{"uri":"videos/1/"}"#)),
            ["403 wrong_key", "bucket vod or of site cdn"],
        ),
        plain(
            auth(unsigned(r#"{"alg":"ES256","kid":"2026-11"}"#, r#"{"uri":"videos/1/"}"#)),
            ["401 unknown_key", "kid differs by one letter from \"2026-12\""],
        ),
        plain(
            auth(claims(&format!(r#","exp":{}"#, now - 3600))),
            ["401 expired", "about 1 h: check the clocks"],
        ),
        plain(link, ["403 link_bad", "the client's address is unknown"]),
        with(
            media(&format!("?auth={token}")),
            &["-H", "Origin: https://www.example.com"],
            ["granted", "cors.origins does not list \"https://www.example.com\""],
        ),
    ];
    for (url, options, [verdict, says]) in mistakes {
        let args: Vec<&str> =
            ["explain", url.as_str()].into_iter().chain(options.iter().map(String::as_str)).collect();
        let ran = world.run(&args);
        assert!(ran.stdout.starts_with(verdict), "{verdict}: {ran:?}");
        assert!(ran.stdout.contains(says), "{says}: {}", ran.stdout);
        assert_eq!(ran.code, i32::from(verdict != "granted"), "{ran:?}");
    }
}
