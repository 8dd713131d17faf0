//! What transactions write, while they are open and after they committed.

use super::tables;
use crate::error::Result;
use crate::model::TableName;
use crate::model::transaction::Component;
use crate::store::Connection;

/// Somebody else's change of what a transaction changed.
#[derive(Debug)]
pub struct Conflict {
    pub transaction: i64,
    pub commit_id: i64,
    pub table: TableName,
    pub partition: String,
    pub operation: String,
    pub other_operation: String,
}

/// Adds what a transaction writes. A write id that is not given is the one that it has for the table.
pub async fn insert(connection: &mut Connection, transaction: i64, components: &[Component]) -> Result<()> {
    if components.is_empty() {
        return Ok(());
    }
    let names: Vec<&TableName> = components.iter().map(|component| &component.table).collect();
    let table_ids = tables::ids(connection, &names).await?;
    sqlx::query!(
        "insert into transaction_components (transaction_id, table_id, partition_name, operation, write_id)
         select distinct on (new.table_id, new.partition_name, new.operation) $1::bigint, new.table_id,
                new.partition_name, new.operation, coalesce(new.write_id, w.write_id)
         from unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[])
              as new (table_id, partition_name, operation, write_id)
         left join write_ids w on w.table_id = new.table_id and w.transaction_id = $1
         on conflict (transaction_id, table_id, partition_name, operation) do update
             set write_id = coalesce(excluded.write_id, transaction_components.write_id)",
        transaction,
        &table_ids,
        &components.iter().map(|component| component.partition.as_str()).collect::<Vec<_>>() as _,
        &components.iter().map(|component| component.operation.as_str()).collect::<Vec<_>>() as _,
        &components.iter().map(|component| component.write_id).collect::<Vec<_>>() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the component that stood for partitions not known yet.
pub async fn remove_whole_table(connection: &mut Connection, transaction: i64, table: &TableName) -> Result<()> {
    sqlx::query!(
        "delete from transaction_components c using acid_tables a
         where c.transaction_id = $1 and c.partition_name = '' and a.id = c.table_id
           and (a.catalog_name, a.database_name, a.table_name) = ($2, $3, $4)",
        transaction,
        table.catalog,
        table.database,
        table.table
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a transaction updates or deletes rows.
pub async fn changes_rows(connection: &mut Connection, transaction: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from transaction_components
                          where transaction_id = $1 and operation in ('update', 'delete')) as "changes!""#,
        transaction
    )
    .fetch_one(connection)
    .await?)
}

/// Who changed the same table or partition and committed after the transaction was opened. For partitioned tables what
/// is written is known by partition always, for others by table.
pub async fn conflict(connection: &mut Connection, transaction: i64) -> Result<Option<Conflict>> {
    let row = sqlx::query!(
        r#"select other.transaction_id, other.commit_id as "commit_id!", other.partition_name, own.operation,
                  other.operation as other_operation, a.catalog_name, a.database_name, a.table_name
           from transaction_components own
           join committed_writes other using (table_id, partition_name)
           join acid_tables a on a.id = own.table_id
           where own.transaction_id = $1 and own.operation in ('update', 'delete')
             and other.operation in ('update', 'delete') and other.commit_id >= $1
           order by other.transaction_id limit 1"#,
        transaction
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Conflict {
        transaction: row.transaction_id,
        commit_id: row.commit_id,
        table: TableName { catalog: row.catalog_name, database: row.database_name, table: row.table_name },
        partition: row.partition_name,
        operation: row.operation,
        other_operation: row.other_operation,
    }))
}

/// The newest transaction that wrote to what this one updates or deletes, and committed after this one was opened.
pub async fn latest_in_conflict(connection: &mut Connection, transaction: i64) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "select max(other.transaction_id)
         from transaction_components own
         join committed_writes other
           on other.table_id = own.table_id and (own.partition_name in ('', other.partition_name))
         where own.transaction_id = $1 and own.operation in ('update', 'delete') and other.commit_id >= $1",
        transaction
    )
    .fetch_one(connection)
    .await?)
}

/// Moves what a transaction has written to what is committed; what a compactor does writes nothing new.
pub async fn commit(connection: &mut Connection, transaction: i64, commit_id: i64, changed_rows: bool) -> Result<()> {
    sqlx::query!(
        "insert into committed_writes
             (table_id, partition_name, transaction_id, operation, write_id, commit_id, changed_rows)
         select table_id, partition_name, transaction_id, operation, write_id, $2, $3
         from transaction_components where transaction_id = $1 and operation <> 'compact'",
        transaction,
        commit_id,
        changed_rows
    )
    .execute(&mut *connection)
    .await?;
    remove(connection, transaction).await
}

