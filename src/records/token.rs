use std::hash::{Hash, Hasher};

use crate::error::ConfigError;

/// The minimum length of an embed token, in characters: 128 bits, which cannot be guessed.
pub const MIN_EMBED_TOKEN_LEN: usize = 32;

/// The maximum length of an embed token, in characters.
pub const MAX_EMBED_TOKEN_LEN: usize = 64;

/// The length of a new token.
const NEW_LEN: u8 = 32;

/// An embed token: 32 to 64 lower-case hexadecimal characters that carry no information.
///
/// Anyone who has the token may watch. It therefore does not implement `Display`, and its `Debug` output shows nothing.
/// [`EmbedToken::to_text`] and [`EmbedToken::url`] return its characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EmbedToken {
    /// Two characters in each byte. Unused bytes are zero.
    packed: [u8; MAX_EMBED_TOKEN_LEN / 2],
    /// The length in characters.
    len: u8,
}

impl EmbedToken {
    /// Generates a token of 32 characters: 128 bits from the system's random generator.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::NoRandomness`] if the system's random generator fails.
    pub fn generate() -> Result<Self, ConfigError> {
        let mut packed = [0; MAX_EMBED_TOKEN_LEN / 2];
        let (fresh, _) = packed.split_at_mut(MIN_EMBED_TOKEN_LEN / 2);
        getrandom::fill(fresh).map_err(|_| ConfigError::NoRandomness)?;
        Ok(Self { packed, len: NEW_LEN })
    }

    /// Parses a token that was created elsewhere.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::EmbedToken`] for anything but 32 to 64 characters `0` to `9` and `a` to `f`.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::read(text.as_bytes()).ok_or(ConfigError::EmbedToken { bytes: text.len() })
    }

    /// Parses the bytes if they have the form of an embed token. A signed token has dots, so no text has both forms.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        if !(MIN_EMBED_TOKEN_LEN..=MAX_EMBED_TOKEN_LEN).contains(&text.len()) {
            return None;
        }
        crate::work::visited(text.len());
        let mut packed = [0; MAX_EMBED_TOKEN_LEN / 2];
        let mut seen = 0;
        let (pairs, last) = text.as_chunks::<2>();
        for (byte, [high, low]) in packed.iter_mut().zip(pairs) {
            let (high, low) = (nibble(*high), nibble(*low));
            seen |= high | low;
            *byte = (high << 4) | (low & 0xf);
        }
        if let ([high], Some(byte)) = (last, packed.get_mut(pairs.len())) {
            let high = nibble(*high);
            seen |= high;
            *byte = high << 4;
        }
        (seen < 16).then_some(Self { packed, len: u8::try_from(text.len()).ok()? })
    }

    /// Returns the characters of the token. They are the credential, so do not log them.
    pub fn to_text(self) -> String {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        let digits = self.packed.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]);
        digits.take(usize::from(self.len)).collect()
    }

    /// Returns the pattern with the token in place of `{token}`: `https://cdn.example.com/watch/{token}`.
    pub fn url(self, pattern: &str) -> String {
        pattern.replace("{token}", &self.to_text())
    }
}

impl Hash for EmbedToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // All bytes, in two numbers: tokens of different lengths have different bytes, except for zeros at the end.
        for half in self.packed.as_chunks().0 {
            state.write_u128(u128::from_le_bytes(*half));
        }
    }
}

impl std::fmt::Debug for EmbedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmbedToken(…)")
    }
}

/// Returns the value of a lower-case hexadecimal digit, or 255 for any other byte.
fn nibble(digit: u8) -> u8 {
    NIBBLES.get(usize::from(digit)).copied().unwrap_or(u8::MAX)
}

#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const NIBBLES: [u8; 256] = {
    let mut nibbles = [u8::MAX; 256];
    let digits = b"0123456789abcdef";
    let mut value = 0_u8;
    while value < 16 {
        nibbles[digits[value as usize] as usize] = value;
        value += 1;
    }
    nibbles
};

#[cfg(test)]
mod tests;
