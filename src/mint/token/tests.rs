use super::*;
use crate::error::ClaimName;

#[test]
fn a_claim_with_its_own_method_is_refused() {
    let signer = Signer::from_secret("k", &[1; 32]).unwrap();
    let draft = signer.token(Scope::whole_bucket()).claim("exp", "never");
    assert_eq!(draft.sign().unwrap_err(), MintError::ReservedClaim { name: "exp".to_owned() });
}

#[test]
fn what_every_verifier_would_refuse_is_not_signed() {
    let signer = Signer::from_secret("k", &[1; 32]).unwrap();
    let draft = || signer.token(Scope::whole_bucket());
    let many = (0..64).fold(draft(), |draft, number| draft.claim(&format!("c{number}"), 1));
    let long = draft().claim("text", "x".repeat(MAX_TOKEN_BYTES));
    assert_eq!(many.sign().unwrap_err(), MintError::Refused { fault: TokenFault::TooManyMembers });
    assert_eq!(long.sign().unwrap_err(), MintError::Refused { fault: TokenFault::TooLong });
}

#[test]
fn a_date_in_milliseconds_is_not_signed() {
    let signer = Signer::from_secret("k", &[1; 32]).unwrap();
    let draft = || signer.token(Scope::whole_bucket());
    let date = UnixSeconds::new(1_790_000_000_000);
    for (claim, draft) in
        [(ClaimName::Exp, draft().expires_at(date)), (ClaimName::Nbf, draft().not_before(date))]
    {
        let error = draft.sign().unwrap_err();
        assert_eq!(error, MintError::Refused { fault: TokenFault::Milliseconds { claim, date } });
        assert!(error.to_string().contains("this looks like milliseconds"), "{error}");
    }
    for late in
        [json!(1_790_000_000_000_u64), json!(1e12), json!(1_790_000_000_000.5), json!("1790000000000")]
    {
        let error = draft().claim("iat", &late).sign().unwrap_err();
        assert_eq!(error, MintError::Milliseconds { name: "iat".to_owned() }, "{late}");
    }
    assert!(draft().claim("iat", 999_999_999_999_u64).sign().is_ok());
    assert!(draft().expires_at(UnixSeconds::new(999_999_999_999)).sign().is_ok());
}
