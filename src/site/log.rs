/// A policy's settings of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogRules {
    pub(crate) denials_per_second: u32,
    pub(crate) code_header: bool,
}

/// The default number of refusals that are logged in one second for each site and code.
pub const DEFAULT_DENIALS_PER_SECOND: u32 = 100;

impl Default for LogRules {
    fn default() -> Self {
        Self { denials_per_second: DEFAULT_DENIALS_PER_SECOND, code_header: false }
    }
}
