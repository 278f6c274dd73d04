use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::adapters::forwarded::Forwarded;
use crate::answer::ManifestBody;

pin_project! {
    /// The body of an answer: the inner service's own, the inner service's manifest while it is rewritten, or the body of
    /// a refusal. `Debug` shows the kind and no content: a rewritten manifest has credentials in it.
    pub struct GateBody<B> {
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
            // Few answers are manifests: the others need no room for one.
            forwarded: Box<Forwarded>,
            ending: Ending,
        },
    }
}

/// The state of a manifest's inner body.
enum Ending {
    /// More frames may come.
    NotYet,
    /// The body has ended. Its trailers, if it had any, follow the last slice.
    Trailers(Option<Box<HeaderMap>>),
}

impl<B> GateBody<B> {
    pub(super) const fn inner(body: B) -> Self {
        Self { kind: Kind::Inner { body } }
    }

    /// A manifest, rewritten on its way.
    pub(super) fn forward(body: B, forwarded: ManifestBody) -> Self {
        let forwarded = Box::new(Forwarded::new(forwarded));
        Self { kind: Kind::Forward { body, forwarded, ending: Ending::NotYet } }
    }

    /// The inner body where nothing was done to it, or else this one.
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

impl<B> std::fmt::Debug for GateBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.kind {
            Kind::Inner { .. } => "Inner",
            Kind::Answer { .. } => "Answer",
            Kind::Forward { .. } => "Forward",
        };
        f.debug_struct("GateBody").field("kind", &format_args!("{kind}")).finish_non_exhaustive()
    }
}

/// An empty body, for layers outside that answer by themselves.
impl<B> Default for GateBody<B> {
    fn default() -> Self {
        Self::answer(Bytes::new())
    }
}

impl<B: Body<Data = Bytes>> Body for GateBody<B> {
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
            KindProjection::Forward { body, forwarded, ending } => {
                poll_forwarded(body, forwarded, ending, context)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Answer { bytes } => bytes.is_empty(),
            Kind::Forward { forwarded, ending, .. } => {
                matches!(ending, Ending::Trailers(None)) && forwarded.is_out()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Answer { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Kind::Forward { forwarded, .. } if forwarded.is_out() => SizeHint::with_exact(0),
            Kind::Forward { .. } => SizeHint::default(),
        }
    }
}

/// The next frame of a manifest: data as soon as there is some, then the inner trailers but those about other bytes.
fn poll_forwarded<B: Body<Data = Bytes>>(
    mut body: Pin<&mut B>,
    forwarded: &mut Forwarded,
    ending: &mut Ending,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
    loop {
        if let Some(slice) = forwarded.slice() {
            return Poll::Ready(Some(Ok(Frame::data(slice))));
        }
        if let Ending::Trailers(trailers) = ending {
            return Poll::Ready(trailers.take().map(|trailers| Ok(Frame::trailers(*trailers))));
        }
        let trailers = match ready!(body.as_mut().poll_frame(context)) {
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    forwarded.take(data);
                    continue;
                }
                Err(frame) => frame.into_trailers().ok(),
            },
            None => None,
        };
        forwarded.end();
        let trailers = trailers.map(without_digests).filter(|trailers| !trailers.is_empty());
        *ending = Ending::Trailers(trailers.map(Box::new));
    }
}

/// Trailers less what speaks of the inner body's bytes (RFC 9530).
fn without_digests(mut trailers: HeaderMap) -> HeaderMap {
    for name in ["content-md5", "digest", "repr-digest", "content-digest", "etag"] {
        trailers.remove(name);
    }
    trailers
}
