use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use hashbrown::HashMap;
use tokio::sync::oneshot;

use crate::records::EmbedToken;
use crate::store::Answer;

/// The lookups in progress. Requests for a token that is being looked up wait for the same answer.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashMap<EmbedToken, Waiting>>>);

/// A future answer, shared by any number of requests.
pub(super) type Waiting = Shared<BoxFuture<'static, Answer>>;

/// The next step of a request that needs a token.
pub(super) enum Turn {
    /// Wait for the answer of the lookup in progress.
    Wait(Waiting),
    /// Look the token up, give the answer to the ticket, and wait for it like the others.
    Look(Ticket, Waiting),
    /// Proceed without: no other lookup is allowed now.
    Refused,
}

/// The obligation to answer a lookup. If it is dropped, the waiting requests get [`Answer::Unavailable`].
pub(super) struct Ticket {
    all: UnderWay,
    token: EmbedToken,
    answer: Option<oneshot::Sender<Answer>>,
}

impl UnderWay {
    /// Returns the next step for a token. `allowed` is called if no lookup of the token is in progress.
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
    /// Answers the waiting requests.
    pub(super) fn answer(mut self, answer: Answer) {
        self.leave();
        if let Some(sender) = self.answer.take() {
            let _ = sender.send(answer); // fails if no request waits any more
        }
    }

    /// Ends the lookup, so that later requests do not wait for it.
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
mod tests;
