//! Transactions that stand for those of another catalog, and who rebuilds materialized views.

use crate::error::Result;
use crate::model::TableName;
use crate::store::Connection;

/// The transactions that a policy has for those of the other catalog, in the order of these; without those that have
/// none.
pub async fn targets(connection: &mut Connection, policy: &str, sources: &[i64]) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "select r.target_id from unnest($2::bigint[]) with ordinality as wanted (source_id, position)
         join replayed_transactions r on r.policy = $1 and r.source_id = wanted.source_id
         order by wanted.position",
        policy,
        sources
    )
    .fetch_all(connection)
    .await?)
}

/// All of a policy, source first.
pub async fn of_policy(connection: &mut Connection, policy: &str) -> Result<Vec<(i64, i64)>> {
    let rows =
        sqlx::query!("select source_id, target_id from replayed_transactions where policy = $1 order by 1", policy)
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|row| (row.source_id, row.target_id)).collect())
}

pub async fn insert(connection: &mut Connection, policy: &str, sources: &[i64], targets: &[i64]) -> Result<()> {
    sqlx::query!(
        "insert into replayed_transactions (policy, source_id, target_id)
         select $1, * from unnest($2::bigint[], $3::bigint[])",
        policy,
        sources,
        targets
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets for what transactions stand, and gives their policies.
pub async fn remove(connection: &mut Connection, targets: &[i64]) -> Result<Vec<String>> {
    let mut policies =
        sqlx::query_scalar!("delete from replayed_transactions where target_id = any($1) returning policy", targets)
            .fetch_all(connection)
            .await?;
    policies.sort();
    policies.dedup();
    Ok(policies)
}

/// Takes the lease to rebuild a materialized view for a transaction; false where another has it.
pub async fn lock_rebuild(connection: &mut Connection, view: &TableName, transaction: i64, lease: i64) -> Result<bool> {
    let done = sqlx::query!(
        "insert into materialization_rebuilds as held (catalog_name, database_name, table_name, transaction_id, expires_at)
         values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5::bigint))
         on conflict (catalog_name, database_name, table_name) do update
             set transaction_id = excluded.transaction_id, expires_at = excluded.expires_at
             where held.transaction_id = excluded.transaction_id or held.expires_at <= clock_timestamp()",
        view.catalog,
        view.database,
        view.table,
        transaction,
        lease
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes leases that have ended, at most `limit`; says how many.
pub async fn forget_rebuilds(connection: &mut Connection, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from materialization_rebuilds where ctid in (
             select ctid from materialization_rebuilds where expires_at <= clock_timestamp() limit $1
             for update skip locked)",
        limit
    );
    Ok(done.execute(connection).await?.rows_affected())
}

/// Keeps that lease; false where the transaction does not have it any more.
pub async fn heartbeat_rebuild(
    connection: &mut Connection,
    view: &TableName,
    transaction: i64,
    lease: i64,
) -> Result<bool> {
    let done = sqlx::query!(
        "update materialization_rebuilds set expires_at = clock_timestamp() + make_interval(secs => $5::bigint)
         where (catalog_name, database_name, table_name, transaction_id) = ($1, $2, $3, $4)
           and expires_at > clock_timestamp()",
        view.catalog,
        view.database,
        view.table,
        transaction,
        lease
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
