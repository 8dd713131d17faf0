//! Storage descriptors: immutable, stored once by their hash, cached by their id.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::types::Json;

use crate::error::{CatalogError, Result};
use crate::model::StorageDescriptor;
use crate::store::{Connection, Store};

impl Store {
    /// The id of a descriptor, stored now if it never was.
    pub async fn put_descriptor(&self, connection: &mut Connection, descriptor: &StorageDescriptor) -> Result<i64> {
        let hash = descriptor.hash();
        let known = sqlx::query_scalar!("select id from storage_descriptors where hash = $1", hash)
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(id) = known {
            return Ok(id);
        }
        // Two writers may store the same one at once: the update makes the second wait for the first and take its id.
        Ok(sqlx::query_scalar!(
            "insert into storage_descriptors (hash, body) values ($1, $2)
             on conflict (hash) do update set hash = excluded.hash returning id",
            hash,
            Json(descriptor) as _
        )
        .fetch_one(connection)
        .await?)
    }

    /// The descriptors of these ids.
    pub async fn descriptors(
        &self,
        connection: &mut Connection,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, Arc<StorageDescriptor>>> {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        for id in ids {
            match self.descriptors.get(&id) {
                Some(descriptor) => {
                    found.insert(id, descriptor);
                }
                None => missing.push(id),
            }
        }
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            let rows = sqlx::query!(
                r#"select id, body as "body: Json<StorageDescriptor>" from storage_descriptors where id = any($1)"#,
                &missing
            )
            .fetch_all(connection)
            .await?;
            for row in rows {
                let descriptor = Arc::new(row.body.0);
                self.descriptors.insert(row.id, descriptor.clone());
                found.insert(row.id, descriptor);
            }
        }
        Ok(found)
    }

    pub async fn descriptor(&self, connection: &mut Connection, id: i64) -> Result<Arc<StorageDescriptor>> {
        self.descriptors(connection, [id])
            .await?
            .remove(&id)
            .ok_or_else(|| CatalogError::internal(format!("storage descriptor {id} is referred to but not stored")))
    }
}
