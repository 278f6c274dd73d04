use super::*;

#[test]
fn each_origin_is_reported_once_up_to_the_bound_and_then_once_that_there_are_more() {
    let origins = UnlistedOrigins::default();
    let origin = |number: usize| format!("https://{number}.example.com");
    for number in 0..MAX_UNLISTED {
        assert_eq!(origins.record(origin(number).as_bytes()), Some(Unlisted::New));
    }
    assert_eq!(origins.record(b"https://more.example.com"), Some(Unlisted::OneTooMany));
    for number in 0..2 * MAX_UNLISTED {
        assert_eq!(origins.record(origin(number).as_bytes()), None, "{number}");
    }
}

#[test]
fn threads_that_see_one_origin_report_it_once() {
    let origins = UnlistedOrigins::default();
    let reported = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..50_u8).filter(|at| origins.record(&[*at]).is_some()).count()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert_eq!(reported, 50);
}
