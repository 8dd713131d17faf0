//! Single objects.

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use super::Bucket;
use crate::warehouse::files::Child;
use crate::warehouse::{Location, Result};

impl Bucket {
    pub(in crate::warehouse) async fn write_new(&self, location: &Location, content: Vec<u8>) -> Result<()> {
        let path = self.path(location).await?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let written = self.clients.objects.put_opts(&path, PutPayload::from(content), options).await;
        written.map(|_| ()).map_err(|e| self.error("write", location, e))
    }

    pub(in crate::warehouse) async fn children(&self, location: &Location) -> Result<Vec<Child>> {
        let path = self.path(location).await?;
        let listed = self.clients.objects.list_with_delimiter(Some(&path)).await;
        let listed = listed.map_err(|e| self.error("list", location, e))?;
        let below = |found: &Path| Some(found.prefix_match(&path)?.next()?.as_ref().to_owned());
        let directories = listed.common_prefixes.iter().filter_map(below);
        let mut children: Vec<Child> = directories.map(|name| Child { name, is_directory: true }).collect();
        // The marker of a directory may stand beside what is in it.
        let is_marker = |name: &String, known: &[Child]| known.iter().any(|child| child.name == *name);
        for name in listed.objects.iter().filter_map(|object| below(&object.location)) {
            if !is_marker(&name, &children) {
                children.push(Child { name, is_directory: false });
            }
        }
        Ok(children)
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
