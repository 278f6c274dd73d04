use super::*;
use crate::model::{DomainName, PlaybackId};

fn stream(id: &str, account: AccountId, playback_id: &str) -> Stream {
    let playback_id = Some(PlaybackId::parse(playback_id).unwrap());
    Stream { id: StreamId::parse(id).unwrap(), account, playback_id, created: 0 }
}

#[test]
fn a_playback_id_that_passes_to_another_stream_has_that_streams_account() {
    let (one, other) = (AccountId::random(), AccountId::random());
    let mut managed = Managed::default();
    for stream in [stream("a", one, "p1"), stream("b", other, "p2")] {
        managed.put_stream(stream.id.clone(), Some(stream));
    }
    // Both changes may be read together, in any order.
    for stream in [stream("a", one, "p2"), stream("b", other, "p3")] {
        managed.put_stream(stream.id.clone(), Some(stream));
    }
    let foreign = |id| managed.owners.belongs_to_another(id, other);
    assert_eq!([foreign("p1"), foreign("p2"), foreign("p3")], [false, true, false]);
}

#[test]
fn a_domain_that_is_deleted_and_created_again_keeps_its_site() {
    let (settings, account) = (Settings::new(), AccountId::random());
    let domain = || Domain {
        id: DomainId::random(),
        account,
        name: DomainName::parse("live.example.com").unwrap(),
        kind: DomainKind::Live,
        bucket: None,
        cors: None,
        created: 0,
    };
    let (before, after) = (domain(), domain());
    let mut managed = Managed::default();
    managed.put_domain(before.id, Some(before.clone()), &settings);
    // Both changes may be read together, in any order.
    managed.put_domain(after.id, Some(after), &settings);
    managed.put_domain(before.id, None, &settings);
    let verifier = Verifier::builder().may_be_empty(true).build().unwrap();
    managed.apply(&verifier).unwrap();
    assert_eq!(verifier.snapshot().policy().sites().count(), 1);
}
