//! The name that revokes a single key: its identity as text.
//!
//! The name is `<length of the kid>:<kid> <kind of scope> <length of its name>:<name>[ by <issuer>]`, lengths in bytes, as in
//! `1:1 bucket 7:courses by https://id.example`. The lengths ensure that no two identities have the same name.

use arrayvec::{ArrayString, ArrayVec};

use crate::keys::{Key, KeyIdentity, KeyName};
use crate::revocation::{Kind, MAX_NAME_LEN, Revocation, Revocations};
use crate::scope::ScopeName;
use crate::time::UnixSeconds;

impl Revocation {
    /// Creates a revocation of every token that one key signed. Other keys with its `kid` stay in force.
    ///
    /// If the same key material is loaded under a second identity, its tokens are still accepted by the second one. To revoke
    /// both, revoke the `kid` with [`Revocation::key`].
    ///
    /// An identity whose texts are longer than some 230 bytes together can only be revoked by its `kid`. For such an identity
    /// [`Verifier::revoke`](crate::Verifier::revoke) fails.
    ///
    /// ```
    /// use playgate::{KeyScope, keys::KeyIdentity, revocation::Revocation};
    /// let stolen = Revocation::one_key(&KeyIdentity::new("1", KeyScope::bucket("courses"))?);
    /// # Ok::<(), playgate::ConfigError>(())
    /// ```
    pub fn one_key(identity: &KeyIdentity) -> Self {
        let mut name = Vec::new();
        write_name(identity.name(), &mut |piece| name.extend_from_slice(piece));
        Self::new(Kind::Key, String::from_utf8_lossy(&name).into_owned()) // it was text
    }
}

/// Returns whether a token that this key signed, and that was issued in this second, is revoked by the `kid` or by the key's
/// identity.
pub(super) fn is_key_revoked(list: &Revocations, key: &Key, issued_at: Option<UnixSeconds>) -> bool {
    list.cover(Kind::Kid, key.id().as_str().as_bytes(), issued_at)
        || list.has(Kind::Key)
            && name_of(key.name()).is_some_and(|name| list.cover(Kind::Key, &name, issued_at))
}

/// Returns the name of a key in revocations; `None` if it is longer than any that can be revoked.
fn name_of(key: KeyName<'_>) -> Option<ArrayVec<u8, MAX_NAME_LEN>> {
    let (mut name, mut fits) = (ArrayVec::new(), true);
    write_name(key, &mut |piece| fits &= name.try_extend_from_slice(piece).is_ok());
    fits.then_some(name)
}

fn write_name(key: KeyName<'_>, write: &mut dyn FnMut(&[u8])) {
    let KeyName { kid, scope, issuer } = key;
    let (kind, name): (&str, &[u8]) = match scope {
        ScopeName::Bucket(name) => (" bucket ", name),
        ScopeName::Stream(id) => (" stream ", id),
        ScopeName::Site(id) => (" site ", id),
        ScopeName::Any => (" any ", b""),
    };
    write_sized(kid, write);
    write(kind.as_bytes());
    write_sized(name, write);
    if let Some(issuer) = issuer {
        write(b" by ");
        write(issuer);
    }
}

fn write_sized(text: &[u8], write: &mut dyn FnMut(&[u8])) {
    use std::fmt::Write as _;

    let mut length = ArrayString::<20>::new();
    let _ = write!(length, "{}", text.len()); // at most 20 digits
    write(length.as_bytes());
    write(b":");
    write(text);
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::scope::KeyScope;

    fn name(identity: &KeyIdentity) -> String {
        let name = Revocation::one_key(identity).name;
        let short = name_of(identity.name()).map(|name| name.to_vec());
        assert_eq!(short.is_some(), name.len() <= MAX_NAME_LEN, "{name}");
        assert!(short.is_none_or(|short| short == name.as_bytes()), "{name}");
        name
    }

    #[test]
    fn no_two_identities_have_one_name() {
        let texts = ["1", "1:1", "a bucket 1:b", "a", "b", "b by c", "c", " by c", "1:b by c", "ä", "\u{7f}"];
        let mut names = HashMap::new();
        let scopes = texts.iter().flat_map(|text| {
            [KeyScope::bucket(*text), KeyScope::stream(*text), KeyScope::site(*text), KeyScope::any()]
        });
        for scope in scopes {
            for kid in texts.iter().filter(|kid| !kid.chars().any(char::is_control)) {
                let identity = KeyIdentity::new(kid, scope.clone()).unwrap();
                let issued = texts.iter().map(|issuer| identity.clone().issued_by(*issuer).unwrap());
                for identity in issued.chain([identity.clone()]) {
                    let before = names.insert(name(&identity), identity.clone());
                    assert!(before.as_ref().is_none_or(|before| *before == identity), "{before:?}");
                }
            }
        }
        assert!(names.len() > 3_000, "{}", names.len());
    }

    #[test]
    fn a_name_is_read_with_ease_and_a_long_one_is_none() {
        let identity = KeyIdentity::new("1", KeyScope::bucket("courses")).unwrap();
        assert_eq!(name(&identity), "1:1 bucket 7:courses");
        let issued = identity.issued_by("https://id.example").unwrap();
        assert_eq!(name(&issued), "1:1 bucket 7:courses by https://id.example");
        for long in [235, 236] {
            let identity = KeyIdentity::new(&"k".repeat(long), KeyScope::bucket("courses")).unwrap();
            assert_eq!(
                Revocation::one_key(&identity).check().is_ok(),
                long == 235,
                "{}",
                name(&identity).len()
            );
        }
    }
}
