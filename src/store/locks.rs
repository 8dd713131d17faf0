//! Locks.
//!
//! Whether a request may have its locks depends on earlier requests alone (the view `lock_conflicts`). Earlier ones can
//! only go away, so a decision that nothing stands in the way stays right. Two things make it exact:
//!
//! - A request with a lower id must be visible to those with higher ones that it conflicts with. So id and insert happen
//!   under advisory locks on the objects named ([`guard`]), held until the commit: requests for different tables don't
//!   meet there, and nothing waits for longer than such a transaction takes.
//! - An expired lock must be gone before its place is given away, or a late heartbeat could revive it. So it is deleted
//!   by whom it stands in the way of, under the lock of its row, which the heartbeat takes too.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::error::{CatalogError, Result};
use crate::model::lock::{LockComponent, LockEntry, LockFilter, LockKind, NewLock};
use crate::model::{DatabaseName, TableName};
use crate::store::Connection;

/// More than this many tables of a database, or databases, are guarded as one: advisory locks take shared memory.
const MAX_GUARDED: usize = 32;

/// What a lock waits for.
#[derive(Debug)]
pub struct Obstacle {
    pub holder: i64,
    /// How the waiting lock wants the object that it does not get.
    pub wanted: LockKind,
}

/// Serves requests that could conflict one after the other, until the transaction ends.
///
/// The objects form a tree: all, databases, tables. What a request locks is guarded for itself, what lies above that is
/// guarded for sharing: so a request for a database meets those for its tables. In order, which rules out deadlocks.
pub async fn guard(connection: &mut Connection, components: &[LockComponent]) -> Result<()> {
    let (keys, alone): (Vec<i64>, Vec<bool>) = guards(components).into_iter().unzip();
    sqlx::query!(
        r#"select case when alone then pg_advisory_xact_lock(key) else pg_advisory_xact_lock_shared(key) end as "done: ()"
           from unnest($1::bigint[], $2::boolean[]) as guard (key, alone)"#,
        &keys,
        &alone
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Keys of advisory locks in order, each with whether it is taken alone.
fn guards(components: &[LockComponent]) -> BTreeMap<i64, bool> {
    let mut databases: BTreeMap<&DatabaseName, Option<BTreeSet<&str>>> = BTreeMap::new();
    for component in components {
        let tables = databases.entry(&component.database).or_insert_with(|| Some(BTreeSet::new()));
        match (tables.as_mut(), &component.table) {
            (Some(names), Some(table)) if names.len() < MAX_GUARDED || names.contains(table.as_str()) => {
                names.insert(table);
            }
            _ => *tables = None,
        }
    }
    let mut guards = BTreeMap::new();
    if databases.len() > MAX_GUARDED {
        guards.insert(key(&[]), true);
        return guards;
    }
    guards.insert(key(&[]), false);
    let mut add = |key, alone: bool| *guards.entry(key).or_insert(false) |= alone;
    for (name, tables) in databases {
        let path = [name.catalog.as_str(), name.database.as_str()];
        add(key(&path), tables.is_none());
        for table in tables.into_iter().flatten() {
            add(key(&[path[0], path[1], table]), true);
        }
    }
    guards
}

fn key(path: &[&str]) -> i64 {
    let mut hash = Sha256::new_with_prefix("propolis lock");
    for name in path {
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |key, byte| (key << 8) | i64::from(*byte))
}

/// Adds a request, waiting, under [`guard`]. It expires in `lease` seconds, or with its transaction.
pub async fn insert(connection: &mut Connection, lock: &NewLock, lease: i64) -> Result<i64> {
    let mut columns: [Vec<&str>; 5] = Default::default();
    for component in &lock.components {
        columns[0].push(&component.database.catalog);
        columns[1].push(&component.database.database);
        columns[2].push(component.table.as_deref().unwrap_or_default());
        columns[3].push(component.partition.as_deref().unwrap_or_default());
        columns[4].push(component.kind.as_str());
    }
    let [catalogs, databases, tables, partitions, kinds] = &columns;
    let id = sqlx::query_scalar!(
        "insert into locks (heartbeat_at, expires_at, user_name, host, agent, transaction_id)
         values (clock_timestamp(),
                 case when $5::bigint is null then clock_timestamp() + make_interval(secs => $1::bigint) else 'infinity' end,
                 $2, $3, $4, $5)
         returning id",
        lease,
        lock.user,
        lock.host,
        lock.agent,
        lock.transaction_id
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into lock_components
             (lock_id, position, catalog_name, database_name, table_name, partition_name, kind, transaction_id)
         select $1, named.position, named.catalog_name, named.database_name, named.table_name, named.partition_name,
                named.kind, $7
         from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) with ordinality
             as named (catalog_name, database_name, table_name, partition_name, kind, position)",
        id,
        catalogs as _,
        databases as _,
        tables as _,
        partitions as _,
        kinds as _,
        lock.transaction_id
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// The oldest lock that stands in the way of this one. None: nothing does or ever will.
pub async fn obstacle(connection: &mut Connection, id: i64) -> Result<Option<Obstacle>> {
    let obstacles = sqlx::query!(
        r#"select distinct on (holder) holder as "holder!", waiter_kind as "waiter_kind!",
                  expires_at <= clock_timestamp() as "expired!"
           from lock_conflicts join locks on locks.id = holder
           where waiter = $1
           order by holder, waiter_position"#,
        id
    )
    .fetch_all(&mut *connection)
    .await?;
    let expired: Vec<i64> =
        obstacles.iter().filter(|obstacle| obstacle.expired).map(|obstacle| obstacle.holder).collect();
    let gone =
        if expired.is_empty() { Vec::new() } else { remove_expired(connection, Some(&expired), i64::MAX).await? };
    obstacles
        .into_iter()
        .find(|obstacle| !gone.contains(&obstacle.holder))
        .map(|obstacle| Ok(Obstacle { holder: obstacle.holder, wanted: kind(&obstacle.waiter_kind)? }))
        .transpose()
}

/// Removes locks, of these or of all, whose time is over, and gives their ids. What somebody else has a hand on stays
/// for now: a heartbeat may save it.
pub async fn remove_expired(connection: &mut Connection, of: Option<&[i64]>, limit: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "with expired as (
             select id from locks where ($1::bigint[] is null or id = any($1)) and expires_at <= clock_timestamp()
             limit $2 for update skip locked
         )
         delete from locks using expired where locks.id = expired.id returning locks.id",
        of,
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// Gives a request what it asked for.
pub async fn acquire(connection: &mut Connection, id: i64) -> Result<()> {
    sqlx::query!("update locks set acquired_at = clock_timestamp() where id = $1", id).execute(connection).await?;
    Ok(())
}

/// The transaction that a lock belongs to.
pub async fn transaction(connection: &mut Connection, id: i64) -> Result<Option<i64>> {
    let owner = sqlx::query_scalar!("select transaction_id from locks where id = $1", id).fetch_optional(connection);
    Ok(owner.await?.flatten())
}

/// Extends a lease that has not expired: whether it was acquired, or None where there is no such lock any more. Those of
/// transactions expire with these.
pub async fn heartbeat(connection: &mut Connection, id: i64, lease: i64) -> Result<Option<bool>> {
    Ok(sqlx::query_scalar!(
        r#"update locks set heartbeat_at = clock_timestamp(),
                  expires_at = case when transaction_id is null
                                    then clock_timestamp() + make_interval(secs => $2::bigint) else expires_at end
           where id = $1 and expires_at > clock_timestamp()
           returning acquired_at is not null as "acquired!""#,
        id,
        lease
    )
    .fetch_optional(connection)
    .await?)
}

/// Removes a request that its caller gives up.
pub async fn delete(connection: &mut Connection, id: i64) -> Result<()> {
    sqlx::query!("delete from locks where id = $1", id).execute(connection).await?;
    Ok(())
}

/// Releases a lock, unless a transaction has it: then the answer is that transaction. One that a transaction still waits
/// for may be given up.
pub async fn release(connection: &mut Connection, id: i64) -> Result<Option<i64>> {
    let done = sqlx::query!("delete from locks where id = $1 and (transaction_id is null or acquired_at is null)", id)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() > 0 {
        return Ok(None);
    }
    self::transaction(connection, id).await
}

/// Locks on a partition are on it under its new name.
pub async fn rename_partition(connection: &mut Connection, table: &TableName, old: &str, new: &str) -> Result<()> {
    sqlx::query!(
        "update lock_components set partition_name = $5
         where (catalog_name, database_name, table_name, partition_name) = ($1, $2, $3, $4)",
        table.catalog,
        table.database,
        table.table,
        old,
        new
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The locks that have not expired, granted ones first, then the less restrictive ones, then in order of their requests.
pub async fn list(connection: &mut Connection, filter: &LockFilter) -> Result<Vec<LockEntry>> {
    let rows = sqlx::query!(
        r#"select l.id, c.position, c.catalog_name, c.database_name, nullif(c.table_name, '') as table_name,
                  nullif(c.partition_name, '') as partition_name, c.kind, l.transaction_id, l.user_name, l.host, l.agent,
                  (extract(epoch from coalesce(t.heartbeat_at, l.heartbeat_at)) * 1000)::bigint as "heartbeat_at!",
                  (extract(epoch from l.acquired_at) * 1000)::bigint as acquired_at,
                  obstacle.holder as "holder?", obstacle.holder_position as "holder_position?"
           from locks l join lock_components c on c.lock_id = l.id
           left join transactions t on t.id = l.transaction_id
           left join lateral (
               select holder, holder_position from lock_conflicts
               where waiter = l.id and waiter_position = c.position and l.acquired_at is null
               order by holder, holder_position limit 1
           ) obstacle on true
           where l.expires_at > clock_timestamp()
             and ($1::text is null or c.catalog_name = $1)
             and ($2::text is null or c.database_name = $2)
             and ($3::text is null or c.table_name = $3)
             and ($4::text is null or c.partition_name = $4)
             and ($6::bigint is null or l.transaction_id = $6)
           order by l.acquired_at is null, array_position($5::text[], c.kind), l.id, c.position"#,
        filter.catalog,
        filter.database,
        filter.table,
        filter.partition,
        &LockKind::ALL.map(LockKind::as_str) as _,
        filter.transaction_id
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LockEntry {
                lock_id: row.id,
                position: row.position,
                component: LockComponent {
                    database: DatabaseName { catalog: row.catalog_name, database: row.database_name },
                    table: row.table_name,
                    partition: row.partition_name,
                    kind: kind(&row.kind)?,
                },
                transaction_id: row.transaction_id,
                user: row.user_name,
                host: row.host,
                agent: row.agent,
                heartbeat_at: row.heartbeat_at,
                acquired_at: row.acquired_at,
                waits_for: row.holder.zip(row.holder_position),
            })
        })
        .collect()
}

fn kind(text: &str) -> Result<LockKind> {
    LockKind::parse(text).ok_or_else(|| CatalogError::internal(format!("{text:?} is no kind of lock")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn component(database: &str, table: Option<&str>) -> LockComponent {
        LockComponent {
            database: DatabaseName::new("hive", database),
            table: table.map(str::to_owned),
            partition: None,
            kind: LockKind::SharedRead,
        }
    }

    #[test]
    fn tables_are_guarded_alone_and_what_is_above_them_shared() {
        let guards = guards(&[component("a", Some("t")), component("a", Some("u")), component("b", None)]);
        assert_eq!(guards.len(), 5);
        assert!(!guards[&key(&[])]);
        assert!(!guards[&key(&["hive", "a"])]);
        assert!(guards[&key(&["hive", "a", "t"])]);
        assert!(guards[&key(&["hive", "a", "u"])]);
        assert!(guards[&key(&["hive", "b"])]);
    }

    #[test]
    fn many_objects_are_guarded_as_one() {
        let tables: Vec<_> = (0..1000).map(|i| component("a", Some(&format!("t{i}")))).collect();
        assert_eq!(guards(&tables), BTreeMap::from([(key(&[]), false), (key(&["hive", "a"]), true)]));
        let databases: Vec<_> = (0..1000).map(|i| component(&format!("d{i}"), Some("t"))).collect();
        assert_eq!(guards(&databases), BTreeMap::from([(key(&[]), true)]));
    }

    #[test]
    fn keys_tell_where_a_name_ends() {
        assert_ne!(key(&["hive", "ab", "c"]), key(&["hive", "a", "bc"]));
    }
}
