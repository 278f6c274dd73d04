use super::*;

fn look(under_way: &UnderWay, token: EmbedToken) -> (Ticket, Waiting) {
    match under_way.turn(token, || true) {
        Turn::Look(ticket, waiting) => (ticket, waiting),
        Turn::Wait(_) | Turn::Refused => panic!("nobody looks it up yet"),
    }
}

fn wait(under_way: &UnderWay, token: EmbedToken) -> Waiting {
    match under_way.turn(token, || panic!("it is looked up")) {
        Turn::Wait(waiting) => waiting,
        Turn::Look(..) | Turn::Refused => panic!("it is looked up"),
    }
}

#[tokio::test]
async fn all_requests_that_wait_for_a_lookup_get_its_answer_though_some_are_dropped() {
    let (under_way, token) = (UnderWay::default(), EmbedToken::generate().unwrap());
    let (ticket, first) = look(&under_way, token);
    let (second, third) = (wait(&under_way, token), wait(&under_way, token));
    drop((first, second));
    ticket.answer(Answer::Absent);
    assert!(matches!(third.await, Answer::Absent));
    assert!(under_way.0.lock().unwrap().is_empty());
    drop(look(&under_way, token));
}

#[tokio::test]
async fn a_dropped_lookup_answers_that_the_store_is_unavailable() {
    let (under_way, token) = (UnderWay::default(), EmbedToken::generate().unwrap());
    let (ticket, waiting) = look(&under_way, token);
    drop(ticket);
    assert!(matches!(waiting.await, Answer::Unavailable));
    assert!(under_way.0.lock().unwrap().is_empty());
    assert!(matches!(under_way.turn(token, || false), Turn::Refused));
    assert!(under_way.0.lock().unwrap().is_empty());
}
