//! What HiveServer2 keeps here of the tokens that it issues: texts whose meaning is its own.

use super::DelegationTokens;
use crate::error::{CatalogError, Result};
use crate::store::tokens;

/// Hive's own column has 767 characters.
const MAX_BYTES: usize = 64 << 10;
const MASTER_KEY: &str = "kept master key";

impl DelegationTokens {
    /// False where the identifier is taken, whose token stays as it was.
    pub async fn keep(&self, identifier: &str, token: &str) -> Result<bool> {
        check(identifier)?;
        check(token)?;
        let sealed = self.vault.seal(&token_of(identifier), token)?;
        let mut transaction = self.store.begin().await?;
        let new = tokens::keep(&mut transaction, identifier, &sealed).await?;
        transaction.commit().await?;
        Ok(new)
    }

    pub async fn kept(&self, identifier: &str) -> Result<Option<String>> {
        let sealed = tokens::kept(&mut *self.store.read().await?, identifier).await?;
        let opened = sealed.map(|sealed| self.vault.open(&token_of(identifier), &sealed)).transpose()?;
        Ok(opened.map(|text| text.reveal().to_owned()))
    }

    pub async fn kept_identifiers(&self) -> Result<Vec<String>> {
        tokens::kept_identifiers(&mut *self.store.read().await?).await
    }

    /// False where there is none.
    pub async fn forget(&self, identifier: &str) -> Result<bool> {
        let mut transaction = self.store.begin().await?;
        let found = tokens::forget(&mut transaction, identifier).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// The id that the key got.
    pub async fn keep_master_key(&self, key: &str) -> Result<i32> {
        check(key)?;
        let sealed = self.vault.seal(MASTER_KEY, key)?;
        let mut transaction = self.store.begin().await?;
        let id = tokens::keep_master_key(&mut transaction, &sealed).await?;
        transaction.commit().await?;
        Ok(id)
    }

    pub async fn update_master_key(&self, id: i32, key: &str) -> Result<()> {
        check(key)?;
        let sealed = self.vault.seal(MASTER_KEY, key)?;
        let mut transaction = self.store.begin().await?;
        if !tokens::update_master_key(&mut transaction, id, &sealed).await? {
            return Err(CatalogError::not_found(format!("No key found with keyId: {id}")));
        }
        transaction.commit().await
    }

    /// False where there is none.
    pub async fn forget_master_key(&self, id: i32) -> Result<bool> {
        let mut transaction = self.store.begin().await?;
        let found = tokens::forget_master_key(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// All keys, in the order of their ids.
    pub async fn master_keys(&self) -> Result<Vec<String>> {
        let sealed = tokens::master_keys(&mut *self.store.read().await?).await?;
        sealed.iter().map(|sealed| Ok(self.vault.open(MASTER_KEY, sealed)?.reveal().to_owned())).collect()
    }
}

fn token_of(identifier: &str) -> String {
    format!("kept token {identifier}")
}

fn check(text: &str) -> Result<()> {
    if text.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(CatalogError::invalid_input(format!("A token, its identifier or a key has more than {MAX_BYTES} bytes")))
}
