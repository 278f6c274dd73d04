//! Writes all log lines, so that decisions contain no `cfg`.

/// Writes a `tracing` event. Without the feature, writes nothing.
macro_rules! event {
    ($level:ident, $($fields:tt)+) => {
        #[cfg(feature = "tracing")]
        tracing::event!(target: "playgate", tracing::Level::$level, $($fields)+);
        #[cfg(not(feature = "tracing"))]
        let _ = || { $crate::log::unused!($($fields)+); };
    };
}

/// Names the fields of an event that is not written, so that they count as used.
#[cfg(not(feature = "tracing"))]
macro_rules! unused {
    ($($name:ident = $(%)? $value:expr,)+ $text:literal $(, $part:expr)*) => {
        $(let _ = &$value;)+
        $(let _ = &$part;)*
    };
}

/// Returns true if events of a level are written. Without the feature, returns false.
macro_rules! enabled {
    ($level:ident) => {{
        #[cfg(feature = "tracing")]
        let enabled = tracing::enabled!(target: "playgate", tracing::Level::$level);
        #[cfg(not(feature = "tracing"))]
        let enabled = false;
        enabled
    }};
}

pub(crate) use enabled;
pub(crate) use event;
#[cfg(not(feature = "tracing"))]
pub(crate) use unused;

// After the macros, because the module uses them.
mod refusals;

pub(crate) use refusals::RefusalLimiter;
