use super::*;

#[test]
fn a_digest_is_that_of_the_tokens_text_and_is_read_as_it_is_written() {
    let digest = Digest::of(EmbedToken::parse(&"0".repeat(32)).unwrap());
    // printf %032d 0 | sha256sum
    let text = "84e0c0eafaa95a34c293f278ac52e45ce537bab5e752a00e6959a13ae103b65a";
    assert_eq!(digest.to_text(), text);
    assert!(Digest::read(text.as_bytes()) == Some(digest));
    for bad in [&text[1..], &text[2..], "", &format!("{text}00"), &text.replace('8', "g")] {
        assert!(Digest::read(bad.as_bytes()).is_none(), "{bad:?}");
    }
}

#[test]
fn names_of_videos_do_not_run_into_each_other() {
    let names = Names::new("p".to_owned());
    let all = [("a", "bc"), ("ab", "c"), ("", "abc"), ("1:a", "bc"), ("abc", "")];
    let keys: std::collections::HashSet<String> =
        all.iter().map(|(realm, video)| names.video(realm, video)).collect();
    assert_eq!(keys.len(), all.len());
    assert!(keys.iter().all(|key| key.starts_with("{p}:video:")));
}
