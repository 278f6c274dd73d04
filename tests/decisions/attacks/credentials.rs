//! Credentials: twice, in two places, under a name that is almost theirs.

use playgate::error::{Repeated, TokenFault};
use playgate::schemes::Carrier;
use playgate::{Denial, KeyScope};

use super::{
    Attack, Expected, Family, Harmless, MISSING, OUT_OF_SCOPE, PATH, PAYLOAD, Refused, attack, malformed,
};
use crate::support::{Ask, TestKey, gate, get, token, vod};

const TWO_PARAMETERS: Expected =
    Refused("400 ambiguous_credential", Denial::AmbiguousCredential(Repeated::QueryParameter));
const TWO_FIELDS: Expected =
    Refused("400 ambiguous_credential", Denial::AmbiguousCredential(Repeated::Authorization));
const SEGMENTS: Expected = malformed(TokenFault::Segments);
const BASE64: Expected = malformed(TokenFault::Base64);
const EMPTY: Expected = malformed(TokenFault::Empty);

pub(crate) fn family() -> Family {
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    let verifier = gate()
        .site(vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]))
        .key(key)
        .build()
        .unwrap();
    let attacks = [parameters(), cookies(), several_cookies(), bearers(), carriers()];
    Family::new("credentials", verifier, get(PATH).cookie(good()), attacks.into_iter().flatten().collect())
}

fn good() -> String {
    TestKey::Rsa.token(PAYLOAD)
}

/// Well signed, for another video.
fn bad() -> String {
    token("videos/2/")
}

fn query(query: &str) -> Ask {
    get(format!("{PATH}?{query}"))
}

