//! Queries that engines run by a schedule. Engines ask what is due and get each query once; they tell how it goes, and
//! who falls silent counts as timed out.

use super::{Caller, Service, now};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::name::check_length;
use crate::model::numbered::Numbered;
use crate::model::scheduled_query::{QueryState, ScheduledQuery, ScheduledQueryKey, cron};
use crate::store::scheduled_queries::Stored;
use crate::store::{Connection, scheduled_queries};

/// Characters of an error's message that are kept; of a longer one its first line is, as far as it goes.
const MESSAGE_CHARACTERS: usize = 1000;

/// A query that is due, to be executed by who asked.
#[derive(Debug)]
pub struct Due {
    pub execution: i64,
    pub query: ScheduledQuery,
}

/// What an engine tells of an execution.
#[derive(Debug)]
pub struct Progress {
    pub execution: i64,
    pub state: QueryState,
    pub executor_query_id: Option<String>,
    pub error_message: Option<String>,
}

impl Service {
    pub async fn create_scheduled_query(&self, _caller: &Caller, mut query: ScheduledQuery) -> Result<()> {
        self.check_scheduling()?;
        check_length("scheduled query", &query.key.name)?;
        check_length("cluster namespace", &query.key.namespace)?;
        query.next_execution = cron::next(&query.schedule, now())?;
        let mut transaction = self.store.begin().await?;
        if !scheduled_queries::insert(&mut transaction, &query).await? {
            return Err(CatalogError::already_exists(format!("Scheduled query {} already exists", query.key)));
        }
        transaction.commit().await
    }

    /// Replaces all but the name. The next execution is by the schedule unless it is given.
    pub async fn alter_scheduled_query(&self, _caller: &Caller, mut query: ScheduledQuery) -> Result<()> {
        self.check_scheduling()?;
        let scheduled = cron::next(&query.schedule, now())?;
        query.next_execution = query.next_execution.or(scheduled);
        let mut transaction = self.store.begin().await?;
        let stored = scheduled_queries::get_for_update(&mut transaction, &query.key)
            .await?
            .ok_or_else(|| no_query(&query.key))?;
        scheduled_queries::update(&mut transaction, stored.id, &query).await?;
        transaction.commit().await
    }

    pub async fn drop_scheduled_query(&self, _caller: &Caller, key: &ScheduledQueryKey) -> Result<()> {
        self.check_scheduling()?;
        let mut transaction = self.store.begin().await?;
        if !scheduled_queries::delete(&mut transaction, key).await? {
            return Err(no_query(key));
        }
        transaction.commit().await
    }

    pub async fn get_scheduled_query(&self, key: &ScheduledQueryKey) -> Result<ScheduledQuery> {
        scheduled_queries::get(&mut *self.store.read().await?, key).await?.ok_or_else(|| no_query(key))
    }

    /// Hands out the query of a namespace that has been due for the longest, to one who asks.
    pub async fn poll_scheduled_query(&self, _caller: &Caller, namespace: &str) -> Result<Option<Due>> {
        self.check_scheduling()?;
        let now = now();
        let mut transaction = self.store.begin().await?;
        let Some(Stored { id, mut query }) = scheduled_queries::due(&mut transaction, namespace, now).await? else {
            return Ok(None);
        };
        query.next_execution = cron::next(&query.schedule, now)?;
        scheduled_queries::update(&mut transaction, id, &query).await?;
        let execution =
            scheduled_queries::insert_execution(&mut transaction, id, QueryState::Inited, now, None).await?;
        transaction.commit().await?;
        Ok(Some(Due { execution, query }))
    }

    pub async fn scheduled_query_progress(&self, _caller: &Caller, progress: Progress) -> Result<()> {
        self.check_scheduling()?;
        let mut transaction = self.store.begin().await?;
        self.record_progress(&mut transaction, &progress).await?;
        transaction.commit().await
    }

