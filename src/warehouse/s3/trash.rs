//! What a trash folder needs of a bucket.

use std::time::SystemTime;

use futures::TryStreamExt;
use object_store::ObjectStore;

use super::{Bucket, Entry, Location, PAGE, Result};

impl Bucket {
    /// Deletes the objects of a directory that were last written before `until`.
    pub async fn delete_older(&self, location: &Location, until: SystemTime) -> Result<()> {
        let path = self.path(location).await?;
        let listing = self.clients.objects.list(Some(&path));
        let old = listing.try_filter(|object| std::future::ready(SystemTime::from(object.last_modified) < until));
        let mut pages = old.map_ok(Entry::from).try_chunks(PAGE);
        while let Some(page) = pages.try_next().await.map_err(|e| self.error("list", location, e.1))? {
            self.delete_page(location, &path, page, true).await?;
        }
        Ok(())
    }
}
