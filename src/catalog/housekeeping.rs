//! What grows by itself is cut back by itself: old events, expired locks and transactions, what nobody can see of ended
//! ones, the history of compactions.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Service, now};
use crate::error::Result;
use crate::store::transactions::{self, components, write_ids};
use crate::store::{compactions, events, housekeeping, locks};

const EVERY: Duration = Duration::from_secs(60);

/// Rows that one transaction removes: few enough that nobody waits for it.
const BATCH: i64 = 1000;

/// Seconds that an ended transaction is remembered, for clients that end it again since they got no answer.
const REMEMBERED: i64 = 3600;

/// Compactions in each state that are remembered of each table or partition.
const COMPACTIONS_KEPT: i64 = 3;

/// Seconds after which a compaction is given to another worker (Hive's hive.compactor.worker.timeout, 24 hours).
const WORKER_PATIENCE: i64 = 24 * 3600;

impl Service {
    /// Keeps house until shutdown. What fails is tried again with the next round; of several servers one does it.
    pub async fn housekeeping(self, shutdown: CancellationToken) {
        let mut rounds = tokio::time::interval(EVERY);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                _ = rounds.tick() => {}
            }
            let round = tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                round = self.tidy() => round,
            };
            if let Err(error) = round {
                tracing::warn!(%error, cause = ?error.cause, "housekeeping failed; it is tried again in a minute");
            }
        }
    }

    /// One round.
    pub async fn tidy(&self) -> Result<()> {
        self.tidy_up(REMEMBERED).await
    }

    /// A round that forgets transactions which ended `remembered` seconds ago.
    pub async fn tidy_up(&self, remembered: i64) -> Result<()> {
        let mut removed_events = 0;
        let mut removed_locks = 0;
        let mut aborted_transactions = 0;
        loop {
            let mut transaction = self.store.begin().await?;
            if !housekeeping::alone(&mut transaction).await? {
                break;
            }
            let before = now().saturating_sub(self.rules.event_retention);
            let events = events::remove_older(&mut transaction, before, BATCH).await?;
            let locks = locks::remove_expired(&mut transaction, None, BATCH).await?.len() as u64;
            let aborted = self.abort_expired(&mut transaction, BATCH).await? as u64;
            let forgotten = [
                transactions::forget(&mut transaction, remembered, BATCH).await?,
                write_ids::forget(&mut transaction, BATCH).await?,
                components::forget(&mut transaction, BATCH).await?,
                compactions::forget(&mut transaction, COMPACTIONS_KEPT, BATCH).await?,
                self.tidy_scheduled_queries(&mut transaction, BATCH).await?,
                self.tidy_measurements(&mut transaction, BATCH).await?,
            ];
            compactions::revoke(&mut transaction, WORKER_PATIENCE).await?;
            transaction.commit().await?;
            removed_events += events;
            removed_locks += locks;
            aborted_transactions += aborted;
            let most = forgotten.into_iter().fold(events.max(locks).max(aborted), u64::max);
            if most < BATCH as u64 {
                break;
            }
        }
        metrics::counter!("propolis_events_expired_total").increment(removed_events);
        metrics::counter!("propolis_locks_expired_total").increment(removed_locks);
        metrics::counter!("propolis_transactions_expired_total").increment(aborted_transactions);
        tracing::debug!(removed_events, removed_locks, aborted_transactions, "housekeeping done");
        Ok(())
    }
}
