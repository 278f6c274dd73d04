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
    /// A key whose identity is longer than some 230 bytes in total can be revoked only by its `kid`. For such an identity,
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
mod tests;
