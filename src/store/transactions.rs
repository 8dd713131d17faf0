//! Transactions of ACID tables.
//!
//! Who opens a transaction holds the counter's row until the commit, and who commits one shares it (alone, where others
//! could have changed the same rows). So of two transactions it is always clear whether the one committed before the
//! other was opened, and a single statement sees a moment between such changes, never half of one.

pub mod components;
pub mod replay;
pub mod tables;
pub mod views;
pub mod write_ids;

use crate::error::{CatalogError, Result};
use crate::model::transaction::{
    NewTransactions, Transaction, TransactionKind, TransactionSnapshot, TransactionState, Transactions,
};
use crate::store::Connection;

/// How long transactions live without a heartbeat, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Leases {
    pub usual: i64,
    /// Of those that replication opened: they last as long as the other catalog's, which nobody tells of.
    pub replayed: i64,
}

impl Leases {
    fn of(self, kind: TransactionKind) -> i64 {
        if kind == TransactionKind::Replayed { self.replayed } else { self.usual }
    }
}

/// Opens transactions, and gives their numbers, which follow each other.
pub async fn open(connection: &mut Connection, new: &NewTransactions, leases: Leases) -> Result<Vec<i64>> {
    let last = sqlx::query_scalar!("update transaction_counter set last = last + $1 returning last", new.count)
        .fetch_one(&mut *connection)
        .await?;
    let first = last - new.count + 1;
    sqlx::query!(
        "insert into transactions (id, kind, user_name, host, agent, expires_at)
         select id, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7::bigint)
         from generate_series($1::bigint, $2::bigint) as id",
        first,
        last,
        new.kind.as_str(),
        new.user,
        new.host,
        new.agent,
        leases.of(new.kind)
    )
    .execute(connection)
    .await?;
    Ok((first..=last).collect())
}

/// Whether as many as `limit` are open.
pub async fn reach(connection: &mut Connection, limit: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from transactions where state = 'open' offset $1::bigint - 1) as "reached!""#,
        limit
    )
    .fetch_one(connection)
    .await?)
}

/// Lets numbers go on from `next`. False where a higher one was given out already.
pub async fn seed(connection: &mut Connection, next: i64) -> Result<bool> {
    let done = sqlx::query!("update transaction_counter set last = $1 - 1 where last < $1", next);
    Ok(done.execute(connection).await?.rows_affected() > 0)
}

/// The number of the newest transaction. Until the end of this transaction none is opened; where `alone`, none commits
/// either.
pub async fn commit_id(connection: &mut Connection, alone: bool) -> Result<i64> {
    Ok(if alone {
        sqlx::query_scalar!("select last from transaction_counter for update").fetch_one(connection).await?
    } else {
        sqlx::query_scalar!("select last from transaction_counter for share").fetch_one(connection).await?
    })
}

/// All that are not committed, at one moment.
pub async fn list(connection: &mut Connection) -> Result<Transactions> {
    let rows = sqlx::query!(
        r#"select c.last, t.id as "id?", t.kind as "kind?", t.state as "state?", t.user_name as "user_name?",
                  t.host as "host?", t.agent, t.abort_reason,
                  (extract(epoch from t.started_at) * 1000)::bigint as started_at,
                  (extract(epoch from t.heartbeat_at) * 1000)::bigint as heartbeat_at
           from transaction_counter c left join transactions t on t.state <> 'committed'
           order by t.id"#
    )
    .fetch_all(connection)
    .await?;
    let high_water_mark = rows.first().map_or(0, |row| row.last);
    let mut uncommitted = Vec::with_capacity(rows.len());
    for row in rows {
        let (Some(id), Some(kind), Some(state)) = (row.id, row.kind, row.state) else {
            continue;
        };
        uncommitted.push(Transaction {
            id,
            kind: parse_kind(&kind)?,
            state: parse_state(&state)?,
            user: row.user_name.unwrap_or_default(),
            host: row.host.unwrap_or_default(),
            agent: row.agent,
            started_at: row.started_at.unwrap_or_default(),
            heartbeat_at: row.heartbeat_at.unwrap_or_default(),
            abort_reason: row.abort_reason,
        });
    }
    Ok(Transactions { high_water_mark, uncommitted })
}

/// What everybody sees, those who read now and those who will, and nothing else.
#[derive(Debug)]
pub struct Common {
    /// The number of the oldest open transaction, or of the next one. Who began before something was committed may not
    /// see it, so what was committed since counts as open.
    pub min_open: i64,
    pub transactions: TransactionSnapshot,
}

pub async fn common(connection: &mut Connection) -> Result<Common> {
    let rows = sqlx::query!(
        r#"with mark as (
               select coalesce((select min(id) from transactions where state = 'open'), last + 1) as min_open
               from transaction_counter
           )
           select mark.min_open as "min_open!", t.id as "id?", t.state as "state?"
           from mark left join transactions t
               on t.id < mark.min_open and (t.state = 'aborted' or t.state = 'committed' and t.commit_id >= mark.min_open)"#
    )
    .fetch_all(connection)
    .await?;
    let min_open = rows.first().map_or(1, |row| row.min_open);
    let those = |state: &str| {
        let those = rows.iter().filter(|row| row.state.as_deref() == Some(state));
        those.filter_map(|row| row.id).collect()
    };
    let transactions = TransactionSnapshot::new(min_open - 1, those("committed"), those("aborted"));
    Ok(Common { min_open, transactions })
}

