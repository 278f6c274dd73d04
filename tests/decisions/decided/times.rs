//! Time: dates in tokens, to the second, judged on every request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use playgate::error::{ClaimName, TokenFault};
use playgate::time::{Leeway, UnixSeconds};
use playgate::{Denial, KeyScope, Verifier};

use crate::support::{Answer, NOW, TestKey, World, behind, get, vod};

const EXPIRED: &str = "401 expired";
const EARLY: &str = "401 not_yet_valid";
const MALFORMED: &str = "401 malformed_token";
const REFUSED: &str = "401 claim_refused";

async fn present(world: &World, claims: &str) -> Answer {
    let token = TestKey::Secret.token(&format!(r#"{{"uri":"videos/1/"{claims}}}"#));
    world.ask(&get("/videos/1/a.ts").cookie(token)).await
}

fn with(site: playgate::Site) -> Verifier {
    crate::support::gate().site(site).key(TestKey::Secret.key(KeyScope::bucket("vod"))).build().unwrap()
}

#[tokio::test]
async fn a_token_without_exp_does_not_expire_unless_the_site_says_so() {
    for (name, site, verdict) in [
        ("default", vod(), "200"),
        ("require_exp", vod().require_exp(true), REFUSED),
        ("max_lifetime", vod().max_lifetime(Duration::from_mins(1)), REFUSED),
    ] {
        let world = World::start(with(site)).await;
        let answer = present(&world, "").await;
        assert_eq!(answer.verdict(), verdict, "{name}");
        if verdict == REFUSED {
            assert_eq!(answer.denial, Some(Denial::MissingClaim(ClaimName::Exp)), "{name}");
        }
        assert_eq!(present(&world, &format!(r#","exp":{}"#, NOW + 60)).await.verdict(), "200", "{name}");
    }
}

#[tokio::test]
async fn a_token_lives_from_nbf_up_to_the_second_before_exp() {
    let world = World::start(with(vod())).await;
    for (claims, verdict) in [
        (format!(r#","exp":{}"#, NOW + 1), "200"),
        (format!(r#","exp":{NOW}"#), EXPIRED),
        (format!(r#","exp":{}"#, NOW - 1), EXPIRED),
        (format!(r#","nbf":{}"#, NOW - 1), "200"),
        (format!(r#","nbf":{NOW}"#), "200"),
        (format!(r#","nbf":{}"#, NOW + 1), EARLY),
        (format!(r#","nbf":{NOW},"exp":{}"#, NOW + 1), "200"),
        (format!(r#","nbf":{},"exp":{NOW}"#, NOW + 1), EXPIRED),
        (r#","exp":999999999999"#.to_owned(), "200"),
        (r#","nbf":999999999999"#.to_owned(), EARLY),
        (r#","nbf":-9223372036854775808"#.to_owned(), "200"),
        (r#","nbf":0"#.to_owned(), "200"),
    ] {
        assert_eq!(present(&world, &claims).await.verdict(), verdict, "{claims}");
    }
}

#[tokio::test]
async fn exp_is_floored_and_nbf_is_ceiled() {
    let world = World::start(with(vod())).await;
    for (claims, verdict) in [
        (format!(r#","exp":{NOW}.999999"#), EXPIRED),
        (format!(r#","exp":{}.0"#, NOW + 1), "200"),
        (format!(r#","nbf":{NOW}.0"#), "200"),
        (format!(r#","nbf":{NOW}.000001"#), EARLY),
        (format!(r#","nbf":{}.999999"#, NOW - 1), "200"),
        (r#","exp":1.750000001e9"#.to_owned(), "200"),
        (r#","exp":1.75E+9"#.to_owned(), EXPIRED),
        (r#","exp":0.9"#.to_owned(), EXPIRED),
        (r#","nbf":1e-400"#.to_owned(), "200"),
    ] {
        assert_eq!(present(&world, &claims).await.verdict(), verdict, "{claims}");
    }
}

#[tokio::test]
async fn an_exp_of_zero_or_less_is_expired() {
    // Even for a clock that was never set.
    for now in [NOW, 0, -100] {
        let verifier = crate::support::at(now)
            .site(vod().leeway(Leeway::from_secs(60).unwrap()))
            .key(TestKey::Secret.key(KeyScope::bucket("vod")))
            .build()
            .unwrap();
        let world = World::start(verifier).await;
        for exp in ["0", "-0", "-1", "0.5", "-9223372036854775808"] {
            let answer = present(&world, &format!(r#","exp":{exp}"#)).await;
            assert_eq!(answer.verdict(), EXPIRED, "{exp} at {now}");
        }
    }
}

#[tokio::test]
async fn leeway_is_granted_on_both_ends_and_is_at_most_a_minute() {
    let site = vod().leeway(Leeway::from_secs(60).unwrap());
    let world = World::start(with(site)).await;
    for (claims, verdict) in [
        (format!(r#","exp":{}"#, NOW - 59), "200"),
        (format!(r#","exp":{}"#, NOW - 60), EXPIRED),
        (format!(r#","exp":{}.999"#, NOW - 60), EXPIRED),
        (format!(r#","nbf":{}"#, NOW + 60), "200"),
        (format!(r#","nbf":{}"#, NOW + 61), EARLY),
        (format!(r#","nbf":{}.5"#, NOW + 60), EARLY),
    ] {
        assert_eq!(present(&world, &claims).await.verdict(), verdict, "{claims}");
    }
    assert!(Leeway::from_secs(61).is_err());
}

#[tokio::test]
async fn a_token_that_lives_longer_than_the_site_allows_is_refused() {
    let world = World::start(with(vod().max_lifetime(Duration::from_hours(1)))).await;
    for (exp, verdict) in [
        (NOW + 1, "200"),
        (NOW + 3600, "200"),
        (NOW + 3601, REFUSED),
        (999_999_999_999, REFUSED),
        (NOW, EXPIRED),
    ] {
        let answer = present(&world, &format!(r#","exp":{exp}"#)).await;
        assert_eq!(answer.verdict(), verdict, "{exp}");
    }
    let answer = present(&world, &format!(r#","exp":{}"#, NOW + 3601)).await;
    let exp = UnixSeconds::new(NOW + 3601);
    assert_eq!(answer.denial, Some(Denial::LifetimeTooLong { exp, max: 3600 }));
}

#[tokio::test]
async fn a_date_that_is_no_number_is_malformed_and_never_absent() {
    let world = World::start(with(vod())).await;
    let later = NOW + 60;
    for (name, claim) in [("exp", ClaimName::Exp), ("nbf", ClaimName::Nbf)] {
        for value in [
            format!(r#""{later}""#),
            format!(r#""{}""#, NOW - 60),
            "null".to_owned(),
            "true".to_owned(),
            "false".to_owned(),
            "[]".to_owned(),
            format!("[{later}]"),
            "{}".to_owned(),
            r#""""#.to_owned(),
            r#""2099-01-01T00:00:00Z""#.to_owned(),
            "9223372036854775808".to_owned(),
            "-9223372036854775809".to_owned(),
            "1e400".to_owned(),
            "1e19".to_owned(),
        ] {
            let answer = present(&world, &format!(r#","{name}":{value}"#)).await;
            assert_eq!(answer.verdict(), MALFORMED, "{name}: {value}");
            assert_eq!(answer.denial, Some(Denial::MalformedClaim(claim)), "{name}: {value}");
        }
    }
}

#[tokio::test]
async fn a_date_in_milliseconds_is_malformed_and_never_far_in_the_future() {
    crate::support::lines_about("start");
    let world = World::start(with(vod())).await;
    for (name, claim) in [("exp", ClaimName::Exp), ("nbf", ClaimName::Nbf)] {
        for (value, date) in [
            ("1000000000000", 1_000_000_000_000),
            ("1790000000000", 1_790_000_000_000),
            ("1790000000000.5", 1_790_000_000_000),
            ("1.79e12", 1_790_000_000_000),
            ("1750000000000000", 1_750_000_000_000_000),
            ("9223372036854775807", i64::MAX),
        ] {
            let answer = present(&world, &format!(r#","{name}":{value}"#)).await;
            assert_eq!(answer.verdict(), MALFORMED, "{name}: {value}");
            let fault = TokenFault::Milliseconds { claim, date: UnixSeconds::new(date) };
            assert_eq!(answer.denial, Some(Denial::MalformedToken(fault)), "{name}: {value}");
        }
    }
    let remedy = "exp is 1790000000000: this looks like milliseconds, but NumericDate is in seconds";
    assert!(!crate::support::lines_about(remedy).is_empty(), "the log names the remedy");
}

#[tokio::test]
async fn time_is_judged_on_every_request() {
    let clock = Arc::new(AtomicI64::new(NOW));
    let ticking = Arc::clone(&clock);
    let verifier = Verifier::builder()
        .clock(move || UnixSeconds::new(ticking.load(Ordering::Relaxed)))
        .site(vod())
        .key(TestKey::Secret.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let world = World::start(verifier).await;
    let claims = format!(r#","nbf":{},"exp":{}"#, NOW + 10, NOW + 20);
    for (now, verdict) in [
        (NOW + 9, EARLY),
        (NOW + 10, "200"),
        (NOW + 19, "200"),
        (NOW + 20, EXPIRED),
        (NOW + 15, "200"),
        (NOW + 1000, EXPIRED),
    ] {
        clock.store(now, Ordering::Relaxed);
        assert_eq!(present(&world, &claims).await.verdict(), verdict, "at {now}");
    }
}

#[tokio::test]
async fn the_default_clock_is_the_systems() {
    let verifier =
        Verifier::builder().site(vod()).key(TestKey::Secret.key(KeyScope::bucket("vod"))).build().unwrap();
    let world = World::start(verifier).await;
    let now = UnixSeconds::now().get();
    assert_eq!(present(&world, &format!(r#","exp":{}"#, now + 3600)).await.verdict(), "200");
    assert_eq!(present(&world, &format!(r#","exp":{}"#, now - 1)).await.verdict(), EXPIRED);
}

#[tokio::test]
async fn an_expired_token_is_told_apart_from_a_forged_one_only_by_what_it_claims() {
    let world = World::start(behind(vod())).await;
    let forged = TestKey::RsaOther.sign(&TestKey::Rsa.header(), r#"{"uri":"videos/1/","exp":1}"#);
    let answer = world.ask(&get("/videos/1/a.ts").cookie(forged)).await;
    assert_eq!(answer.verdict(), EXPIRED, "junk leaves before any cryptography");
    assert!(!answer.denial.unwrap().verified(), "and nothing in it is believed");
}
