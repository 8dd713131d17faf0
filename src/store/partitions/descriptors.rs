//! Many storage descriptors at once.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::types::Json;

use crate::error::{CatalogError, Result};
use crate::model::StorageDescriptor;
use crate::store::{Connection, Store};

impl Store {
    /// The ids of descriptors, in their order; those that never were are stored now.
    pub async fn put_descriptors(
        &self,
        connection: &mut Connection,
        descriptors: &[Arc<StorageDescriptor>],
    ) -> Result<Vec<i64>> {
        match descriptors {
            [] => return Ok(Vec::new()),
            [one] => return Ok(vec![self.put_descriptor(connection, one).await?]),
            _ => {}
        }
        let hashes: Vec<Vec<u8>> = descriptors.iter().map(|descriptor| descriptor.hash()).collect();
        let mut ids = known(connection, &hashes).await?;
        // In the order of the hashes, so that two writers who store the same ones never wait for each other.
        let mut missing: Vec<_> = hashes.iter().zip(descriptors).filter(|(hash, _)| !ids.contains_key(*hash)).collect();
        missing.sort_by(|a, b| a.0.cmp(b.0));
        missing.dedup_by(|a, b| a.0 == b.0);
        if !missing.is_empty() {
            let (new_hashes, bodies): (Vec<_>, Vec<_>) =
                missing.into_iter().map(|(hash, descriptor)| (hash.clone(), Json(descriptor.as_ref()))).unzip();
            sqlx::query!(
                "insert into storage_descriptors (hash, body) select * from unnest($1::bytea[], $2::jsonb[])
                 on conflict (hash) do nothing",
                &new_hashes,
                &bodies as _
            )
            .execute(&mut *connection)
            .await?;
            ids.extend(known(connection, &new_hashes).await?);
        }
        hashes
            .iter()
            .map(|hash| ids.get(hash).copied())
            .collect::<Option<_>>()
            .ok_or_else(|| CatalogError::internal("a storage descriptor was not stored"))
    }
}

async fn known(connection: &mut Connection, hashes: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, i64>> {
    let rows = sqlx::query!("select hash, id from storage_descriptors where hash = any($1)", hashes)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.hash, row.id)).collect())
}
