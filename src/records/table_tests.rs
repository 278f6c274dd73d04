use std::sync::Arc;

use super::sync::Tokened;
use super::table::{EXPIRED_KEPT, Group, Kept, REMEMBERED, RevokedAlone, Sight, Table};

struct Plain {
    token: u32,
    revoked_alone: RevokedAlone,
    group: Arc<Group>,
    viewer: Option<&'static str>,
    order: u64,
    expires: Option<i64>,
    last_seen: i64,
    remembers: i64,
}

impl Tokened for Plain {
    type Token = u32;

    fn token(&self) -> &u32 {
        &self.token
    }
}

impl Kept for Plain {
    fn revoked_alone(&self) -> &RevokedAlone {
        &self.revoked_alone
    }

    fn group(&self) -> &Group {
        &self.group
    }

    fn viewer(&self) -> Option<&str> {
        self.viewer
    }

    fn order(&self) -> u64 {
        self.order
    }

    fn expires(&self) -> Option<i64> {
        self.expires
    }

    fn last_seen(&self) -> i64 {
        self.last_seen
    }

    fn remembers(&self) -> i64 {
        self.remembers
    }
}

type Plains = Table<Plain>;

fn plain(table: &Plains, token: u32, group: &Arc<Group>, viewer: Option<&'static str>) -> Arc<Plain> {
    let (group, order, revoked_alone) = (Arc::clone(group), table.next_order(), RevokedAlone::default());
    Arc::new(Plain { token, revoked_alone, group, viewer, order, expires: None, last_seen: 0, remembers: 0 })
}

fn seen(table: &Plains, token: u32) -> &'static str {
    match table.look(&token) {
        Sight::Live(_) => "live",
        Sight::Revoked(_) => "revoked",
        Sight::Unknown => "unknown",
    }
}

#[test]
fn what_is_revoked_stays_so_in_whatever_order_its_record_comes() {
    let (table, group) = (Plains::default(), Arc::new(Group::default()));
    let first = plain(&table, 1, &group, Some("ann"));
    table.revoke(&1, 0);
    assert!(!table.put_new(&first), "its token was revoked");
    table.put_found(&first);
    assert_eq!(seen(&table, 1), "revoked");

    let second = plain(&table, 2, &group, Some("ann"));
    table.revoke_group(&group, table.order(), 0);
    table.put_found(&second);
    assert_eq!(seen(&table, 2), "revoked", "its group was revoked");
    assert!(table.put_new(&plain(&table, 3, &group, Some("ann"))));
    assert_eq!(seen(&table, 3), "live", "issued after that");

    table.revoke_viewer("ann", table.order(), 0);
    assert_eq!(seen(&table, 3), "revoked");
    assert!(table.put_new(&plain(&table, 4, &group, Some("ann"))));
    assert_eq!(seen(&table, 4), "live", "issued after that");
}

#[test]
fn an_older_revocation_gives_nothing_back() {
    let (table, group) = (Plains::default(), Arc::new(Group::default()));
    assert!(table.put_new(&plain(&table, 1, &group, Some("ann"))));
    table.revoke_group(&group, 5, 0);
    table.revoke_group(&group, 0, 9);
    assert_eq!(seen(&table, 1), "revoked");
    assert!(table.next_order() > 5, "what is issued from here on is above what was revoked elsewhere");
    let (table, group) = (Plains::default(), Arc::new(Group::default()));
    assert!(table.put_new(&plain(&table, 1, &group, Some("ann"))));
    table.revoke_viewer("ann", 5, 0);
    table.revoke_viewer("ann", 0, 9);
    assert_eq!(seen(&table, 1), "revoked");
}

#[test]
fn a_token_that_is_known_is_not_issued_again() {
    let (table, group) = (Plains::default(), Arc::new(Group::default()));
    assert!(table.put_new(&plain(&table, 1, &group, None)));
    assert!(!table.put_new(&plain(&table, 1, &group, None)));
}

#[test]
fn a_sweep_drops_what_is_dead_and_nothing_else() {
    let (table, group, doomed) = (Plains::default(), Arc::new(Group::default()), Arc::new(Group::default()));
    let put = |token, group: &Arc<Group>, expires, last_seen| {
        let (group, order, revoked_alone) = (Arc::clone(group), table.next_order(), RevokedAlone::default());
        let record =
            Plain { token, revoked_alone, group, viewer: None, order, expires, last_seen, remembers: 0 };
        assert!(table.put_new(&Arc::new(record)));
    };
    let now = 10_000;
    put(1, &group, None, 0);
    put(2, &group, Some(now + 1), 0);
    put(3, &group, Some(now - EXPIRED_KEPT + 1), 0);
    put(4, &group, Some(now - EXPIRED_KEPT), 0);
    put(5, &doomed, None, 0);
    put(6, &group, None, 0);
    let rotated = Arc::new(Group::default());
    put(9, &rotated, None, 0);
    table.revoke_group(&doomed, table.order(), now - REMEMBERED);
    table.revoke_group(&rotated, table.order(), now - REMEMBERED + 1);
    table.revoke(&6, now);
    table.revoke(&7, now - REMEMBERED);
    table.revoke_viewer("ann", 1, now);
    table.revoke_viewer("bob", 1, now - REMEMBERED);
    table.sweep(now, None);
    let left = [1, 2, 3, 4, 5, 6, 7].map(|token| seen(&table, token));
    assert_eq!(left, ["live", "live", "live", "unknown", "unknown", "revoked", "unknown"]);
    assert_eq!(seen(&table, 9), "revoked", "its viewer is told for a while");
    assert_eq!(table.len(), (5, 1));

    put(8, &group, None, now);
    table.sweep(now, Some(now));
    assert_eq!([1, 2, 8].map(|token| seen(&table, token)), ["unknown", "unknown", "live"], "idle ones went");
    table.forget();
    assert_eq!([6, 8].map(|token| seen(&table, token)), ["revoked", "unknown"]);
}

#[test]
fn a_sweep_leaves_an_idle_record_for_as_long_as_it_remembers_something() {
    let (table, group) = (Plains::default(), Arc::new(Group::default()));
    for (token, last_seen, remembers) in
        [(1, 9_000, 1_000), (2, 8_999, 1_000), (3, 9_100, 10), (4, 9_099, 10), (5, 0, 86_400)]
    {
        let (revoked_alone, order) = (RevokedAlone::default(), table.next_order());
        let group = Arc::clone(&group);
        let record =
            Plain { token, revoked_alone, group, viewer: None, order, expires: None, last_seen, remembers };
        assert!(table.put_new(&Arc::new(record)));
    }
    table.sweep(10_000, Some(9_100));
    let left = [1, 2, 3, 4, 5].map(|token| seen(&table, token));
    assert_eq!(left, ["live", "unknown", "live", "unknown", "live"], "both times have passed, or it stays");
}
