/// The public id of a master secret: eight hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct MasterId(u32);

impl MasterId {
    pub(super) const fn new(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }
}

impl std::fmt::Display for MasterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// The name of a key of a video, and of the key's file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyName {
    pub(super) batch: u64,
    pub(super) master: MasterId,
}

impl KeyName {
    /// Parses `7-5c0de7e1.key`. A key has only this spelling: no other case, no leading zero, no sign.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (batch, master) = name.strip_suffix(".key")?.split_once('-')?;
        let batch = batch.parse().ok()?;
        let master = MasterId(u32::from_str_radix(master, 16).ok()?);
        let parsed = Self { batch, master };
        (parsed.to_string() == name).then_some(parsed)
    }
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { batch, master } = self;
        write!(f, "{batch}-{master}.key")
    }
}

#[cfg(test)]
mod tests;
