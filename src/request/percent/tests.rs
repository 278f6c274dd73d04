use super::*;

fn strictly(raw: &str) -> Result<Vec<u8>, PercentFault> {
    let mut decoded = ArrayVec::<u8, 8>::new();
    decode_strictly(raw.as_bytes(), &mut decoded).map(|()| decoded.to_vec())
}

#[test]
fn percent_decoding_is_strict_and_bounded() {
    assert_eq!(strictly("a%2Fb%2f"), Ok(b"a/b/".to_vec()));
    assert_eq!(strictly("+%20"), Ok(b"+ ".to_vec()));
    for broken in ["%", "%2", "a%zz", "%-1", "%%20"] {
        assert_eq!(strictly(broken), Err(PercentFault::Encoding), "{broken}");
    }
    assert_eq!(strictly("123456789"), Err(PercentFault::Full));
    assert_eq!(strictly("12345678%41"), Err(PercentFault::Full));
}
