//! Scheduled queries and their executions.

use crate::error::Result;
use crate::model::numbered::Numbered;
use crate::model::scheduled_query::{QueryState, ScheduledQuery, ScheduledQueryKey};
use crate::store::Connection;

/// A scheduled query as it is stored.
#[derive(Debug)]
pub struct Stored {
    pub id: i64,
    pub query: ScheduledQuery,
}

struct Row {
    id: i64,
    namespace: String,
    name: String,
    enabled: bool,
    schedule: String,
    user_name: Option<String>,
    query: Option<String>,
    next_execution: Option<i64>,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Stored {
            id: row.id,
            query: ScheduledQuery {
                key: ScheduledQueryKey { name: row.name, namespace: row.namespace },
                enabled: row.enabled,
                schedule: row.schedule,
                user_name: row.user_name,
                query: row.query,
                next_execution: row.next_execution,
            },
        }
    }
}

macro_rules! select_queries {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            "select q.id, q.namespace, q.name, q.enabled, q.schedule, q.user_name, q.query, q.next_execution
             from scheduled_queries q " + $rest,
            $($bind),*
        )
    };
}

pub async fn get(connection: &mut Connection, key: &ScheduledQueryKey) -> Result<Option<ScheduledQuery>> {
    let row = select_queries!("where q.namespace = $1 and q.name = $2", key.namespace, key.name)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| Stored::from(row).query))
}

/// The query of that name, locked until the transaction ends.
pub async fn get_for_update(connection: &mut Connection, key: &ScheduledQueryKey) -> Result<Option<Stored>> {
    let row = select_queries!("where q.namespace = $1 and q.name = $2 for update", key.namespace, key.name)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(Stored::from))
}

/// The query that is executed so, locked until the transaction ends.
pub async fn of_execution(connection: &mut Connection, execution: i64) -> Result<Option<Stored>> {
    let row = select_queries!(
        "where q.id = (select scheduled_query_id from scheduled_executions where id = $1) for update",
        execution
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Stored::from))
}

/// The query of a namespace that has been due for the longest and is not being executed, locked until the transaction
/// ends. What others have locked is theirs.
pub async fn due(connection: &mut Connection, namespace: &str, now: i64) -> Result<Option<Stored>> {
    let row = select_queries!(
        "where q.namespace = $1 and q.enabled and q.next_execution <= $2
           and not exists (select from scheduled_executions e
                           where e.scheduled_query_id = q.id and e.state in ('INITED', 'EXECUTING'))
         order by q.next_execution, q.id limit 1 for update of q skip locked",
        namespace,
        now
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Stored::from))
}

/// False where there is one of this name already.
pub async fn insert(connection: &mut Connection, query: &ScheduledQuery) -> Result<bool> {
    let done = sqlx::query!(
        "insert into scheduled_queries (namespace, name, enabled, schedule, user_name, query, next_execution)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (namespace, name) do nothing",
        query.key.namespace,
        query.key.name,
        query.enabled,
        query.schedule,
        query.user_name,
        query.query,
        query.next_execution
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes all but the name.
pub async fn update(connection: &mut Connection, id: i64, query: &ScheduledQuery) -> Result<()> {
    sqlx::query!(
        "update scheduled_queries set enabled = $2, schedule = $3, user_name = $4, query = $5, next_execution = $6
         where id = $1",
        id,
        query.enabled,
        query.schedule,
        query.user_name,
        query.query,
        query.next_execution
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether there was one of this name. Its executions are forgotten with it.
pub async fn delete(connection: &mut Connection, key: &ScheduledQueryKey) -> Result<bool> {
    let done =
        sqlx::query!("delete from scheduled_queries where namespace = $1 and name = $2", key.namespace, key.name)
            .execute(connection)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Records that an execution begins, or what is no execution but is remembered among them.
pub async fn insert_execution(
    connection: &mut Connection,
    query_id: i64,
    state: QueryState,
    now: i64,
    remark: Option<&str>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "insert into scheduled_executions (scheduled_query_id, state, started_at, ended_at, updated_at, error_message)
         values ($1, $2, $3, $4, $3, $5) returning id",
        query_id,
        state.as_str(),
        now,
        state.is_over().then_some(now),
        remark
    )
    .fetch_one(connection)
    .await?)
}

pub async fn execution_state(connection: &mut Connection, id: i64) -> Result<Option<QueryState>> {
    let state = sqlx::query_scalar!("select state from scheduled_executions where id = $1", id)
        .fetch_optional(connection)
        .await?;
    state.map(|state| Numbered::stored(&state)).transpose()
}

/// What is None stays as it is.
pub async fn update_execution(
    connection: &mut Connection,
    id: i64,
    state: QueryState,
    executor_query_id: Option<&str>,
    error_message: Option<&str>,
    now: i64,
) -> Result<()> {
    sqlx::query!(
        "update scheduled_executions
         set state = $2, executor_query_id = coalesce($3, executor_query_id),
             error_message = coalesce($4, error_message),
             ended_at = case when $6 then $5 else ended_at end, updated_at = case when $6 then null else $5 end
         where id = $1",
        id,
        state.as_str(),
        executor_query_id,
        error_message,
        now,
        state.is_over()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many of the last `most` executions failed or timed out without one that did not after them.
pub async fn failures_in_a_row(connection: &mut Connection, query_id: i64, most: i64) -> Result<i64> {
    let states = sqlx::query_scalar!(
        "select state from scheduled_executions where scheduled_query_id = $1 order by id desc limit $2",
        query_id,
        most
    )
    .fetch_all(connection)
    .await?;
    let failed = |state: &String| [QueryState::Failed, QueryState::TimedOut].iter().any(|one| one.as_str() == state);
    Ok(states.iter().take_while(|state| failed(state)).count() as i64)
}

/// Executions that have not been heard of since `before`, at most `limit`.
pub async fn silent_executions(connection: &mut Connection, before: i64, limit: i64) -> Result<Vec<(i64, QueryState)>> {
    let rows = sqlx::query!(
        "select id, state from scheduled_executions where state in ('INITED', 'EXECUTING') and updated_at <= $1
         order by id limit $2",
        before,
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.id, Numbered::stored(&row.state)?))).collect()
}

/// Removes executions that are over and began before `before`, at most `limit`.
pub async fn forget_executions(connection: &mut Connection, before: i64, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from scheduled_executions where id in (
             select id from scheduled_executions
             where started_at <= $1 and state not in ('INITED', 'EXECUTING') limit $2)",
        before,
        limit
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
