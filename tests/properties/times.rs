//! Dates: every second, on both sides of every boundary, against exact arithmetic.

use std::sync::LazyLock;

use playgate::error::{ClaimName, TokenFault};
use playgate::time::{Leeway, UnixSeconds};
use playgate::{Denial, KeyScope, Verifier};
use proptest::prelude::*;
use proptest::sample::select;

use crate::drawn::{cases, get, verdict_at};
use crate::support::{NOW, TestKey, gate, vod};

/// The leeways that sites have here, each with its verifier.
static SITES: LazyLock<Vec<(i64, Verifier)>> = LazyLock::new(|| {
    [0, 1, 30, 60]
        .map(|seconds| {
            let site = vod().leeway(Leeway::from_secs(seconds).unwrap());
            let key = TestKey::Secret.key(KeyScope::bucket("vod"));
            (i64::from(seconds), gate().site(site).key(key).build().unwrap())
        })
        .into()
});

/// A number of `10^-places` seconds.
#[derive(Clone, Copy, Debug)]
struct Exact {
    units: i128,
    places: u32,
}

impl Exact {
    fn floor(self) -> i128 {
        self.units.div_euclid(10_i128.pow(self.places))
    }

    fn ceil(self) -> i128 {
        -(-self.units).div_euclid(10_i128.pow(self.places))
    }

    /// As JSON, with the decimal point moved by an exponent.
    fn json(self, shift: i32, capital: bool) -> String {
        let e = if capital { 'E' } else { 'e' };
        let (sign, digits) = (if self.units < 0 { "-" } else { "" }, self.units.unsigned_abs().to_string());
        let places = usize::try_from(self.places).unwrap();
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, part) = digits.split_at(digits.len() - places);
        let point = if part.is_empty() { "" } else { "." };
        match shift {
            0 => format!("{sign}{whole}{point}{part}"),
            // The same digits without a point, and the power that puts it back.
            1 => {
                let units = format!("{whole}{part}");
                let units = units.trim_start_matches('0');
                format!("{sign}{}{e}-{places}", if units.is_empty() { "0" } else { units })
            }
            // All of them behind the point.
            _ => format!("{sign}0.{whole}{part}{e}+{}", whole.len()),
        }
    }
}

/// Where a date may lie: about now, at the epoch, at the ends of what 64 bits hold, and beyond them.
fn exact() -> impl Strategy<Value = Exact> {
    let near = (i128::from(NOW) - 70)..=(i128::from(NOW) + 70);
    let seconds = prop_oneof![
        8 => near,
        1 => -3..=3_i128,
        2 => (i128::from(MILLISECONDS) - 2)..=(i128::from(MILLISECONDS) + 2),
        1 => (i128::from(i64::MAX) - 62)..=(i128::from(i64::MAX) + 3),
        1 => (i128::from(i64::MIN) - 3)..=(i128::from(i64::MIN) + 62),
        1 => select(vec![10_i128.pow(19), -(10_i128.pow(19)), 10_i128.pow(25), i128::from(u64::MAX)]),
    ];
    let fraction = (0_u32..=9).prop_flat_map(|places| {
        let unit = 10_i128.pow(places);
        (Just(places), prop_oneof![Just(0), Just(unit - 1), Just(i128::from(unit > 1)), 0..unit])
    });
    (seconds, fraction).prop_map(|(seconds, (places, fraction))| Exact {
        units: seconds * 10_i128.pow(places) + fraction,
        places,
    })
}

/// A claim: none, or one with its spelling.
type Drawn = Option<(Exact, String)>;

fn claim() -> impl Strategy<Value = Drawn> {
    let spelled = (exact(), 0..3_i32, any::<bool>())
        .prop_map(|(exact, shift, capital)| Some((exact, exact.json(shift, capital))));
    prop_oneof![1 => Just(None), 6 => spelled]
}

/// The whole seconds of a claim, if 64 bits hold them.
fn seconds(claim: &Drawn, round: fn(Exact) -> i128) -> Result<Option<i64>, ()> {
    match claim {
        None => Ok(None),
        Some((exact, _)) => {
            // What is read is the second that begins before it.
            i64::try_from(exact.floor()).map_err(drop)?;
            Ok(Some(i64::try_from(round(*exact)).unwrap_or(i64::MAX)))
        }
    }
}

/// The first date that is taken for milliseconds.
const MILLISECONDS: i64 = 1_000_000_000_000;

/// `nbf - leeway <= now < exp + leeway`, and nothing lives at or before the epoch.
fn lives(exp: &Drawn, nbf: &Drawn, leeway: i64, now: i64) -> Result<(), Denial> {
    let unix = UnixSeconds::new;
    let late =
        |claim, date| Err(Denial::MalformedToken(TokenFault::Milliseconds { claim, date: unix(date) }));
    match seconds(exp, Exact::floor) {
        Ok(Some(exp)) if exp >= MILLISECONDS => return late(ClaimName::Exp, exp),
        Err(()) => return Err(Denial::MalformedClaim(ClaimName::Exp)),
        Ok(Some(exp)) if exp <= 0 || now >= exp.saturating_add(leeway) => {
            return Err(Denial::Expired { exp: unix(exp), now: unix(now) });
        }
        Ok(_) => {}
    }
    if let Ok(Some(nbf)) = seconds(nbf, Exact::floor)
        && nbf >= MILLISECONDS
    {
        return late(ClaimName::Nbf, nbf);
    }
    match seconds(nbf, Exact::ceil) {
        Err(()) => Err(Denial::MalformedClaim(ClaimName::Nbf)),
        Ok(Some(nbf)) if now < nbf.saturating_sub(leeway) => {
            Err(Denial::NotYetValid { nbf: unix(nbf), now: unix(now) })
        }
        Ok(_) => Ok(()),
    }
}

/// The seconds at which something changes, and their neighbours.
fn moments(exp: &Drawn, nbf: &Drawn, leeway: i64) -> Vec<i64> {
    let ends = [exp, nbf].into_iter().flatten().flat_map(|(exact, _)| [exact.floor(), exact.ceil()]);
    let leeway = i128::from(leeway);
    let edges = ends.flat_map(|end| [end, end - leeway, end + leeway]);
    let around = edges.flat_map(|edge| [edge - 1, edge, edge + 1]);
    around.filter_map(|second| i64::try_from(second).ok()).chain([NOW, 0, -100]).collect()
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn a_token_lives_from_nbf_to_exp_to_the_second(exp in claim(), nbf in claim(), site in 0_usize..4) {
        let (leeway, verifier) = &SITES[site];
        let named = [("exp", &exp), ("nbf", &nbf)];
        let date = |(name, claim): &(_, &Drawn)| Some(format!(r#","{name}":{}"#, claim.as_ref()?.1));
        let dates = named.iter().filter_map(date);
        let payload = format!(r#"{{"uri":""{}}}"#, dates.collect::<String>());
        let request = get("/a.ts").cookie(TestKey::Secret.token(&payload));
        for now in moments(&exp, &nbf, *leeway) {
            let expected = lives(&exp, &nbf, *leeway, now);
            prop_assert_eq!(verdict_at(verifier, &request, now), expected, "{} at {}", payload, now);
        }
    }
}
