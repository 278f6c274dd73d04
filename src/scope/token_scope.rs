use crate::error::ConfigError;

/// The scope of a token to be signed: a `uri` claim in a form that can cover something.
///
/// ```
/// use playgate::Scope;
/// assert_eq!(Scope::folder("videos/1")?.as_uri(), "videos/1/");
/// assert!(Scope::folder("/videos/1").is_err());
/// # Ok::<(), playgate::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// Creates the scope of everything below a folder of a bucket. `videos/1` is written as `videos/1/`.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Scope`] if the text cannot be the beginning of an object key.
    pub fn folder(folder: &str) -> Result<Self, ConfigError> {
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        check(folder, "a folder such as videos/1, or whole_bucket()").map(|()| Self(format!("{folder}/")))
    }

    /// Creates the scope of one object. The scope also covers everything in a folder of that name.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Scope`] if the text is not an object key.
    pub fn object(key: &str) -> Result<Self, ConfigError> {
        check(key, "an object key such as videos/1/movie.mp4").map(|()| Self(key.to_owned()))
    }

    /// Creates the scope of one live stream, given its playback ID.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Scope`] if the text is not a single segment.
    pub fn playback_id(id: &str) -> Result<Self, ConfigError> {
        let write = "a playback ID, which has no slash";
        if id.contains('/') {
            return Err(ConfigError::Scope { text: id.to_owned(), found: "has a slash", write });
        }
        check(id, write).map(|()| Self(id.to_owned()))
    }

    /// Creates the scope of every object in the bucket. This scope is accepted only by sites that allow it.
    pub const fn whole_bucket() -> Self {
        Self(String::new())
    }

    /// Returns the value of the `uri` claim.
    pub fn as_uri(&self) -> &str {
        &self.0
    }
}

fn check(text: &str, write: &'static str) -> Result<(), ConfigError> {
    let found = if text.is_empty() {
        "is empty"
    } else if text.starts_with('/') {
        "starts with a slash: object keys have none"
    } else if text.contains('\\') || text.chars().any(char::is_control) {
        "has a backslash or a control character"
    } else if text.split('/').any(|segment| segment == "*") {
        "has a star: a folder covers everything below it"
    } else if text.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        "has an empty segment or a dot segment"
    } else {
        return Ok(());
    };
    Err(ConfigError::Scope { text: text.to_owned(), found, write })
}
