use super::*;

fn mac(hash: MacHash, key: &[u8], pieces: &[&[u8]]) -> Option<String> {
    let output = MacKey::new(hash, key)?.mac(|write| pieces.iter().for_each(|piece| write(piece)));
    assert_eq!(output.len(), hash.len());
    Some(output.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}

/// The second and the sixth case of RFC 2202 and RFC 4231.
#[test]
fn macs_are_those_of_the_rfcs() {
    let (question, long): (&[&[u8]], &[&[u8]]) = (
        &[b"what do ya want ", b"for nothing?"],
        &[b"Test Using Larger Than Block-Size Key - ", b"Hash Key First"],
    );
    for (hash, key, pieces, expected) in [
        (MacHash::Md5, &b"Jefe"[..], question, "750c783e6ab0b503eaa86e310a5db738"),
        (MacHash::Md5, &[0xaa; 80], long, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"),
        (MacHash::Sha1, b"Jefe", question, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (MacHash::Sha1, &[0xaa; 80], long, "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
        (
            MacHash::Sha256,
            b"Jefe",
            question,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            MacHash::Sha256,
            &[0xaa; 131],
            long,
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ] {
        // A build without a hash has no key for it.
        assert!(mac(hash, key, pieces).is_none_or(|mac| mac == expected), "{hash:?}");
    }
}
