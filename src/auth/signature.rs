//! A signature of AWS Signature Version 4 as it stands in a request, in the header `Authorization` or in the query, and
//! what makes it good: the order of the checks and their texts are AWS'.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256};

use super::canonical::{self, hex, query_pairs};
use super::error::AuthError;
use crate::config::Secret;
use crate::model::access_key::is_region;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const DATE: &str = "x-amz-date";
const TARGET: &str = "x-amz-target";
const CONTENT_HASH: &str = "x-amz-content-sha256";
const SESSION_TOKEN: &str = "x-amz-security-token";
/// The longest that a presigned request may be good for: seven days.
const LONGEST_EXPIRY: u64 = 604_800;

/// What a request says of its signature.
#[derive(Debug)]
pub struct Signature {
    algorithm: String,
    credential: String,
    /// Lower case, in the order of the request.
    signed_headers: Vec<String>,
    signature: String,
    /// `20150830T123600Z`.
    date: String,
    /// How long a presigned request is good; `None` is the header's form.
    expires: Option<Duration>,
    session_token: Option<String>,
}

/// What the signature says that it was made with and for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    pub access_key_id: &'a str,
    date: &'a str,
    pub region: &'a str,
    service: &'a str,
    terminator: &'a str,
}

impl Signature {
    pub fn of(parts: &Parts) -> Result<Self, AuthError> {
        let query = query_pairs(parts.uri.query().unwrap_or_default());
        let presigned = query.iter().any(|(name, _)| name == "X-Amz-Algorithm");
        match (text(&parts.headers, AUTHORIZATION.as_str()), presigned) {
            (Some(_), true) => Err(AuthError::invalid(
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
            )),
            (Some(authorization), false) => Self::of_header(authorization, &parts.headers),
            (None, true) => Self::of_query(&query),
            (None, false) => Err(AuthError::missing()),
        }
    }

