//! Compactions: a queue and its history in one table.

mod metrics;

use crate::error::{CatalogError, Result};
use crate::model::TableName;
use crate::model::compaction::{
    Compaction, CompactionFilter, CompactionKind, CompactionState, CompactionWorker, KeptHistory, NewCompaction,
};
use crate::store::Connection;

pub use metrics::{put_metric, remove_metric};

/// Key of the advisory lock under which compactions are enqueued.
const KEY: i64 = 0x636f_6d70_6163_7431;

/// Has requests enqueued one after the other, so that of those for one table each sees the ones before.
pub async fn guard(connection: &mut Connection) -> Result<()> {
    sqlx::query!(r#"select pg_advisory_xact_lock($1) as "done: ()""#, KEY).fetch_one(connection).await?;
    Ok(())
}

/// One of the same table or partition that is under way, or has compacted up to the same write id and waits to be
/// cleaned up.
pub async fn pending(
    connection: &mut Connection,
    table_id: i64,
    partition: Option<&str>,
    highest_write_id: i64,
) -> Result<Option<(i64, CompactionState)>> {
    let row = sqlx::query!(
        "select id, state from compactions
         where table_id = $1 and partition_name = $2
           and (state in ('initiated', 'working') or state = 'ready for cleaning' and highest_write_id = $3)
         order by id limit 1",
        table_id,
        partition.unwrap_or_default(),
        highest_write_id
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((row.id, state(&row.state)?))).transpose()
}

/// Adds one in a state; `compacted` is the write id and the transaction of one that was done already.
pub async fn insert(
    connection: &mut Connection,
    table_id: i64,
    new: &NewCompaction,
    state: CompactionState,
    compacted: Option<(i64, i64)>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "insert into compactions (table_id, partition_name, kind, state, properties, run_as, pool, buckets, order_by,
                                  initiator_id, initiator_version, highest_write_id, transaction_id, committed_at,
                                  next_transaction_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                 case when $13::bigint is not null then clock_timestamp() end,
                 case when $13::bigint is not null then (select last from transaction_counter) end)
         returning id",
        table_id,
        new.partition.as_deref().unwrap_or_default(),
        new.kind.as_str(),
        state.as_str(),
        new.properties,
        new.run_as,
        new.pool,
        new.buckets,
        new.order_by,
        new.initiator_id,
        new.initiator_version,
        compacted.map(|(write_id, _)| write_id),
        compacted.map(|(_, transaction)| transaction)
    )
    .fetch_one(connection)
    .await?)
}

/// Gives the oldest request that a worker may take to it, and its id. What no worker of its pool took for
/// `pool_patience` seconds is for all.
pub async fn take(connection: &mut Connection, worker: &CompactionWorker, pool_patience: i64) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "update compactions set state = 'working', worker_id = $1, worker_version = $2, started_at = clock_timestamp()
         where id = (
             select id from compactions
             where state = 'initiated'
               and (pool = $3 or $3::text is null
                    and (pool is null or enqueued_at < clock_timestamp() - make_interval(secs => $4::bigint)))
             order by id limit 1 for no key update skip locked
         )
         returning id",
        worker.id,
        worker.version,
        worker.pool,
        pool_patience
    )
    .fetch_optional(connection)
    .await?)
}

