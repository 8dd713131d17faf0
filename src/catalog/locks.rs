//! Locks, as leases: a lock that its holder does not keep alive ends by itself, so that nobody waits for the dead.

use super::transactions::held;
use super::{Caller, Service};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::lock::{LockEntry, LockFilter, LockKind, LockState, NewLock};
use crate::model::name::MAX_NAME_BYTES;
use crate::store::locks;
use crate::store::transactions::components;

/// Longest partition name that can be locked, in bytes: more than the metastore's own schema takes.
const MAX_PARTITION_NAME: usize = 1024;

impl Service {
    /// Asks for locks. It has them all, or waits for them all: then [`check_lock`](Self::check_lock) tells, and asking
    /// keeps its place. Requests that do not go together are served in the order in which they came.
    ///
    /// A request of a transaction also tells what that is going to write, which is known from then on.
    pub async fn lock(&self, _caller: &Caller, request: NewLock) -> Result<(i64, LockState)> {
        check(&request)?;
        let mut transaction = self.store.begin().await?;
        if let Some(id) = request.transaction_id {
            held(&mut transaction, id, false).await?;
            components::insert(&mut transaction, id, &request.writes).await?;
        }
        locks::guard(&mut transaction, &request.components).await?;
        let id = locks::insert(&mut transaction, &request, self.rules.lock_lease).await?;
        let state = match locks::obstacle(&mut transaction, id).await? {
            None => {
                locks::acquire(&mut transaction, id).await?;
                LockState::Acquired
            }
            Some(obstacle)
                if request.never_waits || (request.reads_never_wait && obstacle.wanted == LockKind::SharedRead) =>
            {
                locks::delete(&mut transaction, id).await?;
                LockState::GivenUp
            }
            Some(_) => LockState::Waiting,
        };
        transaction.commit().await?;
        Ok((id, state))
    }

    /// Whether a request has its locks by now. Counts as a heartbeat, also of the transaction that it belongs to.
    pub async fn check_lock(&self, id: i64) -> Result<LockState> {
        // First the transaction, as whoever ends it: then its locks.
        let owner = locks::transaction(&mut *self.store.read().await?, id).await?;
        if let Some(owner) = owner {
            self.heartbeat_transaction(owner).await?;
        }
        let mut transaction = self.store.begin().await?;
        let acquired =
            locks::heartbeat(&mut transaction, id, self.rules.lock_lease).await?.ok_or_else(|| self.no_lock(id))?;
        let state = if acquired {
            LockState::Acquired
        } else if locks::obstacle(&mut transaction, id).await?.is_none() {
            locks::acquire(&mut transaction, id).await?;
            LockState::Acquired
        } else {
            LockState::Waiting
        };
        transaction.commit().await?;
        Ok(state)
    }

    /// Keeps a lock, waiting or not, for another lease.
    pub async fn heartbeat_lock(&self, id: i64) -> Result<()> {
        let kept = locks::heartbeat(&mut *self.store.read().await?, id, self.rules.lock_lease).await?;
        kept.map(drop).ok_or_else(|| self.no_lock(id))
    }

    /// Releases a lock or withdraws a waiting request. One that is not there is released already, which Hive's clients
    /// count on when they repeat a call. What a transaction has locked is released when that ends, and not before.
    pub async fn unlock(&self, id: i64) -> Result<()> {
        match locks::release(&mut *self.store.read().await?, id).await? {
            None => Ok(()),
            Some(owner) => Err(CatalogError::new(
                ErrorKind::TransactionOpen,
                format!(
                    "Unlocking locks associated with transaction not permitted: lock {id} belongs to txnid:{owner}, which \
                     releases it when it is committed or aborted"
                ),
            )),
        }
    }

    pub async fn show_locks(&self, filter: &LockFilter) -> Result<Vec<LockEntry>> {
        locks::list(&mut *self.store.read().await?, filter).await
    }

    fn no_lock(&self, id: i64) -> CatalogError {
        let message = format!(
            "There is no lock {id}: it was released, or it expired since nothing was heard of it for {} seconds (setting \
             lock_lease)",
            self.rules.lock_lease
        );
        CatalogError::new(ErrorKind::NoSuchLock, message)
    }
}

fn check(request: &NewLock) -> Result<()> {
    if request.components.is_empty() {
        return Err(CatalogError::invalid_input("A lock request must name at least one object, and this has none"));
    }
    for component in &request.components {
        let refuse = |problem: &str| {
            Err(CatalogError::invalid_input(format!("A lock in database {}: {problem}", component.database)))
        };
        if component.database.database.is_empty() {
            return refuse("the database name is empty");
        }
        if component.partition.is_some() && component.table.is_none() {
            return refuse("a partition is named, but not its table");
        }
        let names = [Some(&component.database.catalog), Some(&component.database.database), component.table.as_ref()];
        if names.into_iter().flatten().any(|name| name.len() > MAX_NAME_BYTES) {
            return refuse("a name is longer than 256 bytes");
        }
        if component.partition.as_ref().is_some_and(|name| name.len() > MAX_PARTITION_NAME) {
            return refuse("a partition name is longer than 1024 bytes");
        }
    }
    Ok(())
}
