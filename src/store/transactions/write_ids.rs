//! Write ids: for each table dense numbers, one for each transaction that writes to it.

use std::collections::BTreeMap;

use super::tables;
use crate::error::Result;
use crate::model::TableName;
use crate::store::Connection;

/// A table whose next write ids nobody else gives out until the transaction ends.
#[derive(Debug)]
pub struct Counter {
    pub table_id: i64,
    /// None: none was ever given out.
    pub last: Option<i64>,
}

/// Write ids of a table as a reader is to judge them.
#[derive(Debug, Default)]
pub struct Allocated {
    /// The highest that may concern the reader.
    pub high_water_mark: i64,
    /// Write id and transaction, in order, of those that are not known to be committed for everybody.
    pub ids: Vec<(i64, i64)>,
}

pub async fn counter(connection: &mut Connection, name: &TableName) -> Result<Counter> {
    let row = sqlx::query!(
        "insert into acid_tables (catalog_name, database_name, table_name) values ($1, $2, $3)
         on conflict (catalog_name, database_name, table_name) do update set last_write_id = acid_tables.last_write_id
         returning id, last_write_id",
        name.catalog,
        name.database,
        name.table
    )
    .fetch_one(connection)
    .await?;
    Ok(Counter { table_id: row.id, last: row.last_write_id })
}

pub async fn set_last(connection: &mut Connection, table_id: i64, last: i64) -> Result<()> {
    sqlx::query!("update acid_tables set last_write_id = $2 where id = $1", table_id, last).execute(connection).await?;
    Ok(())
}

/// The highest given out, 0 where there is none.
pub async fn last(connection: &mut Connection, name: &TableName) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "select last_write_id from acid_tables where (catalog_name, database_name, table_name) = ($1, $2, $3)",
        name.catalog,
        name.database,
        name.table
    )
    .fetch_optional(connection)
    .await?
    .flatten()
    .unwrap_or_default())
}

/// The write ids that transactions have for a table, by transaction.
pub async fn of(connection: &mut Connection, table_id: i64, transactions: &[i64]) -> Result<BTreeMap<i64, i64>> {
    let rows = sqlx::query!(
        "select transaction_id, write_id from write_ids where table_id = $1 and transaction_id = any($2)",
        table_id,
        transactions
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.transaction_id, row.write_id)).collect())
}

/// Gives transactions their write ids for a table, and what they have written there already along with them.
pub async fn insert(connection: &mut Connection, table_id: i64, transactions: &[i64], write_ids: &[i64]) -> Result<()> {
    sqlx::query!(
        "insert into write_ids (table_id, transaction_id, write_id)
         select $1, * from unnest($2::bigint[], $3::bigint[])",
        table_id,
        transactions,
        write_ids
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update transaction_components c set write_id = new.write_id
         from unnest($2::bigint[], $3::bigint[]) as new (transaction_id, write_id)
         where c.table_id = $1 and c.transaction_id = new.transaction_id and c.operation <> 'compact'",
        table_id,
        transactions,
        write_ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes write ids for a table back: those of some transactions, or all.
pub async fn remove(connection: &mut Connection, table_id: i64, transactions: Option<&[i64]>) -> Result<()> {
    sqlx::query!(
        "delete from write_ids where table_id = $1 and ($2::bigint[] is null or transaction_id = any($2))",
        table_id,
        transactions
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// For each table in its turn, what was given out to transactions up to number `newest`, and in between to later ones.
pub async fn allocated(connection: &mut Connection, names: &[&TableName], newest: i64) -> Result<Vec<Allocated>> {
    let [catalogs, databases, tables] = tables::columns(names);
    let rows = sqlx::query!(
        r#"select named.position as "position!", mark.high as "high!", w.write_id as "write_id?",
                  w.transaction_id as "transaction_id?"
           from unnest($1::text[], $2::text[], $3::text[]) with ordinality
                as named (catalog_name, database_name, table_name, position)
           join acid_tables a using (catalog_name, database_name, table_name)
           cross join lateral (
               select coalesce((select max(write_id) from write_ids
                                where table_id = a.id and transaction_id <= $4), a.last_write_id, 0) as high
           ) mark
           left join write_ids w on w.table_id = a.id and w.write_id <= mark.high
           order by named.position, w.write_id"#,
        &catalogs as _,
        &databases as _,
        &tables as _,
        newest
    )
    .fetch_all(connection)
    .await?;
    let mut found: Vec<Allocated> = names.iter().map(|_| Allocated::default()).collect();
    for row in rows {
        let Some(table) = found.get_mut(row.position as usize - 1) else { continue };
        table.high_water_mark = row.high;
        table.ids.extend(row.write_id.zip(row.transaction_id));
    }
    Ok(found)
}

/// The transaction that has a write id.
pub async fn transaction(connection: &mut Connection, name: &TableName, write_id: i64) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "select w.transaction_id from write_ids w join acid_tables a on a.id = w.table_id
         where (a.catalog_name, a.database_name, a.table_name) = ($1, $2, $3) and w.write_id = $4",
        name.catalog,
        name.database,
        name.table,
        write_id
    )
    .fetch_optional(connection)
    .await?)
}

/// The databases in which transactions have write ids, by transaction.
pub async fn databases(connection: &mut Connection, transactions: &[i64]) -> Result<BTreeMap<i64, Vec<String>>> {
    let rows = sqlx::query!(
        "select distinct w.transaction_id, a.database_name
         from write_ids w join acid_tables a on a.id = w.table_id
         where w.transaction_id = any($1) order by 1, 2",
        transactions
    )
    .fetch_all(connection)
    .await?;
    let mut found: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for row in rows {
        found.entry(row.transaction_id).or_default().push(row.database_name);
    }
    Ok(found)
}

/// Notes the lowest write id that a transaction saw as open, for each table.
pub async fn see(connection: &mut Connection, transaction: i64, table_ids: &[i64], write_ids: &[i64]) -> Result<()> {
    sqlx::query!(
        "insert into seen_write_ids (transaction_id, table_id, write_id)
         select $1, * from unnest($2::bigint[], $3::bigint[])
         on conflict (transaction_id, table_id) do update
             set write_id = least(excluded.write_id, seen_write_ids.write_id)",
        transaction,
        table_ids,
        write_ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the write ids of transactions that are forgotten themselves, of each table from the lowest on and none above one
/// that stays: a reader takes what is not there for committed, and the highest that is there for the newest. At most
/// `limit`; says how many.
pub async fn forget(connection: &mut Connection, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "with oldest as (
             select coalesce((select min(id) from transactions), (select last + 1 from transaction_counter)) as known
         ), kept as (
             select w.table_id, min(w.write_id) as lowest from write_ids w, oldest
             where w.transaction_id >= oldest.known group by w.table_id
         ), over as (
             select w.table_id, w.write_id
             from oldest, write_ids w left join kept on kept.table_id = w.table_id
             where w.transaction_id < oldest.known and (kept.lowest is null or w.write_id < kept.lowest)
             order by w.table_id, w.write_id limit $1
         )
         delete from write_ids using over
         where (write_ids.table_id, write_ids.write_id) = (over.table_id, over.write_id)",
        limit
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
