//! Much of everything, within what servers take: refused at once, and the next good request is granted.

use playgate::error::{PathFault, TokenFault};

use super::{Attack, BAD_SIGNATURE, Family, Harmless, MISSING, OUT_OF_SCOPE, PATH, PAYLOAD, UNKNOWN_KEY};
use super::{ambiguous_path, attack, malformed};
use crate::support::{Ask, TestKey, behind, compact, encode, get, token, vod};

pub(crate) fn family() -> Family {
    let clean = get(PATH).cookie(TestKey::Rsa.token(PAYLOAD));
    let attacks = [tokens(), json(), requests(), paths()];
    Family::new("exhaustion", behind(vod()), clean, attacks.into_iter().flatten().collect())
}

/// What HTTP/2 servers refuse by themselves by the length of all fields is asked over HTTP/1.1 alone.
fn large(name: &str, source: &'static str, ask: Ask, expected: super::Expected) -> Attack {
    attack(name, source, ask.http1_only(), expected)
}

fn tokens() -> Vec<Attack> {
    let good = TestKey::Rsa.token(PAYLOAD);
    let segments = "CVE-2025-61920 (Authlib): oversized segments";
    let too_long = malformed(TokenFault::TooLong);
    let header = encode(TestKey::Rsa.header());
    vec![
        attack("5 KB token", segments, get(PATH).cookie("x".repeat(5000)), too_long),
        attack("9 KB token", segments, get(PATH).cookie("x".repeat(9000)), too_long),
        large("60 KB token", segments, get(PATH).cookie("x".repeat(60_000)), too_long),
        large("300 KB cookie", segments, get(PATH).cookie("x".repeat(300_000)).beyond_actix(), too_long),
        large("60 KB token in the query", segments, get(PATH).query("x".repeat(60_000)), too_long),
        attack("5 KB header", segments, get(PATH).cookie(format!("{}.e30.AA", "A".repeat(5000))), too_long),
        attack(
            "4 KB signature",
            segments,
            get(PATH).cookie(format!("{header}.{}.{}", encode(PAYLOAD), "A".repeat(3900))),
            BAD_SIGNATURE,
        ),
        attack("5 KB signature", segments, get(PATH).cookie(format!("{good}{}", "A".repeat(5000))), too_long),
        attack("9 KB of dots", "CVE-2025-30204 (golang-jwt)", get(PATH).cookie(".".repeat(9000)), too_long),
        attack(
            "4 KB of dots",
            "CVE-2025-27144 (go-jose)",
            get(PATH).cookie(".".repeat(4096)),
            malformed(TokenFault::Segments),
        ),
        attack(
            "a good token of more than 4 KB",
            segments,
            get(PATH).cookie(token(&"a".repeat(4000))),
            too_long,
        ),
        large(
            "60 KB of percent signs in the query",
            "CWE-400",
            get(PATH).query("%".repeat(60_000)),
            malformed(TokenFault::PercentEncoding),
        ),
        large("60 KB of escapes in the query", "CWE-400", get(PATH).query("%41".repeat(20_000)), too_long),
    ]
}

