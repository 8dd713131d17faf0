//! What resources keep encrypted.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::Service;
use crate::error::{CatalogError, Result};
use crate::model::ResourceKey;

impl Service {
    /// Encrypts what must not be read from the database. It opens for the same resource only.
    pub fn seal(&self, key: &ResourceKey, value: &Value) -> Result<String> {
        let sealed = self.vault.seal(&purpose(key), &value.to_string())?;
        Ok(BASE64_STANDARD.encode(sealed))
    }

    /// What was sealed for this resource. The error says which setting is wrong.
    pub fn unseal(&self, key: &ResourceKey, sealed: &str) -> Result<Value> {
        let damaged = || CatalogError::internal(format!("the {} in the database is damaged", purpose(key)));
        let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| damaged())?;
        let opened = self.vault.open(&purpose(key), &sealed)?;
        serde_json::from_str(opened.reveal()).map_err(|_| damaged())
    }
}

fn purpose(key: &ResourceKey) -> String {
    let scope = if key.scope.is_empty() { String::new() } else { format!(" of {}", key.scope) };
    format!("{} {}{scope}", key.kind, key.name)
}
