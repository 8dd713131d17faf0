//! Trees of their own for each account and region, where these are kept apart.

use super::{Service, now};
use crate::error::Result;
use crate::model::Catalog;
use crate::store::catalogs;

impl Service {
    /// Makes the catalog that is the root of a tree, if it is not there. It starts empty, without a default database:
    /// its clients expect none.
    pub async fn ensure_tree(&self, name: &str) -> Result<()> {
        if catalogs::get(&mut *self.store.read().await?, name).await?.is_some() {
            return Ok(());
        }
        let catalog = Catalog {
            id: 0,
            name: name.to_owned(),
            description: None,
            location: format!("{}/{name}", self.rules.external_warehouse),
            parameters: Default::default(),
            created_at: now(),
            updated_at: now(),
            extra: Default::default(),
        };
        let mut transaction = self.store.begin().await?;
        catalogs::insert(&mut transaction, &catalog).await?;
        transaction.commit().await
    }
}
