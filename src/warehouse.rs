//! Where the data of tables lies: from a location to the object store or the local files that
//! answer for it. The catalog asks for directories, listings and statistics; nothing here knows
//! what a table is.
//!
//! Local files and S3 (s3, s3a, s3n) are served. Locations of any other scheme are fine as
//! metadata, and every operation on them says `UnsupportedScheme`.
//!
//! S3 has no directories. As Hadoop's S3A does it, one that is made is an empty object whose key
//! ends with `/` (a marker), and any key below counts as well.

mod access;
mod error;
mod files;
mod local;
mod location;
mod s3;
mod settings;
mod trash;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream};
use moka::sync::Cache;

pub use access::Writer;
pub use error::{Result, WarehouseError, WarehouseErrorKind};
pub use files::Child;
pub use location::Location;
pub use settings::ObjectStoreSettings;

use WarehouseErrorKind as Kind;
use location::Store;
use s3::Bucket;
use trash::Home;

/// Requests under way at once for one call.
const CONCURRENCY: usize = 16;

/// Buckets whose clients are kept; a caller may name any number of them.
const MAX_BUCKETS: u64 = 256;

/// Above this a directory has no statistics: listing it would hold up the caller for minutes.
const MAX_STATS_ENTRIES: usize = 1_000_000;

/// A handle, cheap to clone. Operations are not transactions: the catalog makes directories
/// inside its database transaction, after the row that reserves the name, and undoes them when
/// it rolls back; it deletes data after its commit.
#[derive(Clone)]
pub struct Warehouse {
    settings: Arc<ObjectStoreSettings>,
    buckets: Cache<String, Bucket>,
    home: Arc<Home>,
}

/// Basic statistics, as Hive counts them: files at any depth, without those that have a name
/// that begins with `_` or `.` on the way. On S3 without empty objects, which a listing does not
/// tell from markers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileStats {
    pub num_files: u64,
    /// Bytes.
    pub total_size: u64,
}

/// The directories that a call newly made, parents first.
#[derive(Debug, Default)]
#[must_use = "undo needs it when the caller's transaction fails"]
pub struct Made(Vec<Location>);

/// A directory that was moved, until `finish_rename` or `undo_rename`.
#[derive(Debug)]
#[must_use = "a rename on S3 keeps the old objects until finish_rename"]
pub struct Renamed {
    from: Location,
    to: Location,
    made: Made,
    /// On S3: what was copied and is still at the old place as well.
    copied: Vec<s3::Entry>,
}

impl Warehouse {
    /// Nothing is contacted yet. TLS needs rustls' process-wide crypto provider to be installed.
    pub fn new(settings: ObjectStoreSettings) -> Result<Self> {
        settings.check().map_err(|why| {
            let message = format!("The object store settings are wrong: {why}.");
            WarehouseError::new(Kind::Misconfigured, "", message)
        })?;
        Ok(Self { settings: Arc::new(settings), buckets: Cache::new(MAX_BUCKETS), home: Arc::new(Home::of_process()) })
    }

    /// With the trash for local folders in another home directory than that of the user that runs the server.
    pub fn with_home(self, folder: std::path::PathBuf) -> Self {
        Self { home: Arc::new(Home::clone(&self.home).at(folder)), ..self }
    }

    /// Whether a store answers for this location, without asking it.
    pub fn manages(&self, location: &Location) -> bool {
        location.store() != Store::Unsupported
    }

    /// Makes the directory with what is missing above it. One that is there is fine.
    pub async fn make_directory(&self, location: &Location) -> Result<Made> {
        self.make_directories(std::slice::from_ref(location)).await
    }

    /// All of them or none: when one fails, those made before are gone again.
    pub async fn make_directories(&self, locations: &[Location]) -> Result<Made> {
        let mut paths = Vec::new();
        let mut markers = Vec::new();
        for location in locations {
            match self.open(location)? {
                Open::Local(path) => paths.push(path),
                Open::S3(bucket) => markers.push((bucket, location.clone())),
            }
        }
        let mut made = Made::default();
        let mut outcome = Ok(());
        if !paths.is_empty() {
            let (new, made_all) = blocking(move || {
                let mut new = Vec::new();
                let made_all = paths.iter().try_for_each(|path| local::make(path, &mut new));
                Ok((new, made_all))
            })
            .await?;
            made.extend_local(&new);
            outcome = made_all;
        }
        if outcome.is_ok() {
            // Every request that was sent is waited for, or its marker would outlive an undo.
            let making = markers.iter().map(|(bucket, at)| bucket.make(at).boxed());
            let making: Vec<_> = making.collect();
            let answers: Vec<_> = stream::iter(making).buffered(CONCURRENCY).collect().await;
            for (answer, (_, location)) in answers.into_iter().zip(&markers) {
                match answer {
                    Ok(true) => made.0.push(location.clone()),
                    Ok(false) => {}
                    Err(e) => outcome = Err(e),
                }
            }
        }
        match outcome {
            Ok(()) => Ok(made),
            Err(e) => {
                self.undo(made).await;
                Err(e)
            }
        }
    }

