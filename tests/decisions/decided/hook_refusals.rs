//! The refusal of a hook: its own code, status and `Retry-After`, and a hook that panics.

use std::panic::panic_any;

use playgate::cors::Cors;
use playgate::error::Code;
use playgate::schemes::{HookRequest, Refuse};
use playgate::time::UnixSeconds;
use playgate::{Denial, KeyScope, Site, Verifier};

use crate::support::{NOW, TestKey, ThreadLog, World, behind, gate, get, lines_about, vod};

/// The refusals of [`choosy`], by the claim `why`.
const REFUSALS: &[(&str, Refuse)] = &[
    ("default", Refuse::new("refused_by_hook")),
    ("code", Refuse::new("geo_blocked")),
    ("status", Refuse::new("geo_blocked").status(451)),
    ("challenge", Refuse::new("log_in_again").status(401)),
    ("wait", Refuse::new("too_many_streams").status(429).retry_after(60)),
    ("now", Refuse::new("too_many_streams").retry_after(0)),
    ("broken", Refuse::new("Not A Code!").status(302)),
    ("built_in", Refuse::new("expired").status(500)),
];

/// The site `vod`, whose hook refuses each token for the reason in its claim `why`.
fn choosy(site: Site) -> Site {
    site.hook(|request: &HookRequest<'_>| {
        let refusal = REFUSALS.iter().find(|(why, _)| request.has("why", why));
        refusal.map_or(Ok(()), |(_, refuse)| Err(*refuse))
    })
}

fn token(why: &str) -> String {
    TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","why":"{why}"}}"#))
}

#[tokio::test]
async fn a_hook_chooses_code_status_and_retry_after_of_its_refusal() {
    lines_about("start");
    let world = World::start(behind(choosy(vod().cors(Cors::without_credentials(["*"]))))).await;
    let path = "/videos/1/chosen-by-a-hook.ts";
    for (why, verdict, challenge, wait) in [
        ("default", "403 refused_by_hook", None, None),
        ("code", "403 geo_blocked", None, None),
        ("status", "451 geo_blocked", None, None),
        ("challenge", "401 log_in_again", Some("Bearer"), None),
        ("wait", "429 too_many_streams", None, Some("60")),
        ("now", "403 too_many_streams", None, Some("0")),
        ("broken", "403 refused_by_hook", None, None),
        ("built_in", "500 refused_by_hook", None, None),
    ] {
        let path = format!("{path}/{why}");
        let answer = world.ask(&get(&path).query(token(why)).origin("https://app.example.com")).await;
        assert_eq!(answer.verdict(), verdict, "{why}");
        assert_eq!(answer.field("www-authenticate"), challenge, "{why}");
        assert_eq!(answer.field("retry-after"), wait, "{why}");
        assert_eq!(answer.field("cache-control"), Some("no-store"), "{why}");
        assert_eq!(answer.field("access-control-allow-origin"), Some("*"), "{why}");
        let problem = answer.problem().unwrap();
        assert_eq!(problem["detail"], "the request was refused by a rule of this server", "{why}");
        let denial = answer.denial.unwrap();
        assert_eq!((denial.code(), denial.verified()), (Code::RefusedByHook, true), "{why}");
        let code = verdict.split(' ').nth(1).unwrap();
        assert_eq!(denial.code_text(), code, "{why}");
        let lines = lines_about(&path);
        assert!(!lines.is_empty(), "{why}");
        for line in lines {
            assert!(line.contains(&format!("code=\"{code}\"")), "{why}: {line}");
        }
    }
    assert_eq!(world.verdict(&get(path).query(token("none"))).await, "200");
}

#[tokio::test]
async fn the_status_of_a_hook_wins_over_answers_and_answers_over_the_default() {
    let site = choosy(vod().answer(Code::RefusedByHook, 404));
    let world = World::start(behind(site)).await;
    for (why, verdict) in [
        ("default", "404 refused_by_hook"),
        ("code", "404 geo_blocked"),
        ("broken", "404 refused_by_hook"),
        ("status", "451 geo_blocked"),
    ] {
        assert_eq!(world.verdict(&get("/videos/1/a.ts").query(token(why))).await, verdict, "{why}");
    }
}

#[tokio::test]
async fn the_code_of_a_hook_is_hidden_with_the_other_reasons() {
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    let verifier = gate().site(choosy(vod())).key(key).expose_reason(false).build().unwrap();
    let world = World::start(verifier).await;
    let answer = world.ask(&get("/videos/1/a.ts").query(token("status"))).await;
    assert_eq!(&answer.body[..], br#"{"title":"Unavailable For Legal Reasons","status":451}"#);
}

/// The denial of a request for a file at `now`.
fn decide(verifier: &Verifier, now: i64) -> Option<Denial> {
    let request = get("/videos/1/a.ts").query(token("none")).parsed().unwrap();
    verifier.decide(&request, UnixSeconds::new(now)).denial()
}

#[test]
fn a_panic_in_a_hook_is_logged_once_in_a_second_and_without_its_payload() {
    let log = ThreadLog::start();
    let site = vod().hook(|request| panic_any(format!("a panic about {}", request.path())));
    let verifier = behind(site.clone());
    // A reload takes over the hook, and with it the time of the last line.
    for verifier in [&verifier, &behind(site)] {
        for _ in 0..100 {
            assert_eq!(decide(verifier, NOW), Some(Denial::HookPanicked));
        }
    }
    assert_eq!(log.lines_about("hook panicked").len(), 1);
    for now in [NOW + 1, NOW + 1, NOW + 3] {
        decide(&verifier, now);
    }
    let lines = log.lines_about("hook panicked");
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert!(line.contains("ERROR") && line.contains("site=\"cdn.example.com\""), "{line}");
    }
    assert!(log.lines_about("a panic about").is_empty());
    assert_eq!(Denial::HookPanicked.to_string(), "the site's hook panicked");
}

/// A payload whose destructor panics with another such payload.
struct Bomb(u8);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            panic_any(Bomb(self.0 - 1));
        }
    }
}

#[test]
fn a_payload_that_panics_when_it_is_dropped_is_a_refusal_too() {
    let verifier = behind(vod().hook(|_| panic_any(Bomb(2))));
    for _ in 0..3 {
        assert_eq!(decide(&verifier, NOW), Some(Denial::HookPanicked));
    }
}

#[tokio::test]
async fn a_hook_that_panics_refuses_with_the_sites_status_and_lets_others_in() {
    let site = vod().answer(Code::RefusedByHook, 410).hook(|request| {
        assert!(!request.has("why", "panic"), "a mistake in a hook");
        Ok(())
    });
    let world = World::start(behind(site)).await;
    for (why, verdict) in
        [("panic", "410 refused_by_hook"), ("none", "200"), ("panic", "410 refused_by_hook")]
    {
        let answer = world.ask(&get("/videos/1/a.ts").query(token(why))).await;
        assert_eq!(answer.verdict(), verdict);
        assert_eq!(answer.denial, (why == "panic").then_some(Denial::HookPanicked));
    }
}
