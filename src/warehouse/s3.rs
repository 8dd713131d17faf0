//! Directories on S3. An object's key is the path of its location, character by character:
//! `Path::parse` keeps `%` and the rest, where `Path::from` would encode them.

use futures::future::BoxFuture;
use futures::stream::{self, FuturesUnordered};
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{
    Attribute, AttributeValue, Attributes, ObjectMeta, ObjectStore, ObjectStoreExt, PutOptions, PutPayload,
};

use super::error::{Result, WarehouseError, WarehouseErrorKind as Kind};
use super::location::Location;
use super::settings::Clients;
use super::{CONCURRENCY, FileStats, MAX_STATS_ENTRIES, is_hidden};

mod error;
mod files;
mod trash;

/// A rename is a copy of each object while a caller waits.
const MAX_RENAME_OBJECTS: usize = 100_000;

/// The most that S3 copies in one request.
const MAX_COPY_SIZE: u64 = 5 << 30;

/// Keys in one bulk delete.
const PAGE: usize = 1000;

const PAGES_AT_ONCE: usize = 4;

const DIRECTORY_CONTENT_TYPE: &str = "application/x-directory";

#[derive(Clone)]
pub(super) struct Bucket {
    name: String,
    clients: Clients,
}

/// A listed object. Listings lose the `/` at the end of a key, so an empty one may be a file or
/// the marker of a directory.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    path: Path,
    size: u64,
}

impl Entry {
    fn may_be_marker(&self) -> bool {
        self.size == 0
    }
}

impl From<ObjectMeta> for Entry {
    fn from(object: ObjectMeta) -> Self {
        Self { path: object.location, size: object.size }
    }
}

impl Bucket {
    pub(super) fn new(name: &str, clients: Clients) -> Self {
        Self { name: name.to_string(), clients }
    }

    /// True when the directory was not there before. `AlreadyExists` where there is a file.
    pub(super) async fn make(&self, location: &Location) -> Result<bool> {
        let path = self.path(location).await?;
        let found = !self.first(location, &path, 1).await?.is_empty();
        if found || location.is_root() {
            return Ok(false);
        }
        if self.is_file(location, &path).await? {
            let message = format!("Cannot make directory {location}: it is a file.");
            return Err(WarehouseError::new(Kind::AlreadyExists, location, message));
        }
        self.put_marker(location, &path).await?;
        Ok(true)
    }

    pub(super) async fn exists(&self, location: &Location) -> Result<bool> {
        let path = self.path(location).await?;
        let found = !self.first(location, &path, 1).await?.is_empty();
        Ok(found || location.is_root() || self.is_file(location, &path).await?)
    }

    pub(super) async fn is_empty(&self, location: &Location) -> Result<bool> {
        let path = self.path(location).await?;
        let first = self.first(location, &path, 2).await?;
        if first.is_empty() && !location.is_root() {
            return Err(self.nothing_at("list", location));
        }
        Ok(first.iter().all(|entry| entry.path == path))
    }

    /// The directory's own marker goes last: a failure before leaves it to be seen.
    pub(super) async fn delete(&self, location: &Location) -> Result<bool> {
        let path = self.path(location).await?;
        if self.first(location, &path, 1).await?.is_empty() {
            if !self.is_file(location, &path).await? {
                return Ok(false);
            }
            self.delete_keys(location, vec![path]).await?;
            return Ok(true);
        }
        self.delete_listed(location, &path, true).await?;
        self.delete_marker(location, &path).await?;
        Ok(true)
    }

    pub(super) async fn delete_if_empty(&self, location: &Location) -> Result<bool> {
        let path = self.path(location).await?;
        let first = self.first(location, &path, 2).await?;
        if first.is_empty() || first.iter().any(|entry| entry.path != path) {
            return Ok(false);
        }
        self.delete_marker(location, &path).await?;
        Ok(true)
    }

    pub(super) async fn truncate(&self, location: &Location) -> Result<()> {
        let path = self.path(location).await?;
        // Before the files go, or the directory would be gone with the last of them.
        self.put_marker(location, &path).await?;
        self.delete_listed(location, &path, false).await
    }

