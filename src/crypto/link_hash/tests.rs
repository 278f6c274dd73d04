use super::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(feature = "secure-link-md5")]
#[test]
fn md5_is_that_of_rfc_1321() {
    let digest = LinkHash::Md5.digest(b"", |write| {
        write(b"message");
        write(b" digest");
    });
    assert_eq!(hex(&digest), "f96b697d7cb7938d525a2f31aaf161d0");
    // Up to the length that is assembled, and longer.
    for (pieces, len) in [(8, 64), (9, 64), (1, 513), (40, 100)] {
        let text = vec![b'x'; pieces * len];
        let digest = LinkHash::Md5.digest(b"", |write| text.chunks(len).for_each(write));
        let whole = <md5::Md5 as md5::Digest>::digest(&text);
        assert_eq!(digest.as_slice(), whole.as_slice(), "{pieces} of {len}");
    }
}

#[cfg(feature = "aws-lc")]
#[test]
fn sha_256_is_that_of_fips_180_and_hmac_that_of_rfc_4231() {
    let digest = LinkHash::Sha256.digest(b"ignored", |write| write(b"abc"));
    assert_eq!(hex(&digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let digest = LinkHash::HmacSha256.digest(b"Jefe", |write| {
        write(b"what do ya want ");
        write(b"for nothing?");
    });
    assert_eq!(hex(&digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
