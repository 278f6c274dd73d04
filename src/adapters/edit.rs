//! Plain data of the answer room, carried out on a server's own header map.

use bytes::Bytes;

use crate::answer::{Header, ManifestBody, ManifestHead, RequestEdits, ResponseEdits};

/// Every value of a field.
pub(super) type Said<'i, 'v> = &'i mut dyn Iterator<Item = &'v [u8]>;

/// A server's header map, as far as answers change one. Names are lower-case; what can be no header field is left out.
pub(super) trait Fields {
    /// Every value of a field, one for each of its lines.
    fn all(&self, name: &str) -> impl Iterator<Item = &[u8]>;
    fn remove(&mut self, name: &str);
    /// Removes fields of which hardly one is ever there.
    fn remove_all(&mut self, names: &[&str]) {
        self.remove_each(|name| names.contains(&name));
    }
    /// Removes every field whose name is `unwanted`. Allocates nothing where none is.
    fn remove_each(&mut self, unwanted: impl Fn(&str) -> bool);
    /// Puts one value in the place of every other.
    fn set(&mut self, name: &str, value: Bytes);
    /// The same by what the others say, unless they may stay.
    fn revise(&mut self, name: &str, value: impl FnOnce(Said<'_, '_>) -> Option<Bytes>);
    fn append(&mut self, name: &str, value: Bytes);
}

/// What the head of the inner service's answer becomes, and what its body goes through.
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

/// Appends what is not said already.
pub(super) fn append(fields: &mut impl Fields, added: impl IntoIterator<Item = Header>) {
    for Header { name, value } in added {
        if name != "vary" || !varies_already(fields, &value) {
            fields.append(name, value);
        }
    }
}

/// Whether the field names in `wanted`, or `*`, stand in `Vary` already.
fn varies_already(fields: &impl Fields, wanted: &[u8]) -> bool {
    fields
        .all("vary")
        .flat_map(|line| line.split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|name| name == b"*" || name.eq_ignore_ascii_case(wanted))
}

/// What the inner service is to see of a request's header.
pub(super) fn request(fields: &mut impl Fields, edits: &RequestEdits) {
    if edits.removes_any() {
        fields.remove_each(|name| edits.removes(name));
    }
    for (name, value) in edits.set() {
        fields.set(name, Bytes::copy_from_slice(value.as_bytes()));
    }
    translate_conditions(fields, edits);
    if fields.all("authorization").next().is_some_and(|field| edits.drops_authorization(field)) {
        fields.remove("authorization");
    }
    strip_cookies(fields, edits);
    match edits.referer(fields.all("referer")) {
        None => {}
        Some(kept) if kept.is_empty() => fields.remove("referer"),
        Some(kept) => fields.set("referer", kept.into()),
    }
}

/// `If-None-Match` in the inner service's own entity tags, where it knows them.
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

fn strip_cookies(fields: &mut impl Fields, edits: &RequestEdits) {
    if !fields.all("cookie").any(|field| edits.cookie(field).is_some()) {
        return;
    }
    let kept = |field: &[u8]| edits.cookie(field).unwrap_or_else(|| field.to_vec());
    let rest: Vec<Vec<u8>> = fields.all("cookie").map(kept).filter(|rest| !rest.is_empty()).collect();
    fields.remove("cookie");
    for field in rest {
        fields.append("cookie", field.into());
    }
}

/// Path and query less the credential, if that has to be.
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
