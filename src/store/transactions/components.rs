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

/// Removes what a compaction took in, up to a write id (None: all): what was committed, and what aborted transactions
/// left. Of one partition, or of the whole table.
pub async fn compacted(
    connection: &mut Connection,
    table_id: i64,
    partition: Option<&str>,
    highest: Option<i64>,
    aborted_only: bool,
) -> Result<()> {
    if !aborted_only {
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
        .execute(&mut *connection)
        .await?;
    }
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