/// Compactions by id, the newest first. `of_transaction` is that of a transaction alone.
pub async fn list(
    connection: &mut Connection,
    filter: &CompactionFilter,
    of_transaction: Option<i64>,
) -> Result<Vec<Compaction>> {
    let rows = sqlx::query!(
        r#"select c.id, a.catalog_name, a.database_name, a.table_name, nullif(c.partition_name, '') as partition_name,
                  c.kind, c.state, c.properties, c.run_as, c.pool, c.buckets, c.order_by, c.initiator_id,
                  c.initiator_version, c.worker_id, c.worker_version, c.highest_write_id, c.transaction_id,
                  c.next_transaction_id, c.hadoop_job_id, c.error,
                  (extract(epoch from c.enqueued_at) * 1000)::bigint as "enqueued_at!",
                  (extract(epoch from c.started_at) * 1000)::bigint as started_at,
                  (extract(epoch from c.committed_at) * 1000)::bigint as committed_at,
                  (extract(epoch from c.ended_at) * 1000)::bigint as ended_at
           from compactions c join acid_tables a on a.id = c.table_id
           where ($1::bigint is null or c.id = $1)
             and ($2::text is null or c.pool = $2)
             and ($3::text is null or a.catalog_name = $3)
             and ($4::text is null or a.database_name = $4)
             and ($5::text is null or a.table_name = $5)
             and ($6::text is null or c.partition_name = $6)
             and ($7::text is null or c.kind = $7)
             and ($8::text is null or c.state = $8)
             and ($9::bigint is null or c.transaction_id = $9)
           order by c.id desc"#,
        filter.id,
        filter.pool,
        filter.catalog,
        filter.database,
        filter.table,
        filter.partition,
        filter.kind.map(CompactionKind::as_str),
        filter.state.map(CompactionState::as_str),
        of_transaction
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Compaction {
                id: row.id,
                table: TableName { catalog: row.catalog_name, database: row.database_name, table: row.table_name },
                partition: row.partition_name,
                kind: CompactionKind::parse(&row.kind)
                    .ok_or_else(|| CatalogError::internal(format!("{:?} is no kind of compaction", row.kind)))?,
                state: state(&row.state)?,
                properties: row.properties,
                run_as: row.run_as,
                pool: row.pool,
                buckets: row.buckets,
                order_by: row.order_by,
                enqueued_at: row.enqueued_at,
                initiator_id: row.initiator_id,
                initiator_version: row.initiator_version,
                worker_id: row.worker_id,
                worker_version: row.worker_version,
                started_at: row.started_at,
                highest_write_id: row.highest_write_id,
                transaction_id: row.transaction_id,
                next_transaction_id: row.next_transaction_id,
                committed_at: row.committed_at,
                ended_at: row.ended_at,
                hadoop_job_id: row.hadoop_job_id,
                error: row.error,
            })
        })
        .collect()
}

/// The last one of each partition that was committed, after the one with id `after`, the newest first. No partitions
/// mean all.
pub async fn latest_committed(
    connection: &mut Connection,
    table: &TableName,
    partitions: &[String],
    after: i64,
) -> Result<Vec<(i64, Option<String>, CompactionKind)>> {
    let rows = sqlx::query!(
        r#"select id, nullif(partition_name, '') as partition_name, kind from (
               select distinct on (c.partition_name) c.id, c.partition_name, c.kind
               from compactions c join acid_tables a on a.id = c.table_id
               where (a.catalog_name, a.database_name, a.table_name) = ($1, $2, $3)
                 and c.state in ('succeeded', 'ready for cleaning')
                 and ($4::text[] = '{}' or c.partition_name = any($4)) and c.id > $5
               order by c.partition_name, c.id desc
           ) as latest order by id desc"#,
        table.catalog,
        table.database,
        table.table,
        partitions,
        after
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let kind = CompactionKind::parse(&row.kind)
                .ok_or_else(|| CatalogError::internal(format!("{:?} is no kind of compaction", row.kind)))?;
            Ok((row.id, row.partition_name, kind))
        })
        .collect()
}

/// Whether a table was compacted, or is to be, beyond a write id or with one among `invisible`.
pub async fn since(
    connection: &mut Connection,
    table: &TableName,
    high_water_mark: i64,
    invisible: &[i64],
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from compactions c join acid_tables a on a.id = c.table_id
               where (a.catalog_name, a.database_name, a.table_name) = ($1, $2, $3)
                 and (c.state in ('initiated', 'working', 'ready for cleaning')
                      or c.highest_write_id > $4 or c.highest_write_id = any($5))
           ) as "compacted!""#,
        table.catalog,
        table.database,
        table.table,
        high_water_mark,
        invisible
    )
    .fetch_one(connection)
    .await?)
}

/// Notes that a worker is done, and that files are left to be cleaned up. False where the queue has no such entry.
pub async fn set_compacted(connection: &mut Connection, id: i64) -> Result<bool> {
    let done = sqlx::query!(
        "update compactions set state = 'ready for cleaning', worker_id = null where id = $1 and ended_at is null",
        id
    );
    Ok(done.execute(connection).await?.rows_affected() > 0)
}

