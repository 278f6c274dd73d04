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
