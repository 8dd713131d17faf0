//! Single objects.

use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use super::Bucket;
use crate::warehouse::{Location, Result};

impl Bucket {
    pub(in crate::warehouse) async fn write_new(&self, location: &Location, content: Vec<u8>) -> Result<()> {
        let path = self.path(location).await?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let written = self.clients.objects.put_opts(&path, PutPayload::from(content), options).await;
        written.map(|_| ()).map_err(|e| self.error("write", location, e))
    }

    /// The size, and the content unless there is more of it.
    pub(in crate::warehouse) async fn read(&self, location: &Location, limit: u64) -> Result<(u64, Option<Vec<u8>>)> {
        let path = self.path(location).await?;
        let found = self.clients.objects.get(&path).await.map_err(|e| self.error("read", location, e))?;
        let size = found.meta.size;
        if size > limit {
            return Ok((size, None));
        }
        let content = found.bytes().await.map_err(|e| self.error("read", location, e))?;
        Ok((size, Some(content.to_vec())))
    }
}