/// Notes up to where a worker compacts, as whom, and in which transaction. False where the queue has no such entry.
pub async fn set_worker_state(
    connection: &mut Connection,
    id: i64,
    highest_write_id: Option<i64>,
    run_as: Option<&str>,
    transaction: i64,
) -> Result<bool> {
    let done = sqlx::query!(
        "update compactions set highest_write_id = $2, run_as = $3, transaction_id = $4
         where id = $1 and ended_at is null",
        id,
        highest_write_id,
        run_as,
        transaction
    );
    Ok(done.execute(connection).await?.rows_affected() > 0)
}

/// False where the queue has no such entry.
pub async fn set_hadoop_job(connection: &mut Connection, id: i64, job: Option<&str>) -> Result<bool> {
    let done = sqlx::query!("update compactions set hadoop_job_id = $2 where id = $1 and ended_at is null", id, job);
    Ok(done.execute(connection).await?.rows_affected() > 0)
}

/// Those that can be cleaned up after, at most `limit`: nobody who began before `min_open` may need what they replaced, and
/// they were committed at least `retention` seconds ago.
pub async fn ready(connection: &mut Connection, min_open: i64, retention: i64, limit: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "select id from compactions
         where state = 'ready for cleaning' and kind <> 'abort_cleanup'
           and coalesce(next_transaction_id, transaction_id, 0) < $1
           and (committed_at is null or committed_at <= clock_timestamp() - make_interval(secs => $2::bigint))
           and (cleaning_after is null or cleaning_after <= clock_timestamp())
         order by highest_write_id nulls last, id limit $3",
        min_open,
        retention,
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// Keeps one that is to be cleaned up after until the end of the transaction, for this caller alone: the attempts before.
/// None where somebody else has it, or it is not ready (any more).
pub async fn hold_ready(connection: &mut Connection, id: i64) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!(
        "select cleaning_attempts from compactions
         where id = $1 and state = 'ready for cleaning' for update skip locked",
        id
    )
    .fetch_optional(connection)
    .await?)
}

/// The table of one.
pub async fn table_id(connection: &mut Connection, id: i64) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("select table_id from compactions where id = $1", id).fetch_optional(connection).await?)
}

/// Notes that cleaning up failed, and is to be tried again in `seconds`.
pub async fn put_off_cleaning(connection: &mut Connection, id: i64, seconds: i64, error: &str) -> Result<()> {
    sqlx::query!(
        "update compactions set cleaning_attempts = cleaning_attempts + 1, error = $3,
                cleaning_after = clock_timestamp() + make_interval(secs => $2::bigint)
         where id = $1 and ended_at is null",
        id,
        seconds,
        error
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The request to clean up after aborted transactions again, which is made when that fails, and the attempts before. It is
/// kept until the end of the transaction.
pub async fn abort_cleanup(connection: &mut Connection, table_id: i64, partition: &str) -> Result<Option<(i64, i32)>> {
    let row = sqlx::query!(
        "select id, cleaning_attempts from compactions
         where table_id = $1 and partition_name = $2 and kind = 'abort_cleanup' and ended_at is null
         order by id limit 1 for update",
        table_id,
        partition
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.id, row.cleaning_attempts)))
}

/// Whether the last `count` compactions of a table or partition all failed, the last one within `seconds`.
pub async fn keeps_failing(
    connection: &mut Connection,
    table: &TableName,
    partition: Option<&str>,
    count: i64,
    seconds: i64,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) = $5 and bool_and(state = 'failed')
                  and ($6::bigint = 0 or max(enqueued_at) > clock_timestamp() - make_interval(secs => $6::bigint))
               as "failing!"
           from (
               select c.state, c.enqueued_at from compactions c join acid_tables a on a.id = c.table_id
               where (a.catalog_name, a.database_name, a.table_name) = ($1, $2, $3) and c.partition_name = $4
                 and c.ended_at is not null and c.state not in ('did not initiate', 'aborted')
               order by c.id desc limit $5
           ) as last"#,
        table.catalog,
        table.database,
        table.table,
        partition.unwrap_or_default(),
        count,
        seconds
    )
    .fetch_one(connection)
    .await?)
}