    fn of_header(authorization: &str, headers: &HeaderMap) -> Result<Self, AuthError> {
        let (algorithm, rest) = authorization.trim().split_once(' ').unwrap_or((authorization, ""));
        if !algorithm.starts_with("AWS4-") {
            return Err(AuthError::missing());
        }
        let [mut credential, mut signed_headers, mut signature] = [None; 3];
        for pair in rest.split([',', ' ']).filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(AuthError::incomplete(format!(
                    "'{pair}' not a valid key=value pair (missing equal-sign) in Authorization header."
                )));
            };
            match name {
                "Credential" => credential = Some(value),
                "SignedHeaders" => signed_headers = Some(value),
                "Signature" => signature = Some(value),
                _ => {}
            }
        }
        let date = text(headers, DATE);
        if let (Some(credential), Some(signed_headers), Some(signature), Some(date)) =
            (credential, signed_headers, signature, date)
        {
            return Ok(Self {
                algorithm: algorithm.to_owned(),
                credential: credential.to_owned(),
                signed_headers: split_headers(signed_headers),
                signature: signature.to_owned(),
                date: date.to_owned(),
                expires: None,
                session_token: text(headers, SESSION_TOKEN).map(str::to_owned),
            });
        }
        let mut message = String::new();
        for (name, found) in [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)] {
            if found.is_none() {
                message += &format!("Authorization header requires '{name}' parameter. ");
            }
        }
        if date.is_none() {
            message += "Authorization header requires existence of a 'X-Amz-Date' header.";
        }
        Err(AuthError::incomplete(message.trim_end()))
    }

    fn of_query(query: &[(Cow<'_, str>, Cow<'_, str>)]) -> Result<Self, AuthError> {
        let find = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone().into_owned());
        let mut message = String::new();
        let mut required = |name| {
            find(name).unwrap_or_else(|| {
                message += &format!("AWS query-string parameters must include '{name}'. ");
                String::new()
            })
        };
        let algorithm = required("X-Amz-Algorithm");
        let credential = required("X-Amz-Credential");
        let signature = required("X-Amz-Signature");
        let signed_headers = required("X-Amz-SignedHeaders");
        let date = required("X-Amz-Date");
        let expires = required("X-Amz-Expires");
        if !message.is_empty() {
            return Err(AuthError::incomplete(message + "Re-examine the query-string parameters."));
        }
        let expires =
            expires.parse().ok().filter(|seconds| (1..=LONGEST_EXPIRY).contains(seconds)).ok_or_else(|| {
                AuthError::incomplete(format!(
                    "'X-Amz-Expires' must be a number of seconds from 1 to {LONGEST_EXPIRY}."
                ))
            })?;
        Ok(Self {
            algorithm,
            credential,
            signed_headers: split_headers(&signed_headers),
            signature,
            date,
            expires: Some(Duration::from_secs(expires)),
            session_token: find("X-Amz-Security-Token"),
        })
    }

    /// Everything that can be told without the secret: time, signed headers and scope. A `skew` of `None` takes any
    /// time.
    ///
    /// A request that was recorded can be sent again for as long as its time is taken, as at AWS. It cannot be told
    /// from an honest one: times count in seconds and ids of attempts are not always signed, so that a client which
    /// makes the same call twice within a second, or tries again, sends the same signature. Later it is refused.
    pub fn check(
        &self,
        headers: &HeaderMap,
        service: &str,
        now: SystemTime,
        skew: Option<Duration>,
    ) -> Result<Scope<'_>, AuthError> {
        let signed_at = parse_date(&self.date).ok_or_else(|| {
            AuthError::incomplete(format!(
                "Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
                self.date
            ))
        })?;
        if let Some(skew) = skew {
            self.check_time(signed_at, now, skew)?;
        }
        // An unsigned date could be brought up to date by others, an unsigned target be another operation.
        let must_be_signed = [
            ("Host", HOST.as_str(), true),
            ("X-Amz-Date", DATE, self.expires.is_none()),
            ("X-Amz-Target", TARGET, headers.contains_key(TARGET)),
        ];
        for (shown, name, needed) in must_be_signed {
            if needed && !self.signed_headers.iter().any(|signed| signed == name) {
                return Err(AuthError::invalid(format!(
                    "'{shown}' must be a 'SignedHeader' in the AWS Authorization."
                )));
            }
        }
        if self.algorithm != ALGORITHM {
            return Err(AuthError::incomplete(format!(
                "Unsupported AWS 'algorithm': '{}' (only {ALGORITHM} for now).",
                self.algorithm
            )));
        }
        let scope = self.scope().ok_or_else(|| {
            AuthError::incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
                self.credential
            ))
        })?;
        let mut wrong = Vec::new();
        if !is_region(scope.region) {
            wrong.push(format!("Credential should be scoped to a valid region, not '{}'.", scope.region));
        }
        if scope.service != service {
            wrong.push(format!("Credential should be scoped to correct service: '{service}'."));
        }
        if scope.terminator != TERMINATOR {
            wrong.push(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'.",
                scope.terminator
            ));
        }
        if !self.date.starts_with(scope.date) || scope.date.len() != 8 {
            wrong.push(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{}', from '{}'.",
                scope.date,
                &self.date[..8],
                self.date
            ));
        }
        if wrong.is_empty() { Ok(scope) } else { Err(AuthError::invalid(wrong.join(" "))) }
    }

    fn check_time(&self, signed_at: SystemTime, now: SystemTime, skew: Duration) -> Result<(), AuthError> {
        let shown_skew = match skew.as_secs() {
            seconds if seconds % 60 == 0 => format!("{} min.", seconds / 60),
            seconds => format!("{seconds} s."),
        };
        if signed_at > now + skew {
            return Err(AuthError::invalid(format!(
                "Signature not yet current: {} is still later than {} ({} + {shown_skew})",
                self.date,
                format_date(now + skew),
                format_date(now)
            )));
        }
        match self.expires {
            None if signed_at < now - skew => Err(AuthError::invalid(format!(
                "Signature expired: {} is now earlier than {} ({} - {shown_skew})",
                self.date,
                format_date(now - skew),
                format_date(now)
            ))),
            Some(expires) if signed_at + expires < now => Err(AuthError::invalid(format!(
                "Signature expired: {} is now earlier than {}",
                format_date(signed_at + expires),
                format_date(now)
            ))),
            _ => Ok(()),
        }
    }

    /// What the signature says of itself, where that can be read.
    pub fn scope(&self) -> Option<Scope<'_>> {
        let elements: Vec<_> = self.credential.split('/').collect();
        let [access_key_id, date, region, service, terminator] = elements[..] else {
            return None;
        };
        Some(Scope { access_key_id, date, region, service, terminator })
    }

    /// Whether the secret made this signature of this request. `body` is what was sent.
    pub fn verify(&self, scope: Scope<'_>, secret: &Secret, parts: &Parts, body: &[u8]) -> Result<(), AuthError> {
        let body_hash = hex(digest(&SHA256, body).as_ref());
        if let Some(claimed) = text(&parts.headers, CONTENT_HASH)
            && claimed != body_hash
        {
            return Err(AuthError::invalid(
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ));
        }
        let request = canonical::request(parts, &self.signed_headers, &body_hash);
        let Scope { date, region, service, terminator, .. } = scope;
        let to_sign = format!(
            "{}\n{}\n{date}/{region}/{service}/{terminator}\n{}",
            self.algorithm,
            self.date,
            hex(digest(&SHA256, &request).as_ref())
        );
        let mut key = hmac::Key::new(HMAC_SHA256, format!("AWS4{}", secret.reveal()).as_bytes());
        for part in [date, region, service, terminator] {
            key = hmac::Key::new(HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        let given = canonical::from_hex(&self.signature).ok_or_else(AuthError::mismatch)?;
        // Takes the same time whatever is wrong.
        hmac::verify(&key, to_sign.as_bytes(), &given).map_err(|_| AuthError::mismatch())
    }

    /// Whether the request carries the session token of its key, and none where the key has none.
    pub fn verify_session_token(&self, expected: Option<&Secret>) -> Result<(), AuthError> {
        // Of hashes, time tells nothing.
        let hash = |text: &str| digest(&SHA256, text.as_bytes());
        let given = self.session_token.as_deref().map(hash);
        let expected = expected.map(|token| hash(token.reveal()));
        let same = given.as_ref().map(AsRef::as_ref) == expected.as_ref().map(AsRef::<[u8]>::as_ref);
        if same { Ok(()) } else { Err(AuthError::unrecognized()) }
    }
}

fn split_headers(text: &str) -> Vec<String> {
    text.split(';').map(str::to_ascii_lowercase).collect()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Reads `20150830T123600Z`.
fn parse_date(text: &str) -> Option<SystemTime> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || time.len() != 6 || !digits(date) || !digits(time) {
        return None;
    }
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    let (hour, minute, second) = (&time[..2], &time[2..4], &time[4..]);
    humantime::parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).ok()
}

fn format_date(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string().replace(['-', ':'], "")
}

#[cfg(test)]
mod tests;