    /// Removes the directories that a failed transaction had made, as far as they are still
    /// empty. Failures go to the log: the caller has an error to report already.
    pub async fn undo(&self, made: Made) {
        for location in made.0.into_iter().rev() {
            if let Err(e) = self.delete_if_empty(&location).await {
                tracing::warn!(%location, error = %e, cause = ?e.cause, "a directory of a failed change stays behind");
            }
        }
    }

    /// Whether there is a directory or a file.
    pub async fn exists(&self, location: &Location) -> Result<bool> {
        match self.open(location)? {
            Open::Local(path) => blocking(move || local::exists(&path)).await,
            Open::S3(bucket) => bucket.exists(location).await,
        }
    }

    /// Whether there is a directory with nothing in it. `NotFound` where there is none.
    pub async fn is_empty(&self, location: &Location) -> Result<bool> {
        match self.open(location)? {
            Open::Local(path) => blocking(move || local::is_empty(&path)).await,
            Open::S3(bucket) => bucket.is_empty(location).await,
        }
    }

    /// Deletes the directory with all that is in it; symbolic links are not followed. False when
    /// nothing was there. A bare root is refused with `InvalidLocation`.
    pub async fn delete_directory(&self, location: &Location) -> Result<bool> {
        refuse_root("deleted", location)?;
        match self.open(location)? {
            Open::Local(path) => blocking(move || local::delete(&path)).await,
            Open::S3(bucket) => bucket.delete(location).await,
        }
    }

    /// Deletes each of them, whatever happens to the others; answers what failed.
    pub async fn delete_directories(&self, locations: &[Location]) -> Vec<WarehouseError> {
        let deleting = locations.iter().map(|at| self.delete_directory(at).boxed());
        let deleting: Vec<_> = deleting.collect();
        let outcomes: Vec<_> = stream::iter(deleting).buffer_unordered(CONCURRENCY).collect().await;
        outcomes.into_iter().filter_map(Result::err).collect()
    }

    /// Deletes the directory if there is nothing in it. True when it is gone now and was not
    /// before.
    pub async fn delete_if_empty(&self, location: &Location) -> Result<bool> {
        refuse_root("deleted", location)?;
        match self.open(location)? {
            Open::Local(path) => blocking(move || local::delete_if_empty(&path)).await,
            Open::S3(bucket) => bucket.delete_if_empty(location).await,
        }
    }

    /// Deletes all files at any depth and keeps the directory, which is made where there is none.
    pub async fn truncate(&self, location: &Location) -> Result<()> {
        refuse_root("truncated", location)?;
        match self.open(location)? {
            Open::Local(path) => {
                blocking(move || {
                    local::make(&path, &mut Vec::new())?;
                    local::truncate(&path)
                })
                .await
            }
            Open::S3(bucket) => bucket.truncate(location).await,
        }
    }

    /// None when there are more than a million entries. `NotFound` where nothing is.
    pub async fn file_stats(&self, location: &Location) -> Result<Option<FileStats>> {
        match self.open(location)? {
            Open::Local(path) => blocking(move || local::stats(&path)).await,
            Open::S3(bucket) => bucket.stats(location).await,
        }
    }

    /// Moves a directory to a place where nothing is, making its parents.
    ///
    /// Local directories move in one step. On S3 the objects are copied now and the old ones
    /// deleted by `finish_rename`, so that the data is whole at one place at least whatever fails
    /// between. Nothing is moved when this fails. `NotFound`: nothing at `from`; `AlreadyExists`:
    /// something at `to`; `NotSupported`: another store, bucket or file system, more than 100,000
    /// objects or one above 5 GiB on S3.
    pub async fn rename_directory(&self, from: &Location, to: &Location) -> Result<Renamed> {
        refuse_root("renamed", from)?;
        refuse_root("renamed", to)?;
        if to.is_under(from) && !from.is_under(to) {
            let message = format!("{from} cannot be moved into itself, to {to}.");
            return Err(WarehouseError::new(Kind::InvalidLocation, to, message));
        }
        let mut renamed = Renamed { from: from.clone(), to: to.clone(), made: Made::default(), copied: Vec::new() };
        match (self.open(from)?, self.open(to)?) {
            (Open::Local(old), Open::Local(new)) => {
                let (made, outcome) = blocking(move || {
                    let mut made = Vec::new();
                    let outcome = local::rename(&old, &new, &mut made);
                    Ok((made, outcome))
                })
                .await?;
                renamed.made.extend_local(&made);
                if let Err(e) = outcome {
                    self.undo(renamed.made).await;
                    return Err(e);
                }
            }
            (Open::S3(bucket), Open::S3(_)) if from.store() == to.store() => {
                renamed.copied = bucket.copy_all(from, to).await?;
            }
            _ => {
                let message = format!(
                    "{from} cannot be renamed to {to}, which is in another store. Copy the data \
                     with an engine instead."
                );
                return Err(WarehouseError::new(Kind::NotSupported, to, message));
            }
        }
        Ok(renamed)
    }