/// Removes what is known of partitions that are gone.
pub async fn remove_partitions(connection: &mut Connection, table_id: i64, names: &[String]) -> Result<()> {
    sqlx::query!("delete from compactions where table_id = $1 and partition_name = any($2)", table_id, names)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from compaction_metrics where table_id = $1 and partition_name = any($2)", table_id, names)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn rename_partition(connection: &mut Connection, table_id: i64, old: &str, new: &str) -> Result<()> {
    sqlx::query!(
        "update compactions set partition_name = $3 where table_id = $1 and partition_name = $2",
        table_id,
        old,
        new
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from compaction_metrics where table_id = $1 and partition_name = $2", table_id, new)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "update compaction_metrics set partition_name = $3 where table_id = $1 and partition_name = $2",
        table_id,
        old,
        new
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that the transaction of a compaction was committed.
pub async fn set_committed(connection: &mut Connection, transaction: i64, commit_id: i64) -> Result<()> {
    sqlx::query!(
        "update compactions set next_transaction_id = $2, committed_at = clock_timestamp() where transaction_id = $1",
        transaction,
        commit_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends one that is in the queue, in one of the states `from`. False where there is none.
pub async fn end(
    connection: &mut Connection,
    id: i64,
    from: &[CompactionState],
    to: CompactionState,
    error: Option<&str>,
) -> Result<bool> {
    let from: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
    let done = sqlx::query!(
        "update compactions set state = $2, ended_at = clock_timestamp(), error = coalesce($3, error)
         where id = $1 and state = any($4)",
        id,
        to.as_str(),
        error,
        &from as _
    );
    Ok(done.execute(connection).await?.rows_affected() > 0)
}

/// Adds to the history what never was in the queue, and gives its id.
pub async fn insert_ended(
    connection: &mut Connection,
    table_id: i64,
    new: &NewCompaction,
    state: CompactionState,
    error: Option<&str>,
) -> Result<i64> {
    let id = insert(connection, table_id, new, state, None).await?;
    sqlx::query!(
        "update compactions set started_at = enqueued_at, ended_at = clock_timestamp(), error = $2 where id = $1",
        id,
        error
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// Removes requests to clean up after aborted transactions, which a compaction has done along.
pub async fn remove_abort_cleanups(connection: &mut Connection, table_id: i64, partition: Option<&str>) -> Result<()> {
    sqlx::query!(
        "delete from compactions
         where table_id = $1 and kind = 'abort_cleanup' and ended_at is null
           and ($2::text is null or partition_name = $2)",
        table_id,
        partition
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives back what workers have had for more than `patience` seconds.
pub async fn revoke(connection: &mut Connection, patience: i64) -> Result<u64> {
    let done = sqlx::query!(
        "update compactions set state = 'initiated', worker_id = null, started_at = null
         where state = 'working' and started_at < clock_timestamp() - make_interval(secs => $1::bigint)",
        patience
    );
    Ok(done.execute(connection).await?.rows_affected())
}

/// Cuts the history of each table or partition back. Removes at most `limit`; says how many.
pub async fn forget(connection: &mut Connection, kept: KeptHistory, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "with over as (
             select id from (
                 select id, state, kind, coalesce(started_at, enqueued_at) as began,
                        row_number() over (partition by table_id, partition_name, state order by id desc) as place,
                        bool_or(state = 'succeeded' and kind = 'major')
                            over (partition by table_id, partition_name order by id desc) as by_major,
                        bool_or(state = 'succeeded')
                            over (partition by table_id, partition_name order by id desc) as by_any
                 from compactions where ended_at is not null
             ) as history
             where place > case state when 'succeeded' then $1 when 'refused' then $3
                                      when 'did not initiate' then $4 else $2::bigint end
                or state <> 'succeeded' and (by_major or by_any and kind = 'minor')
                   and began < clock_timestamp() - make_interval(secs => $5::bigint)
             limit $6
         )
         delete from compactions using over where compactions.id = over.id",
        kept.succeeded,
        kept.failed,
        kept.refused,
        kept.did_not_initiate,
        kept.overtaken,
        limit
    );
    Ok(done.execute(connection).await?.rows_affected())
}

fn state(text: &str) -> Result<CompactionState> {
    CompactionState::parse(text).ok_or_else(|| CatalogError::internal(format!("{text:?} is no state of a compaction")))
}
