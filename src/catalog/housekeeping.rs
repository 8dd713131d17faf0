//! What grows by itself is cut back by itself: old events, expired locks and transactions, what nobody can see of ended
//! ones, the history of compactions.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Service, now};
use crate::error::Result;
use crate::store::housekeeping::Job;
use crate::store::transactions::{self, components, replay, write_ids};
use crate::store::{compactions, events, housekeeping, locks};

/// Rows that one transaction removes: few enough that nobody waits for it.
const BATCH: i64 = 1000;

/// Seconds that an ended transaction is remembered, for clients that end it again since they got no answer.
const REMEMBERED: i64 = 3600;

impl Service {
    /// Keeps house until shutdown. What fails is tried again with the next round; of several servers one does it.
    pub async fn housekeeping(self, shutdown: CancellationToken) {
        let every = self.rules.hive.transactions.housekeeping;
        rounds("housekeeping", every, &shutdown, || self.tidy()).await;
    }

    /// One round.
    pub async fn tidy(&self) -> Result<()> {
        self.tidy_up(REMEMBERED).await
    }

    /// A round that forgets transactions which ended `remembered` seconds ago.
    pub async fn tidy_up(&self, remembered: i64) -> Result<()> {
        let compactor = &self.rules.hive.compactor;
        let mut removed_events = 0;
        let mut removed_locks = 0;
        let mut aborted_transactions = 0;
        loop {
            let mut transaction = self.store.begin().await?;
            if !housekeeping::alone(&mut transaction, Job::Housekeeping).await? {
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
                replay::forget_rebuilds(&mut transaction, BATCH).await?,
                compactions::forget(&mut transaction, compactor.history, BATCH).await?,
                self.tidy_scheduled_queries(&mut transaction, BATCH).await?,
                self.tidy_measurements(&mut transaction, BATCH).await?,
            ];
            compactions::revoke(&mut transaction, compactor.worker_patience).await?;
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

/// Does something every so often until shutdown, which cuts it short.
pub(super) async fn rounds<T>(what: &'static str, every: Duration, shutdown: &CancellationToken, round: impl Fn() -> T)
where
    T: Future<Output = Result<()>>,
{
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let done = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            done = round() => done,
        };
        if let Err(error) = done {
            tracing::warn!(what, %error, cause = ?error.cause, "a round failed; it is tried again next time");
        }
    }
}
