//! Access keys: made, listed, disabled, and looked up for each signed request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use moka::future::Cache;

use super::now;
use crate::config::Secret;
use crate::error::{CatalogError, Result};
use crate::model::AccessKey;
use crate::model::access_key::is_account_id;
use crate::store::Store;
use crate::store::access_keys::{self, SealedKey};
use crate::vault::{Vault, random};

/// How long what was read of keys is believed, and so the longest that a disabled key still works.
pub const BELIEVED: Duration = Duration::from_secs(5);
/// Ids looked up within that time, unknown ones included.
const CACHED_KEYS: u64 = 10_000;
/// The use of a key is written down once in so many seconds.
const USE_RECORDED_EVERY: i64 = 3600;
/// The longest id that AWS' clients are made for.
const MAX_ID_BYTES: usize = 128;
const MAX_SECRET_BYTES: usize = 4096;

/// An access key with its secrets.
#[derive(Debug)]
pub struct Credentials {
    pub key: AccessKey,
    pub secret: Secret,
    /// What requests have to carry besides their signature.
    pub session_token: Option<Secret>,
    use_recorded: AtomicBool,
}

/// An access key to be made. What is `None` of the first three is made up, or left out.
#[derive(Debug, Default)]
pub struct NewAccessKey {
    pub id: Option<String>,
    pub secret: Option<Secret>,
    pub session_token: Option<Secret>,
    pub account_id: Option<String>,
    pub user_name: Option<String>,
    /// How long it is good for; `None` is for ever.
    pub lifetime: Option<Duration>,
}

/// The access keys of a catalog.
#[derive(Debug, Clone)]
pub struct AccessKeys {
    store: Store,
    vault: Vault,
    found: Cache<String, Option<Arc<Credentials>>>,
    any: Cache<(), bool>,
}

impl AccessKeys {
    pub fn new(store: Store, vault: Vault) -> Self {
        Self {
            store,
            vault,
            found: Cache::builder().max_capacity(CACHED_KEYS).time_to_live(BELIEVED).build(),
            any: Cache::builder().max_capacity(1).time_to_live(BELIEVED).build(),
        }
    }

    /// Makes a key. Its secret can be read again by this server only.
    pub async fn create(&self, new: NewAccessKey) -> Result<Credentials> {
        let id = match new.id {
            Some(id) => id,
            None => random_id()?,
        };
        check_id(&id)?;
        if let Some(account) = new.account_id.as_deref().filter(|account| !is_account_id(account)) {
            return Err(CatalogError::invalid_input(format!("{account:?} is not an account: give 12 digits")));
        }
        if new.user_name.as_deref().is_some_and(|name| name.is_empty() || name.chars().any(char::is_control)) {
            return Err(CatalogError::invalid_input("the user name is empty, or holds control characters"));
        }
        let secret = match new.secret {
            Some(secret) => secret,
            None => random_text::<30>()?,
        };
        check_secret("secret", &secret)?;
        if let Some(token) = &new.session_token {
            check_secret("session token", token)?;
        }
        let created_at = now();
        let expires_at = new.lifetime.map(|lifetime| created_at.saturating_add_unsigned(lifetime.as_secs()));
        let key = AccessKey {
            id,
            account_id: new.account_id,
            user_name: new.user_name,
            disabled: false,
            created_at,
            expires_at,
            last_used_at: None,
        };
        let sealed = SealedKey {
            secret: self.vault.seal(&secret_of(&key.id), secret.reveal())?,
            session_token: match &new.session_token {
                Some(token) => Some(self.vault.seal(&token_of(&key.id), token.reveal())?),
                None => None,
            },
            key,
        };
        let mut transaction = self.store.begin().await?;
        if !access_keys::insert(&mut transaction, &sealed).await? {
            return Err(CatalogError::already_exists(format!("The access key {} exists already.", sealed.key.id)));
        }
        transaction.commit().await?;
        self.found.invalidate(&sealed.key.id).await;
        self.any.invalidate(&()).await;
        Ok(Credentials { key: sealed.key, secret, session_token: new.session_token, use_recorded: false.into() })
    }

    pub async fn list(&self) -> Result<Vec<AccessKey>> {
        access_keys::list(&mut *self.store.read().await?).await
    }

