//! Users and their passwords: kept as hashes, checked at each login.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use moka::future::Cache;
use ring::hmac;
use tokio::sync::Semaphore;

use super::now;
use crate::config::Secret;
use crate::error::{CatalogError, Result};
use crate::model::User;
use crate::store::{Store, users};
use crate::vault::random;

/// How long a user's hash is believed, and so the longest that a removed user or an old password still works.
pub const BELIEVED: Duration = Duration::from_secs(5);
/// How long a password that was right is not hashed again: a job opens many connections at once, and a hash is made to
/// be slow.
const REMEMBERED: Duration = Duration::from_secs(60);
const CACHED: u64 = 10_000;
/// Hashes computed at once. Each takes 19 MiB and some 20 ms of a core, for whoever asks.
const HASHING: usize = 2;
const MAX_NAME_BYTES: usize = 128;
const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=1024;

/// The users of a catalog.
#[derive(Debug, Clone)]
pub struct Users {
    store: Store,
    hashes: Cache<String, Option<Arc<str>>>,
    /// Of name, hash and password, under a key of this process.
    right: Cache<[u8; 32], ()>,
    key: Arc<hmac::Key>,
    hashing: Arc<Semaphore>,
}

impl Users {
    pub fn new(store: Store) -> Result<Self> {
        Ok(Self {
            store,
            hashes: Cache::builder().max_capacity(CACHED).time_to_live(BELIEVED).build(),
            right: Cache::builder().max_capacity(CACHED).time_to_live(REMEMBERED).build(),
            key: Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()?)),
            hashing: Arc::new(Semaphore::new(HASHING)),
        })
    }

    pub async fn add(&self, name: &str, password: &Secret) -> Result<()> {
        check_name(name)?;
        let hash = self.hash(password).await?;
        let user = User { name: name.to_owned(), created_at: now(), password_set_at: now() };
        let mut transaction = self.store.begin().await?;
        if !users::insert(&mut transaction, &user, &hash).await? {
            return Err(CatalogError::already_exists(format!("The user {name} exists already.")));
        }
        transaction.commit().await?;
        self.hashes.invalidate(name).await;
        Ok(())
    }

    pub async fn set_password(&self, name: &str, password: &Secret) -> Result<()> {
        let hash = self.hash(password).await?;
        let mut transaction = self.store.begin().await?;
        if !users::set_password(&mut transaction, name, &hash, now()).await? {
            return Err(unknown(name));
        }
        transaction.commit().await?;
        self.hashes.invalidate(name).await;
        Ok(())
    }

    /// Connections that are open stay so; no new one is opened.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        if !users::delete(&mut transaction, name).await? {
            return Err(unknown(name));
        }
        transaction.commit().await?;
        self.hashes.invalidate(name).await;
        Ok(())
    }

    pub async fn list(&self) -> Result<Vec<User>> {
        users::list(&mut *self.store.read().await?).await
    }

    /// Whether this is the user's password. It takes as long for a user whom nobody knows, so that names cannot be
    /// found out.
    pub async fn verify(&self, name: &str, password: &Secret) -> Result<bool> {
        if name.len() > MAX_NAME_BYTES || password.reveal().len() > *PASSWORD_BYTES.end() {
            return Ok(false);
        }
        let asked = self.hashes.try_get_with_by_ref(name, async {
            let hash = users::password(&mut *self.store.read().await?, name).await?;
            Ok(hash.map(Arc::from))
        });
        let known = asked.await.map_err(|error: Arc<CatalogError>| {
            CatalogError::new(error.kind, error.message.clone()).caused_by(error)
        })?;
        let Some(hash) = known else {
            self.hash_any(password.clone()).await?;
            return Ok(false);
        };
        let seen = self.seen(&[name, &hash, password.reveal()]);
        if self.right.contains_key(&seen) {
            return Ok(true);
        }
        let password = password.clone();
        let right = self
            .blocking(move || {
                let hash = PasswordHash::new(&hash).map_err(damaged)?;
                Ok(Argon2::default().verify_password(password.reveal().as_bytes(), &hash).is_ok())
            })
            .await?;
        if right {
            self.right.insert(seen, ()).await;
        }
        Ok(right)
    }

    fn seen(&self, parts: &[&str]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut seen = [0; 32];
        seen.copy_from_slice(context.sign().as_ref());
        seen
    }

    async fn hash(&self, password: &Secret) -> Result<String> {
        let text = password.reveal();
        if !PASSWORD_BYTES.contains(&text.len()) || text.chars().any(char::is_control) {
            return Err(CatalogError::invalid_input(format!(
                "the password has to be {} to {} bytes without control characters",
                PASSWORD_BYTES.start(),
                PASSWORD_BYTES.end()
            )));
        }
        self.hash_any(password.clone()).await
    }

    async fn hash_any(&self, password: Secret) -> Result<String> {
        self.blocking(move || {
            let hash = Argon2::default().hash_password(password.reveal().as_bytes()).map_err(damaged)?;
            Ok(hash.to_string())
        })
        .await
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        // Closed by nobody.
        let _place = self.hashing.acquire().await.map_err(damaged)?;
        tokio::task::spawn_blocking(work).await.map_err(damaged)?
    }
}

/// A password that nobody can guess, for those who bring none.
pub fn random_password() -> Result<Secret> {
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(random::<18>()?)))
}

/// Names stand in lists with commas, and in logs.
fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| !c.is_control() && !c.is_whitespace() && c != ',';
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(CatalogError::invalid_input(format!(
        "{name:?} cannot be the name of a user: give 1 to {MAX_NAME_BYTES} bytes without spaces and commas"
    )))
}

fn unknown(name: &str) -> CatalogError {
    CatalogError::not_found(format!("There is no user {name:?}."))
}

fn damaged(error: impl std::fmt::Display) -> CatalogError {
    CatalogError::internal(format!("a password could not be hashed or checked: {error}"))
}
