use super::{ConfigError, ConfigErrors};

/// The part of a configuration that a fault is in: the whole, or one of its numbered sections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    #[default]
    Whole,
    Site(usize),
    Stream(usize),
    #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "a file's lines are found by it"))]
    Keys(usize),
}

/// An error, and the setting that it is about, in the words of the configuration file.
#[derive(Debug)]
#[cfg_attr(not(feature = "config"), expect(dead_code, reason = "a file's lines are found by it"))]
pub(crate) struct Fault {
    pub(crate) part: Part,
    /// Dotted, as in `cors.origins`; empty for the part itself.
    pub(crate) setting: &'static str,
    /// Which element of the setting, where it is a list or a table.
    pub(crate) element: Option<usize>,
    pub(crate) error: ConfigError,
}

/// Collects all that is wrong with a configuration, so that it can be told at once.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    part: Part,
    list: Vec<Fault>,
}

impl Faults {
    /// What is pushed from here on is about this part.
    pub(crate) fn enter(&mut self, part: Part) {
        self.part = part;
    }

    /// A fault in one setting.
    pub(crate) fn push(&mut self, setting: &'static str, error: ConfigError) {
        self.list.push(Fault { part: self.part, setting, element: None, error });
    }

    /// A fault in one element of a list or table.
    pub(crate) fn push_element(&mut self, setting: &'static str, element: usize, error: ConfigError) {
        self.list.push(Fault { part: self.part, setting, element: Some(element), error });
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is a fault in one of these settings.
    #[cfg(feature = "config")]
    pub(crate) fn has(&self, settings: &[&str]) -> bool {
        self.list.iter().any(|fault| settings.contains(&fault.setting))
    }

    /// Every fault, in the order they were met.
    #[cfg(feature = "config")]
    pub(crate) fn into_list(self) -> Vec<Fault> {
        self.list
    }

    /// `Ok` when there is none, else the errors without their places.
    pub(crate) fn check(self) -> Result<(), ConfigErrors> {
        ConfigErrors::check(self.list.into_iter().map(|fault| fault.error).collect())
    }
}