    /// Other servers over the same database notice within [`BELIEVED`].
    pub async fn set_disabled(&self, id: &str, disabled: bool) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        if !access_keys::set_disabled(&mut transaction, id, disabled).await? {
            return Err(CatalogError::not_found(format!("There is no access key {id:?}.")));
        }
        transaction.commit().await?;
        self.found.invalidate(id).await;
        Ok(())
    }

    /// Whether a key was ever made, read at most [`BELIEVED`] ago.
    pub async fn any(&self) -> Result<bool> {
        let asked = self.any.try_get_with((), async { access_keys::any(&mut *self.store.read().await?).await });
        asked.await.map_err(shared)
    }

    /// A key with its secrets, also a disabled one; `None` where there is none. Read at most [`BELIEVED`] ago.
    pub async fn credentials(&self, id: &str) -> Result<Option<Arc<Credentials>>> {
        if id.len() > MAX_ID_BYTES {
            return Ok(None);
        }
        let asked = self.found.try_get_with_by_ref(id, async {
            let sealed = access_keys::get(&mut *self.store.read().await?, id).await?;
            sealed.map(|sealed| self.unseal(sealed).map(Arc::new)).transpose()
        });
        asked.await.map_err(shared)
    }

    /// Tries to open the secret of a key that is in use; why that fails, if it does.
    pub async fn unreadable(&self) -> Result<Option<CatalogError>> {
        let Some(key) = self.list().await?.into_iter().find(|key| !key.disabled) else {
            return Ok(None);
        };
        let sealed = access_keys::get(&mut *self.store.read().await?, &key.id).await?;
        Ok(sealed.and_then(|sealed| self.unseal(sealed).err()))
    }

    /// Writes down that a key was used, now and then. It is no reason to refuse a request when that fails.
    pub async fn record_use(&self, credentials: &Credentials) {
        let due = credentials.key.last_used_at.is_none_or(|at| at <= now() - USE_RECORDED_EVERY);
        if !due || credentials.use_recorded.swap(true, Ordering::Relaxed) {
            return;
        }
        let recorded = async {
            let mut transaction = self.store.begin().await?;
            access_keys::set_last_used(&mut transaction, &credentials.key.id, now()).await?;
            transaction.commit().await
        };
        if let Err(error) = recorded.await {
            tracing::warn!(access_key = credentials.key.id, %error, "the use of an access key was not recorded");
        }
    }

    fn unseal(&self, sealed: SealedKey) -> Result<Credentials> {
        let id = &sealed.key.id;
        Ok(Credentials {
            secret: self.vault.open(&secret_of(id), &sealed.secret)?,
            session_token: match &sealed.session_token {
                Some(token) => Some(self.vault.open(&token_of(id), token)?),
                None => None,
            },
            use_recorded: false.into(),
            key: sealed.key,
        })
    }
}

/// What a secret is sealed for.
fn secret_of(id: &str) -> String {
    format!("secret of the access key {id}")
}

fn token_of(id: &str) -> String {
    format!("session token of the access key {id}")
}

/// A session token as [`NewAccessKey`] takes it.
pub fn random_session_token() -> Result<Secret> {
    random_text::<48>()
}

/// 20 characters as AWS' ids, with another beginning, so that nobody takes one for AWS' own.
fn random_id() -> Result<String> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = random::<18>()?.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(format!("PK{}", String::from_iter(letters)))
}

fn random_text<const N: usize>() -> Result<Secret> {
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(random::<N>()?)))
}

/// An id stands in a signature's credential, between slashes.
fn check_id(id: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:@+".contains(&byte);
    if (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(());
    }
    Err(CatalogError::invalid_input(format!(
        "{id:?} cannot be the id of an access key: give 1 to {MAX_ID_BYTES} of the letters, digits and _ - . : @ +"
    )))
}

/// A token is sent in a header, and both are pasted into files.
fn check_secret(what: &str, secret: &Secret) -> Result<()> {
    let text = secret.reveal();
    if (1..=MAX_SECRET_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(CatalogError::invalid_input(format!(
        "the {what} has to be 1 to {MAX_SECRET_BYTES} visible ASCII characters without spaces"
    )))
}

/// An error that several waited for, which none of them can own.
fn shared(error: Arc<CatalogError>) -> CatalogError {
    CatalogError::new(error.kind, error.message.clone()).caused_by(error)
}
