use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    CACHE_CONTROL, Entry, HeaderMap, HeaderName, HeaderValue, VARY,
};

use crate::answer::Fields;

impl Fields for HeaderMap {
    #[inline]
    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let name = known_name(name);
        name.into_iter().flat_map(|name| self.get_all(name)).map(HeaderValue::as_bytes)
    }

    /// Visits the fields that are present, which takes less time than a lookup of each name.
    fn remove_if(&mut self, unwanted: impl Fn(&str) -> bool) {
        // An empty list allocates nothing.
        let names: Vec<HeaderName> = self.keys().filter(|name| unwanted(name.as_str())).cloned().collect();
        for name in names {
            self.remove(name);
        }
    }

    #[inline]
    fn append(&mut self, name: &str, value: Bytes) {
        if let (Some(name), Some(value)) = (known_name(name), checked(value)) {
            self.append(name, value);
        }
    }

    fn remove(&mut self, name: &str) {
        self.remove(name);
    }

    #[inline]
    fn set(&mut self, name: &str, value: Bytes) {
        let Some(name) = known_name(name) else { return };
        match checked(value) {
            Some(value) => drop(self.insert(name, value)),
            None => drop(self.remove(name)),
        }
    }

    #[inline]
    fn revise(&mut self, name: &str, value: impl FnOnce(&mut dyn Iterator<Item = &[u8]>) -> Option<Bytes>) {
        let Some(name) = known_name(name) else { return };
        match self.entry(name) {
            Entry::Vacant(free) => {
                if let Some(value) = value(&mut std::iter::empty()).and_then(checked) {
                    free.insert(value);
                }
            }
            Entry::Occupied(mut occupied) => {
                let values = &mut occupied.iter().map(HeaderValue::as_bytes);
                if let Some(value) = value(values).and_then(checked) {
                    occupied.insert(value);
                }
            }
        }
    }
}

fn checked(value: Bytes) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(value).ok()
}

/// Returns a name as a `HeaderName`. The names of granted responses are not parsed again each time.
#[inline]
fn known_name(name: &str) -> Option<HeaderName> {
    match name {
        "access-control-allow-origin" => Some(ACCESS_CONTROL_ALLOW_ORIGIN),
        "access-control-allow-credentials" => Some(ACCESS_CONTROL_ALLOW_CREDENTIALS),
        "access-control-expose-headers" => Some(ACCESS_CONTROL_EXPOSE_HEADERS),
        "cache-control" => Some(CACHE_CONTROL),
        "vary" => Some(VARY),
        other => HeaderName::from_bytes(other.as_bytes()).ok(),
    }
}
