//! Postgres' errors in the catalog's terms.

use crate::error::{CatalogError, ErrorKind};

// SQLSTATE codes, PostgreSQL documentation, appendix A.
const UNTRANSLATABLE_CHARACTER: &str = "22P05";
const CHARACTER_NOT_IN_REPERTOIRE: &str = "22021";
const UNIQUE_VIOLATION: &str = "23505";
const FOREIGN_KEY_VIOLATION: &str = "23503";
const QUERY_CANCELED: &str = "57014";
const PROGRAM_LIMIT_EXCEEDED: &str = "54000";
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK_DETECTED: &str = "40P01";

impl From<sqlx::Error> for CatalogError {
    fn from(error: sqlx::Error) -> Self {
        let (kind, message) = match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some(UNTRANSLATABLE_CHARACTER | CHARACTER_NOT_IN_REPERTOIRE) => (
                    ErrorKind::InvalidObject,
                    "a text holds the character U+0000, which cannot be stored".to_owned(),
                ),
                Some(UNIQUE_VIOLATION) => {
                    (ErrorKind::AlreadyExists, "an object of this name was made at the same time".to_owned())
                }
                Some(FOREIGN_KEY_VIOLATION) => (
                    ErrorKind::Conflict,
                    "an object that this one belongs to, or that belongs to it, was changed at the same time; try again"
                        .to_owned(),
                ),
                Some(SERIALIZATION_FAILURE | DEADLOCK_DETECTED) => {
                    (ErrorKind::Conflict, "somebody else changed the same objects; try again".to_owned())
                }
                Some(PROGRAM_LIMIT_EXCEEDED) => {
                    (ErrorKind::LimitExceeded, format!("too large for the database: {}", database.message()))
                }
                Some(QUERY_CANCELED) => {
                    (ErrorKind::Unavailable, "the database took longer than the request may last".to_owned())
                }
                // Class 53 insufficient resources, 57 operator intervention, 08 connection.
                Some(code) if code.starts_with("53") || code.starts_with("57") || code.starts_with("08") => {
                    (ErrorKind::Unavailable, format!("the database is not available: {}", database.message()))
                }
                _ => (ErrorKind::Internal, "the database refused a statement; see the server's log".to_owned()),
            },
            sqlx::Error::PoolTimedOut => (
                ErrorKind::Unavailable,
                "all database connections are in use; try again, or raise the setting database_pool_size".to_owned(),
            ),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                (ErrorKind::Unavailable, format!("the database cannot be reached: {error}"))
            }
            _ => (ErrorKind::Internal, "a statement failed; see the server's log".to_owned()),
        };
        CatalogError::new(kind, message).caused_by(error)
    }
}
