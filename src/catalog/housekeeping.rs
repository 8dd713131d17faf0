//! What grows by itself is cut back by itself: old events, expired locks.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Service, now};
use crate::error::Result;
use crate::store::{events, housekeeping, locks};

const EVERY: Duration = Duration::from_secs(60);

/// Rows that one transaction removes: few enough that nobody waits for it.
const BATCH: i64 = 1000;

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
        let mut removed_events = 0;
        let mut removed_locks = 0;
        loop {
            let mut transaction = self.store.begin().await?;
            if !housekeeping::alone(&mut transaction).await? {
                break;
            }
            let before = now().saturating_sub(self.rules.event_retention);
            let events = events::remove_older(&mut transaction, before, BATCH).await?;
            let locks = locks::remove_expired(&mut transaction, None, BATCH).await?.len() as u64;
            transaction.commit().await?;
            removed_events += events;
            removed_locks += locks;
            if events.max(locks) < BATCH as u64 {
                break;
            }
        }
        metrics::counter!("propolis_events_expired_total").increment(removed_events);
        metrics::counter!("propolis_locks_expired_total").increment(removed_locks);
        tracing::debug!(removed_events, removed_locks, "housekeeping done");
        Ok(())
    }
}
