//! Delegation tokens: issued to those who logged in, and good for logging in without a password until they end.

mod kept;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{Digest, SHA256, digest};

use super::Service;
use crate::config::Secret;
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::DelegationToken;
use crate::store::tokens::{self, SealedToken};
use crate::store::{Connection, Store};
use crate::vault::{Vault, random};

const MAX_NAME_BYTES: usize = 1024;
/// As long as the digests that Hadoop makes passwords of.
const PASSWORD_BYTES: usize = 20;
/// Expired tokens that go with the issue of a new one: more than one, so that they become fewer.
const SWEPT: i64 = 100;

/// How long tokens live.
#[derive(Debug, Clone, Copy)]
pub struct TokenLifetime {
    /// From issue to end, renewed or not.
    pub max: Duration,
    /// From issue, or from a renewal, to when the next is due.
    pub renewal: Duration,
}

/// The tokens of a catalog.
#[derive(Debug, Clone)]
pub struct DelegationTokens {
    store: Store,
    vault: Vault,
    lifetime: TokenLifetime,
    /// The server's own name as a renewer: such tokens renew themselves.
    own_name: Option<String>,
}

impl DelegationTokens {
    pub fn new(catalog: &Service, lifetime: TokenLifetime, own_name: Option<String>) -> Self {
        Self { store: catalog.store.clone(), vault: catalog.vault.clone(), lifetime, own_name }
    }

    /// Makes a token, with its password: bytes in Base64. It ends no later than `until`, milliseconds since the epoch.
    pub async fn issue(
        &self,
        owner: &str,
        renewer: &str,
        real_user: &str,
        until: Option<i64>,
    ) -> Result<(DelegationToken, Secret)> {
        for (what, name) in [("owner", owner), ("renewer", renewer), ("real user", real_user)] {
            if name.len() > MAX_NAME_BYTES {
                return Err(CatalogError::invalid_input(format!(
                    "The {what} of the token has more than {MAX_NAME_BYTES} bytes"
                )));
            }
        }
        if owner.is_empty() {
            return Err(CatalogError::invalid_input("A token needs an owner"));
        }
        let issued_at = now();
        let max_at = after(issued_at, self.lifetime.max).min(until.unwrap_or(i64::MAX));
        let password = Secret::new(BASE64_STANDARD.encode(random::<PASSWORD_BYTES>()?));
        let mut transaction = self.store.begin().await?;
        tokens::delete_expired(&mut transaction, issued_at, SWEPT).await?;
        let token = DelegationToken {
            sequence_number: tokens::next_number(&mut transaction).await?,
            owner_name: owner.to_owned(),
            renewer_name: renewer.to_owned(),
            real_user_name: real_user.to_owned(),
            issued_at,
            max_at,
            renewed_until: after(issued_at, self.lifetime.renewal).min(max_at),
        };
        let sealed =
            SealedToken { password: self.vault.seal(&password_of(token.sequence_number), password.reveal())?, token };
        tokens::insert(&mut transaction, &sealed).await?;
        transaction.commit().await?;
        Ok((sealed.token, password))
    }

    /// The token that is like this one in all but how far it was renewed, and is still good; with its password.
    pub async fn find(&self, presented: &DelegationToken) -> Result<Option<(DelegationToken, Secret)>> {
        let found = self.get(&mut *self.store.read().await?, presented).await?;
        let now = now();
        Ok(found.filter(|(token, _)| now < self.end(token)))
    }

    /// Prolongs a token, and gives its new end. Only its renewer may, and only before it has ended.
    pub async fn renew(&self, presented: &DelegationToken, password: &Secret, by: &str) -> Result<i64> {
        let mut transaction = self.store.begin().await?;
        let token = self.proven(&mut transaction, presented, password).await?;
        let now = now();
        if token.renewer_name != by {
            let renewer = if token.renewer_name.is_empty() { "nobody" } else { &token.renewer_name };
            return Err(denied(format!("{by} cannot renew this token: its renewer is {renewer}")));
        }
        if now >= self.end(&token) {
            return Err(CatalogError::invalid_operation("The token has ended: ask for a new one"));
        }
        let until = after(now, self.lifetime.renewal).min(token.max_at);
        tokens::set_renewed_until(&mut transaction, token.sequence_number, until).await?;
        transaction.commit().await?;
        Ok(until)
    }

    /// Ends a token. Its owner, its renewer and who asked for it may.
    pub async fn cancel(&self, presented: &DelegationToken, password: &Secret, by: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let token = self.proven(&mut transaction, presented, password).await?;
        if ![&token.owner_name, &token.renewer_name, &token.real_user_name].iter().any(|name| *name == by) {
            return Err(denied(format!("{by} cannot cancel this token: it is {}'s", token.owner_name)));
        }
        tokens::delete(&mut transaction, token.sequence_number).await?;
        transaction.commit().await
    }

    /// Up to when a token is good.
    fn end(&self, token: &DelegationToken) -> i64 {
        let renews_itself = self.own_name.as_ref().is_some_and(|name| *name == token.renewer_name);
        if renews_itself { token.max_at } else { token.renewed_until }
    }

    async fn proven(
        &self,
        connection: &mut Connection,
        presented: &DelegationToken,
        password: &Secret,
    ) -> Result<DelegationToken> {
        match self.get(connection, presented).await? {
            // Of hashes, time tells nothing.
            Some((token, kept)) if hash(&kept).as_ref() == hash(password).as_ref() => Ok(token),
            _ => {
                Err(CatalogError::not_found("There is no such token: it was cancelled, or has ended, or is another's"))
            }
        }
    }

    async fn get(
        &self,
        connection: &mut Connection,
        presented: &DelegationToken,
    ) -> Result<Option<(DelegationToken, Secret)>> {
        let Some(SealedToken { token, password }) = tokens::get(connection, presented.sequence_number).await? else {
            return Ok(None);
        };
        if (DelegationToken { renewed_until: token.renewed_until, ..presented.clone() }) != token {
            return Ok(None);
        }
        let password = self.vault.open(&password_of(token.sequence_number), &password)?;
        Ok(Some((token, password)))
    }
}

fn hash(password: &Secret) -> Digest {
    digest(&SHA256, password.reveal().as_bytes())
}

/// What a password is sealed for.
fn password_of(sequence_number: i32) -> String {
    format!("password of the delegation token {sequence_number}")
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as i64)
}

fn after(moment: i64, time: Duration) -> i64 {
    moment.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

fn denied(message: String) -> CatalogError {
    CatalogError::new(ErrorKind::PermissionDenied, message)
}
