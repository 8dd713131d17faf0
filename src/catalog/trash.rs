//! What becomes of the data of what is dropped: deleted, or thrown into the trash for some time; and who may do that.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;

use super::{Caller, Service};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::parameters::is_true;
use crate::model::{Database, Table};
use crate::store::catalogs;
use crate::warehouse::{Location, Warehouse, WarehouseError, WarehouseErrorKind, Writer};

/// A folder that nobody needs any more.
#[derive(Debug)]
pub(super) struct Discarded {
    pub location: Location,
    /// Past the trash.
    pub purge: bool,
}

impl Service {
    /// Removes the folders of what is gone already. One that stays is told in the log: the caller's change is done.
    pub(super) async fn discard(&self, folders: &[Discarded]) {
        let purges = |folder: &&Discarded| folder.purge || self.rules.hive.trash.is_none();
        // One after the other: a folder that lies in another has to be moved before it.
        for folder in folders.iter().filter(|folder| !purges(folder)) {
            if let Err(error) = self.warehouse.move_to_trash(&folder.location).await {
                stays(&error);
            }
        }
        let purged: Vec<Location> = folders.iter().filter(purges).map(|folder| folder.location.clone()).collect();
        self.warehouse.delete_directories(&purged).await.iter().for_each(stays);
    }

    /// Empties folders, which stay.
    pub(super) async fn empty_folders(&self, folders: &[Location], purge: bool) -> Result<()> {
        for folder in folders {
            match purge || self.rules.hive.trash.is_none() {
                true => self.warehouse.truncate(folder).await?,
                false => self.warehouse.truncate_to_trash(folder).await?,
            }
        }
        Ok(())
    }

    /// Refuses to delete data whose folder lies in one that the caller cannot write, where the rules want that.
    pub(super) async fn check_may_delete(&self, caller: &Caller, what: &str, folders: &[&Location]) -> Result<()> {
        if !self.rules.hive.storage_checks {
            return Ok(());
        }
        let writer = Writer { user: caller.user.clone(), groups: caller.groups.clone() };
        for parent in folders.iter().filter_map(|folder| folder.parent()) {
            let writable = match self.warehouse.is_writable(&parent, &writer).await {
                Err(error) if error.kind == WarehouseErrorKind::UnsupportedScheme => true,
                writable => writable?,
            };
            if !writable {
                let user = writer.user.as_deref().unwrap_or("the user of the server");
                return Err(CatalogError::new(
                    ErrorKind::PermissionDenied,
                    format!("{what} is not dropped, since {parent} is not writable by {user}"),
                ));
            }
        }
        Ok(())
    }

    /// Empties the trash until shutdown, at the times that Hadoop does: at whole multiples of the interval.
    pub async fn trash_emptying(self, shutdown: CancellationToken) {
        let Some(trash) = self.rules.hive.trash else {
            return shutdown.cancelled().await;
        };
        loop {
            let wait = until_next(trash.checkpoint, SystemTime::now());
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            if let Err(error) = self.empty_trash(trash.kept).await {
                tracing::warn!(%error, cause = ?error.cause, "the stores with a trash are not known now");
            }
        }
    }

    /// Removes what has been in the trash of any store for longer than `kept`.
    async fn empty_trash(&self, kept: Duration) -> Result<()> {
        let mut roots = catalogs::store_roots(&mut *self.store.read().await?).await?;
        roots.extend([self.rules.warehouse.clone(), self.rules.external_warehouse.clone()]);
        let locations: Vec<Location> = roots.iter().filter_map(|root| Location::parse(root).ok()).collect();
        for location in one_of_each_store(&self.warehouse, &locations) {
            if let Err(error) = self.warehouse.empty_trash(location, kept).await {
                tracing::warn!(%error, cause = ?error.cause, "the trash was not emptied; that is tried again");
            }
        }
        Ok(())
    }
}

fn stays(error: &WarehouseError) {
    tracing::warn!(%error, "the folder of a dropped object stays where it is");
}

fn one_of_each_store<'a>(warehouse: &Warehouse, locations: &'a [Location]) -> Vec<&'a Location> {
    let mut seen = BTreeSet::new();
    locations.iter().filter(|location| warehouse.manages(location) && seen.insert(location.root())).collect()
}

/// How long it is until the time is next a multiple of `interval`.
fn until_next(interval: Duration, now: SystemTime) -> Duration {
    let interval = interval.as_millis().max(1000);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Duration::from_millis(u64::try_from(interval - now % interval).unwrap_or(1000))
}

/// Whether a table's data is deleted past the trash, whatever the caller says.
pub(super) fn skips_trash(table: &Table) -> bool {
    ["auto.purge", "skip.trash"].iter().any(|flag| is_true(&table.parameters, flag))
}

/// The folders of a database, without those of its tables.
pub(super) fn database_folders(database: &Database) -> Result<Vec<Location>> {
    let locations = [&database.location, &database.managed_location].into_iter().flatten();
    locations.filter(|location| !location.is_empty()).map(|location| Ok(Location::parse(location)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trash_is_emptied_at_round_times() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(until_next(Duration::from_secs(60), at(130)), Duration::from_secs(50));
        assert_eq!(until_next(Duration::from_secs(60), at(120)), Duration::from_secs(60));
        assert_eq!(until_next(Duration::ZERO, at(120)), Duration::from_secs(1));
    }
}
