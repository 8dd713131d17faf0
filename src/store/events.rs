//! The event log.
//!
//! A writer appends without a number and takes no lock that another writer could wait for. Numbers are given out later,
//! by whoever reads, under the lock of one row and only to events that are committed: so they are dense (Hive's replication
//! demands it), and a transaction that commits late gets a later number instead of being skipped.

use serde_json::Value;

use crate::error::Result;
use crate::model::{Event, EventFilter, NewEvent};
use crate::store::{Connection, Transaction};

/// Appends events in their order, and gives what [`ids`] knows them by.
pub async fn append(connection: &mut Connection, events: &[NewEvent], now: i64) -> Result<Vec<i64>> {
    let column = |text: fn(&NewEvent) -> Option<&str>| events.iter().map(text).collect::<Vec<_>>();
    let mut sequence = sqlx::query_scalar!(
        "insert into events (happened_at, parts, kind, catalog_name, database_name, table_name, body)
         select $1, n.parts, n.kind, n.catalog_name, n.database_name, n.table_name, n.body
         from unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[]) with ordinality
              as n(parts, kind, catalog_name, database_name, table_name, body, position)
         order by n.position
         returning seq",
        now,
        &events.iter().map(|event| event.parts() as i32).collect::<Vec<_>>(),
        &column(|event| Some(event.kind.as_str())) as _,
        &column(|event| Some(&event.catalog)) as _,
        &column(|event| event.database.as_deref()) as _,
        &column(|event| event.table.as_deref()) as _,
        &events.iter().map(|event| &event.body).collect::<Vec<_>>() as _
    )
    .fetch_all(connection)
    .await?;
    sequence.sort_unstable();
    Ok(sequence)
}

/// Numbers what is committed and has no number yet.
async fn number(transaction: &mut Transaction) -> Result<()> {
    let waiting = sqlx::query_scalar!(r#"select exists (select from events where id is null) as "waiting!""#)
        .fetch_one(&mut **transaction)
        .await?;
    if !waiting {
        return Ok(());
    }
    let last = sqlx::query_scalar!("select last from event_numbers for update").fetch_one(&mut **transaction).await?;
    sqlx::query!(
        "with numbered as (
             select seq, $1 + sum(parts) over (order by seq) as id from events where id is null
         ), done as (
             update events set id = numbered.id from numbered where events.seq = numbered.seq returning events.id
         )
         update event_numbers set last = coalesce((select max(id) from done), last)",
        last
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The number of the newest event, 0 where there is none; nothing where committed events still wait for theirs.
pub async fn settled_id(connection: &mut Connection) -> Result<Option<i64>> {
    let last =
        sqlx::query_scalar!("select last from event_numbers where not exists (select from events where id is null)");
    Ok(last.fetch_optional(connection).await?)
}

/// The number of the newest event, 0 where there is none. The transaction must be committed by the caller.
pub async fn current_id(transaction: &mut Transaction) -> Result<i64> {
    number(transaction).await?;
    Ok(sqlx::query_scalar!("select last from event_numbers").fetch_one(&mut **transaction).await?)
}

/// The numbers of events that were appended and committed, in their order. The transaction must be committed by the
/// caller.
pub async fn ids(transaction: &mut Transaction, sequence: &[i64]) -> Result<Vec<i64>> {
    number(transaction).await?;
    Ok(sqlx::query_scalar!(
        r#"select id as "id!" from events where seq = any($1) and id is not null order by seq"#,
        sequence
    )
    .fetch_all(&mut **transaction)
    .await?)
}

/// Events with a part after `after`, oldest first, at most `limit`. The transaction must be committed by the caller.
pub async fn after(transaction: &mut Transaction, filter: &EventFilter, after: i64, limit: i64) -> Result<Vec<Event>> {
    number(transaction).await?;
    let rows = sqlx::query!(
        r#"select id as "id!", parts, happened_at, kind, catalog_name, database_name, table_name, body as "body: Value"
           from events
           where id > $1
             and ($3::text is null or catalog_name = $3)
             and ($4::text is null or database_name = $4)
             and ($5::text[] = '{}' or table_name = any($5))
             and ($6::text[] = '{}' or kind = any($6))
             and kind <> all($7::text[])
           order by id limit $2"#,
        after,
        limit,
        filter.catalog,
        filter.database,
        &filter.tables,
        &filter.kinds,
        &filter.skipped_kinds
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Event {
            id: row.id,
            parts: row.parts as usize,
            happened_at: row.happened_at,
            kind: row.kind,
            catalog: row.catalog_name,
            database: row.database_name,
            table: row.table_name,
            body: row.body,
        })
        .collect())
}

/// The events that tell what a transaction of an ACID table has written, the oldest first, of all tables or of those of
/// these names. They need no numbers.
pub async fn acid_writes(
    connection: &mut Connection,
    transaction: i64,
    database: Option<&str>,
    table: Option<&str>,
) -> Result<Vec<Event>> {
    let rows = sqlx::query!(
        r#"select parts, happened_at, kind, catalog_name, database_name, table_name, body as "body: Value"
           from events
           where kind = 'ACID_WRITE_EVENT' and (body ->> 'transaction')::bigint = $1
             and ($2::text is null or database_name = $2) and ($3::text is null or table_name = $3)
           order by seq"#,
        transaction,
        database,
        table
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Event {
            id: 0,
            parts: row.parts as usize,
            happened_at: row.happened_at,
            kind: row.kind,
            catalog: row.catalog_name,
            database: row.database_name,
            table: row.table_name,
            body: row.body,
        })
        .collect())
}

/// How many events of a catalog have numbers after `from` up to `to`: of all databases or one, for which those of none
/// count too; of all tables where none is named. The transaction must be committed by the caller.
pub async fn count(transaction: &mut Transaction, filter: &EventFilter, from: i64, to: i64) -> Result<i64> {
    number(transaction).await?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(least(id, $2) - greatest(id - parts, $1)), 0)::bigint as "count!"
           from events
           where id > $1 and id - parts < $2
             and ($3::text is null or catalog_name = $3)
             and ($4::text is null or database_name = $4 or database_name is null)
             and ($5::text[] = '{}' or table_name = any($5))"#,
        from,
        to,
        filter.catalog,
        filter.database,
        &filter.tables
    )
    .fetch_one(&mut **transaction)
    .await?)
}

/// Removes the oldest events that happened before `time`, at most `limit`, and says how many it removed. Each had its
/// number before, so that a reader who comes too late sees that some are missing.
pub async fn remove_older(transaction: &mut Transaction, time: i64, limit: i64) -> Result<u64> {
    number(transaction).await?;
    let removed = sqlx::query!(
        "with oldest as (select seq from events where id is not null order by id limit $2)
         delete from events using oldest where events.seq = oldest.seq and happened_at < $1",
        time,
        limit
    )
    .execute(&mut **transaction)
    .await?;
    Ok(removed.rows_affected())
}
