use super::{ConfigError, ConfigErrors};

/// The part of a configuration that contains a fault: the whole, or one of its numbered sections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    #[default]
    Whole,
    Site(usize),
    Stream(usize),
    #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "a file's lines are found by it"))]
    Keys(usize),
}

/// An error with the setting that it is about, named as in the configuration file.
#[derive(Debug)]
#[cfg_attr(not(feature = "config"), expect(dead_code, reason = "a file's lines are found by it"))]
pub(crate) struct Fault {
    pub(crate) part: Part,
    /// The dotted name, as in `cors.origins`. Empty for the part itself.
    pub(crate) setting: &'static str,
    /// The element of the setting, if the setting is a list or a table.
    pub(crate) element: Option<usize>,
    pub(crate) error: ConfigError,
}

/// The faults of a configuration, collected so that all are reported at once.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    part: Part,
    list: Vec<Fault>,
}

impl Faults {
    /// Sets the part that contains the next faults.
    pub(crate) fn enter(&mut self, part: Part) {
        self.part = part;
    }

    /// Adds a fault of one setting.
    pub(crate) fn push(&mut self, setting: &'static str, error: ConfigError) {
        self.list.push(Fault { part: self.part, setting, element: None, error });
    }

    /// Adds a fault of one element of a list or table.
    pub(crate) fn push_element(&mut self, setting: &'static str, element: usize, error: ConfigError) {
        self.list.push(Fault { part: self.part, setting, element: Some(element), error });
    }

    /// Returns the number of faults.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns whether one of these settings has a fault.
    #[cfg(feature = "config")]
    pub(crate) fn has(&self, settings: &[&str]) -> bool {
        self.list.iter().any(|fault| settings.contains(&fault.setting))
    }

    /// Returns the faults, in the order in which they were found.
    #[cfg(feature = "config")]
    pub(crate) fn into_list(self) -> Vec<Fault> {
        self.list
    }

    /// Returns `Ok` if there are no faults, else the errors without their places.
    pub(crate) fn check(self) -> Result<(), ConfigErrors> {
        ConfigErrors::check(self.list.into_iter().map(|fault| fault.error).collect())
    }
}
