use super::*;
use crate::crypto::MAX_SIGNATURE_LEN;

fn refusal(raw: &str) -> Option<Denial> {
    let mut buffer = TokenBuffer::new();
    Token::parse(raw.as_bytes(), &mut buffer).err()
}

fn fault(raw: &str) -> Option<TokenFault> {
    match refusal(raw) {
        Some(Denial::MalformedToken(fault)) => Some(fault),
        _ => None,
    }
}

/// The decoder panics if its output is too small; a token's buffers are always large enough.
#[test]
fn a_segment_that_outgrows_its_buffer_is_refused_and_does_not_panic() {
    let mut small = [MaybeUninit::uninit(); 3];
    assert_eq!(decode(b"AAAA", &mut small).unwrap(), [0; 3]);
    let too_long = Err(Denial::MalformedToken(TokenFault::TooLong));
    for segment in [&b"AAAAAAAA"[..], &[b'A'; MAX_TOKEN_BYTES]] {
        assert_eq!(decode(segment, &mut small), too_long, "{} bytes", segment.len());
    }
    let TokenBuffer { mut header, .. } = TokenBuffer::default();
    assert_eq!(decode(&[b'A'; 1024], &mut header).map(<[u8]>::len), Ok(768));
}

/// `{"alg":"RS256"}`
const HEADER: &str = "eyJhbGciOiJSUzI1NiJ9";

#[test]
fn a_token_has_exactly_three_non_empty_segments() {
    assert_eq!(refusal(&format!("{HEADER}.e30.AA")), None);
    assert_eq!(fault(""), Some(TokenFault::Empty));
    for raw in [".", "..", "...", "a", "a.b", "a.b.", ".b.c", "a..c", "a.b.c.d", "a.b.c.", "a.b.c.d.e"] {
        assert_eq!(fault(raw), Some(TokenFault::Segments), "{raw}");
    }
}

#[test]
fn base64url_is_unpadded_and_canonical() {
    for raw in [
        format!("{HEADER}.e30=.AA"),
        format!("{HEADER}.e30.AA=="),
        format!("{HEADER}.e31.AA"), // trailing bits
        format!("{HEADER}.e30.AB"), // trailing bits
        format!("{HEADER}.e30.A"),  // no byte at all
        format!("{HEADER}.e30.AAA+"),
        format!("{HEADER}.e30.AAA/"),
        format!("{HEADER}.e30.AA AA"),
        format!("{HEADER}.e30.AA\n"),
        format!(" {HEADER}.e30.AA"),
        format!("{HEADER}.e30.\u{e9}AA"),
        format!("{HEADER}%.e30.AA"),
    ] {
        assert_eq!(fault(&raw), Some(TokenFault::Base64), "{raw}");
    }
}

#[test]
fn the_largest_token_fits_and_one_byte_more_does_not() {
    let payload = |length: usize| format!("{HEADER}.{}.AA", "A".repeat(length - HEADER.len() - 4));
    assert_eq!(fault(&payload(MAX_TOKEN_BYTES)), Some(TokenFault::Json));
    assert_eq!(fault(&payload(MAX_TOKEN_BYTES + 1)), Some(TokenFault::TooLong));
    let whole = format!("{}.A.A", "A".repeat(MAX_TOKEN_BYTES - 4));
    assert!(fault(&whole).is_some());
}

#[test]
fn a_signature_longer_than_any_is_no_fault_of_form() {
    let zeros = |bytes: usize| "A".repeat((bytes * 4).div_ceil(3));
    for bytes in [MAX_SIGNATURE_LEN, MAX_SIGNATURE_LEN + 1, 2 * MAX_SIGNATURE_LEN] {
        assert_eq!(refusal(&format!("{HEADER}.e30.{}", zeros(bytes))), None, "{bytes}");
    }
}

#[test]
fn text_must_be_utf8() {
    assert_eq!(fault(&format!("{HEADER}._w.AA")), Some(TokenFault::NotUtf8));
    assert_eq!(fault(&format!("_w.{HEADER}.AA")), Some(TokenFault::NotUtf8));
}
