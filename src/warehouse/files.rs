//! Single files, metadata that table formats keep beside their data, and what is in a directory.

use super::{Kind, Location, Open, Result, Warehouse, WarehouseError, blocking, local};

/// One of those in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    pub name: String,
    pub is_directory: bool,
}

impl Warehouse {
    /// Writes a file where none is, with the directories above it. `AlreadyExists` where something is.
    pub async fn write_new(&self, location: &Location, content: Vec<u8>) -> Result<()> {
        match self.open(location)? {
            Open::Local(path) => blocking(move || local::write_new(&path, &content)).await,
            Open::S3(bucket) => bucket.write_new(location, content).await,
        }
    }

    /// What is in a directory, in no order; nothing where there is none. Names that are not UTF-8 are left out.
    pub async fn children(&self, location: &Location) -> Result<Vec<Child>> {
        match self.open(location)? {
            Open::Local(path) => blocking(move || local::children(&path)).await,
            Open::S3(bucket) => bucket.children(location).await,
        }
    }

    /// A whole file, of at most `limit` bytes. `NotSupported` where it is larger.
    pub async fn read(&self, location: &Location, limit: u64) -> Result<Vec<u8>> {
        let (size, content) = match self.open(location)? {
            Open::Local(path) => blocking(move || local::read(&path, limit)).await?,
            Open::S3(bucket) => bucket.read(location, limit).await?,
        };
        content.ok_or_else(|| {
            let message = format!("{location} has {size} bytes; at most {limit} are read.");
            WarehouseError::new(Kind::NotSupported, location, message)
        })
    }
}
