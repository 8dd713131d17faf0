//! How requests are refused, in the words that SDKs and their users know.

use axum::http::StatusCode;

use crate::error::CatalogError;

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AuthError {
    /// The exception's name, such as `InvalidSignatureException`.
    pub code: &'static str,
    /// AWS' services that speak JSON say 400 where others say 403.
    pub status: StatusCode,
    /// For the caller; it holds no secret.
    pub message: String,
}

impl AuthError {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// There is no signature.
    pub(super) fn missing() -> Self {
        Self::new("MissingAuthenticationTokenException", "Missing Authentication Token")
    }

    /// There is one that cannot be read.
    pub(super) fn incomplete(message: impl Into<String>) -> Self {
        Self::new("IncompleteSignatureException", message)
    }

    /// It can be read, and is not good for this request, service or time.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidSignatureException", message)
    }

    pub(super) fn mismatch() -> Self {
        Self::invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        )
    }

    /// The key is not known, is disabled, or belongs to another session token.
    pub(super) fn unrecognized() -> Self {
        Self::new("UnrecognizedClientException", "The security token included in the request is invalid.")
    }

    /// The key itself is over.
    pub(super) fn expired() -> Self {
        Self::new("ExpiredTokenException", "The security token included in the request is expired")
    }

    pub(super) fn no_keys_yet() -> Self {
        Self::new(
            "UnrecognizedClientException",
            "This server has no access keys yet, and is open without them on a loopback address only. Make one with \
             `propolis key create`.",
        )
    }
}

/// Keys could not be looked up. What happened is for the log.
impl From<CatalogError> for AuthError {
    fn from(error: CatalogError) -> Self {
        tracing::error!(%error, "an access key cannot be looked up");
        Self {
            code: "InternalServiceException",
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: "The access key cannot be looked up; the server's log says why.".to_owned(),
        }
    }
}