    /// After the commit: deletes what a rename on S3 left at the old place.
    pub async fn finish_rename(&self, renamed: Renamed) -> Result<()> {
        match self.open(&renamed.from)? {
            Open::Local(_) => Ok(()),
            Open::S3(bucket) => bucket.delete_copied(&renamed.from, renamed.copied).await,
        }
    }

    /// After a rollback: the data is at the old place again, as before the rename.
    pub async fn undo_rename(&self, renamed: Renamed) -> Result<()> {
        match (self.open(&renamed.from)?, self.open(&renamed.to)?) {
            (Open::Local(old), Open::Local(new)) => {
                blocking(move || local::rename(&new, &old, &mut Vec::new())).await?;
                self.undo(renamed.made).await;
                Ok(())
            }
            (_, Open::S3(bucket)) => bucket.delete(&renamed.to).await.map(|_| ()),
            _ => Ok(()),
        }
    }

    fn open(&self, location: &Location) -> Result<Open> {
        match location.store() {
            Store::LocalFiles => Ok(Open::Local(local::path_of(&location.key()))),
            Store::S3 { bucket } => self.bucket(bucket, location).map(Open::S3),
            Store::Unsupported => {
                let message = format!(
                    "{location} cannot be reached: this server has no store for the scheme {}. \
                     Tables may lie there as external tables whose files it does not touch.",
                    location.scheme()
                );
                Err(WarehouseError::new(Kind::UnsupportedScheme, location, message))
            }
        }
    }

    fn bucket(&self, name: &str, location: &Location) -> Result<Bucket> {
        if let Some(bucket) = self.buckets.get(name) {
            return Ok(bucket);
        }
        let clients = self.settings.clients(name, std::env::vars_os().filter_map(utf8_pair)).map_err(|e| {
            let message = format!("The object store settings do not work for {location}: {e}.");
            WarehouseError::new(Kind::Misconfigured, location, message).because(e)
        })?;
        let bucket = Bucket::new(name, clients);
        self.buckets.insert(name.to_string(), bucket.clone());
        Ok(bucket)
    }
}

impl fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warehouse").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Made {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this very directory was newly made.
    pub fn contains(&self, location: &Location) -> bool {
        self.0.iter().any(|made| made.is_same(location))
    }

    /// Which of these very directories were newly made.
    pub fn contains_each(&self, locations: &[Location]) -> Vec<bool> {
        let by_key: HashMap<String, &Location> = self.0.iter().map(|made| (made.key(), made)).collect();
        let is_made = |location: &Location| by_key.get(&location.key()).is_some_and(|made| made.is_same(location));
        locations.iter().map(is_made).collect()
    }

    /// Both together, to be undone as one.
    pub fn extend(&mut self, later: Made) {
        self.0.extend(later.0);
    }

    fn extend_local(&mut self, paths: &[std::path::PathBuf]) {
        let locations = paths.iter().filter_map(|path| Location::parse(&format!("file:{}", path.to_str()?)).ok());
        self.0.extend(locations);
    }
}

impl FileStats {
    fn add(&mut self, size: u64) {
        self.num_files += 1;
        self.total_size += size;
    }
}

enum Open {
    Local(std::path::PathBuf),
    S3(Bucket),
}

/// Hive's filter for files that are no data.
fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

fn refuse_root(done: &str, location: &Location) -> Result<()> {
    if !location.is_root() {
        return Ok(());
    }
    let message = format!("{location} is the root of its store and cannot be {done}.");
    Err(WarehouseError::new(Kind::InvalidLocation, location, message))
}

fn utf8_pair((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    name.into_string().ok().zip(value.into_string().ok())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(e) => Err(WarehouseError::new(Kind::Failed, "", "The file system work was cut off.").because(e)),
    }
}

#[cfg(test)]
mod tests;
