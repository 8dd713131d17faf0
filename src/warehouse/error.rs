use std::error::Error as StdError;
use std::fmt::Display;

/// What went wrong in a warehouse: enough for the catalog to choose its own error, and a
/// sentence for the caller.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct WarehouseError {
    pub kind: WarehouseErrorKind,
    /// The location as the caller wrote it, without credentials that it may have held.
    pub location: String,
    /// One or two sentences: what was wrong with which location, and what to do.
    pub message: String,
    /// For the log: what the file system or the object store said.
    #[source]
    pub cause: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarehouseErrorKind {
    /// Nothing is there, or the bucket does not exist.
    NotFound,
    /// Something is there already.
    AlreadyExists,
    /// The file system or the object store refused this server.
    PermissionDenied,
    /// The object store does not answer, or answers that it cannot work now.
    Unreachable,
    /// No store is known here for the scheme of the location (hdfs, gs, abfss, ...). Metadata
    /// may refer to it all the same.
    UnsupportedScheme,
    /// The text is no location, or one that may not be used so.
    InvalidLocation,
    /// The location is fine, but this cannot be done there.
    NotSupported,
    /// The settings of the object store are wrong or incomplete.
    Misconfigured,
    /// Any other failure of the file system or the object store.
    Failed,
}

pub type Result<T, E = WarehouseError> = std::result::Result<T, E>;

impl WarehouseError {
    pub(super) fn new(kind: WarehouseErrorKind, location: impl Display, message: impl Into<String>) -> Self {
        Self { kind, location: location.to_string(), message: message.into(), cause: None }
    }

    pub(super) fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}
