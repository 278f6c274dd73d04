use super::*;

#[test]
fn counts_of_ended_threads_are_kept_and_later_threads_continue_their_rows() {
    let counters = Counters::default();
    let sites = counters.of_sites(["a"].into_iter());
    for _ in 0..100 {
        std::thread::scope(|scope| {
            let count = || sites[0].count(Slot::PUBLIC, Noted::default());
            // A scope does not wait for the destructors of a thread, which leave its rows. Joining does.
            let threads = [scope.spawn(count), scope.spawn(count)];
            for thread in threads {
                thread.join().unwrap();
            }
        });
    }
    let (read, others) = counters.read_sites();
    assert_eq!(read[0].1.of(Slot::PUBLIC), 200);
    assert_eq!(others, None);
    let rows = sites[0].counters.rows().len();
    assert!(rows <= 2, "{rows} rows");
}

#[test]
fn threads_that_count_at_the_same_time_lose_nothing() {
    let counters = Counters::default();
    let sites = counters.of_sites(["a"].into_iter());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100_000).for_each(|_| sites[0].count(Slot::PASS, Noted::default().hit())));
        }
        let mut before = 0;
        while before < 400_000 {
            let now = counters.read_sites().0[0].1.of(Slot::PASS);
            assert!(now >= before, "a counter fell from {before} to {now}");
            before = now;
        }
    });
    assert_eq!(counters.read_sites().0[0].1.hits(), 400_000);
}

#[test]
fn sites_beyond_the_maximum_share_one_row() {
    let counters = Counters::default();
    let ids: Vec<String> = (0..MAX_SITES + 2).map(|number| format!("site-{number}")).collect();
    let sites = counters.of_sites(ids.iter().map(String::as_str));
    for site in &*sites {
        site.count(Slot::PREFLIGHT, Noted::default());
    }
    let (read, others) = counters.read_sites();
    assert_eq!(read.len(), MAX_SITES);
    assert!(read.iter().all(|(_, counts)| counts.of(Slot::PREFLIGHT) == 1));
    assert_eq!(others.unwrap().of(Slot::PREFLIGHT), 2);
    // A site keeps its counters when the policy changes.
    let again = counters.of_sites(["site-7"].into_iter());
    assert!(Arc::ptr_eq(&again[0].counters, &sites[7].counters));
}