    pub(super) async fn stats(&self, location: &Location) -> Result<Option<FileStats>> {
        let path = self.path(location).await?;
        let mut stats = FileStats::default();
        let mut entries = 0;
        let mut listing = self.clients.objects.list(Some(&path));
        while let Some(object) = listing.next().await {
            let entry = Entry::from(object.map_err(|e| self.error("list", location, e))?);
            entries += 1;
            if entries > MAX_STATS_ENTRIES {
                return Ok(None);
            }
            let visible = match entry.path.prefix_match(&path) {
                Some(mut segments) => !segments.any(|segment| is_hidden(segment.as_ref())),
                None => false,
            };
            if visible && !entry.may_be_marker() {
                stats.add(entry.size);
            }
        }
        if entries == 0 && !location.is_root() {
            match self.clients.objects.head(&path).await {
                Ok(file) => stats.add(file.size),
                Err(e) => return Err(self.error("list", location, e)),
            }
        }
        Ok(Some(stats))
    }

    /// Copies all objects below `from` to `to`, where nothing may be. What was copied is gone
    /// again when this fails.
    pub(super) async fn copy_all(&self, from: &Location, to: &Location) -> Result<Vec<Entry>> {
        let source = self.path(from).await?;
        let target = self.path(to).await?;
        if self.exists(to).await? {
            let message = format!("Cannot rename {from} to {to}: it exists already.");
            return Err(WarehouseError::new(Kind::AlreadyExists, to, message));
        }
        let entries = self.list_for_copy(from, &source).await?;
        let copied = async {
            self.put_marker(to, &target).await?;
            for page in entries.chunks(PAGE) {
                let below = page.iter().filter(|entry| entry.path != source);
                let copies = below.map(|entry| self.copy(entry, from, &source, &target).boxed());
                all(copies.collect()).await?;
            }
            Ok(())
        };
        if let Err(e) = copied.await {
            if let Err(left) = self.delete(to).await {
                tracing::warn!(location = %to, error = %left, cause = ?left.cause, "copies of a failed rename stay behind");
            }
            return Err(e);
        }
        Ok(entries)
    }

    async fn list_for_copy(&self, from: &Location, source: &Path) -> Result<Vec<Entry>> {
        let refuse = |why: String| {
            let message = format!("Cannot rename {from}: {why}. Copy the data with an engine.");
            WarehouseError::new(Kind::NotSupported, from, message)
        };
        let mut entries = Vec::new();
        let mut listing = self.clients.objects.list(Some(source));
        while let Some(object) = listing.next().await {
            let entry = Entry::from(object.map_err(|e| self.error("list", from, e))?);
            if entry.size > MAX_COPY_SIZE {
                let key = entry.path;
                return Err(refuse(format!("{key} is larger than S3 copies at once")));
            }
            entries.push(entry);
            if entries.len() > MAX_RENAME_OBJECTS {
                return Err(refuse(format!("it holds more than {MAX_RENAME_OBJECTS} objects")));
            }
        }
        match entries.is_empty() {
            true => Err(self.nothing_at("rename", from)),
            false => Ok(entries),
        }
    }

    async fn copy(&self, entry: &Entry, from: &Location, source: &Path, target: &Path) -> Result<()> {
        let rest = entry.path.as_ref().strip_prefix(source.as_ref());
        let copy = format!("{target}{}", rest.unwrap_or_default());
        let copy = Path::parse(copy).map_err(|e| self.error("rename", from, e.into()))?;
        let outcome = self.clients.objects.copy(&entry.path, &copy).await;
        if !entry.may_be_marker() {
            return outcome.map_err(|e| self.error("copy", from, e));
        }
        let as_marker = self.clients.objects.copy(&marker(&entry.path), &marker(&copy)).await;
        match (outcome, as_marker) {
            (Ok(()), Ok(()) | Err(object_store::Error::NotFound { .. })) => Ok(()),
            (Err(object_store::Error::NotFound { .. }), Ok(())) => Ok(()),
            (Err(e), _) | (_, Err(e)) => Err(self.error("copy", from, e)),
        }
    }

    /// Deletes what `copy_all` copied; what others have put beside it since stays.
    pub(super) async fn delete_copied(&self, from: &Location, copied: Vec<Entry>) -> Result<()> {
        let path = self.path(from).await?;
        for page in copied.chunks(PAGE) {
            self.delete_page(from, &path, page.to_vec(), true).await?;
        }
        self.delete_if_empty(from).await.map(|_| ())
    }