/// None where it is not known, or not any more.
pub async fn state(connection: &mut Connection, id: i64) -> Result<Option<TransactionState>> {
    let state = sqlx::query_scalar!("select state from transactions where id = $1", id).fetch_optional(connection);
    state.await?.map(|state| parse_state(&state)).transpose()
}

/// The kind of an open transaction, which stays open until the end of this transaction. Where `alone`, nobody else does
/// anything with it until then.
pub async fn hold(connection: &mut Connection, id: i64, alone: bool) -> Result<Option<TransactionKind>> {
    let kind = if alone {
        sqlx::query_scalar!("select kind from transactions where id = $1 and state = 'open' for no key update", id)
            .fetch_optional(connection)
            .await?
    } else {
        sqlx::query_scalar!("select kind from transactions where id = $1 and state = 'open' for share", id)
            .fetch_optional(connection)
            .await?
    };
    kind.map(|kind| parse_kind(&kind)).transpose()
}

/// The same of several.
pub async fn hold_all(connection: &mut Connection, ids: &[i64]) -> Result<Vec<(i64, TransactionKind)>> {
    let rows = sqlx::query!(
        "select id, kind from transactions where id = any($1) and state = 'open' order by id for share",
        ids
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.id, parse_kind(&row.kind)?))).collect()
}

/// Keeps open transactions with numbers from `first` to `last` for another lease, and gives those that it could keep.
pub async fn heartbeat(connection: &mut Connection, first: i64, last: i64, leases: Leases) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "update transactions set heartbeat_at = clock_timestamp(),
                expires_at = clock_timestamp()
                    + make_interval(secs => case when kind = 'replayed' then $4::bigint else $3::bigint end)
         where id in (select id from transactions where id between $1 and $2 and state = 'open'
                      order by id for no key update)
         returning id",
        first,
        last,
        leases.usual,
        leases.replayed
    )
    .fetch_all(connection)
    .await?)
}

/// The aborted ones with numbers from `first` to `last`.
pub async fn aborted(connection: &mut Connection, first: i64, last: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!("select id from transactions where id between $1 and $2 and state = 'aborted'", first, last)
        .fetch_all(connection)
        .await?)
}

/// Aborts those that are open, with all that they hold, and gives them with their kinds.
pub async fn abort(
    connection: &mut Connection,
    ids: &[i64],
    reason: Option<&str>,
) -> Result<Vec<(i64, TransactionKind)>> {
    let rows = sqlx::query!(
        "update transactions set state = 'aborted', ended_at = clock_timestamp(), abort_reason = $2
         where id in (select id from transactions where id = any($1) and state = 'open'
                      order by id for no key update)
         returning id, kind",
        ids,
        reason
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut done: Vec<(i64, TransactionKind)> =
        rows.into_iter().map(|row| Ok((row.id, parse_kind(&row.kind)?))).collect::<Result<_>>()?;
    done.sort_unstable_by_key(|(id, _)| *id);
    release(connection, &done.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await?;
    Ok(done)
}

/// Commits one that is held. `commit_id` is None for those that write nothing.
pub async fn commit(connection: &mut Connection, id: i64, commit_id: Option<i64>) -> Result<()> {
    sqlx::query!(
        "update transactions set state = 'committed', ended_at = clock_timestamp(), commit_id = $2 where id = $1",
        id,
        commit_id
    )
    .execute(&mut *connection)
    .await?;
    release(connection, &[id]).await
}

/// What a transaction holds while it is open: locks, and what its readers need.
async fn release(connection: &mut Connection, ids: &[i64]) -> Result<()> {
    sqlx::query!("delete from locks where transaction_id = any($1)", ids).execute(&mut *connection).await?;
    sqlx::query!("delete from materialization_rebuilds where transaction_id = any($1)", ids)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from seen_write_ids where transaction_id = any($1)", ids).execute(connection).await?;
    Ok(())
}

/// Open ones whose time is over, at most `limit`. What somebody else has a hand on stays for now.
pub async fn expired(connection: &mut Connection, limit: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "select id from transactions where state = 'open' and expires_at <= clock_timestamp()
         order by id limit $1 for no key update skip locked",
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// Forgets transactions that nobody can have seen open, ended at least `after` seconds ago: committed ones, and aborted
/// ones that left nothing. At most `limit`; says how many.
pub async fn forget(connection: &mut Connection, after: i64, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "with oldest as (
             select coalesce((select min(id) from transactions where state = 'open'), 9223372036854775807) as open
         ), over as (
             select t.id from transactions t, oldest
             where t.state <> 'open' and t.id < oldest.open
               and (t.commit_id is null or t.commit_id < oldest.open)
               and t.ended_at < clock_timestamp() - make_interval(secs => $1::bigint)
               and not exists (select from transaction_components c where c.transaction_id = t.id)
             order by t.id limit $2
         )
         delete from transactions using over where transactions.id = over.id",
        after,
        limit
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

fn parse_kind(text: &str) -> Result<TransactionKind> {
    TransactionKind::parse(text).ok_or_else(|| CatalogError::internal(format!("{text:?} is no kind of transaction")))
}

fn parse_state(text: &str) -> Result<TransactionState> {
    TransactionState::parse(text)
        .ok_or_else(|| CatalogError::internal(format!("{text:?} is no state of a transaction")))
}