pub async fn remove(connection: &mut Connection, transaction: i64) -> Result<()> {
    sqlx::query!("delete from transaction_components where transaction_id = $1", transaction)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes as committed what another catalog's transaction wrote: table, partition, write id.
pub async fn commit_replayed(
    connection: &mut Connection,
    transaction: i64,
    writes: &[(TableName, String, i64)],
) -> Result<()> {
    let names: Vec<&TableName> = writes.iter().map(|(table, _, _)| table).collect();
    let table_ids = tables::ids(connection, &names).await?;
    sqlx::query!(
        "insert into committed_writes (table_id, partition_name, transaction_id, operation, write_id, changed_rows)
         select distinct on (new.table_id, new.partition_name)
                new.table_id, new.partition_name, $1::bigint, 'insert', new.write_id, false
         from unnest($2::bigint[], $3::text[], $4::bigint[]) as new (table_id, partition_name, write_id)
         on conflict do nothing",
        transaction,
        &table_ids,
        &writes.iter().map(|(_, partition, _)| partition.as_str()).collect::<Vec<_>>() as _,
        &writes.iter().map(|(_, _, write_id)| *write_id).collect::<Vec<_>>()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether rows of a table were updated or deleted by a transaction that the reader sees, with a write id that is above
/// `high_water_mark` or among `invisible`.
pub async fn changed_since(
    connection: &mut Connection,
    table: &TableName,
    high_water_mark: i64,
    invisible: &[i64],
    reader: &crate::model::transaction::TransactionSnapshot,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from committed_writes w join acid_tables a on a.id = w.table_id
               where (a.catalog_name, a.database_name, a.table_name) = ($1, $2, $3) and w.changed_rows
                 and (w.write_id > $4 or w.write_id = any($5))
                 and w.transaction_id <= $6 and w.transaction_id <> all($7)
           ) as "changed!""#,
        table.catalog,
        table.database,
        table.table,
        high_water_mark,
        invisible,
        reader.high_water_mark(),
        &reader.exceptions()
    )
    .fetch_one(connection)
    .await?)
}

