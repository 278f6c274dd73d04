//! Finding credentials.

use playgate::schemes::Carrier;
use playgate::{Denial, KeyScope, error::Repeated, error::TokenFault};

use crate::support::{HOST, NOW, TestKey, World, behind, gate, get, token, vod};

const PATH: &str = "/videos/1/a.ts";

#[tokio::test]
async fn the_first_carrier_that_is_present_decides() {
    let world = World::start(behind(vod())).await;
    let (good, bad) = (token("videos/1/"), token("videos/2/"));
    for (name, ask, verdict) in [
        ("nothing", get(PATH), "401 credential_missing"),
        ("good query", get(PATH).query(&good), "200"),
        ("good cookie", get(PATH).cookie(&good), "200"),
        ("bad query beside a good cookie", get(PATH).query(&bad).cookie(&good), "403 out_of_scope"),
        ("good query beside a bad cookie", get(PATH).query(&good).cookie(&bad), "200"),
        ("bad cookie", get(PATH).cookie(&bad), "403 out_of_scope"),
    ] {
        assert_eq!(world.verdict(&ask).await, verdict, "{name}");
    }
}

#[tokio::test]
async fn present_but_bad_is_never_absent() {
    let world =
        World::start(behind(vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]))).await;
    let good = token("videos/1/");
    for (name, ask) in [
        ("query without value", get(format!("{PATH}?auth"))),
        ("empty query value", get(format!("{PATH}?auth="))),
        ("query junk", get(format!("{PATH}?auth=undefined"))),
        ("query of broken percent-encoding", get(format!("{PATH}?auth=%zz"))),
        ("name spelled with percent-encoding", get(format!("{PATH}?%61uth=x"))),
        ("bare Bearer", get(PATH).field("authorization", "Bearer")),
        ("Bearer and junk", get(PATH).bearer("undefined")),
    ] {
        assert_eq!(world.verdict(&ask.cookie(&good)).await, "401 malformed_token", "{name}");
    }
    for (name, value) in [("empty cookie", ""), ("cookie junk", "undefined"), ("quoted", "\"x\"")] {
        assert_eq!(world.verdict(&get(PATH).cookie(value)).await, "401 malformed_token", "{name}");
    }
}

#[tokio::test]
async fn what_has_another_name_is_absent() {
    let world = World::start(behind(vod())).await;
    let good = token("videos/1/");
    for (name, ask) in [
        ("query name in capitals", get(format!("{PATH}?AUTH={good}"))),
        ("query name as a suffix", get(format!("{PATH}?xauth={good}"))),
        ("query name as a prefix", get(format!("{PATH}?authx={good}"))),
        ("separated by a semicolon", get(format!("{PATH}?a=1;auth={good}"))),
        ("name in an encoded =", get(format!("{PATH}?auth%3D{good}"))),
        ("cookie name in small letters", get(PATH).field("cookie", format!("qencode-auth-token={good}"))),
        ("cookie name encoded", get(PATH).field("cookie", format!("Qencode-Auth%2DToken={good}"))),
        ("cookie name as a suffix", get(PATH).field("cookie", format!("XQencode-Auth-Token={good}"))),
        ("cookie inside another's value", get(PATH).field("cookie", format!("a=Qencode-Auth-Token={good}"))),
        ("cookie without =", get(PATH).field("cookie", "Qencode-Auth-Token")),
    ] {
        assert_eq!(world.verdict(&ask).await, "401 credential_missing", "{name}");
    }
}

#[tokio::test]
async fn a_bearer_token_is_looked_at_where_the_site_lists_it_and_then_between_query_and_cookie() {
    let (good, bad) = (token("videos/1/"), token("videos/2/"));
    let listed =
        World::start(behind(vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]))).await;
    for (name, ask, verdict) in [
        ("good bearer", get(PATH).bearer(&good), "200"),
        ("scheme in any case", get(PATH).field("authorization", format!("bEARER {good}")), "200"),
        ("several spaces", get(PATH).field("authorization", format!("Bearer   {good}")), "200"),
        ("good query first", get(PATH).query(&good).bearer(&bad), "200"),
        ("bad query first", get(PATH).query(&bad).bearer(&good), "403 out_of_scope"),
        ("bad bearer before a good cookie", get(PATH).bearer(&bad).cookie(&good), "403 out_of_scope"),
        ("good bearer before a bad cookie", get(PATH).bearer(&good).cookie(&bad), "200"),
    ] {
        assert_eq!(listed.verdict(&ask).await, verdict, "{name}");
    }
    let unlisted = World::start(behind(vod())).await;
    for (name, ask, verdict) in [
        ("an application's own bearer", get(PATH).bearer("theirs").cookie(&good), "200"),
        ("nothing but a bearer", get(PATH).bearer(&good), "401 credential_missing"),
        ("two of them", get(PATH).bearer("a").bearer("b").cookie(&good), "200"),
    ] {
        assert_eq!(unlisted.verdict(&ask).await, verdict, "unlisted: {name}");
    }
}

