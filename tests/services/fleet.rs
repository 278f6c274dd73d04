//! Origins of one fleet share embed tokens and revocations through a real Redis.
//!
//! Each origin is a process of its own: this test's program again, as [`origin_process`]. Without `redis-server` the tests
//! say so and pass; with `PLAYGATE_REQUIRE_SERVICES=1` they fail.

#![expect(clippy::print_stdout, reason = "what was measured is worth reading")]

mod cookies;
mod failover;
mod floods;
mod keeping;
mod origin;
mod outages;
mod proxy;
mod secrets;
mod sharing;
mod starting;

use std::time::{Duration, Instant};

use crate::support::redis::{After, Redis};
use crate::support::{Ask, get};
use origin::{Origin, Setup};
use tokio::sync::{Mutex, MutexGuard};

/// A Redis and the origins that share it; alone on this machine, since times are measured.
struct Fleet {
    redis: Redis,
    one: Origin,
    other: Origin,
    _alone: MutexGuard<'static, ()>,
}

impl Fleet {
    /// `None` where there is no Redis.
    async fn start(after: After, setup: impl Fn(&Redis) -> Setup) -> Option<Self> {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let alone = ALONE.lock().await;
        let redis = Redis::start(after)?;
        let (one, other) = (Origin::start(&setup(&redis)).await, Origin::start(&setup(&redis)).await);
        one.ready().await;
        other.ready().await;
        Some(Self { redis, one, other, _alone: alone })
    }

    /// Asks both; they answer alike.
    async fn verdict(&self, ask: &Ask) -> String {
        let (one, other) = (self.one.verdict(ask).await, self.other.verdict(ask).await);
        assert_eq!(one, other, "{ask:?}");
        one
    }
}

/// Something of a video, with an embed token or a signed one.
fn part_of(video: &str, token: &str) -> Ask {
    get(format!("/videos/{video}/seg-1.ts")).query(token)
}

/// How long it takes from now on until the answer is this one.
async fn until(origin: &Origin, ask: &Ask, verdict: &str) -> Duration {
    let began = Instant::now();
    loop {
        let found = origin.verdict(ask).await;
        if found == verdict {
            return began.elapsed();
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{ask:?}: still {found}, and not {verdict}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// An origin of a fleet, started by [`Origin::start`]; not a test by itself.
#[test]
#[ignore = "what the tests here start as processes"]
fn origin_process() {
    origin::serve();
}
