//! Matches an `acl` against a path.

use crate::request::split_encoded;
use crate::work;

/// The maximum number of steps for each byte of acl and path. Text of up to so many characters between two wildcards is always
/// within the limit.
const STEPS_PER_BYTE: usize = 16;

/// One character of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// `*`: any text.
    Any,
    /// `?`: one character.
    One,
    Byte(u8),
}

/// Returns whether an entry of an `acl` matches a path in its normal form.
pub(super) fn covers(acl: &[u8], path: &[u8]) -> bool {
    work::visited(acl.len().saturating_mul(2));
    let mut steps = acl.len().saturating_add(path.len()).saturating_mul(STEPS_PER_BYTE);
    acl.split(|&byte| byte == b'!').any(|entry| {
        if encodes_slashes(entry) {
            sub_entries(entry).any(|entry| fits(entry, path, &mut steps))
        } else {
            fits(entry, path, &mut steps)
        }
    })
}

/// Returns whether the entry was escaped as a whole.
fn encodes_slashes(entry: &[u8]) -> bool {
    entry.windows(3).any(|window| window.eq_ignore_ascii_case(b"%2f"))
}

/// Splits an entry at `%21`.
fn sub_entries(entry: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(entry);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.windows(3).position(|window| window == b"%21");
        rest = end.and_then(|end| text.get(end.checked_add(3)?..));
        text.get(..end.unwrap_or(text.len()))
    })
}

/// Splits off the first token of a pattern.
fn next(pattern: &[u8]) -> Option<(Token, &[u8])> {
    let (&byte, rest) = pattern.split_first()?;
    Some(match byte {
        b'*' => (Token::Any, rest),
        b'?' => (Token::One, rest),
        b'%' => match split_encoded(rest) {
            Some((byte, rest)) => (Token::Byte(byte), rest),
            None => (Token::Byte(byte), rest),
        },
        _ => (Token::Byte(byte), rest),
    })
}

/// Splits off the text that a token matches.
fn split_fitting(token: Token, text: &[u8]) -> Option<&[u8]> {
    let (&byte, rest) = text.split_first()?;
    match token {
        Token::Byte(expected) => (byte == expected).then_some(rest),
        Token::One => {
            let continued = rest.iter().take_while(|&&byte| byte & 0b1100_0000 == 0b1000_0000).count();
            rest.get(continued..)
        }
        Token::Any => None,
    }
}

/// Returns whether one entry matches, using two pointers: after a mismatch only the last `*` takes one more byte.
fn fits(entry: &[u8], path: &[u8], steps: &mut usize) -> bool {
    if !matches!(next(entry), Some((Token::Any | Token::Byte(b'/'), _))) {
        return false;
    }
    let (mut pattern, mut text) = (entry, path);
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        work::visited(1);
        let Some(left) = steps.checked_sub(1) else { return false };
        *steps = left;
        let fitting = match next(pattern) {
            None if text.is_empty() => return true,
            None => None,
            Some((Token::Any, [])) => return true,
            Some((Token::Any, rest)) => {
                retry = Some((rest, text));
                Some((rest, text))
            }
            Some((token, rest)) => split_fitting(token, text).map(|text| (rest, text)),
        };
        (pattern, text) = match (fitting, retry) {
            (Some(fitting), _) => fitting,
            (None, Some((after_star, [_, later @ ..]))) => {
                retry = Some((after_star, later));
                (after_star, later)
            }
            (None, Some((_, [])) | None) => return false,
        };
    }
}

/// Returns the scope of an `acl`, written like an object key with its leading slash, if the `acl` is one path, or one path and
/// everything that begins with it.
pub(super) fn plain_scope(acl: &[u8]) -> Option<Vec<u8>> {
    if encodes_slashes(acl) && sub_entries(acl).count() > 1 {
        return None;
    }
    let (mut scope, mut rest) = (Vec::with_capacity(acl.len()), acl);
    while let Some((token, after)) = next(rest) {
        match token {
            Token::Any if after.is_empty() => {}
            Token::Byte(byte) if rest.first() != Some(&b'!') => scope.push(byte),
            Token::Byte(_) | Token::Any | Token::One => return None,
        }
        rest = after;
    }
    Some(scope)
}

#[cfg(test)]
mod tests;