#[tokio::test]
async fn basic_counts_as_absent() {
    let world =
        World::start(behind(vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]))).await;
    let basic = |ask: crate::support::Ask| ask.field("authorization", "Basic dTpw");
    let good = token("videos/1/");
    assert_eq!(world.verdict(&basic(get(PATH))).await, "401 credential_missing");
    assert_eq!(world.verdict(&basic(get(PATH)).cookie(&good)).await, "200");
    let bearer_like = get(PATH).field("authorization", format!("Bearerx {good}"));
    assert_eq!(world.verdict(&bearer_like).await, "401 credential_missing");
}

#[tokio::test]
async fn a_carrier_that_a_site_does_not_list_is_not_looked_at() {
    let (good, bad) = (token("videos/1/"), token("videos/2/"));
    let cookies = World::start(behind(vod().carriers([Carrier::Cookie]))).await;
    assert_eq!(cookies.verdict(&get(PATH).query(&bad).cookie(&good)).await, "200");
    assert_eq!(cookies.verdict(&get(PATH).query(&good)).await, "401 credential_missing");
    assert_eq!(cookies.verdict(&get(PATH).query("a").query("b").cookie(&good)).await, "200");
    let query = World::start(behind(vod().carriers([Carrier::Query]))).await;
    assert_eq!(query.verdict(&get(PATH).cookie(&good)).await, "401 credential_missing");
}

#[tokio::test]
async fn a_site_can_name_its_parameter_and_its_cookie() {
    let world = World::start(behind(vod().query_name("token").cookie_name("viewer"))).await;
    let good = token("videos/1/");
    let named = get(format!("{PATH}?token={good}"));
    assert_eq!(world.verdict(&named).await, "200");
    assert_eq!(world.verdict(&get(PATH).field("cookie", format!("viewer={good}"))).await, "200");
    assert_eq!(world.verdict(&get(PATH).query(&good).cookie(&good)).await, "401 credential_missing");
}

#[tokio::test]
async fn a_query_value_is_percent_decoded_once() {
    let world = World::start(behind(vod())).await;
    let good = token("videos/1/");
    let encoded = good.replace('.', "%2E").replace('e', "%65");
    assert_eq!(world.verdict(&get(PATH).query(&encoded)).await, "200");
    let twice = good.replace('.', "%252E");
    assert_eq!(world.verdict(&get(PATH).query(&twice)).await, "401 malformed_token");
    let broken = world.ask(&get(PATH).query(format!("{good}%"))).await;
    assert_eq!(broken.denial, Some(Denial::MalformedToken(TokenFault::PercentEncoding)));
    // Only a query is decoded.
    assert_eq!(world.verdict(&get(PATH).cookie(&encoded)).await, "401 malformed_token");
}

#[tokio::test]
async fn a_credential_that_occurs_twice_in_one_place_is_400() {
    let world =
        World::start(behind(vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]))).await;
    let good = token("videos/1/");
    let query = Denial::AmbiguousCredential(Repeated::QueryParameter);
    let authorization = Denial::AmbiguousCredential(Repeated::Authorization);
    for (name, ask, denial) in [
        ("same parameter", get(PATH).query(&good).query(&good), query),
        ("second empty", get(format!("{PATH}?auth={good}&auth")), query),
        ("second spelled otherwise", get(format!("{PATH}?auth={good}&a=1&%61%75th=x")), query),
        ("two bearers", get(PATH).bearer(&good).bearer(&good), authorization),
        ("bearer and basic", get(PATH).bearer(&good).field("authorization", "Basic dTpw"), authorization),
        ("in the query, beside a good cookie", get(PATH).query("a").query("b").cookie(&good), query),
    ] {
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), "400 ambiguous_credential", "{name}");
        assert_eq!(answer.denial, Some(denial), "{name}");
    }
}

