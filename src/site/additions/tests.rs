use super::*;
use crate::Policy;
use crate::schemes::Refuse;

fn site(number: usize) -> Site {
    Site::bucket("b").host(format!("h{number}.example"))
}

fn policy() -> Policy {
    Policy::builder().site(Site::bucket("own").host("own.example")).build().unwrap()
}

/// Returns whether the sites at an index share their rules.
fn share(one: &Policy, other: &Policy, index: usize) -> bool {
    std::ptr::eq(one.site(index), other.site(index))
}

#[test]
fn sites_that_did_not_change_share_their_rules() {
    let first = policy().with_additions(Additions::new().site(site(1)).site(site(2))).unwrap();
    let second = first.with_additions(Additions::new().site(site(1)).site(site(2).public())).unwrap();
    assert_eq!([0, 1, 2].map(|index| share(&first, &second, index)), [true, true, false]);
    let moved = second.with_additions(Additions::new().site(site(2).public()).site(site(1))).unwrap();
    assert!(std::ptr::eq(second.site(1), moved.site(2)), "rules are found by id, not by position");
}

#[test]
fn a_site_with_another_hook_does_not_share_its_rules() {
    let hooked = Arc::new(site(1).hook(|_| Ok(())));
    let first = policy().with_additions(Additions::new().site(Arc::clone(&hooked))).unwrap();
    let same = first.with_additions(Additions::new().site(hooked)).unwrap();
    assert!(share(&first, &same, 1));
    let other = site(1).hook(|_| Err(Refuse::default()));
    let other = same.with_additions(Additions::new().site(other)).unwrap();
    assert!(!share(&same, &other, 1));
}

#[test]
fn an_exact_host_takes_precedence_over_a_pattern_among_ten_thousand() {
    let pattern = Site::bucket("{bucket}").id("pattern").host("{bucket}.example").public();
    let many =
        (0..10_000).fold(Additions::new().site(pattern), |additions, number| additions.site(site(number)));
    let verifier = crate::Verifier::builder().may_be_empty(true).build().unwrap();
    verifier.swap(policy().with_additions(many).unwrap());
    let site_of = |host| {
        let request = http::Request::get("/a.ts").header("host", host).body(()).unwrap();
        let decision = verifier.decide(&request, verifier.now());
        decision.site().map(|site| site.id().to_owned()).unwrap()
    };
    assert_eq!(site_of("h9999.example"), "h9999.example");
    assert_eq!(site_of("other.example"), "pattern");
}
