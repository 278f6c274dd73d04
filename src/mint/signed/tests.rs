use super::*;
use crate::mint::Signer;

fn token() -> SignedToken {
    let signer = Signer::from_secret("k", &[1; 32]).unwrap();
    signer.token(Scope::folder("a").unwrap()).sign().unwrap()
}

#[test]
fn a_signed_url_keeps_its_query_and_its_fragment() {
    let token = SignedToken { text: "T".to_owned(), ..token() };
    for (url, signed) in [
        ("https://h/a", "https://h/a?auth=T"),
        ("https://h/a?b=1", "https://h/a?b=1&auth=T"),
        ("https://h/a#t=5", "https://h/a?auth=T#t=5"),
        ("https://h/a?b#t?", "https://h/a?b&auth=T#t?"),
        ("https://h/a?auth=old&b=1", "https://h/a?b=1&auth=T"),
        ("https://h/a?", "https://h/a?auth=T"),
    ] {
        assert_eq!(token.url(url), signed);
    }
}

#[test]
fn a_token_shows_nothing_of_itself() {
    let token = token();
    assert!(!format!("{token:?}").contains(token.as_str()));
}
