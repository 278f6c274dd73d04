use std::sync::Arc;

use super::jws::Claims;

/// What a hook returns to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// A hook: the operator's own rule over verified claims.
pub type HookFn = dyn Fn(&Claims<'_>) -> Result<(), Refused> + Send + Sync;

/// The operator's own rule; shows nothing of itself.
#[derive(Clone)]
pub(crate) struct Hook(pub(crate) Arc<HookFn>);

impl PartialEq for Hook {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}
