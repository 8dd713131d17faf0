//! Bearer tokens: JWTs (RFC 7519) that somebody else issued and signed with a key of a published set (RFC 7517).

mod verify;

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::denied;
use crate::config::Settings;
use crate::error::{CatalogError, Result};

/// How long a set is believed.
const BELIEVED: Duration = Duration::from_secs(5 * 60);
/// How soon a set is read again because a token names a key that is not in it.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_SET_BYTES: usize = 1 << 20;
const MAX_TOKEN_BYTES: usize = 64 << 10;
/// Signatures that whoever can check them cannot make: not those with a shared secret.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What tokens have to be. See the settings of the same names.
#[derive(Debug)]
pub struct Jwt {
    jwks_url: Url,
    issuer: Option<String>,
    audience: Option<String>,
    http: reqwest::Client,
    last: RwLock<Option<Read>>,
    reading: Mutex<()>,
}

#[derive(Debug, Clone)]
struct Read {
    set: Arc<JwkSet>,
    at: Instant,
}

#[derive(Debug, Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<f64>,
}

/// Whom a token is for, and when it ends, in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub user: String,
    pub until: Option<i64>,
}

impl Jwt {
    pub fn new(settings: &Settings) -> Result<Self> {
        let jwks_url = settings.jwt_jwks_url.clone();
        let jwks_url = jwks_url.ok_or_else(|| CatalogError::invalid_input("jwt_jwks_url: it is needed"))?;
        Self::with(jwks_url, settings.jwt_issuer.clone(), settings.jwt_audience.clone())
    }

    pub fn with(jwks_url: Url, issuer: Option<String>, audience: Option<String>) -> Result<Self> {
        verify::install();
        // The HTTP client takes whatever is installed; somebody else may have done so before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Nor may a server of keys send us on to one that others can pretend to be.
        let only_tls = jwks_url.scheme() == "https";
        let http = reqwest::Client::builder().timeout(READ_TIMEOUT).https_only(only_tls).build();
        let http = http.map_err(|error| CatalogError::internal("no HTTP client can be made").caused_by(error))?;
        Ok(Self { jwks_url, issuer, audience, http, last: RwLock::default(), reading: Mutex::default() })
    }

    /// Reads the keys; how many there are that a token can be signed with. For an operator; the error says why not.
    pub async fn probe(&self) -> std::result::Result<usize, String> {
        let set = self.read().await.map_err(|error| error.to_string())?;
        let checks = |key: &&Jwk| DecodingKey::from_jwk(key).is_ok_and(|key| key.family() != AlgorithmFamily::Hmac);
        Ok(set.keys.iter().filter(checks).count())
    }

    /// The user that a token is for: its `sub`.
    pub async fn verify(&self, token: &str) -> Result<Verified> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(denied("the token is too long"));
        }
        let header = decode_header(token).map_err(|error| denied(&format!("the token cannot be read: {error}")))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(denied(&format!("the token is signed by {:?}, which is not taken here", header.alg)));
        }
        let mut why = None;
        for key in self.keys(header.kid.as_deref(), header.alg).await? {
            match self.claims(token, &key, header.alg) {
                Ok(Claims { sub: Some(user), exp }) if !user.is_empty() => {
                    let until = exp.map(|seconds| (seconds * 1000.0) as i64);
                    return Ok(Verified { user, until });
                }
                Ok(_) => return Err(denied("the token names no user: it has no subject")),
                Err(error) => why = Some(error),
            }
        }
        Err(match why {
            Some(error) => denied(&format!("the token is not good: {error}")),
            None => denied("the token is signed with a key that is not in the set of jwt_jwks_url"),
        })
    }

    fn claims(&self, token: &str, key: &Jwk, algorithm: Algorithm) -> Result<Claims, jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(algorithm);
        // A token without an end is taken, as Apache's server does.
        validation.required_spec_claims = HashSet::new();
        validation.validate_nbf = true;
        validation.validate_aud = self.audience.is_some();
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        if let Some(audience) = &self.audience {
            validation.set_audience(&[audience]);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        Ok(decode(token, &DecodingKey::from_jwk(key)?, &validation)?.claims)
    }

    /// Keys that a token may be signed with. A token that names none may be with any.
    async fn keys(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Vec<Jwk>> {
        let fits = |key: &&Jwk| {
            let common = &key.common;
            let named = id.is_none() || common.key_id.as_deref() == id;
            let signs = common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
            let by_it = common.key_algorithm.is_none_or(|of_key| of_key.to_string() == format!("{algorithm:?}"));
            named && signs && by_it
        };
        let of = |read: &Read| read.set.keys.iter().filter(fits).cloned().collect::<Vec<_>>();
        // Whether what was read has to do, and the keys of it.
        let known = |read: &Read| {
            let (keys, age) = (of(read), read.at.elapsed());
            (age < READ_AGAIN_AFTER || (age < BELIEVED && !keys.is_empty()), keys)
        };
        if let Some((true, keys)) = self.last().as_ref().map(known) {
            return Ok(keys);
        }
        // One reads, and who came at the same time waits for what that one finds.
        let _reading = self.reading.lock().await;
        let before = self.last();
        if let Some((true, keys)) = before.as_ref().map(known) {
            return Ok(keys);
        }
        let set = match (self.read().await, before) {
            (Ok(set), _) => Arc::new(set),
            (Err(error), before) => {
                tracing::warn!(url = %self.jwks_url, %error, "the keys of bearer tokens cannot be read");
                // What was known is better than nothing: the keys' server may be away for a moment.
                let before = before.ok_or_else(|| {
                    CatalogError::unavailable("The keys that tokens are signed with cannot be read").caused_by(error)
                })?;
                before.set
            }
        };
        let read = Read { set, at: Instant::now() };
        let keys = of(&read);
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(read);
        Ok(keys)
    }

    fn last(&self) -> Option<Read> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read(&self) -> Result<JwkSet, Box<dyn std::error::Error + Send + Sync>> {
        let bytes = if self.jwks_url.scheme() == "file" {
            let path = self.jwks_url.to_file_path().map_err(|()| "the URL is that of no file")?;
            tokio::fs::read(path).await?
        } else {
            let mut answer = self.http.get(self.jwks_url.clone()).send().await?.error_for_status()?;
            let mut bytes = Vec::new();
            while let Some(piece) = answer.chunk().await? {
                bytes.extend_from_slice(&piece);
                if bytes.len() > MAX_SET_BYTES {
                    return Err("the set of keys is too large".into());
                }
            }
            bytes
        };
        Ok(serde_json::from_slice(&bytes)?)
    }
}
