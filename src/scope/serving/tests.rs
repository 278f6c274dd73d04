use super::*;
use crate::scope::key_scope::{KeyScope, MAX_ADMITTING, ScopeName};

#[test]
fn the_scopes_by_which_keys_are_looked_up_are_those_that_admit_the_resource() {
    let mut streams = Streams::default();
    for (stream, playback_id) in [("a", "b"), ("b", "c"), ("d", "d")] {
        streams.playback_ids.insert(stream.into(), playback_id.into());
        streams.given.insert(playback_id.into(), stream.into());
    }
    let names = ["a", "b", "c", "d", "e", ""];
    let mut scopes = vec![KeyScope::any()];
    for name in names {
        scopes.extend([KeyScope::bucket(name), KeyScope::stream(name), KeyScope::site(name)]);
    }
    let mut played = 0;
    for site in ["a", "e"] {
        for name in names.map(str::as_bytes).into_iter().chain([&b"\xff"[..]]) {
            let live = Resource::Live { playback_id: name, file: b"" };
            for resource in [Resource::Object { bucket: name, key: b"" }, live] {
                let looked_up = ScopeName::admitting(site, &resource, &streams);
                played += usize::from(resource == live && looked_up.len() == MAX_ADMITTING);
                for scope in &scopes {
                    let admits = scope.admits(site, &resource, &streams);
                    assert_eq!(looked_up.contains(&scope.name()), admits, "{scope:?}, {resource:?}");
                }
            }
        }
    }
    assert_eq!(played, 2 * 5, "b, c, d, e and the empty name; a is played as b, and \\xff is no text");
}
