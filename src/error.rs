//! The one error of every room. It knows no protocol: each face maps its kinds to what its protocol can say, in one
//! file. The message is for the caller; the cause is for the log.

use std::error::Error as StdError;

pub type Result<T, E = CatalogError> = std::result::Result<T, E>;

/// What went wrong, in the catalog's own terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The object, or one that it must belong to, does not exist.
    NotFound,
    AlreadyExists,
    /// The object that was sent cannot be stored: bad name, missing part, unknown type.
    InvalidObject,
    /// The request is understood, but not allowed in this state: a database that is not empty, a changed key.
    InvalidOperation,
    /// An argument is missing or cannot be read.
    InvalidInput,
    /// A compare-and-set failed: somebody else changed the object.
    Conflict,
    /// More than a limit of this server allows.
    LimitExceeded,
    /// The database or an object store does not answer.
    Unavailable,
    /// Known to the protocol, not served here.
    Unsupported,
    PermissionDenied,
    NoSuchLock,
    NoSuchTransaction,
    TransactionAborted,
    /// The lock belongs to a transaction, which alone may release it.
    TransactionOpen,
    /// Ours to mend: the caller can do nothing.
    Internal,
}

/// The object that was not found or is there already, for protocols that have texts of their own for it. Names are those
/// within the object's parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    Catalog(String),
    Database(String),
    Table(String),
    TableVersion(i64),
    /// Its values.
    Partition(Vec<String>),
    Function(String),
}

/// Of an error, in characters: whoever repeats what a caller sent does not send it all back.
const LONGEST_MESSAGE: usize = 10_000;

/// Text from a caller, cut to a length that fits an error's message.
pub fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    cut(text.to_owned(), LONGEST)
}

fn cut(mut text: String, characters: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(characters) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// An error with a message that says what was wrong, with which object, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CatalogError {
    pub kind: ErrorKind,
    pub message: String,
    /// What the error is about, where a kind of object is known to be missing or taken.
    pub object: Option<Object>,
    #[source]
    pub cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl CatalogError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = cut(message.into(), LONGEST_MESSAGE);
        Self { kind, message, object: None, cause: None }
    }

    /// The same error about this object.
    pub fn about(mut self, object: Object) -> Self {
        self.object = Some(object);
        self
    }

    /// The same error with what lies behind it, for the log only.
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same message under another kind, where a protocol names the failure differently for one call.
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }
    pub fn already_exists(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::AlreadyExists, message)
    }
    pub fn invalid_object(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidObject, message)
    }
    pub fn invalid_operation(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidOperation, message)
    }
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }
}

/// Where one call's contract names a failure differently from the catalog.
pub trait ResultExt<T> {
    /// Errors of kind `from` become kind `to`.
    fn map_kind(self, from: ErrorKind, to: ErrorKind) -> Result<T>;
}

impl<T> ResultExt<T> for Result<T> {
    fn map_kind(self, from: ErrorKind, to: ErrorKind) -> Result<T> {
        self.map_err(|error| if error.kind == from { error.with_kind(to) } else { error })
    }
}
