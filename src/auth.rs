//! Who is calling: over Glue's API by requests that are signed with AWS Signature Version 4 by an access key of this
//! catalog, over Thrift by a [`login`].

mod canonical;
mod error;
pub mod login;
mod signature;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use axum::http::request::Parts;

use self::signature::Signature;
use crate::catalog::{AccessKeys, now};
use crate::config::Settings;
use crate::error::Result;
use crate::model::access_key::is_region;

pub use error::AuthError;

/// What signatures have to be scoped to.
const SERVICE: &str = "glue";
/// The key of a request that names none, where none is needed.
const ANONYMOUS: &str = "anonymous";

/// Who signed a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub access_key_id: String,
    /// 12 digits.
    pub account_id: String,
    /// The region that was signed for.
    pub region: String,
    /// The user that the key was made for, if any.
    pub user: Option<String>,
}

/// What an operator decides.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The account of callers whose key names none.
    pub account_id: String,
    /// The region of callers who name none.
    pub region: String,
    /// How far a request's time may be off; `None` takes any.
    pub clock_skew: Option<Duration>,
    /// Whether only this machine reaches the port. Then requests are let in unsigned until there is a key.
    pub loopback: bool,
}

impl Rules {
    /// For the port that is served at this address.
    pub fn new(settings: &Settings, address: SocketAddr) -> Self {
        Self {
            account_id: settings.glue_account_id.clone(),
            region: settings.glue_region.clone(),
            clock_skew: settings.glue_clock_skew.0,
            loopback: address.ip().is_loopback(),
        }
    }
}

/// What every request has to pass.
#[derive(Debug, Clone)]
pub struct Gate {
    keys: AccessKeys,
    rules: Rules,
}

impl Gate {
    /// Says in the log where something is less safe than it looks, or will not work.
    pub async fn open(keys: AccessKeys, rules: Rules) -> Result<Self> {
        match (keys.any().await?, rules.loopback) {
            (false, true) => tracing::warn!(
                "there are no access keys: whoever is on this machine may call Glue's API, whatever the signature; \
                 `propolis key create` makes a key, and from then on signatures are checked"
            ),
            (false, false) => tracing::warn!(
                "there are no access keys: Glue's API answers every call with an error until `propolis key create` makes one"
            ),
            (true, _) => {}
        }
        if rules.clock_skew.is_none() {
            tracing::warn!("glue_clock_skew is 0s: a signed request that somebody recorded can be sent again for ever");
        }
        if let Some(error) = keys.unreadable().await? {
            tracing::error!(%error, "requests that are signed with these access keys will fail");
        }
        Ok(Self { keys, rules })
    }

    /// Who sent the request, or how the service refuses it. `body` is what was sent, before it is unpacked: that was
    /// signed.
    pub async fn identify(&self, parts: &Parts, body: &[u8]) -> Result<Identity, AuthError> {
        let identity = if self.keys.any().await? {
            self.verify(parts, body).await
        } else if self.rules.loopback {
            Ok(self.believe(parts))
        } else {
            Err(AuthError::no_keys_yet())
        };
        if let Err(error) = &identity {
            metrics::counter!("propolis_auth_refused_total", "code" => error.code).increment(1);
        }
        identity
    }

    async fn verify(&self, parts: &Parts, body: &[u8]) -> Result<Identity, AuthError> {
        let signature = Signature::of(parts)?;
        let scope = signature.check(&parts.headers, SERVICE, SystemTime::now(), self.rules.clock_skew)?;
        let credentials = self.keys.credentials(scope.access_key_id).await?;
        let credentials = credentials.filter(|found| !found.key.disabled).ok_or_else(AuthError::unrecognized)?;
        signature.verify(scope, &credentials.secret, parts, body)?;
        signature.verify_session_token(credentials.session_token.as_ref())?;
        let key = &credentials.key;
        if key.expires_at.is_some_and(|end| end <= now()) {
            return Err(AuthError::expired());
        }
        self.keys.record_use(&credentials).await;
        Ok(Identity {
            access_key_id: key.id.clone(),
            account_id: key.account_id.as_ref().unwrap_or(&self.rules.account_id).clone(),
            region: scope.region.to_owned(),
            user: key.user_name.clone(),
        })
    }

    /// Takes a request at its word.
    fn believe(&self, parts: &Parts) -> Identity {
        let signature = Signature::of(parts).ok();
        let scope = signature.as_ref().and_then(Signature::scope);
        let region = scope.map(|scope| scope.region).filter(|region| is_region(region));
        Identity {
            access_key_id: scope.map_or(ANONYMOUS, |scope| scope.access_key_id).to_owned(),
            account_id: self.rules.account_id.clone(),
            region: region.unwrap_or(&self.rules.region).to_owned(),
            user: None,
        }
    }
}
