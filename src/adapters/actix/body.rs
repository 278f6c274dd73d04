use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use pin_project_lite::pin_project;

use crate::answer::{EditedBody, ManifestBody};

pin_project! {
    /// The body of a response: the inner service's own body, its manifest as it is rewritten, or the body of a refusal. The
    /// `Debug` output shows the kind and no content, because a rewritten manifest contains credentials.
    pub struct ActixBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Answer { bytes: Bytes, length: u64 },
        Forward {
            #[pin] body: B,
            // Boxed: few responses are manifests, and the others need no room for one.
            manifest: Box<ManifestBody>,
        },
    }
}

impl<B> ActixBody<B> {
    /// Creates the body of an edited response.
    pub(super) fn edited(edited: EditedBody<B>) -> Self {
        let kind = match edited {
            EditedBody::Unchanged(body) => Kind::Inner { body },
            EditedBody::Manifest(manifest, body) => Kind::Forward { body, manifest },
        };
        Self { kind }
    }

    /// Creates the body of a refusal. `length` is the announced length, which exceeds `bytes` in responses to HEAD.
    pub(super) const fn answer(bytes: Bytes, length: u64) -> Self {
        Self { kind: Kind::Answer { bytes, length } }
    }
}

impl<B: MessageBody> MessageBody for ActixBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        match &self.kind {
            Kind::Inner { body } => body.size(),
            Kind::Answer { length, .. } => BodySize::Sized(*length),
            Kind::Forward { .. } => BodySize::Stream,
        }
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_next(context),
            KindProjection::Answer { bytes, .. } if bytes.is_empty() => Poll::Ready(None),
            KindProjection::Answer { bytes, .. } => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            KindProjection::Forward { mut body, manifest } => {
                manifest.poll_slice(|| body.as_mut().poll_next(context))
            }
        }
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        match self.kind {
            Kind::Inner { body } => body.try_into_bytes().map_err(|body| Self { kind: Kind::Inner { body } }),
            kind => Err(Self { kind }),
        }
    }
}

impl<B> std::fmt::Debug for ActixBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.kind {
            Kind::Inner { .. } => "Inner",
            Kind::Answer { .. } => "Answer",
            Kind::Forward { .. } => "Forward",
        };
        f.debug_struct("ActixBody").field("kind", &format_args!("{kind}")).finish_non_exhaustive()
    }
}
