use arrayvec::ArrayVec;
use triomphe::ThinArc;

use super::claims::{Claims, Places};
use super::compact::{MAX_DECODED, MAX_TOKEN_BYTES};
use super::signed::Signed;

/// A token whose signature was found good, kept in one piece of memory: its text, its decoded payload, and where the claims
/// stand in that. `H` is what else its keeper knows of it.
pub(crate) type Memo<H> = ThinArc<MemoHead<H>, u8>;

pub(crate) struct MemoHead<H> {
    /// What its keeper knows.
    pub(crate) own: H,
    /// Where the text ends and the payload begins.
    text_len: usize,
    places: Places,
}

impl Signed<'_> {
    /// Returns a memo of this token; one allocation.
    pub(crate) fn keep<H>(&self, own: H) -> Option<Memo<H>> {
        let places = self.claims().places()?;
        let mut whole = ArrayVec::<u8, { MAX_TOKEN_BYTES + MAX_DECODED }>::new();
        whole.try_extend_from_slice(self.text()).ok()?;
        whole.try_extend_from_slice(self.claims().payload()).ok()?;
        let head = MemoHead { own, text_len: self.text().len(), places };
        Some(ThinArc::from_header_and_slice(head, &whole))
    }
}

/// Returns whether this is the very text that was found good, byte for byte.
///
/// Not in constant time: what gets here has a seeded hash of the signature's end in common, which nobody can aim at who
/// has not got the token.
pub(crate) fn is_memo_of<H>(memo: &Memo<H>, text: &[u8]) -> bool {
    let head = &memo.header.header;
    head.text_len == text.len() && memo.slice.get(..head.text_len) == Some(text)
}

/// Returns the token as its signature was found good.
pub(crate) fn recall<H>(memo: &Memo<H>) -> Option<Signed<'_>> {
    let head = &memo.header.header;
    let (text, payload) = memo.slice.split_at_checked(head.text_len)?;
    let claims = Claims::at(payload, &head.places)?;
    Some(Signed::recalled(text, claims))
}
