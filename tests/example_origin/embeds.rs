//! Its embed tokens: issued, counted, rotated and taken back, by curl and in Chromium.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::players::found;
use crate::{Origin, plays_hls};

#[test]
fn an_embed_token_is_issued_counted_rotated_and_taken_back() {
    if !found("curl") {
        return;
    }
    let origin = Origin::start();
    let manage = origin.embeds();
    let asked_from =
        |referer: &str, url: &str| -> Answer { Answer::to(&["-H", &format!("Referer: {referer}"), url]) };
    let issue = |path: &str, viewer: &str| -> (String, String) {
        let wanted = json!({"video": "1", "viewer": viewer}).to_string();
        let url = format!("{manage}{path}");
        let answer = Answer::to(&["-H", "Content-Type: application/json", "-d", &wanted, &url]);
        assert_eq!(
            (answer.status, answer.field("cache-control")),
            (201, Some("no-store")),
            "{}",
            answer.body
        );
        let text = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
        (text("token"), text("page"))
    };

    // The page says in whose frames it may stand, and for whom it plays; nobody else gets it.
    let (token, page) = issue("tokens", "a </script> viewer");
    for framing in [&origin.page(), &manage] {
        let answer = asked_from(framing, &page);
        let allowed = format!(
            "frame-ancestors 'self' {} {}",
            origin.page().trim_end_matches('/'),
            manage.trim_end_matches('/')
        );
        assert_eq!(
            (answer.status, answer.field("content-security-policy")),
            (200, Some(&*allowed)),
            "{framing}"
        );
        let (_, data) = answer.body.split_once("id=\"demo\">").unwrap();
        let (data, _) = data.split_once("</script>").unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data, json!({"video": "1", "viewer": "a </script> viewer"}));
    }
    let elsewhere = asked_from("https://elsewhere.example/", &page);
    assert_eq!((elsewhere.status, elsewhere.code()), (403, "origin_not_allowed".into()));

    // From the page's first request to a segment, each URL is the one that the playlist before names.
    let (host, _) = page.split_once("watch/").unwrap();
    let master = format!("{host}videos/1/master.m3u8?auth={token}");
    let follow = |url: &str| {
        let answer = asked_from(host, url);
        assert_eq!((answer.status, answer.field("cache-control")), (200, Some("private, no-cache")));
        let (folder, _) = url.split_once('?').unwrap().0.rsplit_once('/').unwrap();
        let next = answer.body.lines().find(|line| !line.starts_with('#')).unwrap();
        assert!(next.ends_with(&format!("?auth={token}")), "the token is carried on");
        format!("{folder}/{next}")
    };
    let playlist = follow(&master);
    let segment = follow(&playlist);
    let status = |url: &str| {
        let answer = asked_from(host, url);
        (answer.status, answer.code())
    };
    assert_eq!(status(&segment), (200, String::new()));
    let one = format!("{manage}tokens/{token}");
    let counts = Answer::to(&[&one]).json();
    assert_eq!((&counts["granted"], &counts["denied"]), (&json!(5), &json!({"origin_not_allowed": 1})));

    // Taken back, it opens nothing; others play on until their video is rotated.
    let (other, _) = issue("tokens", "bob");
    assert_eq!(Answer::to(&["-X", "DELETE", &one]).status, 204);
    for url in [&page, &master, &playlist, &segment] {
        assert_eq!(status(url), (403, "revoked".into()), "{}", url.replace(&token, "…"));
    }
    let counts = Answer::to(&[&one]).json();
    assert_eq!((&counts["granted"], &counts["denied"]["revoked"]), (&json!(5), &json!(4)));
    assert_eq!(status(&master.replace(&token, &other)).0, 200);
    let (fresh, _) = issue("rotate", "cyd");
    let (rotated, code) = status(&master.replace(&token, &other));
    assert_eq!((rotated, &*code), (403, "revoked"));
    assert_eq!(status(&master.replace(&token, &fresh)).0, 200);

    let log = origin.log();
    for token in [token, other, fresh] {
        assert!(!log.contains(&token), "an embed token in the log:\n{log}");
    }
}

