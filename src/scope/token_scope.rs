use crate::error::ConfigError;

/// What a token is to cover: the `uri` claim, in a form that can cover something.
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
    /// Everything below a folder of a bucket: `videos/1` is written as `videos/1/`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scope`] for text that no object key begins with.
    pub fn folder(folder: &str) -> Result<Self, ConfigError> {
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        check(folder, "a folder such as videos/1, or whole_bucket()").map(|()| Self(format!("{folder}/")))
    }

    /// One object, and what a folder of its name would hold.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scope`] for text that is no object key.
    pub fn object(key: &str) -> Result<Self, ConfigError> {
        check(key, "an object key such as videos/1/movie.mp4").map(|()| Self(key.to_owned()))
    }

    /// One live stream, by its playback ID.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scope`] for text that is no single segment.
    pub fn playback_id(id: &str) -> Result<Self, ConfigError> {
        let write = "a playback ID, which has no slash";
        if id.contains('/') {
            return Err(ConfigError::Scope { text: id.to_owned(), found: "has a slash", write });
        }
        check(id, write).map(|()| Self(id.to_owned()))
    }

    /// Every object of the bucket, where the site allows that.
    pub const fn whole_bucket() -> Self {
        Self(String::new())
    }

    /// The value of the `uri` claim.
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
        "has a star: a folder covers all that is below"
    } else if text.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        "has an empty segment or a dot segment"
    } else {
        return Ok(());
    };
    Err(ConfigError::Scope { text: text.to_owned(), found, write })
}
