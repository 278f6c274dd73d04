use super::*;

#[test]
fn a_denial_reads_as_a_sentence_with_its_dates() {
    let expired =
        Denial::Expired { exp: UnixSeconds::new(1_750_000_000), now: UnixSeconds::new(1_750_000_042) };
    assert_eq!(expired.to_string(), "token expired: exp is 1750000000, checked at 1750000042");
    let fault = TokenFault::Milliseconds { claim: ClaimName::Exp, date: UnixSeconds::new(1_790_000_000_000) };
    let text = "exp is 1790000000000: this looks like milliseconds, but NumericDate is in seconds";
    assert_eq!(Denial::MalformedToken(fault).to_string(), format!("malformed token: {text}"));
    assert_eq!(Denial::OutOfScope.to_string(), "path is outside the scope of the token");
    assert_eq!(Denial::MalformedClaim(ClaimName::Exp).to_string(), "claim exp is malformed");
}

#[test]
fn a_denial_is_small_enough_to_copy() {
    assert!(size_of::<Denial>() <= 24, "{}", size_of::<Denial>());
}