    async fn delete_listed(&self, location: &Location, path: &Path, with_markers: bool) -> Result<()> {
        let listing = self.clients.objects.list(Some(path)).map_ok(Entry::from);
        let mut pages = listing.try_chunks(PAGE);
        let mut deletions = FuturesUnordered::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| self.error("list", location, e.1))?;
            deletions.push(self.delete_page(location, path, page, with_markers).boxed());
            if deletions.len() >= PAGES_AT_ONCE
                && let Some(outcome) = deletions.next().await
            {
                outcome?;
            }
        }
        deletions.try_collect().await
    }

    /// Deletes all but the directory's own marker.
    async fn delete_page(
        &self,
        location: &Location,
        path: &Path,
        mut page: Vec<Entry>,
        with_markers: bool,
    ) -> Result<()> {
        page.retain(|entry| entry.path != *path);
        if with_markers {
            let markers = page.iter().filter(|entry| entry.may_be_marker());
            let deletions = markers.map(|entry| self.delete_marker(location, &entry.path).boxed());
            all(deletions.collect()).await?;
        }
        self.delete_keys(location, page.into_iter().map(|entry| entry.path).collect()).await
    }

    async fn delete_keys(&self, location: &Location, keys: Vec<Path>) -> Result<()> {
        let keys = stream::iter(keys.into_iter().map(Ok)).boxed();
        let mut deleted = self.clients.objects.delete_stream(keys);
        while let Some(outcome) = deleted.next().await {
            outcome.map_err(|e| self.error("delete", location, e))?;
        }
        Ok(())
    }

    async fn put_marker(&self, location: &Location, path: &Path) -> Result<()> {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, AttributeValue::from(DIRECTORY_CONTENT_TYPE));
        let options = PutOptions::from(attributes);
        self.clients
            .markers
            .put_opts(&marker(path), PutPayload::default(), options)
            .await
            .map(|_| ())
            .map_err(|e| self.error("make directory", location, e))
    }

    async fn delete_marker(&self, location: &Location, path: &Path) -> Result<()> {
        match self.clients.markers.delete(&marker(path)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(self.error("delete", location, e)),
        }
    }

    /// The first keys below, the directory's own marker included.
    async fn first(&self, location: &Location, path: &Path, most: usize) -> Result<Vec<Entry>> {
        let prefix = marker(path);
        let options = PaginatedListOptions { max_keys: Some(most), ..Default::default() };
        let prefix = Some(prefix.as_ref()).filter(|prefix| !prefix.is_empty());
        let page =
            self.clients.objects.list_paginated(prefix, options).await.map_err(|e| self.error("read", location, e))?;
        Ok(page.result.objects.into_iter().map(Entry::from).collect())
    }

    async fn is_file(&self, location: &Location, path: &Path) -> Result<bool> {
        match self.clients.objects.head(path).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(e) => Err(self.error("look at", location, e)),
        }
    }

    /// The key of the location, once there are credentials to use it with.
    async fn path(&self, location: &Location) -> Result<Path> {
        if self.clients.signs
            && let Err(e) = self.clients.objects.credentials().get_credential().await
        {
            let message = format!(
                "{location} cannot be reached: there are no credentials for the object store. Set \
                 the access key and the secret key in the settings, or the AWS_ variables of the \
                 server, or give its machine a role."
            );
            return Err(WarehouseError::new(Kind::Misconfigured, location, message).because(e));
        }
        Path::parse(location.key()).map_err(|e| {
            let message = format!("{location} is no path in a bucket: {e}.");
            WarehouseError::new(Kind::InvalidLocation, location, message)
        })
    }

    fn nothing_at(&self, action: &str, location: &Location) -> WarehouseError {
        let message = format!("Cannot {action} {location}: there is no such directory.");
        WarehouseError::new(Kind::NotFound, location, message)
    }
}

/// Does the work of one page, some of it at once, to the end also after an error: a request that
/// was sent and forgotten could take effect after the cleaning up. Boxed, because the compiler
/// does not see that a stream of futures that borrow is `Send`.
async fn all(work: Vec<BoxFuture<'_, Result<()>>>) -> Result<()> {
    let outcomes: Vec<_> = stream::iter(work).buffer_unordered(CONCURRENCY).collect().await;
    outcomes.into_iter().collect()
}

/// `a/b/` for `a/b`: an empty last segment is the one way to such a key.
fn marker(path: &Path) -> Path {
    path.clone().join("")
}
