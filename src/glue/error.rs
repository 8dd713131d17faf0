//! The catalog's errors as the exceptions of the service.

use axum::http::StatusCode;
use propolis_glue_api::Invalid;
use serde_json::json;

use crate::auth::AuthError;
use crate::error::{CatalogError, ErrorKind, Object};

/// In characters; those of a part of a batch have the same bound in the model.
const LONGEST_MESSAGE: usize = 2000;

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a call failed: by the catalog's rules, or by what the service's contract says of this one call.
#[derive(Debug)]
pub enum Failure {
    Catalog(CatalogError),
    Thrown(Exception),
}

/// An exception as it goes over the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Exception {
    /// Its name, such as `EntityNotFoundException`.
    pub code: &'static str,
    pub message: String,
    pub status: StatusCode,
}

impl Exception {
    /// An error of the client's.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: cut(message.into()), status: StatusCode::BAD_REQUEST }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("EntityNotFoundException", message)
    }

    pub fn already_exists(message: impl Into<String>) -> Self {
        Self::new("AlreadyExistsException", message)
    }

    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new("InvalidInputException", message)
    }

    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// What is known but not served.
    pub fn not_supported(message: impl Into<String>) -> Self {
        Self::new("OperationNotSupportedException", message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, ..Self::new("InternalServiceException", message) }
    }

    pub fn body(&self) -> Vec<u8> {
        json!({ "__type": self.code, "Message": self.message }).to_string().into_bytes()
    }

    /// The same as an item of an answer that tells what failed for each part of a batch.
    pub fn detail(&self) -> propolis_glue_api::types::ErrorDetail {
        propolis_glue_api::types::ErrorDetail {
            error_code: Some(self.code.to_owned()),
            error_message: Some(self.message.clone()),
        }
    }
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

impl From<&Failure> for Exception {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Thrown(exception) => exception.clone(),
            Failure::Catalog(error) => Self::from(error),
        }
    }
}

impl From<&CatalogError> for Exception {
    fn from(error: &CatalogError) -> Self {
        let message = text(error);
        match error.kind {
            ErrorKind::NotFound | ErrorKind::NoSuchLock | ErrorKind::NoSuchTransaction => Self::not_found(message),
            ErrorKind::AlreadyExists => Self::already_exists(message),
            ErrorKind::InvalidObject
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidOperation
            | ErrorKind::TransactionAborted
            | ErrorKind::TransactionOpen => Self::invalid_input(message),
            ErrorKind::Conflict => Self::new("ConcurrentModificationException", message),
            ErrorKind::LimitExceeded => Self::new("ResourceNumberLimitExceededException", message),
            ErrorKind::Unsupported => Self::not_supported(message),
            ErrorKind::PermissionDenied => Self::new("AccessDeniedException", message),
            ErrorKind::Unavailable | ErrorKind::Internal => Self::internal(message),
        }
    }
}

impl From<AuthError> for Exception {
    fn from(error: AuthError) -> Self {
        Self { code: error.code, message: error.message, status: error.status }
    }
}

impl From<&Invalid> for Exception {
    fn from(invalid: &Invalid) -> Self {
        match invalid {
            Invalid::Type(message) => Self::new("SerializationException", message),
            Invalid::Constraints(_) => Self::validation(invalid.to_string()),
        }
    }
}

/// A message that repeats what was sent, of any length, is cut.
fn cut(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// The texts that clients of the service know, where it has one of its own.
fn text(error: &CatalogError) -> String {
    match (error.kind, &error.object) {
        (ErrorKind::NotFound, Some(Object::Database(name))) => format!("Database {name} not found."),
        (ErrorKind::NotFound, Some(Object::Table(name))) => format!("Table {name} not found."),
        (ErrorKind::NotFound, Some(Object::TableVersion(_))) => "Version not found.".to_owned(),
        (ErrorKind::NotFound, Some(Object::Partition(values))) => {
            format!("Cannot find partition. None has the values {}.", values.join(", "))
        }
        (ErrorKind::AlreadyExists, Some(Object::Database(_))) => "Database already exists.".to_owned(),
        (ErrorKind::AlreadyExists, Some(Object::Table(_))) => "Table already exists.".to_owned(),
        (ErrorKind::AlreadyExists, Some(Object::Partition(_))) => "Partition already exists.".to_owned(),
        _ => error.message.clone(),
    }
}
