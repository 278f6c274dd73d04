/// The rejection when a handler extracts an [`OwnedGrant`](crate::OwnedGrant) and the request has no grant.
///
/// A missing grant means that the server is misconfigured, so the status is 500. A request has a grant if all of these
/// conditions are met:
///
/// - the verifier's layer or middleware wraps the route;
/// - the site has [`grant_extension`](crate::Site::grant_extension);
/// - the request was granted by a credential. Requests for public resources, and for paths outside every site, pass
///   without a grant. So do requests whose credential is refused by a site that does not [enforce](crate::site::danger).
///
/// For a route that can be reached without a credential, extract `Option<OwnedGrant>`. To respond differently, extract
/// `Result<OwnedGrant, MissingGrant>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request has no grant: wrap this route in the layer and set grant_extension on its site")]
#[non_exhaustive]
pub struct MissingGrant;
