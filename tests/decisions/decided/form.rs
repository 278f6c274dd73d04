//! Compact form: three segments of canonical base64url around two strict JSON objects.

use jsonwebtoken::Algorithm;
use playgate::Denial;
use playgate::error::TokenFault;

use crate::support::{Answer, TestKey, World, behind, encode, get, vod};

const HEADER: &str = r#"{"alg":"RS256","kid":"rsa"}"#;
const PAYLOAD: &str = r#"{"uri":"videos/1/"}"#;

async fn present(world: &World, token: &str) -> Answer {
    world.ask(&get("/videos/1/a.ts").cookie(token)).await
}

/// Signed by the good key, so that nothing but the form can be at fault.
fn signed(segments: &str) -> String {
    TestKey::Rsa.sign_text(Algorithm::RS256, segments)
}

#[tokio::test]
async fn a_token_has_exactly_three_non_empty_segments() {
    let world = World::start(behind(vod())).await;
    let good = TestKey::Rsa.sign(HEADER, PAYLOAD);
    assert_eq!(present(&world, &good).await.verdict(), "200");
    let parts: Vec<&str> = good.split('.').collect();
    for token in [
        good.replace('.', ""),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("..{}", parts[2]),
        format!(".{}.{}", parts[1], parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{}", parts[2]),
        format!("{good}.x.y"),
        "..".to_owned(),
    ] {
        let answer = present(&world, &token).await;
        assert_eq!(answer.denial, Some(Denial::MalformedToken(TokenFault::Segments)), "{token}");
        assert_eq!(answer.verdict(), "401 malformed_token");
    }
}

#[tokio::test]
async fn base64url_is_unpadded_and_canonical_without_white_space() {
    let world = World::start(behind(vod())).await;
    let (header, payload) = (encode(HEADER), encode(PAYLOAD));
    // 19 bytes leave four bits over: "Q" and "R" would decode to the same byte.
    assert!(payload.ends_with('Q'), "{payload}");
    let trailing = format!("{}R", &payload[..payload.len() - 1]);
    let good = signed(&format!("{header}.{payload}"));
    let (text, signature) = good.rsplit_once('.').unwrap();
    for (name, token) in [
        ("padded payload", signed(&format!("{header}.{payload}=="))),
        ("padded header", signed(&format!("{header}=.{payload}"))),
        ("padded signature", format!("{good}==")),
        ("trailing bits in the payload", signed(&format!("{header}.{trailing}"))),
        ("trailing bits in the signature", {
            let last = signature.as_bytes()[signature.len() - 1];
            let next = char::from(last + 1);
            format!("{text}.{}{next}", &signature[..signature.len() - 1])
        }),
        ("a character too many", signed(&format!("{header}.{payload}AAA"))),
        ("a plus", signed(&format!("{header}.ey+{payload}"))),
        ("a slash", signed(&format!("{header}.ey/{payload}"))),
        ("a blank inside", signed(&format!("{header}. {payload}"))),
    ] {
        let answer = present(&world, &token).await;
        assert_eq!(answer.denial, Some(Denial::MalformedToken(TokenFault::Base64)), "{name}");
    }
    for (name, token) in [("a line feed", "%0A"), ("a blank", "%20"), ("a blank as a plus", "+")] {
        for ask in [
            get("/videos/1/a.ts").query(format!("{good}{token}")),
            get("/videos/1/a.ts").query(format!("{token}{good}")),
        ] {
            assert_eq!(world.verdict(&ask).await, "401 malformed_token", "{name}");
        }
    }
}

#[tokio::test]
async fn header_and_claims_are_strict_json_objects_with_nothing_after_them() {
    let world = World::start(behind(vod())).await;
    let fault = |fault| Some(Denial::MalformedToken(fault));
    for (name, payload) in [
        ("empty", ""),
        ("array", r#"["uri"]"#),
        ("string", r#""uri""#),
        ("null", "null"),
        ("trailing comma", r#"{"uri":"",}"#),
        ("single quotes", "{'uri':''}"),
        ("comment", r#"{"uri":""/**/}"#),
        ("something after", r#"{"uri":""}x"#),
        ("another object after", r#"{"uri":""}{"uri":""}"#),
        ("NUL after", "{\"uri\":\"\"}\0"),
        ("byte order mark", "\u{feff}{\"uri\":\"\"}"),
        ("not closed", r#"{"uri":"""#),
        ("NaN", r#"{"uri":"","exp":NaN}"#),
        ("leading zero", r#"{"uri":"","exp":01750000001}"#),
        ("leading plus", r#"{"uri":"","exp":+1}"#),
        ("hexadecimal", r#"{"uri":"","exp":0x7fffffff}"#),
        ("ends in a point", r#"{"uri":"","exp":1.}"#),
        ("raw control character", "{\"uri\":\"\n\"}"),
        ("unknown escape", r#"{"uri":"\x41"}"#),
        ("half an escape", r#"{"uri":"\u00"}"#),
        ("lone surrogate", r#"{"uri":"\ud800"}"#),
        ("capital True", r#"{"uri":"","x":True}"#),
        ("name without quotes", r#"{uri:""}"#),
        ("member without value", r#"{"uri"}"#),
        ("other blanks", "{\"uri\":\u{a0}\"\"}"),
    ] {
        let answer = present(&world, &TestKey::Rsa.sign(HEADER, payload)).await;
        let empty = if name == "empty" { TokenFault::Segments } else { TokenFault::Json };
        assert_eq!(answer.denial, fault(empty), "payload: {name}");
    }
    for (name, header) in [
        ("array", r#"["alg"]"#),
        ("something after", r#"{"alg":"RS256","kid":"rsa"}x"#),
        ("trailing comma", r#"{"alg":"RS256","kid":"rsa",}"#),
    ] {
        let answer = present(&world, &TestKey::Rsa.sign(header, PAYLOAD)).await;
        assert_eq!(answer.denial, fault(TokenFault::Json), "header: {name}");
    }
    let latin1 = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, b"{\"uri\":\"\xe9\"}");
    let answer = present(&world, &signed(&format!("{}.{latin1}", encode(HEADER)))).await;
    assert_eq!(answer.denial, fault(TokenFault::NotUtf8));
    let spacious = "\t{\r\n \"uri\" :\"videos/1/\" ,\n\"a\":[ ] }\n ";
    assert_eq!(present(&world, &TestKey::Rsa.sign(HEADER, spacious)).await.verdict(), "200");
}

#[tokio::test]
async fn duplicate_names_are_refused_after_unescaping() {
    let world = World::start(behind(vod())).await;
    for (header, payload) in [
        (HEADER, r#"{"uri":"videos/1/","uri":"videos/1/"}"#),
        (HEADER, r#"{"uri":"videos/1/","\u0075ri":"videos/1/"}"#),
        (HEADER, r#"{"a":1,"uri":"videos/1/","a":1}"#),
        (r#"{"alg":"RS256","kid":"rsa","alg":"RS256"}"#, PAYLOAD),
        (r#"{"alg":"RS256","kid":"rsa","k\u0069d":"rsa"}"#, PAYLOAD),
    ] {
        let answer = present(&world, &TestKey::Rsa.sign(header, payload)).await;
        let fault = Denial::MalformedToken(TokenFault::DuplicateMember);
        assert_eq!(answer.denial, Some(fault), "{header} {payload}");
    }
    // Only the top level is ours to read.
    let nested = r#"{"uri":"videos/1/","a":{"b":1,"b":2},"URI":"x"}"#;
    assert_eq!(present(&world, &TestKey::Rsa.sign(HEADER, nested)).await.verdict(), "200");
}

#[tokio::test]
async fn members_and_nesting_are_bounded() {
    let world = World::start(behind(vod())).await;
    let members = |count: usize| {
        let more: Vec<String> = (1..count).map(|number| format!(r#","m{number}":{number}"#)).collect();
        format!(r#"{{"uri":"videos/1/"{}}}"#, more.concat())
    };
    let nested =
        |depth: usize| format!(r#"{{"uri":"videos/1/","a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let fault = |fault| Some(Denial::MalformedToken(fault));
    for (name, payload, denial) in [
        ("64 members", members(64), None),
        ("65 members", members(65), fault(TokenFault::TooManyMembers)),
        ("16 deep", nested(15), None),
        ("17 deep", nested(16), fault(TokenFault::TooDeep)),
        ("1000 deep", nested(1000), fault(TokenFault::TooDeep)),
    ] {
        let answer = present(&world, &TestKey::Rsa.sign(HEADER, &payload)).await;
        assert_eq!(answer.denial, denial, "{name}");
    }
}

#[tokio::test]
async fn a_token_is_at_most_max_token_bytes_long() {
    // A good token of exactly so many bytes.
    let of_length = |wanted: usize| {
        let probe = |padding: usize| {
            TestKey::Rsa.sign(HEADER, &format!(r#"{{"uri":"videos/1/","p":"{}"}}"#, "x".repeat(padding)))
        };
        let base = probe(0).len();
        let guess = (wanted - base) / 4 * 3;
        (guess..guess + 4).map(probe).find(|token| token.len() == wanted).unwrap()
    };
    let too_long = Some(Denial::MalformedToken(TokenFault::TooLong));
    let world = World::start(behind(vod())).await;
    assert_eq!(present(&world, &of_length(4096)).await.verdict(), "200");
    assert_eq!(present(&world, &of_length(4098)).await.denial, too_long);
    let encoded = of_length(4096).replace('.', "%2E");
    let answer = world.ask(&get("/videos/1/a.ts").query(encoded)).await;
    assert_eq!(answer.verdict(), "200", "what counts is the token, not its spelling");
    let small = World::start(behind(vod().max_token_bytes(600))).await;
    assert_eq!(present(&small, &of_length(600)).await.verdict(), "200");
    assert_eq!(present(&small, &of_length(602)).await.denial, too_long);
    let large = World::start(behind(vod().max_token_bytes(8192))).await;
    assert_eq!(present(&large, &of_length(8192)).await.verdict(), "200");
    assert_eq!(present(&large, &"x".repeat(9000)).await.denial, too_long);
}

#[tokio::test]
async fn custom_claims_are_free_and_iat_never_refuses() {
    let world = World::start(behind(vod())).await;
    for payload in [
        r#"{"uri":"videos/1/","iat":9999999999}"#,
        r#"{"uri":"videos/1/","iat":"yesterday"}"#,
        r#"{"uri":"videos/1/","iat":null}"#,
        r#"{"uri":"videos/1/","sub":7,"jti":[],"plan":{"a":[1,2,{"b":null}]}}"#,
        r#"{"":"","uri":"videos/1/"}"#,
        r#"{"iss":1,"aud":{},"uri":"videos/1/"}"#,
    ] {
        let answer = present(&world, &TestKey::Rsa.sign(HEADER, payload)).await;
        assert_eq!(answer.verdict(), "200", "{payload}");
    }
}

#[tokio::test]
async fn iss_and_aud_are_checked_only_where_the_site_asks() {
    let issuer = World::start(behind(vod().issuer("https://app.example.com"))).await;
    for (iss, verdict) in [
        (r#""https://app.example.com""#, "200"),
        (r#""https:\/\/app.example.com""#, "200"),
        (r#""https://app.example.com/""#, "401 claim_refused"),
        (r#""""#, "401 claim_refused"),
        (r#"["https://app.example.com"]"#, "401 malformed_token"),
        ("null", "401 malformed_token"),
    ] {
        let token = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","iss":{iss}}}"#));
        assert_eq!(present(&issuer, &token).await.verdict(), verdict, "{iss}");
    }
    let audience = World::start(behind(vod().audience("cdn"))).await;
    for (aud, verdict) in [
        (r#""cdn""#, "200"),
        (r#"["app","cdn"]"#, "200"),
        (r#"["\u0063dn"]"#, "200"),
        (r#""CDN""#, "401 claim_refused"),
        (r#""cdn2""#, "401 claim_refused"),
        ("[]", "401 claim_refused"),
        (r#"[["cdn"]]"#, "401 malformed_token"),
        (r#"["cdn",1]"#, "401 malformed_token"),
        (r#"[{"cdn":"cdn"}]"#, "401 malformed_token"),
        ("null", "401 malformed_token"),
        ("{}", "401 malformed_token"),
    ] {
        let token = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","aud":{aud}}}"#));
        assert_eq!(present(&audience, &token).await.verdict(), verdict, "{aud}");
    }
    let silent = TestKey::Rsa.token(PAYLOAD);
    assert_eq!(present(&issuer, &silent).await.verdict(), "401 claim_refused");
    assert_eq!(present(&audience, &silent).await.verdict(), "401 claim_refused");
}
