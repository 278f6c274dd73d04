use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use hashbrown::HashMap;
use tokio::sync::oneshot;

use crate::embed::EmbedToken;
use crate::store::Answer;

/// The lookups under way: whoever needs a token that is looked up already waits for the same answer.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashMap<EmbedToken, Waiting>>>);

/// An answer to come, for as many as want it.
pub(super) type Waiting = Shared<BoxFuture<'static, Answer>>;

/// What is to be done for a token.
pub(super) enum Turn {
    /// Wait with those who came before.
    Wait(Waiting),
    /// Look it up, tell the answer, and wait as they do.
    Look(Ticket, Waiting),
    /// Nothing: another lookup is not allowed now.
    Refused,
}

/// The duty to tell an answer. One that is dropped has told that there is none.
pub(super) struct Ticket {
    all: UnderWay,
    token: EmbedToken,
    answer: Option<oneshot::Sender<Answer>>,
}

impl UnderWay {
    /// Whose turn it is; `allowed` is asked where nobody looks the token up yet.
    pub(super) fn turn(&self, token: EmbedToken, allowed: impl FnOnce() -> bool) -> Turn {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = all.get(&token) {
            return Turn::Wait(waiting.clone());
        }
        if !allowed() {
            return Turn::Refused;
        }
        let (sender, receiver) = oneshot::channel();
        let waiting = receiver.map(|answer| answer.unwrap_or(Answer::Unavailable)).boxed().shared();
        all.insert(token, waiting.clone());
        Turn::Look(Ticket { all: self.clone(), token, answer: Some(sender) }, waiting)
    }
}

impl Ticket {
    pub(super) fn tell(mut self, answer: Answer) {
        self.leave();
        if let Some(sender) = self.answer.take() {
            let _ = sender.send(answer); // nobody may be waiting any more
        }
    }

    /// Who comes from now on does not wait for this lookup.
    fn leave(&self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.token);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.answer.is_some() {
            self.leave();
        }
    }
}

#[cfg(test)]
mod tests {
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
    async fn all_who_wait_for_one_lookup_get_its_answer_whoever_goes_away() {
        let (under_way, token) = (UnderWay::default(), EmbedToken::generate().unwrap());
        let (ticket, first) = look(&under_way, token);
        let (second, third) = (wait(&under_way, token), wait(&under_way, token));
        drop((first, second));
        ticket.tell(Answer::Absent);
        assert!(matches!(third.await, Answer::Absent));
        assert!(under_way.0.lock().unwrap().is_empty());
        drop(look(&under_way, token));
    }

    #[tokio::test]
    async fn a_lookup_that_is_given_up_answers_that_it_was() {
        let (under_way, token) = (UnderWay::default(), EmbedToken::generate().unwrap());
        let (ticket, waiting) = look(&under_way, token);
        drop(ticket);
        assert!(matches!(waiting.await, Answer::Unavailable));
        assert!(under_way.0.lock().unwrap().is_empty());
        assert!(matches!(under_way.turn(token, || false), Turn::Refused));
        assert!(under_way.0.lock().unwrap().is_empty());
    }
}
