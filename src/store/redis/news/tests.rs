use super::*;

fn read(fields: &[&str]) -> Option<News> {
    News::read(&fields.iter().map(|field| field.as_bytes().to_vec()).collect::<Vec<_>>())
}

#[test]
fn news_are_read_whatever_the_order_of_their_fields() {
    let video = News::Video { realm: "r".to_owned(), id: "v".to_owned(), up_to: 7, needed: LONGEST };
    let digest = "0".repeat(64);
    for (name, fields, news) in [
        ("a video", &["news", "video", "realm", "r", "id", "v", "up_to", "7"][..], video),
        (
            "a token",
            &["digest", &digest, "news", "token", "needed", "-1", "order", "3"],
            News::Token { digest: Digest::read(digest.as_bytes()).unwrap(), order: Some(3), needed: -1 },
        ),
        (
            "a viewer",
            &["news", "viewer", "id", "u", "up_to", "9"],
            News::Viewer { id: "u".to_owned(), up_to: 9, needed: LONGEST },
        ),
        (
            "revoked",
            &["news", "revoked", "name", "sub:u", "mark", " "],
            News::Revoked { revocation: Revocation::subject("u"), order: None },
        ),
        (
            "restored",
            &["news", "restored", "name", "kid:k", "order", "8"],
            News::Restored { kind: Kind::Kid, name: "k".to_owned(), order: Some(8) },
        ),
        ("the beginning", &["news", "begun"], News::Begun),
    ] {
        assert!(read(fields) == Some(news), "{name}");
    }
}

#[test]
fn what_is_not_known_is_no_news() {
    for fields in [
        &[][..],
        &["news"],
        &["news", "key"],
        &["news", "token"],
        &["news", "token", "digest", "00"],
        &["news", "video", "realm", "r", "id", "v"],
        &["news", "video", "realm", "r", "id", "v", "up_to", "-1"],
        &["news", "begun", "and"],
    ] {
        assert!(read(fields).is_none(), "{fields:?}");
    }
}