fn parameters() -> Vec<Attack> {
    let (good, bad) = (good(), bad());
    let pollution = "OWASP: HTTP parameter pollution";
    let separators = "CVE-2021-23336 (Python): ; separates";
    let rows: [(&str, &'static str, String, Expected); 24] = [
        ("auth twice", pollution, format!("auth={good}&auth={good}"), TWO_PARAMETERS),
        ("auth twice, the good one first", pollution, format!("auth={good}&auth={bad}"), TWO_PARAMETERS),
        ("auth twice, the good one last", pollution, format!("auth={bad}&auth={good}"), TWO_PARAMETERS),
        ("auth twice, the last empty", pollution, format!("auth={good}&auth="), TWO_PARAMETERS),
        ("auth twice, the first bare", pollution, format!("auth&auth={good}"), TWO_PARAMETERS),
        ("auth twice, once spelled with %", pollution, format!("auth={good}&%61uth=x"), TWO_PARAMETERS),
        (
            "auth twice, far apart",
            pollution,
            format!("auth={good}&{}auth=x", "a=1&".repeat(200)),
            TWO_PARAMETERS,
        ),
        ("auth thrice", pollution, format!("auth=x&auth=y&auth={good}"), TWO_PARAMETERS),
        ("a semicolon before", separators, format!("a=1;auth={good}"), MISSING),
        ("a semicolon behind", separators, format!("auth={good};a=1"), BASE64),
        ("two by semicolon", separators, format!("auth={good};auth={bad}"), SEGMENTS),
        ("an encoded ampersand", pollution, format!("a=1%26auth={good}"), MISSING),
        ("an encoded equals sign", pollution, format!("auth%3d{good}"), MISSING),
        ("an array of PHP", pollution, format!("auth[]={good}"), MISSING),
        ("a member of PHP", pollution, format!("auth[0]={good}"), MISSING),
        ("PHP's dots and blanks", "PHP: names of parameters are mended", format!("%20auth={good}"), MISSING),
        ("NUL behind the name", "CWE-158", format!("auth%00={good}"), MISSING),
        ("AUTH", "RFC 3986 §6.2.2.1: case", format!("AUTH={good}"), MISSING),
        ("access_token", "RFC 6750 §2.3; envoy's default", format!("access_token={good}"), MISSING),
        ("another name that ends so", "CWE-187", format!("xauth={good}"), MISSING),
        ("in another's value", "CWE-187", format!("a=auth={good}"), MISSING),
        ("auth without a value", "CWE-636: fail open", "auth".to_owned(), EMPTY),
        ("auth with an empty value", "CWE-636: fail open", "auth=".to_owned(), EMPTY),
        ("auth spelled with %", "RFC 3986 §6.2.2.2", format!("%61%75%74%68={good}"), Harmless),
    ];
    rows.into_iter()
        .map(|(name, source, text, expected)| attack(name, source, query(&text), expected))
        .collect()
}

fn cookies() -> Vec<Attack> {
    let good = good();
    let named = "Squarcina et al. 2023, Cookie crumbles";
    let sandwich = "PortSwigger 2025, cookie sandwich; CVE-2023-26049 (Jetty)";
    let name = "Qencode-Auth-Token";
    let rows: [(&str, &'static str, String, Expected); 22] = [
        (
            "another case",
            "RFC 6265 §5.4: names are case-sensitive",
            format!("qencode-auth-token={good}"),
            MISSING,
        ),
        (
            "a name with %",
            "CVE-2022-36032 (ReactPHP); CVE-2020-8184 (Rack)",
            format!("Qencode%2dAuth-Token={good}"),
            MISSING,
        ),
        ("underscores for dashes", "CVE-2022-31629 (PHP)", format!("Qencode_Auth_Token={good}"), MISSING),
        ("a name with a prefix", named, format!("__Host-{name}={good}"), MISSING),
        ("a nameless cookie", "CVE-2023-23934 (Werkzeug)", format!("={name}={good}"), MISSING),
        ("a bare value", "CVE-2023-23934 (Werkzeug)", good.clone(), MISSING),
        ("a blank before =", "RFC 6265 §5.2", format!("{name} ={good}"), MISSING),
        ("a blank behind =", "RFC 6265 §4.2.1", format!("{name}= {good}"), BASE64),
        ("NUL in the name", "CWE-158", format!("{name}\u{1}={good}"), Expected::Unheard(400)),
        ("a comma between", "RFC 2965: , separates", format!("a=1,{name}={good}"), MISSING),
        ("a comma behind", "RFC 2965: , separates", format!("{name}={good},a=1"), BASE64),
        ("quotes around", sandwich, format!("{name}=\"{good}\""), BASE64),
        ("half a quote", sandwich, format!("{name}=\"{good}"), BASE64),
        ("inside another's quotes", sandwich, format!("a=\"1; {name}=x; b=2\""), SEGMENTS),
        ("$Version", sandwich, format!("$Version=1; {name}=\"{good}\"; $Path=\"/\""), BASE64),
        (
            "percent-encoded",
            "RFC 6265 §5.4: sent as set",
            format!("{name}={}", good.replace('.', "%2E")),
            SEGMENTS,
        ),
        ("without =", "RFC 6265 §5.2", name.to_owned(), MISSING),
        ("empty", "CWE-636: fail open", format!("{name}="), EMPTY),
        ("deleted", "cookies of PHP: deleted", format!("{name}=deleted"), SEGMENTS),
        ("an attribute behind", "RFC 6265 §4.2", format!("{name}={good}; Path=/; HttpOnly"), Harmless),
        ("among empty pairs", "RFC 6265 §5.4", format!(";; ;{name}={good};;"), Harmless),
        ("blanks around the pair", "RFC 6265 §4.2.1", format!("a=1;   {name}={good}  ; b=2"), Harmless),
    ];
    rows.into_iter()
        .map(|(what, source, field, expected)| {
            let mut ask = get(PATH).field("cookie", field);
            ask.http1_only = matches!(expected, Expected::Unheard(_));
            attack(format!("cookie: {what}"), source, ask, expected)
        })
        .collect()
}

/// Cookies of one name: tossed from a sister domain, or too many.
fn several_cookies() -> Vec<Attack> {
    let (good, bad) = (good(), bad());
    let tossing = "Squarcina et al. 2023, Cookie crumbles: tossing";
    let of = |values: &[&str]| values.iter().fold(get(PATH), Ask::cookie);
    let joined = |values: &[&str]| get(PATH).cookie(values.join("; Qencode-Auth-Token="));
    vec![
        attack("two bad cookies", tossing, of(&[&bad, &bad]), OUT_OF_SCOPE),
        attack("a bad cookie and junk", tossing, of(&["junk", &bad]), OUT_OF_SCOPE),
        attack("four junk cookies", tossing, of(&["a", "b", "c", "d"]), SEGMENTS),
        attack(
            "the fifth is good",
            "CWE-400: at most four are tried",
            of(&[&bad, &bad, &bad, &bad, &good]),
            OUT_OF_SCOPE,
        ),
        attack(
            "the fifth is good, in one field",
            "CWE-400: at most four are tried",
            joined(&[&bad, &bad, &bad, &bad, &good]),
            OUT_OF_SCOPE,
        ),
        attack(
            "halves of a token in two cookies",
            "RFC 9113 §8.2.3",
            of(&[&good[..60], &good[60..]]),
            SEGMENTS,
        ),
        attack(
            "a token split over two fields",
            "RFC 9113 §8.2.3",
            get(PATH).cookie(&good[..60]).field("cookie", &good[60..]),
            SEGMENTS,
        ),
        attack("a tossed cookie before the good one", tossing, of(&[&bad, &good]), Harmless),
        attack("junk before the good one", tossing, of(&["", "x", "y", &good]), Harmless),
        attack(
            "the good one among other fields",
            "RFC 9113 §8.2.3",
            get(PATH).field("cookie", "a=1").cookie(&good).field("cookie", "b=2"),
            Harmless,
        ),
    ]
}

fn bearers() -> Vec<Attack> {
    let good = good();
    let scheme = "RFC 9110 §11.1";
    let rows: [(&str, &'static str, String, Expected); 16] = [
        ("Bearer alone", "CWE-636: fail open", "Bearer".into(), EMPTY),
        ("Bearer and a blank", "CWE-636: fail open", "Bearer ".into(), EMPTY),
        ("Bearer:", scheme, format!("Bearer: {good}"), MISSING),
        ("Bearer=", scheme, format!("Bearer={good}"), MISSING),
        ("Bearerx", scheme, format!("Bearerx {good}"), MISSING),
        ("Bearer without a blank", scheme, format!("Bearer{good}"), MISSING),
        ("no scheme", scheme, good.clone(), MISSING),
        (
            "Basic with the token",
            "MediaMTX: the token as password",
            format!("Basic {}", crate::support::encode(format!("u:{good}"))),
            MISSING,
        ),
        ("Token", scheme, format!("Token {good}"), MISSING),
        ("JWT", "express-jwt's old scheme", format!("JWT {good}"), MISSING),
        ("DPoP", "RFC 9449 §7.1", format!("DPoP {good}"), MISSING),
        ("Bearer twice in one field", "RFC 6750 §2.1", format!("Bearer Bearer {good}"), BASE64),
        ("quotes", "RFC 6750 §2.1", format!("Bearer \"{good}\""), BASE64),
        (
            "a comma and Basic",
            "RFC 9110 §11.6.2: one credential",
            format!("Bearer {good}, Basic dTpw"),
            BASE64,
        ),
        ("percent-encoded", "RFC 6750 §2.1", format!("Bearer {}", good.replace('.', "%2e")), SEGMENTS),
        ("bEARER and many blanks", scheme, format!("bEARER   {good}  "), Harmless),
    ];
    let mut attacks: Vec<Attack> = rows
        .into_iter()
        .map(|(what, source, field, expected)| {
            attack(
                format!("authorization: {what}"),
                source,
                get(PATH).field("authorization", field),
                expected,
            )
        })
        .collect();
    let two = "RFC 9110 §5.3: one field";
    attacks.extend([
        attack("two bearers", two, get(PATH).bearer(&good).bearer(&good), TWO_FIELDS),
        attack(
            "a bearer and Basic",
            two,
            get(PATH).bearer(&good).field("authorization", "Basic dTpw"),
            TWO_FIELDS,
        ),
        attack(
            "Basic and a bearer",
            two,
            get(PATH).field("authorization", "Basic dTpw").bearer(&good),
            TWO_FIELDS,
        ),
        attack(
            "Proxy-Authorization",
            "RFC 9110 §11.7.1",
            get(PATH).field("proxy-authorization", format!("Bearer {good}")),
            MISSING,
        ),
        attack(
            "X-Auth-Token",
            "kjdev/nginx-auth-jwt: other headers",
            get(PATH).field("x-auth-token", &good),
            MISSING,
        ),
        attack(
            "Qencode-Auth-Token as a header",
            "the cookie's name",
            get(PATH).field("qencode-auth-token", &good),
            MISSING,
        ),
    ]);
    attacks
}

/// A bad credential in front of a good one.
fn carriers() -> Vec<Attack> {
    let (good, bad) = (good(), bad());
    let several = "envoy jwt_authn and Kong: several tokens; CVE-2021-21378 (Envoy)";
    vec![
        attack(
            "a bad query before a good cookie",
            several,
            get(PATH).query(&bad).cookie(&good),
            OUT_OF_SCOPE,
        ),
        attack("an empty query before a good cookie", several, get(PATH).query("").cookie(&good), EMPTY),
        attack("a junk query before a good cookie", several, get(PATH).query("null").cookie(&good), SEGMENTS),
        attack(
            "a bad query before a good bearer",
            several,
            get(PATH).query(&bad).bearer(&good),
            OUT_OF_SCOPE,
        ),
        attack(
            "a bad bearer before a good cookie",
            several,
            get(PATH).bearer(&bad).cookie(&good),
            OUT_OF_SCOPE,
        ),
        attack(
            "an empty bearer before a good cookie",
            several,
            get(PATH).field("authorization", "Bearer").cookie(&good),
            EMPTY,
        ),
        attack(
            "two parameters before a good cookie",
            several,
            get(PATH).query("a").query("b").cookie(&good),
            TWO_PARAMETERS,
        ),
        attack(
            "a token in a fragment",
            "RFC 3986 §3.5",
            get(format!("{PATH}#auth={good}")).http1_only(),
            MISSING,
        ),
        attack(
            "a token in the body",
            "RFC 6750 §2.2",
            get(PATH)
                .method("POST")
                .field("content-type", "application/x-www-form-urlencoded")
                .body("auth=x"),
            MISSING,
        ),
        attack("another method and no token", "CWE-650: verb tampering", get(PATH).method("PUT"), MISSING),
        attack(
            "X-HTTP-Method-Override",
            "CWE-650: verb tampering",
            get(PATH).method("DELETE").cookie(&good).field("x-http-method-override", "GET"),
            Refused("405 method", Denial::Method { verified: true }),
        ),
        attack(
            "a method of no name",
            "CWE-650: verb tampering",
            get(PATH).method("GETT").cookie(&good),
            Refused("405 method", Denial::Method { verified: true }),
        ),
        attack(
            "get in small letters",
            "RFC 9110 §9.1: case-sensitive",
            get(PATH).method("get").cookie(&good),
            Refused("405 method", Denial::Method { verified: true }),
        ),
        attack(
            "Basic beside a good cookie",
            "RFC 9110 §11.1",
            get(PATH).field("authorization", "Basic dTpw").cookie(&good),
            Harmless,
        ),
        attack(
            "X-HTTP-Method-Override on a good GET",
            "CWE-650: verb tampering",
            get(PATH).cookie(&good).field("x-http-method-override", "DELETE"),
            Harmless,
        ),
    ]
}