    async fn record_progress(&self, connection: &mut Connection, progress: &Progress) -> Result<()> {
        let Progress { execution, state, .. } = *progress;
        let no_execution =
            || CatalogError::not_found(format!("There is no execution {execution} of a scheduled query"));
        // The query is locked first, as who polls does.
        let stored = scheduled_queries::of_execution(connection, execution).await?.ok_or_else(no_execution)?;
        let before = scheduled_queries::execution_state(connection, execution).await?.ok_or_else(no_execution)?;
        if !before.leads_to(state) {
            return Err(CatalogError::invalid_operation(format!(
                "Execution {execution} of scheduled query {} is {}: it cannot become {}",
                stored.query.key,
                before.as_str(),
                state.as_str()
            )));
        }
        let message = progress.error_message.as_deref().map(shortened);
        let executor = progress.executor_query_id.as_deref();
        scheduled_queries::update_execution(connection, execution, state, executor, message.as_deref(), now()).await?;
        if matches!(state, QueryState::Failed | QueryState::TimedOut) {
            self.after_failure(connection, stored).await?;
        }
        Ok(())
    }

    /// Switches the query off, or lets some of its times pass, after too many failures in a row.
    async fn after_failure(&self, connection: &mut Connection, stored: Stored) -> Result<()> {
        let rules = &self.rules.hive.scheduled_queries;
        let (disabled_after, skipped_after) = (i64::from(rules.disabled_after), i64::from(rules.skipped_after));
        let most = disabled_after.max(skipped_after);
        if most == 0 {
            return Ok(());
        }
        let Stored { id, mut query } = stored;
        let failures = scheduled_queries::failures_in_a_row(connection, id, most).await?;
        if disabled_after > 0 && failures >= disabled_after {
            query.enabled = false;
            let remark = format!("Switched off after {failures} failures in a row");
            scheduled_queries::insert_execution(connection, id, QueryState::AutoDisabled, now(), Some(&remark)).await?;
        }
        for _ in 1..failures.min(skipped_after) {
            if let Some(skipped) = query.next_execution
                && let Some(next) = cron::next(&query.schedule, skipped)?
            {
                query.next_execution = Some(next);
            }
        }
        scheduled_queries::update(connection, id, &query).await
    }

    /// Ends executions that have been silent for too long and forgets old ones; answers the larger count of the two.
    pub(super) async fn tidy_scheduled_queries(&self, connection: &mut Connection, limit: i64) -> Result<u64> {
        let rules = &self.rules.hive.scheduled_queries;
        let patience = rules.patience.as_secs() as i64;
        let silent = scheduled_queries::silent_executions(connection, now().saturating_sub(patience), limit).await?;
        for (execution, state) in &silent {
            let message = format!("It was {} for more than {patience} seconds without a word", state.as_str());
            let progress = Progress {
                execution: *execution,
                state: QueryState::TimedOut,
                executor_query_id: None,
                error_message: Some(message),
            };
            match self.record_progress(connection, &progress).await {
                // It was heard of or dropped in the meantime.
                Err(error) if matches!(error.kind, ErrorKind::InvalidOperation | ErrorKind::NotFound) => {}
                outcome => outcome?,
            }
        }
        let before = now().saturating_sub(rules.executions_kept.as_secs() as i64);
        let forgotten = scheduled_queries::forget_executions(connection, before, limit).await?;
        Ok(forgotten.max(silent.len() as u64))
    }

    fn check_scheduling(&self) -> Result<()> {
        if self.rules.hive.scheduled_queries.enabled {
            return Ok(());
        }
        Err(CatalogError::new(
            ErrorKind::Unsupported,
            "Scheduled queries are switched off by metastore.scheduled.queries.enabled",
        ))
    }
}

fn shortened(message: &str) -> String {
    if message.chars().count() < MESSAGE_CHARACTERS {
        return message.to_owned();
    }
    let line = message.lines().next().unwrap_or_default();
    if line.chars().count() <= MESSAGE_CHARACTERS {
        return line.to_owned();
    }
    line.chars().take(MESSAGE_CHARACTERS - 3).chain("...".chars()).collect()
}

fn no_query(key: &ScheduledQueryKey) -> CatalogError {
    CatalogError::not_found(format!("Scheduled query {key} does not exist"))
}
