use arrayvec::ArrayVec;
use triomphe::ThinArc;

use super::claims::{Claims, Places};
use super::compact::{MAX_DECODED, MAX_TOKEN_BYTES};
use super::signed::Signed;

/// A verified token in one allocation: its text, its decoded payload, and the positions of its claims. `H` holds further facts of
/// the owner.
pub(crate) type Memo<H> = ThinArc<MemoHead<H>, u8>;

pub(crate) struct MemoHead<H> {
    /// The owner's facts.
    pub(crate) own: H,
    /// The length of the text. The payload follows it.
    text_len: usize,
    places: Places,
}

impl Signed<'_> {
    /// Creates a memo of this token, with one allocation.
    pub(crate) fn keep<H>(&self, own: H) -> Option<Memo<H>> {
        let places = self.claims().places()?;
        let mut whole = ArrayVec::<u8, { MAX_TOKEN_BYTES + MAX_DECODED }>::new();
        whole.try_extend_from_slice(self.text()).ok()?;
        whole.try_extend_from_slice(self.claims().payload()).ok()?;
        let head = MemoHead { own, text_len: self.text().len(), places };
        Some(ThinArc::from_header_and_slice(head, &whole))
    }
}

/// Returns whether this is exactly the verified text, byte for byte.
///
/// The comparison is not in constant time. A text is compared only if it shares a seeded hash of the signature's end, which
/// nobody without the token can aim at.
pub(crate) fn is_memo_of<H>(memo: &Memo<H>, text: &[u8]) -> bool {
    let head = &memo.header.header;
    head.text_len == text.len() && memo.slice.get(..head.text_len) == Some(text)
}

/// Returns the verified token.
pub(crate) fn recall<H>(memo: &Memo<H>) -> Option<Signed<'_>> {
    let head = &memo.header.header;
    let (text, payload) = memo.slice.split_at_checked(head.text_len)?;
    let claims = Claims::at(payload, &head.places)?;
    Some(Signed::recalled(text, claims))
}
