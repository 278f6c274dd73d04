//! Requests: turns the untrusted bytes of a request into checked types.
//!
//! A server passes its own request type as a [`RequestView`]. Each part is read once, from start to end:
//!
//! 1. [`Host`]: one host name, without port and trailing dot.
//! 2. [`RequestPath`]: one normal form of the path, or a refusal (RFC 3986 §6.2.2).
//! 3. Query and cookie cursors: the values of one name, as received.
//! 4. Origins, as browsers write them (RFC 6454 §6.2).
//! 5. [`TrustedProxies`]: the client's address behind trusted proxies, and whether the client uses TLS.
//! 6. Rendering for logs and `Debug`, without text that could be a credential.
//!
//! This module does not depend on sites, tokens or keys.

mod client;
mod cookies;
mod fields;
mod folding;
mod host;
#[cfg(feature = "http")]
mod http;
mod list;
mod origin;
mod path;
mod percent;
mod query;
mod readings;
mod render;
mod view;

pub use client::TrustedProxies;
pub(crate) use client::{Client, Network, parse_network};
pub use cookies::MAX_COOKIES_TRIED;
pub(crate) use cookies::{cookie_names, cookie_values, without_cookies};
pub use fields::MAX_FIELD_LINES;
pub(crate) use fields::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, COOKIE, HOST, ORIGIN, REFERER, SEC_FETCH_DEST,
    SEC_FETCH_SITE, is_present, lines, only_line,
};
pub(crate) use folding::{fold, fold_base_path, is_folded};
pub use host::{Host, HostBuffer, MAX_HOST_LEN};
pub(crate) use host::{explicit_port, requested_port};
pub(crate) use list::list_elements;
pub(crate) use origin::{Normal, OriginList, OriginRule, without_default_port};
pub use path::{MAX_PATH_LEN, PathBuffer, RequestPath};
pub(crate) use percent::{PercentFault, decode_strictly, hex_value, split_encoded};
pub(crate) use query::{
    Parameter, decoded_bytes, decodes_to, is_parameter_name, parameters, value_of_one, values_of_each,
    without_parameters,
};
pub(crate) use readings::{Reading, some_reading};
pub(crate) use render::{
    MAX_METHOD_SHOWN, SegmentPlace, has_credential_place, holds_token, shown_name, shown_path, shown_text,
};
pub use view::{OtherPath, RequestView, Target};

/// The maximum length of a credential, in bytes. In practice a request line or a header field holds no more.
pub const MAX_CREDENTIAL_BYTES: usize = 8192;

#[cfg(feature = "http")]
pub use self::http::{PeerAddr, TlsConnection};

#[cfg(test)]
mod tests;