fn json() -> Vec<Attack> {
    let unsigned = |payload: &str| get(PATH).cookie(compact(&TestKey::Rsa.header(), payload, [0; 256]));
    let bomb = "CVE-2020-36518 (Jackson): nesting";
    let escaped =
        (0..63).map(|n| format!(r#","\u0061\u0061\u0061\u0061{n}":0"#)).collect::<Vec<_>>().concat();
    let colliding = (0..60)
        .map(|n| format!(r#","a{}":0"#, " ".repeat(n % 30) + &n.to_string()))
        .collect::<Vec<_>>()
        .concat();
    vec![
        attack("1400 arrays deep, unsigned", bomb, unsigned(&"[".repeat(1400)), malformed(TokenFault::Json)),
        attack(
            "1400 arrays deep in a claim, unsigned",
            bomb,
            unsigned(&format!(r#"{{"a":{}"#, "[".repeat(1400))),
            malformed(TokenFault::TooDeep),
        ),
        attack(
            "objects and arrays in turn, unsigned",
            bomb,
            unsigned(&format!(r#"{{"a":{}"#, r#"[{"":"#.repeat(300))),
            malformed(TokenFault::TooDeep),
        ),
        attack(
            "300 members, unsigned",
            "CVE-2011-4885 (PHP): hash collisions",
            unsigned(&format!(
                "{{{}}}",
                (0..300).map(|n| format!(r#""{n}":0"#)).collect::<Vec<_>>().join(",")
            )),
            malformed(TokenFault::TooManyMembers),
        ),
        attack(
            "64 escaped names, unsigned",
            "CVE-2011-4885 (PHP): hash collisions",
            unsigned(&format!(r#"{{"uri":""{escaped}}}"#)),
            BAD_SIGNATURE,
        ),
        attack(
            "60 names that begin alike, unsigned",
            "CVE-2011-4885 (PHP): hash collisions",
            unsigned(&format!(r#"{{"uri":""{colliding}}}"#)),
            BAD_SIGNATURE,
        ),
        attack(
            "2 KB of backslashes, unsigned",
            "CWE-407",
            unsigned(&format!(r#"{{"uri":"{}"}}"#, "\\\\".repeat(1000))),
            OUT_OF_SCOPE,
        ),
        attack(
            "2 KB of digits for exp, unsigned",
            "CVE-2020-10735 (Python): long integers",
            unsigned(&format!(r#"{{"uri":"","exp":{}}}"#, "9".repeat(2000))),
            super::Refused(
                "401 malformed_token",
                playgate::Denial::MalformedClaim(playgate::error::ClaimName::Exp),
            ),
        ),
        attack(
            "a far exponent for exp, unsigned",
            "CVE-2020-10735 (Python): long integers",
            unsigned(r#"{"uri":"","exp":1e99999999999999999999}"#),
            super::Refused(
                "401 malformed_token",
                playgate::Denial::MalformedClaim(playgate::error::ClaimName::Exp),
            ),
        ),
        attack(
            "a kid of 2 KB",
            "CVE-2024-45808 (Envoy): what is logged",
            get(PATH).cookie(compact(
                &format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(2000)),
                PAYLOAD,
                "x",
            )),
            UNKNOWN_KEY,
        ),
    ]
}

fn requests() -> Vec<Attack> {
    let good = TestKey::Rsa.token(PAYLOAD);
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    let cookies = |value: &str, count: usize| (0..count).fold(get(PATH), |ask, _| ask.cookie(value));
    let parameters = (0..1000).map(|n| format!("{n}=1&")).collect::<Vec<_>>().concat();
    let others = (0..100).map(|n| format!("c{n}=1; ")).collect::<Vec<_>>().concat();
    vec![
        attack(
            "100 junk cookies",
            "CWE-400: at most four are tried",
            cookies("x", 40).field("cookie", "Qencode-Auth-Token=x; ".repeat(60)),
            malformed(TokenFault::Segments),
        ),
        large("90 forged cookies", "CWE-400: at most four are tried", cookies(&forged, 90), BAD_SIGNATURE),
        attack(
            "four forged cookies before a good one",
            "CWE-400: at most four are tried",
            cookies(&forged, 4).cookie(&good),
            BAD_SIGNATURE,
        ),
        attack("1000 parameters", "CVE-2011-4885 (PHP)", get(format!("{PATH}?{parameters}")), MISSING),
        attack(
            "1000 parameters, the last is good",
            "control",
            get(format!("{PATH}?{parameters}auth={good}")),
            Harmless,
        ),
        attack("8 KB of ampersands", "CWE-400", get(format!("{PATH}?{}", "&".repeat(8000))), MISSING),
        attack("8 KB of equals signs", "CWE-400", get(format!("{PATH}?{}", "=".repeat(8000))), MISSING),
        attack(
            "a parameter's name of 8 KB of escapes",
            "CWE-400",
            get(format!("{PATH}?{}=x", "%61".repeat(2700))),
            MISSING,
        ),
        attack(
            "8 KB of semicolons in a cookie",
            "CWE-400",
            get(PATH).field("cookie", ";".repeat(8000)),
            MISSING,
        ),
        attack(
            "8 KB of blanks in a cookie",
            "CWE-1333",
            get(PATH).field("cookie", format!("Qencode-Auth-Token{}=x", " ".repeat(8000))),
            MISSING,
        ),
        attack(
            "100 other cookies beside a good one",
            "control",
            get(PATH).field("cookie", others).cookie(&good),
            Harmless,
        ),
        attack(
            "90 fields",
            "CWE-400",
            (0..80).fold(get(PATH), |ask, n| ask.field(&format!("x-{n}"), "1")),
            MISSING,
        ),
    ]
}

fn paths() -> Vec<Attack> {
    let slow = "CWE-407: work for each byte";
    let path = |name: &str, target: String, fault| attack(name, slow, get(target), ambiguous_path(fault));
    vec![
        path("4 KB of percent signs", format!("/{}", "%".repeat(4000)), PathFault::PercentEncoding),
        // Percent signs alone decode to themselves from then on: a key of one reading.
        attack("4 KB of encoded percent signs", slow, get(format!("/{}", "%25".repeat(1300))), MISSING),
        path(
            "percent signs encoded a hundred times",
            format!("/%{}2e", "25".repeat(100)),
            PathFault::DecodesAgain,
        ),
        path("2000 dot segments", format!("/{}a", "../".repeat(1300)), PathFault::DotSegment),
        path("4 KB of slashes", "/".repeat(4000), PathFault::EmptySegment),
        path("8 KB", format!("/{}", "a/".repeat(4000)), PathFault::TooLong),
        attack(
            "60 KB",
            slow,
            get(format!("/{}", "a".repeat(60_000))).http1_only(),
            ambiguous_path(PathFault::TooLong),
        ),
        attack(
            "60 KB of escapes",
            slow,
            get(format!("/{}", "%61".repeat(20_000))).http1_only(),
            ambiguous_path(PathFault::TooLong),
        ),
        attack(
            "60 KB of percent signs",
            slow,
            get(format!("/{}", "%".repeat(60_000))).http1_only(),
            ambiguous_path(PathFault::TooLong),
        ),
        attack(
            "2000 segments",
            slow,
            get(format!("/{}", "a/".repeat(2000))).cookie(TestKey::Rsa.token(PAYLOAD)),
            OUT_OF_SCOPE,
        ),
    ]
}
