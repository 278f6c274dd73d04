//! Claims of another type, or none. Every token is signed by the right key.

use std::time::Duration;

use super::{Attack, Expected, Family, Harmless, OUT_OF_SCOPE, PATH, Refused, bearing};
use crate::support::{NOW, TestKey, behind, get, vod};
use playgate::Denial;
use playgate::error::{ClaimName, TokenFault};
use playgate::time::UnixSeconds;

pub(crate) fn family() -> Family {
    let site = vod().require_exp(true).max_lifetime(Duration::from_hours(1)).issuer("us").audience("cdn");
    let clean = get(PATH).cookie(TestKey::Rsa.token(&claims("exp", EXP)));
    let attacks = [dates(), uris(), audiences(), issuers()];
    Family::new("claims", behind(site), clean, attacks.into_iter().flatten().collect())
}

const EXP: &str = "1750000060";

/// Good claims, with this one in place of its own; nothing in its place for an empty value.
fn claims(name: &str, value: &str) -> String {
    let good = [("uri", r#""videos/1/""#), ("exp", EXP), ("iss", r#""us""#), ("aud", r#""cdn""#)];
    let mut members: Vec<String> = good
        .iter()
        .filter(|(other, _)| *other != name)
        .map(|(name, value)| format!(r#""{name}":{value}"#))
        .collect();
    if !value.is_empty() {
        members.push(format!(r#""{name}":{value}"#));
    }
    format!("{{{}}}", members.join(","))
}

fn row(name: &str, value: &str, source: &'static str, expected: Expected) -> Attack {
    let shown: String = value.chars().take(40).collect();
    let title = if shown.is_empty() { format!("no {name}") } else { format!("{name} {shown}") };
    bearing(title, source, TestKey::Rsa.token(&claims(name, value)), expected)
}

const fn wrong_type(claim: ClaimName) -> Expected {
    Refused("401 malformed_token", Denial::MalformedClaim(claim))
}

const fn missing(claim: ClaimName) -> Expected {
    Refused("401 claim_refused", Denial::MissingClaim(claim))
}

const fn expired(exp: i64) -> Expected {
    Refused("401 expired", Denial::Expired { exp: UnixSeconds::new(exp), now: UnixSeconds::new(NOW) })
}

const fn early(nbf: i64) -> Expected {
    Refused(
        "401 not_yet_valid",
        Denial::NotYetValid { nbf: UnixSeconds::new(nbf), now: UnixSeconds::new(NOW) },
    )
}

const fn too_long(exp: i64) -> Expected {
    Refused("401 claim_refused", Denial::LifetimeTooLong { exp: UnixSeconds::new(exp), max: 3600 })
}

const fn late(claim: ClaimName, date: i64) -> Expected {
    let fault = TokenFault::Milliseconds { claim, date: UnixSeconds::new(date) };
    Refused("401 malformed_token", Denial::MalformedToken(fault))
}

fn dates() -> Vec<Attack> {
    let cve = "CVE-2026-25537, GHSA-h395-gr6q-cpjc (jsonwebtoken)";
    let boundary = "RFC 7519 §4.1.4: on or after";
    let mut attacks = Vec::new();
    for (name, claim) in [("exp", ClaimName::Exp), ("nbf", ClaimName::Nbf)] {
        for value in [
            r#""1750000060""#,
            r#""9999999999""#,
            r#""""#,
            "null",
            "true",
            "false",
            "[]",
            "[1750000060]",
            "{}",
            r#"{"exp":1750000060}"#,
            "1e400",
            "-1e400",
            "9223372036854775808",
            "-9223372036854775809",
            r#""2099-01-01T00:00:00Z""#,
        ] {
            attacks.push(row(name, value, cve, wrong_type(claim)));
        }
    }
    attacks.extend([
        row("exp", "", "schemes: optional means never; require_exp", missing(ClaimName::Exp)),
        row("exp", "0", boundary, expired(0)),
        row("exp", "-0", boundary, expired(0)),
        row("exp", "-1", "CVE-2026-25537 (jsonwebtoken): negative", expired(-1)),
        row("exp", "-9223372036854775808", "CVE-2026-25537 (jsonwebtoken): negative", expired(i64::MIN)),
        row("exp", "1e-400", "CVE-2026-25537 (jsonwebtoken): exponent", expired(0)),
        row("exp", "1750000000", boundary, expired(NOW)),
        row("exp", "1750000000.999", "jsonwebtoken rounds a float exp", expired(NOW)),
        row("exp", "1.75e9", "RFC 7519 §2: any number", expired(NOW)),
        row("exp", "1749999999", boundary, expired(NOW - 1)),
        row("exp", "1750003601", "jwt-simple: tolerance of 900 s", too_long(NOW + 3601)),
        row("exp", "4102444800", "schemes: a token for ever", too_long(4_102_444_800)),
        row(
            "exp",
            "1750000060000",
            "milliseconds, as JavaScript counts",
            late(ClaimName::Exp, 1_750_000_060_000),
        ),
        row("exp", "9223372036854775807", "CWE-190: leeway added overflows", late(ClaimName::Exp, i64::MAX)),
        row("exp", "1750000001.5", "RFC 7519 §2: floored", Harmless),
        row("exp", "17500000600e-1", "RFC 8259 §6", Harmless),
        row("nbf", "1750000001", "RFC 7519 §4.1.5", early(NOW + 1)),
        row("nbf", "1750000000.001", "RFC 7519 §4.1.5: not before", early(NOW + 1)),
        row(
            "nbf",
            "9223372036854775807",
            "CWE-190: leeway taken away overflows",
            late(ClaimName::Nbf, i64::MAX),
        ),
        row("nbf", "1750000000", "RFC 7519 §4.1.5", Harmless),
        row("nbf", "-9223372036854775808", "CWE-190: leeway taken away overflows", Harmless),
        row("EXP", "1", "RFC 7519 §4.1: case-sensitive", Harmless),
        row("iat", r#""tomorrow""#, "published Node sample: iat is now", Harmless),
    ]);
    attacks
}

fn uris() -> Vec<Attack> {
    let types = "CVE-2026-25537 class: another type is not absent";
    let mut attacks: Vec<Attack> =
        ["null", "true", "0", "[]", r#"["videos/1/"]"#, r#"{"uri":""}"#, r#"{"$regex":".*"}"#]
            .into_iter()
            .map(|value| row("uri", value, types, wrong_type(ClaimName::Uri)))
            .collect();
    attacks.push(row("uri", "", "RFC 9246 §2: no cdniuc is everything", missing(ClaimName::Uri)));
    let globs = "Akamai EdgeAuth acl; Traffic Server uri_signing regex";
    for value in [
        r#""*""#,
        r#""videos/*""#,
        r#""videos/?/""#,
        r#""regex:.*""#,
        r#""videos/1/a.ts!x""#,
        r#""videos/(1|2)/""#,
    ] {
        attacks.push(row("uri", value, globs, OUT_OF_SCOPE));
    }
    let long = format!(r#""{}""#, "a".repeat(2000));
    attacks.push(row("uri", &long, "CWE-120: longer than any path", OUT_OF_SCOPE));
    attacks
}

fn audiences() -> Vec<Attack> {
    let wrong = Refused("401 claim_refused", Denial::WrongAudience);
    let golang = "CVE-2020-26160 (jwt-go): aud of another shape";
    let rows = [
        ("", missing(ClaimName::Aud)),
        ("[]", wrong),
        (r#""""#, wrong),
        (r#"[""]"#, wrong),
        (r#""CDN""#, wrong),
        (r#""cdn ""#, wrong),
        (r#""cd""#, wrong),
        (r#""cdn,app""#, wrong),
        (r#"["app"]"#, wrong),
        (r#"[["cdn"]]"#, wrong_type(ClaimName::Aud)),
        (r#"[{"cdn":1}]"#, wrong_type(ClaimName::Aud)),
        (r#"["cdn",1]"#, wrong_type(ClaimName::Aud)),
        (r#"["cdn",null]"#, wrong_type(ClaimName::Aud)),
        (r#""*""#, wrong),
        ("null", wrong_type(ClaimName::Aud)),
        ("true", wrong_type(ClaimName::Aud)),
        ("7", wrong_type(ClaimName::Aud)),
        (r#"{"cdn":true}"#, wrong_type(ClaimName::Aud)),
        (r#"["app","cdn"]"#, Harmless),
    ];
    rows.into_iter().map(|(value, expected)| row("aud", value, golang, expected)).collect()
}

fn issuers() -> Vec<Attack> {
    let wrong = Refused("401 claim_refused", Denial::WrongIssuer);
    let partial = "CVE-2024-53861 (PyJWT): part of an issuer";
    let rows = [
        ("", missing(ClaimName::Iss)),
        (r#""""#, wrong),
        (r#""u""#, wrong),
        (r#""s""#, wrong),
        (r#""_us_""#, wrong),
        (r#""US""#, wrong),
        (r#""us\u0000""#, wrong),
        (r#""us/""#, wrong),
        (r#"["us"]"#, wrong_type(ClaimName::Iss)),
        (r#"{"us":1}"#, wrong_type(ClaimName::Iss)),
        ("null", wrong_type(ClaimName::Iss)),
        ("1", wrong_type(ClaimName::Iss)),
        (r#""\u0075s""#, Harmless),
    ];
    rows.into_iter().map(|(value, expected)| row("iss", value, partial, expected)).collect()
}