#[test]
fn embed_tokens_are_managed_by_who_asks_the_management_address_itself() {
    if !found("curl") {
        return;
    }
    let origin = Origin::start();
    let tokens = format!("{}tokens", origin.embeds());
    let wanted = r#"{"video": "1", "viewer": "ann"}"#;
    let json = "Content-Type: application/json";
    for (name, arguments, status) in [
        ("a form, which pages elsewhere can send", &["-d", wanted][..], 415),
        ("another name for the address", &["-H", json, "-H", "Host: rebound.example", "-d", wanted], 421),
        ("no video", &["-H", json, "-d", r#"{"viewer": "ann"}"#], 422),
        ("a video that is no segment", &["-H", json, "-d", r#"{"video": "a/b", "viewer": "ann"}"#], 400),
        ("as asked for", &["-H", json, "-d", wanted], 201),
    ] {
        let answer = Answer::to(&[arguments, &[&tokens]].concat());
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
    }
    for (name, token, status) in [("unknown", "0".repeat(32), 404), ("no token", "0".repeat(31), 400)] {
        assert_eq!(Answer::to(&[&format!("{tokens}/{token}")]).status, status, "{name}");
    }
    let page = Answer::to(&[&origin.embeds()]);
    assert_eq!((page.status, page.field("content-security-policy")), (200, Some("frame-ancestors 'none'")));
}

#[test]
fn in_chromium_an_embed_page_plays_until_its_token_is_taken_back() {
    if !(found("curl") && found("chromium") && found("chromedriver")) {
        return;
    }
    let origin = Origin::start();
    let browser = Browser::start();
    browser.open(&origin.embeds());
    let click = |button: &str| {
        browser.look_into(None);
        browser.run(&format!("document.querySelector({button:?}).click()"));
    };
    let newest = "section:first-child iframe";
    let state_of = |frame: &str| {
        browser.look_into(None);
        browser.wait_until("there is a card", &format!("return !!document.querySelector({frame:?})"));
        browser.look_into(Some(frame));
        browser.wait_until(
            "the player got somewhere",
            "return players.length === 1 && players[0].dataset.state !== 'loading'",
        );
        browser.run("return players[0].dataset.state")
    };

    click("#issue");
    let state = state_of(newest);
    if !plays_hls(&browser) {
        assert_eq!(state, "unavailable");
        return;
    }
    let plays_on = "return players[0].dataset.state === 'playing' && players[0].currentTime > 0.5";
    let stopped = |codes: &str| {
        format!(
            "return players[0].dataset.state === 'failed'
                && / 403 ({codes})$/.test(document.querySelector('.status').innerText)"
        )
    };
    browser.wait_until("it plays", plays_on);

    click("section:first-child .revoke");
    browser.wait_until(
        "its counters tell",
        "return / revoked \\d+/.test(document.querySelector('section:first-child .counts').innerText)",
    );
    browser.look_into(Some(newest));
    browser.wait_until("it stopped, and says why", &stopped("revoked"));

    // A fresh token plays; rotated, the video has another that plays in its place.
    click("#issue");
    browser.look_into(None);
    browser.wait_until("there is a second card", "return document.querySelectorAll('section').length === 2");
    state_of(newest);
    browser.wait_until("the fresh one plays", plays_on);
    click("#rotate");
    browser.wait_until("there is a third card", "return document.querySelectorAll('section').length === 3");
    state_of("section:nth-child(2) iframe");
    browser.wait_until("the fresh one stopped, and says why", &stopped("revoked"));
    state_of(newest);
    browser.wait_until("the newest one plays", plays_on);
    assert!(origin.log().contains("code=\"revoked\""), "{}", origin.log());
}

/// What curl gets.
struct Answer {
    status: u16,
    fields: String,
    body: String,
}

impl Answer {
    fn to(arguments: &[&str]) -> Self {
        let Output { stdout, .. } =
            Command::new("curl").args(["-si", "--noproxy", "*"]).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&stdout); // a segment is no text
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let (status, fields) = head.split_once("\r\n").unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, fields: fields.to_owned(), body: body.to_owned() }
    }

    fn field(&self, name: &str) -> Option<&str> {
        let fields = self.fields.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The code of a refusal; empty where there is none.
    fn code(&self) -> String {
        let refused = self.field("content-type") == Some("application/problem+json");
        if refused { self.json()["code"].as_str().unwrap().to_owned() } else { String::new() }
    }
}
