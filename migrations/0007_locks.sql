-- Locks that clients take by agreement with each other, on names: what they name need not exist. A lock is a lease:
-- it ends at `expires_at` unless a heartbeat moves that. All times are this database's clock, which every server of
-- the catalog shares.
create table locks (
    -- Requests are served in the order of their ids.
    id           bigint generated always as identity primary key,
    -- Null while it waits.
    acquired_at  timestamptz,
    heartbeat_at timestamptz not null,
    expires_at   timestamptz not null,
    user_name    text not null,
    host         text not null,
    agent        text
);

-- What a request locks: all of it at once, or nothing.
create table lock_components (
    lock_id        bigint not null references locks on delete cascade,
    position       integer not null,
    catalog_name   text not null,
    database_name  text not null,
    -- Empty: the whole database.
    table_name     text not null,
    -- Empty: the whole table.
    partition_name text not null,
    kind           text not null check (kind in ('shared_read', 'shared_write', 'exclusive_write', 'exclusive')),
    primary key (lock_id, position)
);

create index lock_components_by_object
    on lock_components (catalog_name, database_name, table_name, partition_name);

-- Who waits for whom, after Hive's rules: a request waits for each earlier one, granted or waiting itself, that names
-- the same object, one above it or one below it, in a way that does not go together with its own. That a waiting one
-- counts too is what keeps a stream of readers from starving a writer. Two exceptions concern databases: to read one
-- (so that it stays while something is made in it) hinders no exclusive lock on a table in it, and the other way round.
create view lock_conflicts as
select wanted.lock_id  as waiter,
       wanted.position as waiter_position,
       wanted.kind     as waiter_kind,
       held.lock_id    as holder,
       held.position   as holder_position
from lock_components wanted
cross join lateral (
    -- The object itself.
    select other.* from lock_components other
    where (other.catalog_name, other.database_name, other.table_name, other.partition_name)
        = (wanted.catalog_name, wanted.database_name, wanted.table_name, wanted.partition_name)
    union all
    -- The table of a partition.
    select other.* from lock_components other
    where wanted.partition_name <> ''
      and (other.catalog_name, other.database_name, other.table_name, other.partition_name)
        = (wanted.catalog_name, wanted.database_name, wanted.table_name, '')
    union all
    -- The database of a table or partition.
    select other.* from lock_components other
    where wanted.table_name <> ''
      and (other.catalog_name, other.database_name, other.table_name)
        = (wanted.catalog_name, wanted.database_name, '')
    union all
    -- The partitions of a table.
    select other.* from lock_components other
    where wanted.table_name <> '' and wanted.partition_name = '' and other.partition_name <> ''
      and (other.catalog_name, other.database_name, other.table_name)
        = (wanted.catalog_name, wanted.database_name, wanted.table_name)
    union all
    -- The tables and partitions of a database.
    select other.* from lock_components other
    where wanted.table_name = '' and other.table_name <> ''
      and (other.catalog_name, other.database_name) = (wanted.catalog_name, wanted.database_name)
) held
where held.lock_id < wanted.lock_id
  and case wanted.kind
          when 'shared_read' then
              held.kind = 'exclusive' and not (wanted.table_name = '' and held.table_name <> '')
          when 'shared_write' then
              held.kind in ('exclusive_write', 'exclusive')
          when 'exclusive_write' then
              held.kind <> 'shared_read'
          else
              not (held.kind = 'shared_read' and held.table_name = '' and wanted.table_name <> '')
      end;
