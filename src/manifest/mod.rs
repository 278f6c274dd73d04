//! Manifest rewriting: carries query parameters into the URIs of HLS playlists and DASH MPDs.
//!
//! A player whose request was granted by `?auth=…` requests segments, keys and renditions by the URIs in the manifest, which lack
//! the parameter. A [`Rewriter`] inserts the chosen [`Parameters`] into them. A playlist is rewritten as it streams. An MPD is
//! held until it is complete, up to [`Carried::max_mpd`]. Only the insertions change the body: order, quoting, line ends and all
//! other content stay byte for byte.
//!
//! Rules for one URI, in the order they are tried:
//!
//! 1. Bytes that are not UTF-8 are a [`Doubt`]: a playlist stays unchanged from that line onwards, and an MPD as a whole.
//! 2. A URI that two readers could interpret differently stays unchanged: control characters, white space, backslashes, userinfo,
//!    a scheme without its two slashes, three slashes.
//! 3. The host and port are the request's own, or [`Hosts::is_own`] accepts them. A relative reference belongs to the manifest
//!    itself: an MPD with a foreign `BaseURL` or `Location` anywhere is a [`Doubt`]. The parameters of an `https` request are not
//!    inserted into an `http:` URI. URIs with any other scheme receive no parameters.
//! 4. The file's extension is one of the [`Types`]. Directories, and references to the manifest itself, stay unchanged.
//! 5. A name that the URI's query already has is not added again, so rewriting a manifest twice has the same result as rewriting
//!    it once.
//! 6. The remaining parameters are inserted before the fragment: `?a=1&b=2`, or `&a=1&b=2` if the URI has a `?`. Values stay as
//!    received. Bytes that are not allowed in a URI's query (RFC 3986 §3.4) are percent-encoded, so no value escapes its line,
//!    its quotes or its element.
//!
//! HLS (draft-pantos-hls-rfc8216bis): lines that are URIs, and the quoted `URI`, `SERVER-URI`, `X-ASSET-URI`, `X-ASSET-LIST` and
//! `X-URI` of the tags that define them. To classify a URI, `{$name}` is expanded as far as `EXT-X-DEFINE` allows. If the player
//! itself inserts one of these parameters into the URI's query (`QUERYPARAM`), the URI stays unchanged.
//!
//! DASH (ISO/IEC 23009-1): `BaseURL`, `Location`, `PatchLocation`, `ContentSteering`; the attributes of `SegmentTemplate`,
//! `SegmentURL`, `Initialization`, `RepresentationIndex`, `BitstreamSwitching`; `xlink:href`; the same in patch documents. If an
//! Annex I descriptor makes the player add the query itself, the query is not inserted.
//!
//! Limits:
//!
//! - An Annex I descriptor that follows the elements to which it applies is found too late.
//! - The value of `$RepresentationID$` is unknown. It is treated as part of a file name.
//! - The bases of the MPD that a patch document is applied to, and the bases in remote elements (`xlink:href`), are unknown. They
//!   are treated as own hosts.
//! - The value of a variable that another playlist defines (`IMPORT`) is unknown. It is treated as empty, and the URI stays
//!   unchanged if the variable could name a host.
//!
//! # Memory
//!
//! A body takes at most [`MAX_HELD_BACK`] for an incomplete line, or [`Carried::max_mpd`] for an MPD, and a few times
//! [`MAX_CARRIED`] for the parameters. Output is produced in slices of about [`SLICE`] bytes. Only as much input is read as one
//! slice needs, so a client that does not read takes no more memory.

mod carried;
mod child;
mod dash;
mod doubt;
mod format;
mod hls;
mod parameters;
mod rewriter;
mod splice;

pub use carried::{Carried, DEFAULT_MAX_MPD, Hosts, Port, Types};
pub use doubt::{Doubt, Fault, MAX_HELD_BACK, Reason};
pub use format::Format;
pub use parameters::{MAX_CARRIED, MAX_PARAMETERS, Parameters, QueryTooLong};
pub use rewriter::{MAX_SLICE, Rewriter, SLICE};

#[cfg(test)]
mod tests;