/// Removes what was committed up to a write id (None: all), which a compaction took in. Of one partition, or of the whole
/// table.
pub async fn compacted(
    connection: &mut Connection,
    table_id: i64,
    partition: Option<&str>,
    highest: Option<i64>,
) -> Result<()> {
    sqlx::query!(
        "delete from committed_writes
         where table_id = $1 and ($2::text is null or partition_name = $2)
           and ($3::bigint is null or write_id <= $3)
           and (commit_id is null
                or commit_id < coalesce((select min(id) from transactions where state = 'open'), 9223372036854775807))",
        table_id,
        partition,
        highest
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes that aborted transactions wrote something up to a write id, whose files are gone.
pub async fn aborts_cleaned(
    connection: &mut Connection,
    table_id: i64,
    partition: Option<&str>,
    highest: Option<i64>,
) -> Result<()> {
    sqlx::query!(
        "delete from transaction_components c using transactions t
         where t.id = c.transaction_id and t.state = 'aborted'
           and c.table_id = $1 and ($2::text is null or c.partition_name = $2) and c.write_id <= $3",
        table_id,
        partition,
        highest
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what was written to partitions that are gone.
pub async fn remove_partitions(connection: &mut Connection, table_id: i64, names: &[String]) -> Result<()> {
    sqlx::query!(
        "delete from transaction_components where table_id = $1 and partition_name = any($2)",
        table_id,
        names
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from committed_writes where table_id = $1 and partition_name = any($2)", table_id, names)
        .execute(connection)
        .await?;
    Ok(())
}

/// What was written to a partition was written to it under its new name.
pub async fn rename_partition(connection: &mut Connection, table_id: i64, old: &str, new: &str) -> Result<()> {
    remove_partitions(connection, table_id, &[new.to_owned()]).await?;
    sqlx::query!(
        "update transaction_components set partition_name = $3 where table_id = $1 and partition_name = $2",
        table_id,
        old,
        new
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update committed_writes set partition_name = $3 where table_id = $1 and partition_name = $2",
        table_id,
        old,
        new
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What an aborted transaction may have left in a table or partition.
#[derive(Debug)]
pub struct Aborted {
    pub transaction: i64,
    /// None for compactions, which write under others'.
    pub write_id: Option<i64>,
}

/// All of those of transactions before `before`. They stay, and so does the table, until the end of this transaction.
pub async fn hold_aborted(
    connection: &mut Connection,
    table_id: i64,
    partition: &str,
    before: i64,
) -> Result<Vec<Aborted>> {
    Ok(sqlx::query_as!(
        Aborted,
        "select c.transaction_id as transaction, case when c.operation <> 'compact' then c.write_id end as write_id
         from transaction_components c join transactions t on t.id = c.transaction_id
         where t.state = 'aborted' and c.table_id = $1 and c.partition_name = $2 and t.id < $3
         order by 1 for update of c",
        table_id,
        partition,
        before
    )
    .fetch_all(connection)
    .await?)
}

/// Forgets that transactions wrote to a table or partition.
pub async fn remove_from(
    connection: &mut Connection,
    table_id: i64,
    partition: &str,
    transactions: &[i64],
) -> Result<()> {
    sqlx::query!(
        "delete from transaction_components
         where table_id = $1 and partition_name = $2 and transaction_id = any($3)",
        table_id,
        partition,
        transactions
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A table or partition (empty: none) that many aborted transactions have written to, or one long ago.
#[derive(Debug)]
pub struct Littered {
    pub table_id: i64,
    pub table: TableName,
    pub partition: String,
    /// More than were to be tolerated.
    pub many: bool,
}

/// Those with more than `count` aborted transactions, or one that began `age` seconds ago, at most `limit`; without those
/// where cleaning up failed lately.
pub async fn littered(connection: &mut Connection, count: i64, age: i64, limit: i64) -> Result<Vec<Littered>> {
    let rows = sqlx::query!(
        r#"select a.id, a.catalog_name, a.database_name, a.table_name, litter.partition_name,
                  litter.transactions > $1 as "many!"
           from (
               select c.table_id, c.partition_name, count(distinct c.transaction_id) as transactions,
                      min(t.started_at) as oldest
               from transaction_components c join transactions t on t.id = c.transaction_id
               where t.state = 'aborted'
               group by c.table_id, c.partition_name
           ) as litter join acid_tables a on a.id = litter.table_id
           where (litter.transactions > $1 or litter.oldest < clock_timestamp() - make_interval(secs => $2::bigint))
             and not exists (
                 select from compactions q
                 where q.table_id = litter.table_id and q.partition_name = litter.partition_name
                   and q.kind = 'abort_cleanup' and q.ended_at is null and q.cleaning_after > clock_timestamp())
           order by a.id, litter.partition_name limit $3"#,
        count,
        age,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Littered {
            table_id: row.id,
            table: TableName { catalog: row.catalog_name, database: row.database_name, table: row.table_name },
            partition: row.partition_name,
            many: row.many,
        })
        .collect())
}

/// Tables and partitions (empty: none) with writes that were committed in the last seconds (None: ever), or whose last
/// compaction failed, at most `limit`.
pub async fn written(
    connection: &mut Connection,
    seconds: Option<i64>,
    limit: i64,
) -> Result<Vec<(TableName, String)>> {
    let rows = sqlx::query!(
        "select distinct a.catalog_name, a.database_name, a.table_name, w.partition_name
         from committed_writes w join acid_tables a on a.id = w.table_id
         where $1::bigint is null or w.committed_at > clock_timestamp() - make_interval(secs => $1::bigint)
            or (select state from compactions q
                where q.table_id = w.table_id and q.partition_name = w.partition_name and q.ended_at is not null
                order by q.id desc limit 1) in ('failed', 'did not initiate')
         order by 1, 2, 3, 4 limit $2",
        seconds,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let table = TableName { catalog: row.catalog_name, database: row.database_name, table: row.table_name };
            (table, row.partition_name)
        })
        .collect())
}

/// Forgets committed writes that conflict with nobody's any more and that a later one of the same kind covers. At most
/// `limit`; says how many.
pub async fn forget(connection: &mut Connection, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "with oldest as (
             select coalesce((select min(id) from transactions where state = 'open'), 9223372036854775807) as open
         ), over as (
             select w.table_id, w.partition_name, w.transaction_id, w.operation
             from committed_writes w, oldest
             where (w.commit_id is null or w.commit_id < oldest.open)
               and exists (
                   select from committed_writes later
                   where later.table_id = w.table_id and later.partition_name = w.partition_name
                     and later.write_id > w.write_id and later.changed_rows = w.changed_rows
                     and coalesce(later.commit_id, later.transaction_id) > coalesce(w.commit_id, w.transaction_id)
                     and (later.commit_id is null or later.commit_id < oldest.open)
               )
             limit $1
         )
         delete from committed_writes w using over
         where (w.table_id, w.partition_name, w.transaction_id, w.operation)
             = (over.table_id, over.partition_name, over.transaction_id, over.operation)",
        limit
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
