//! The fields of a refusal's log line that help to find a mistake.

use crate::decide::{Refusal, Snapshot};
use crate::error::Denial;
use crate::explain::hints::{
    MissingCredential, base_paths, clock, loaded_keys, requested_host, scope_remedy, searched,
    shown_resource, wanted_key_scope, with_resource,
};
use crate::keys::{KeySet, Named};
use crate::request::{RequestView, shown_path};
use crate::scope::Resource;
use crate::site::SiteRules;

/// Fields of a refusal's log line, each absent if it does not apply.
///
/// Text from the request is escaped, bounded, and free of anything that could be a credential.
#[derive(Debug, Default)]
pub(super) struct Details {
    /// The requested host, if the request belongs to no site: at most [`MAX_HOST_SHOWN`](crate::explain::hints::MAX_HOST_SHOWN) bytes.
    pub(super) host: Option<String>,
    /// The carriers that were searched for a credential, with their names.
    pub(super) searched: Option<String>,
    /// The names of the request's cookies, at most eight, each cut.
    pub(super) cookies: Option<String>,
    /// The names of the query's parameters, in the same bounds.
    pub(super) parameters: Option<String>,
    /// The object key or playback ID that was compared with the scope.
    pub(super) resource: Option<String>,
    /// The scope that the refused credential claims.
    pub(super) scope: Option<String>,
    /// The scope of the key that the refused credential names.
    pub(super) key_scope: Option<String>,
    /// The probable mistake, and its remedy.
    pub(super) hint: Option<String>,
}

impl Details {
    pub(super) fn of(
        refusal: &Refusal<'_>,
        request: &(impl RequestView + ?Sized),
        snapshot: &Snapshot,
    ) -> Self {
        let policy = &*snapshot.policy;
        match (refusal.denial(), refusal.rules()) {
            (Denial::CredentialMissing, Some(site)) => Self::of_missing_credential(site, request),
            (Denial::OutOfScope | Denial::ScopeStartsWithSlash | Denial::WholeBucket, Some(site)) => {
                with_resource(site, policy, request, |resource| Self::of_scope(site, resource, refusal))
                    .unwrap_or_default()
            }
            (Denial::WrongKeyScope, Some(site)) => with_resource(site, policy, request, |resource| {
                Self::of_key_scope(site, resource, refusal, &snapshot.keys)
            })
            .unwrap_or_default(),
            (Denial::UnknownKey, _) => Self { hint: Some(loaded_keys(&snapshot.keys)), ..Self::default() },
            (Denial::Expired { exp, now }, _) => {
                Self { hint: clock(now.get().saturating_sub(exp.get())), ..Self::default() }
            }
            (Denial::NotYetValid { nbf, now }, _) => {
                Self { hint: clock(nbf.get().saturating_sub(now.get())), ..Self::default() }
            }
            (Denial::Outside | Denial::PathMayBeShortened, None) => {
                Self { host: requested_host(request), hint: base_paths(policy, request), ..Self::default() }
            }
            (Denial::UnknownHost, None) => {
                let hint = "add the host to a site's hosts, or correct the Host header that the proxy sends";
                Self { host: requested_host(request), hint: Some(hint.to_owned()), ..Self::default() }
            }
            (_, None) => Self { host: requested_host(request), ..Self::default() },
            (_, Some(_)) => Self::default(),
        }
    }

    fn of_missing_credential(site: &SiteRules, request: &(impl RequestView + ?Sized)) -> Self {
        let places = site.schemes.places();
        let MissingCredential { cookies, parameters, hint } = MissingCredential::of(site, &places, request);
        Self {
            searched: Some(searched(&places).join(", ")),
            cookies,
            parameters,
            hint: hint.map(str::to_owned),
            ..Self::default()
        }
    }

    fn of_scope(site: &SiteRules, resource: &Resource<'_>, refusal: &Refusal<'_>) -> Self {
        let claimed = refusal.claimed_scope();
        Self {
            resource: Some(shown_resource(resource)),
            hint: claimed.as_deref().and_then(|scope| scope_remedy(scope, site, resource)),
            scope: claimed.map(|scope| shown_path(scope.as_bytes(), &[]).into_string()),
            ..Self::default()
        }
    }

    fn of_key_scope(site: &SiteRules, resource: &Resource<'_>, refusal: &Refusal<'_>, keys: &KeySet) -> Self {
        let key_scope = refusal.claimed_kid().and_then(|kid| match keys.find(kid.as_bytes()) {
            Named::One(_, key) => Some(key.scope().to_string()),
            Named::Several | Named::Nothing => None,
        });
        let hint = wanted_key_scope(site, resource);
        Self { key_scope, hint: Some(hint), ..Self::default() }
    }
}
