use super::*;
use crate::mint::Signer;
use crate::scope::Scope;

fn token(scope: Scope) -> SignedToken {
    let signer = Signer::from_secret("k", &[1; 32]).unwrap();
    signer.token(scope).expires_in(std::time::Duration::from_hours(1)).sign().unwrap()
}

#[test]
fn a_cookie_has_the_scope_as_its_path() {
    for (scope, path) in [
        (Scope::folder("videos/1").unwrap(), "Path=/media/videos/1/"),
        (Scope::folder("vidéos/a b;c%").unwrap(), "Path=/media/vid%C3%A9os/a%20b%3Bc%25/"),
        (Scope::object("videos/a.mp4").unwrap(), "Path=/media/videos/a.mp4"),
        (Scope::playback_id("ch1").unwrap(), "Path=/media/"),
        (Scope::whole_bucket(), "Path=/media/"),
    ] {
        let token = token(scope);
        let text = token.cookie("example.com").unwrap().base_path("media").to_string();
        let hostile = token.host_cookie().base_path("/a; Domain=evil/").to_string();
        assert!(hostile.contains("Path=/a%3B%20Domain=evil/"), "{hostile}");
        assert!(text.split("; ").any(|attribute| attribute == path), "{text}");
    }
}

#[test]
fn a_cookie_is_secure_and_lives_as_long_as_its_token() {
    let token = token(Scope::folder("a").unwrap());
    let text = token.cookie(".Example.com").unwrap().to_string();
    let has = |wanted: &str| text.split("; ").any(|attribute| attribute == wanted);
    assert!(text.starts_with(&format!("Qencode-Auth-Token={}", token.as_str())), "{text}");
    assert!(has("Secure") && has("HttpOnly") && has("SameSite=Lax") && has("Domain=example.com"), "{text}");
    assert!(has("Max-Age=3600") || has("Max-Age=3599"), "{text}");
    let cross = token.host_cookie().partitioned().to_string();
    assert!(cross.contains("SameSite=None") && cross.contains("Partitioned") && !cross.contains("Domain"));
}

#[test]
fn what_would_break_out_of_a_cookie_is_refused() {
    let token = token(Scope::folder("a").unwrap());
    for domain in ["", "a;b", "https://a.example", "a.example:80", "a b", "[::1]"] {
        assert!(token.cookie(domain).is_err(), "{domain}");
    }
    for name in ["", "a=b", "a;b", "a b"] {
        assert!(token.host_cookie().name(name).is_err(), "{name}");
    }
}
