//! From what the store said to what went wrong. object_store hands on most answers as text
//! only, so the error code of S3 is read out of it.

use std::error::Error as StdError;

use object_store::client::{HttpError, HttpErrorKind};

use super::super::error::{WarehouseError, WarehouseErrorKind as Kind};
use super::super::location::Location;
use super::Bucket;

/// Of what a store said, in a message.
const MAX_SHOWN: usize = 300;

impl Bucket {
    pub(super) fn error(&self, action: &str, location: &Location, cause: object_store::Error) -> WarehouseError {
        let text = cause.to_string();
        let (kind, why) = match code(&text) {
            Some(code) => self.answered(code),
            None => self.without_code(&text, &cause),
        };
        let message = format!("Cannot {action} {location}: {why}.");
        WarehouseError::new(kind, location, message).because(cause)
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    fn answered(&self, code: &str) -> (Kind, String) {
        let (bucket, endpoint) = (&self.name, &self.clients.endpoint);
        match code {
            "NoSuchBucket" => (
                Kind::NotFound,
                format!("bucket {bucket} does not exist at {endpoint}; create it or correct the location"),
            ),
            "NoSuchKey" => (Kind::NotFound, "an object went away meanwhile".to_string()),
            "PreconditionFailed" => (Kind::AlreadyExists, "it exists already".to_string()),
            "AccessDenied" => (Kind::PermissionDenied, self.no_right()),
            "InvalidBucketName" => (Kind::InvalidLocation, format!("{endpoint} takes {bucket} for no bucket name")),
            "PermanentRedirect" | "AuthorizationHeaderMalformed" => (Kind::Misconfigured, self.other_region()),
            "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken" | "NotSignedUp" => {
                (Kind::Misconfigured, format!("{endpoint} answered {code}; correct the access key and the secret key"))
            }
            "RequestTimeTooSkewed" => (
                Kind::Misconfigured,
                "the clocks of the store and of this server differ; set this server's".to_string(),
            ),
            "SlowDown" | "InternalError" | "ServiceUnavailable" => {
                (Kind::Unreachable, format!("{endpoint} answered {code}; try again later"))
            }
            _ => (Kind::Failed, format!("{endpoint} answered {code}")),
        }
    }

    fn without_code(&self, text: &str, cause: &object_store::Error) -> (Kind, String) {
        use object_store::Error;

        let endpoint = &self.clients.endpoint;
        if let Some(kind) = http_failure(cause) {
            let how = match kind {
                HttpErrorKind::Timeout => "does not answer in time",
                HttpErrorKind::Connect => "cannot be connected to",
                _ => "breaks the connection",
            };
            let why = format!("{endpoint} {how}; check the endpoint setting and the network");
            return (Kind::Unreachable, why);
        }
        match (cause, status(text)) {
            (Error::NotFound { .. }, _) => (Kind::NotFound, "nothing is there".to_string()),
            (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, _) => {
                (Kind::PermissionDenied, self.no_right())
            }
            (Error::InvalidPath { source }, _) => {
                (Kind::NotSupported, format!("it holds an object whose key is no path: {source}"))
            }
            (_, Some(status)) if status.starts_with('5') => {
                (Kind::Unreachable, format!("{endpoint} answered {status}; try again later"))
            }
            (_, Some(status)) => (
                Kind::Misconfigured,
                format!("{endpoint} answered {status} and no S3 error; check the endpoint setting"),
            ),
            _ if text.contains("redirect without LOCATION") => (Kind::Misconfigured, self.other_region()),
            _ => {
                let shown: String = text.chars().take(MAX_SHOWN).collect();
                (Kind::Failed, shown)
            }
        }
    }

    fn no_right(&self) -> String {
        format!(
            "{} refuses it to this server; give its access key the right to bucket {}",
            self.clients.endpoint, self.name
        )
    }

    fn other_region(&self) -> String {
        format!("bucket {} is not in the region that is used, at {}; set the region", self.name, self.clients.endpoint)
    }
}

/// S3's error code, out of an error document or a bulk delete's answer.
fn code(text: &str) -> Option<&str> {
    let between = |before: &str, after: char| {
        let rest = &text[text.find(before)? + before.len()..];
        rest.split(after).next().filter(|code| !code.is_empty() && code.chars().all(|c| c.is_ascii_alphanumeric()))
    };
    between("<Code>", '<').or_else(|| between("(code: ", ')'))
}

/// The HTTP status with its reason.
fn status(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("non-2xx status code: ")?;
    rest.split(':').next()
}

/// What kept a request from an answer, if anything did.
fn http_failure(error: &object_store::Error) -> Option<HttpErrorKind> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(http) = error.downcast_ref::<HttpError>() {
            return Some(http.kind()).filter(|kind| *kind != HttpErrorKind::Decode);
        }
        next = error.source();
    }
    None
}
