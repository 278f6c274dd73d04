use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::answer::{EditedBody, ManifestBody};

pin_project! {
    /// The body of a reply: the inner service's own body, its manifest as it is rewritten, or the body of a refusal. The
    /// `Debug` output shows the kind and no content, because a rewritten manifest contains credentials.
    pub struct ReplyBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Answer { bytes: Bytes },
        Forward {
            #[pin] body: B,
            // Boxed: few responses are manifests, and the others need no room for one.
            manifest: Box<ManifestBody>,
            trailers: Option<Box<HeaderMap>>,
        },
    }
}

impl<B> ReplyBody<B> {
    /// Returns the inner body if it passes unchanged, or else `self`.
    #[cfg(feature = "axum")]
    pub(crate) fn into_inner(self) -> Result<B, Self> {
        match self.kind {
            Kind::Inner { body } => Ok(body),
            kind => Err(Self { kind }),
        }
    }

    pub(super) const fn answer(bytes: Bytes) -> Self {
        Self { kind: Kind::Answer { bytes } }
    }
}

impl<B> From<EditedBody<B>> for ReplyBody<B> {
    #[inline]
    fn from(edited: EditedBody<B>) -> Self {
        let kind = match edited {
            EditedBody::Unchanged(body) => Kind::Inner { body },
            EditedBody::Manifest(manifest, body) => Kind::Forward { body, manifest, trailers: None },
        };
        Self { kind }
    }
}

impl<B> std::fmt::Debug for ReplyBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.kind {
            Kind::Inner { .. } => "Inner",
            Kind::Answer { .. } => "Answer",
            Kind::Forward { .. } => "Forward",
        };
        f.debug_struct("ReplyBody").field("kind", &format_args!("{kind}")).finish_non_exhaustive()
    }
}

/// Creates an empty body, for outer layers that respond themselves.
impl<B> Default for ReplyBody<B> {
    fn default() -> Self {
        Self::answer(Bytes::new())
    }
}

impl<B: Body<Data = Bytes>> Body for ReplyBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(context),
            KindProjection::Answer { bytes } if bytes.is_empty() => Poll::Ready(None),
            KindProjection::Answer { bytes } => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            KindProjection::Forward { body, manifest, trailers } => {
                poll_manifest(body, manifest, trailers, context)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Answer { bytes } => bytes.is_empty(),
            Kind::Forward { manifest, trailers, .. } => manifest.is_out() && trailers.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Answer { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Kind::Forward { manifest, .. } if manifest.is_out() => SizeHint::with_exact(0),
            Kind::Forward { .. } => SizeHint::default(),
        }
    }
}

/// Returns the next frame of a manifest: a slice as soon as one is ready, then the inner trailers without digests.
fn poll_manifest<B: Body<Data = Bytes>>(
    mut body: Pin<&mut B>,
    manifest: &mut ManifestBody,
    trailers: &mut Option<Box<HeaderMap>>,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
    let slice = ready!(manifest.poll_slice(|| {
        let Some(frame) = ready!(body.as_mut().poll_frame(context)) else { return Poll::Ready(None) };
        Poll::Ready(match frame.map(Frame::into_data) {
            Err(error) => Some(Err(error)),
            Ok(Ok(data)) => Some(Ok(data)),
            Ok(Err(frame)) => {
                let kept = frame.into_trailers().ok().map(without_digests);
                *trailers = kept.filter(|trailers| !trailers.is_empty()).map(Box::new);
                None // trailers are the last frame
            }
        })
    }));
    Poll::Ready(match slice {
        Some(slice) => Some(slice.map(Frame::data)),
        None => trailers.take().map(|trailers| Ok(Frame::trailers(*trailers))),
    })
}

/// Returns trailers without the fields that describe the inner body's bytes (RFC 9530).
fn without_digests(mut trailers: HeaderMap) -> HeaderMap {
    for name in ["content-md5", "digest", "repr-digest", "content-digest", "etag"] {
        trailers.remove(name);
    }
    trailers
}
