//! Scopes: what a `uri` covers, against the rules as one would say them aloud.

use playgate::scope::{Coverage, PrefixRule, Resource};
use playgate::{Denial, KeyScope, Site, Verifier};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::drawn::{cases, get, verdict};
use crate::support::{TestKey, gate, vod};

/// Few letters, so that what is drawn meets.
fn text(most: usize) -> impl Strategy<Value = String> {
    vec(select(&["a", "b", "a", "/", ".", "é", "%"][..]), 0..=most).prop_map(|letters| letters.concat())
}

/// Segments of an object key that a path can ask for.
fn key() -> impl Strategy<Value = String> {
    vec(select(&["a", "b", "aa", "ab", "a.b", "é", "..."][..]), 1..5).prop_map(|names| names.join("/"))
}

/// A `uri` that is related to a key: a prefix of it, in bytes, with a slash, or something else.
fn related(key: &str, cut: usize, tail: &str) -> String {
    let end = (0..=cut % (key.len() + 1)).rev().find(|at| key.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{tail}", &key[..end])
}

/// The rules, by lists of segments instead of bytes.
fn covers(uri: &str, key: &str, coverage: Coverage) -> Result<(), Denial> {
    if uri.starts_with('/') {
        return Err(Denial::ScopeStartsWithSlash);
    }
    if uri.is_empty() {
        return if coverage.whole_bucket { Ok(()) } else { Err(Denial::WholeBucket) };
    }
    let (wanted, asked): (Vec<_>, Vec<_>) = (uri.split('/').collect(), key.split('/').collect());
    let covered = match (coverage.prefix, wanted.split_last()) {
        (PrefixRule::Bytes, _) => key.as_bytes().iter().take(uri.len()).eq(uri.as_bytes()),
        // `videos/1/` wants a segment behind it, whichever.
        (_, Some((&"", folder))) => asked.len() > folder.len() && asked.starts_with(folder),
        (_, _) => asked.starts_with(&wanted),
    };
    if covered { Ok(()) } else { Err(Denial::OutOfScope) }
}

fn coverage() -> impl Strategy<Value = Coverage> {
    (any::<bool>(), any::<bool>()).prop_map(|(bytes, whole_bucket)| {
        let prefix = if bytes { PrefixRule::Bytes } else { PrefixRule::Segments };
        Coverage { prefix, whole_bucket }
    })
}

proptest! {
    #![proptest_config(cases(8_000))]

    #[test]
    fn a_bucket_is_covered_as_the_rules_say(
        coverage in coverage(),
        key in text(6),
        free in text(6),
        (tied, cut, tail) in (any::<bool>(), 0_usize..20, text(2)),
    ) {
        let uri = if tied { related(&key, cut, &tail) } else { free };
        let resource = Resource::Object { bucket: b"vod", key: key.as_bytes() };
        prop_assert_eq!(
            coverage.check(uri.as_bytes(), &resource), covers(&uri, &key, coverage), "{:?} on {:?}", uri, key
        );
    }

    #[test]
    fn a_stream_is_covered_by_its_own_name_alone(coverage in coverage(), id in text(3), uri in text(3)) {
        let resource = Resource::Live { playback_id: id.as_bytes(), file: b"a.ts" };
        let expected = match uri.as_str() {
            slash if slash.starts_with('/') => Err(Denial::ScopeStartsWithSlash),
            same if !same.is_empty() && same == id => Ok(()),
            _ => Err(Denial::OutOfScope),
        };
        prop_assert_eq!(coverage.check(uri.as_bytes(), &resource), expected, "{:?} on {:?}", uri, id);
    }
}

fn bucket(coverage: Coverage) -> Verifier {
    let site = vod().prefix(coverage.prefix);
    let site = site.whole_bucket(coverage.whole_bucket);
    gate().site(site).key(TestKey::Secret.key(KeyScope::bucket("vod"))).build().unwrap()
}

/// The `uri` as any issuer may write it: JSON, with some characters escaped that need not be.
fn claims(uri: &str, escaped: bool) -> String {
    let one = |c: char| if escaped { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    let uri = uri.chars().map(one).collect::<String>();
    format!(r#"{{"uri":"{uri}"}}"#)
}

/// A path that asks for this key.
fn path_of(key: &str) -> String {
    key.chars().fold("/".to_owned(), |path, c| {
        if c.is_ascii() { format!("{path}{c}") } else { format!("{path}%C3%A9") }
    })
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_decision_covers_a_bucket_as_the_rules_say(
        coverage in coverage(), key in key(), cut in 0_usize..20, tail in text(2), escaped in any::<bool>(),
    ) {
        let uri = related(&key, cut, &tail);
        let request = get(path_of(&key)).cookie(TestKey::Secret.token(&claims(&uri, escaped)));
        let found = verdict(&bucket(coverage), &request);
        prop_assert_eq!(found, covers(&uri, &key, coverage), "{:?} on {:?}", uri, key);
    }

    #[test]
    fn a_decision_opens_the_stream_that_the_path_names(
        folder in any::<bool>(), key in key(), uri in prop_oneof![key(), text(3)], own in any::<bool>(),
    ) {
        let verifier = gate()
            .site(Site::live_by_path().host("cdn.example.com"))
            .key(TestKey::Secret.key(KeyScope::site("cdn.example.com")))
            .build()
            .unwrap();
        let file = if folder { format!("{key}/seg-1.ts") } else { key };
        // The first segment; of a file, without what follows its last dot.
        let mut segments = file.split('/');
        let first = segments.next().unwrap();
        let id = match (segments.next(), first.rsplit_once('.')) {
            (None, Some((stem, _))) => stem,
            _ => first,
        };
        let uri = if own { id.to_owned() } else { uri };
        let request = get(path_of(&file)).cookie(TestKey::Secret.token(&claims(&uri, false)));
        let expected = if uri.starts_with('/') {
            Err(Denial::ScopeStartsWithSlash)
        } else if uri == id && !id.is_empty() {
            Ok(())
        } else {
            Err(Denial::OutOfScope)
        };
        prop_assert_eq!(verdict(&verifier, &request), expected, "{:?} on {:?}", uri, file);
    }
}
