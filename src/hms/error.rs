//! The catalog's errors as the exceptions that the IDL declares for a method.

use propolis_thrift::{Exception, ExceptionKind};

use crate::error::{CatalogError, ErrorKind};

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a call failed: by the catalog's rules, or by what the metastore's contract says of this one call.
#[derive(Debug)]
pub enum Failure {
    Catalog(CatalogError),
    Thrown(Exception),
    /// What Apache's server throws though the method does not declare it: an error of the protocol on the wire.
    Undeclared(CatalogError),
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(error)
    }
}

impl From<Exception> for Failure {
    fn from(exception: Exception) -> Self {
        Self::Thrown(exception)
    }
}

impl Failure {
    pub fn message(&self) -> &str {
        match self {
            Self::Catalog(error) | Self::Undeclared(error) => &error.message,
            Self::Thrown(exception) => exception.message(),
        }
    }

    /// The first of the exceptions that say this best which the method declares; None where it declares none of them.
    pub fn exception(&self, declared: &[ExceptionKind]) -> Option<Exception> {
        let candidates: &[ExceptionKind] = match self {
            Self::Catalog(error) => candidates(error.kind),
            Self::Thrown(exception) => &[exception.kind(), ExceptionKind::Meta],
            Self::Undeclared(_) => &[],
        };
        let kind = candidates.iter().find(|kind| declared.contains(kind))?;
        Some(kind.with(self.message()))
    }
}

/// Exceptions for a kind of error, best first. Calls declare few: an unknown table is NoSuchObject where one looks it
/// up, InvalidObject where one adds to it, InvalidOperation where one alters it.
fn candidates(kind: ErrorKind) -> &'static [ExceptionKind] {
    use ExceptionKind::*;
    match kind {
        ErrorKind::NotFound => &[NoSuchObject, InvalidOperation, InvalidObject, UnknownDb, Meta],
        ErrorKind::AlreadyExists => &[AlreadyExists, InvalidOperation, Meta],
        ErrorKind::InvalidObject => &[InvalidObject, InvalidOperation, Meta],
        ErrorKind::InvalidOperation => &[InvalidOperation, Meta],
        ErrorKind::NoSuchLock => &[NoSuchLock, Meta],
        ErrorKind::NoSuchTransaction => &[NoSuchTxn, Meta],
        ErrorKind::TransactionAborted => &[TxnAborted, NoSuchTxn, Meta],
        ErrorKind::TransactionOpen => &[TxnOpen, Meta],
        ErrorKind::InvalidInput
        | ErrorKind::Conflict
        | ErrorKind::LimitExceeded
        | ErrorKind::Unavailable
        | ErrorKind::Unsupported
        | ErrorKind::PermissionDenied
        | ErrorKind::Internal => &[Meta],
    }
}
