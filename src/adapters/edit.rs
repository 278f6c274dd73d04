//! Plain data of the answer room, carried out on a server's own header map.

use bytes::Bytes;

use crate::answer::{Header, ManifestBody, ManifestHead, RequestEdits, ResponseEdits};

/// Every value of a field.
pub(super) type Said<'i, 'v> = &'i mut dyn Iterator<Item = &'v [u8]>;

/// A server's header map, as far as it is edited. Names are lower-case; a value that no header field can have is left out.
pub(super) trait Fields {
    /// Every value of a field, one for each of its lines.
    fn all(&self, name: &str) -> impl Iterator<Item = &[u8]>;
    fn remove(&mut self, name: &str);
    /// Removes fields that are rarely present.
    fn remove_all(&mut self, names: &[&str]) {
        self.remove_each(|name| names.contains(&name));
    }
    /// Removes every field whose name is `unwanted`. Allocates nothing if there is none.
    fn remove_each(&mut self, unwanted: impl Fn(&str) -> bool);
    /// Replaces every value of a field by one.
    fn set(&mut self, name: &str, value: Bytes);
    /// Replaces every value of a field by one that depends on them, or keeps them if `value` returns `None`.
    fn revise(&mut self, name: &str, value: impl FnOnce(Said<'_, '_>) -> Option<Bytes>);
    fn append(&mut self, name: &str, value: Bytes);
}

/// Edits the head of the inner service's answer. Returns the rewriter for the body, if the body is a manifest.
pub(super) fn head(fields: &mut impl Fields, status: u16, mut edits: ResponseEdits) -> Option<ManifestBody> {
    if edits.is_empty() {
        return None;
    }
    let manifest = edits.manifest(status, |name| fields.all(name).next());
    if let Some(manifest) = &manifest {
        fields.remove_all(manifest.remove());
        if let Some(etag) = manifest.etag() {
            fields.set("etag", Bytes::copy_from_slice(etag));
        }
    }
    fields.remove_all(edits.remove());
    if edits.is_private() {
        fields.revise("cache-control", |said| edits.cache_control(said));
    }
    if edits.hides_referrers() {
        fields.revise("referrer-policy", |said| edits.referrer_policy(said));
    }
    append(fields, edits.append());
    manifest.and_then(ManifestHead::into_body)
}

/// Appends header fields, except a `Vary` that is there already.
pub(super) fn append(fields: &mut impl Fields, added: impl IntoIterator<Item = Header>) {
    for Header { name, value } in added {
        if name != "vary" || !varies_already(fields, &value) {
            fields.append(name, value);
        }
    }
}

/// Returns whether `Vary` has the name `wanted`, or `*`, already.
fn varies_already(fields: &impl Fields, wanted: &[u8]) -> bool {
    fields
        .all("vary")
        .flat_map(|line| line.split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|name| name == b"*" || name.eq_ignore_ascii_case(wanted))
}

/// Edits a request's header for the inner service.
pub(super) fn request(fields: &mut impl Fields, edits: &RequestEdits) {
    if edits.removes_any() {
        fields.remove_each(|name| edits.removes(name));
    }
    for (name, value) in edits.set() {
        fields.set(name, Bytes::copy_from_slice(value.as_bytes()));
    }
    translate_conditions(fields, edits);
    strip(fields, "authorization", |field| edits.drops_authorization(field).then(Vec::new));
    strip(fields, "cookie", |field| edits.cookie(field));
    match edits.referer(fields.all("referer")) {
        None => {}
        Some(kept) if kept.is_empty() => fields.remove("referer"),
        Some(kept) => fields.set("referer", kept.into()),
    }
}

/// Translates `If-None-Match` into the inner service's own entity tags.
fn translate_conditions(fields: &mut impl Fields, edits: &RequestEdits) {
    let translated = fields.all("if-none-match").map(|field| edits.if_none_match(field));
    let Some(translated) = translated.collect::<Option<Vec<_>>>().filter(|fields| !fields.is_empty()) else {
        return;
    };
    fields.remove("if-none-match");
    for field in translated.into_iter().filter(|field| !field.is_empty()) {
        fields.append("if-none-match", field.into());
    }
    if fields.all("if-none-match").next().is_none() {
        fields.remove("if-modified-since");
    }
}

/// Removes credentials from every field of this name. `rest` returns what a field keeps, or `None` if it stays as it is.
fn strip(fields: &mut impl Fields, name: &str, rest: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    if !fields.all(name).any(|field| rest(field).is_some()) {
        return;
    }
    let kept = |field: &[u8]| rest(field).unwrap_or_else(|| field.to_vec());
    let kept: Vec<Vec<u8>> = fields.all(name).map(kept).filter(|kept| !kept.is_empty()).collect();
    fields.remove(name);
    for field in kept {
        fields.append(name, field.into());
    }
}

/// Returns path and query without the credential, or `None` if they stay as they are.
pub(super) fn target_without_credential(
    path: &str,
    query: Option<&str>,
    edits: &RequestEdits,
) -> Option<Bytes> {
    let query = edits.query(query?.as_bytes())?;
    let mut target = path.as_bytes().to_vec();
    if !query.is_empty() {
        target.push(b'?');
        target.extend_from_slice(&query);
    }
    Some(target.into())
}
