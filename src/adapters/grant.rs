/// The rejection if a handler extracts an [`OwnedGrant`](crate::OwnedGrant) and the request has none.
///
/// The server is configured incorrectly, so the status is 500. A request has a grant if all of these conditions are met:
///
/// - the verifier's layer or middleware is around the route;
/// - the site has [`grant_extension`](crate::Site::grant_extension);
/// - the request was granted by a credential. Public resources and paths outside every site pass without one.
///
/// For a route that can be reached without a credential, extract `Option<OwnedGrant>`. To respond differently, extract
/// `Result<OwnedGrant, MissingGrant>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request has no grant: wrap this route in the layer and set grant_extension on its site")]
#[non_exhaustive]
pub struct MissingGrant;