#[tokio::test]
async fn several_cookies_of_one_name_each_stand_on_their_own_up_to_four() {
    let world = World::start(behind(vod())).await;
    let (good, bad) = (token("videos/1/"), token("videos/2/"));
    for place in 0..6 {
        let cookies: Vec<&str> = (0..6).map(|at| if at == place { &*good } else { &*bad }).collect();
        let one_field = get(PATH).cookie(cookies.join("; Qencode-Auth-Token="));
        let several_fields = cookies.iter().fold(get(PATH), crate::support::Ask::cookie);
        let verdict = if place < 4 { "200" } else { "403 out_of_scope" };
        assert_eq!(world.verdict(&one_field).await, verdict, "one field, good at {place}");
        assert_eq!(world.verdict(&several_fields).await, verdict, "several fields, good at {place}");
    }
}

#[tokio::test]
async fn of_several_bad_cookies_the_most_telling_denial_is_reported() {
    let keys = [TestKey::Rsa.key(KeyScope::bucket("vod")), TestKey::P256.key(KeyScope::bucket("other"))];
    let world = World::start(gate().site(vod()).keys(keys).build().unwrap()).await;
    let expired = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","exp":{NOW}}}"#));
    let good = token("videos/1/");
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    // From the least telling to the most.
    let ranked = [
        ("", "401 malformed_token"),
        (&*TestKey::Ed25519.token("{}"), "401 unknown_key"),
        (&*TestKey::P256.token(r#"{"uri":"videos/1/"}"#), "403 wrong_key"),
        (&*expired, "401 expired"),
        (&*token("videos/2/"), "403 out_of_scope"),
        (&*forged, "401 bad_signature"),
    ];
    for (less, (weak, _)) in ranked.iter().enumerate() {
        for (strong, verdict) in &ranked[less..] {
            let in_order = get(PATH).cookie(weak).cookie(strong);
            let reversed = get(PATH).cookie(strong).cookie(weak);
            assert_eq!(world.verdict(&in_order).await, *verdict, "{weak} then {strong}");
            assert_eq!(world.verdict(&reversed).await, *verdict, "{strong} then {weak}");
        }
    }
}

#[tokio::test]
async fn several_cookie_fields_are_one_list() {
    let world = World::start(behind(vod())).await;
    let good = token("videos/1/");
    let mixed = get(PATH)
        .field("cookie", "theme=dark")
        .field("cookie", format!("a=1; Qencode-Auth-Token={good}; b=2"))
        .field("cookie", "last=one");
    assert_eq!(world.verdict(&mixed).await, "200");
}

#[tokio::test]
async fn a_cookie_splits_at_the_first_equals_sign_and_blanks_around_the_pair_do_not_count() {
    let world = World::start(behind(vod())).await;
    let good = token("videos/1/");
    let crowded = get(PATH).field("cookie", format!("a=b=c;;  Qencode-Auth-Token={good}  ;=;x"));
    assert_eq!(world.verdict(&crowded).await, "200");
    let padded = world.ask(&get(PATH).cookie(format!("{good}="))).await;
    assert_eq!(padded.denial, Some(Denial::MalformedToken(TokenFault::Base64)), "the = belongs to the value");
}

#[tokio::test]
async fn the_same_holds_for_a_client_that_is_not_ours() {
    let world = World::start(behind(vod())).await;
    let good = token("videos/1/");
    for (door, address) in world.addresses() {
        for (version, extra, status) in [
            ("--http1.1", format!("Cookie: Qencode-Auth-Token={good}"), "200"),
            ("--http2-prior-knowledge", format!("Cookie: Qencode-Auth-Token={good}"), "200"),
            ("--http1.1", "X-None: 1".to_owned(), "401"),
            ("--http2-prior-knowledge", "X-None: 1".to_owned(), "401"),
        ] {
            let Some(got) = curl(&[
                version,
                "-H",
                &extra,
                "--resolve",
                &format!("{HOST}:{}:127.0.0.1", address.port()),
                &format!("http://{HOST}:{}{PATH}", address.port()),
            ])
            .await
            else {
                return; // no curl here
            };
            assert_eq!(got, status, "{door} {version}");
        }
    }
}

/// The status that curl prints; `None` where it is not installed.
async fn curl(arguments: &[&str]) -> Option<String> {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let run = move || {
        std::process::Command::new("curl")
            .args(["--silent", "--max-time", "10", "--output", "/dev/null", "--write-out", "%{http_code}"])
            .args(["--noproxy", "*"])
            .args(arguments)
            .output()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().ok()?;
    Some(String::from_utf8(output.stdout).unwrap())
}
