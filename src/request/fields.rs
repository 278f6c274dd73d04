use super::RequestView;
use crate::work;

pub(crate) const ACCESS_CONTROL_REQUEST_METHOD: &str = "access-control-request-method";
pub(crate) const AUTHORIZATION: &str = "authorization";
pub(crate) const COOKIE: &str = "cookie";
pub(crate) const FORWARDED: &str = "forwarded";
pub(crate) const HOST: &str = "host";
pub(crate) const ORIGIN: &str = "origin";
pub(crate) const REFERER: &str = "referer";
pub(crate) const SEC_FETCH_DEST: &str = "sec-fetch-dest";
pub(crate) const SEC_FETCH_SITE: &str = "sec-fetch-site";
pub(crate) const X_FORWARDED_FOR: &str = "x-forwarded-for";
pub(crate) const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The maximum number of lines of one field that are read.
///
/// HTTP/2 clients may send each cookie in a separate line (RFC 9113 §8.2.3), and browsers keep at most 180 cookies for a site.
/// Further `Cookie` lines are ignored. If a proxy's field has more lines, its content is treated as unknown.
pub const MAX_FIELD_LINES: usize = 256;

/// Returns the lines of a field in order, at most [`MAX_FIELD_LINES`].
#[inline]
pub(crate) fn lines<'r>(
    request: &'r (impl RequestView + ?Sized),
    name: &'static str,
) -> impl Iterator<Item = &'r [u8]> {
    (0..MAX_FIELD_LINES).map_while(move |nth| {
        work::visited(nth); // a header map may walk along the lines before this one
        request.field(name, nth)
    })
}

/// Returns the line of a field that occurs exactly once.
#[inline]
pub(crate) fn only_line<'r>(
    request: &'r (impl RequestView + ?Sized),
    name: &'static str,
) -> Option<&'r [u8]> {
    let line = request.field(name, 0)?;
    if request.field(name, 1).is_some() { None } else { Some(line) }
}

/// Returns whether a field occurs.
#[inline]
pub(crate) fn is_present(request: &(impl RequestView + ?Sized), name: &'static str) -> bool {
    request.field(name, 0).is_some()
}

/// Returns whether a field has more lines than are read.
pub(crate) fn has_too_many_lines(request: &(impl RequestView + ?Sized), name: &'static str) -> bool {
    request.field(name, MAX_FIELD_LINES).is_some()
}
