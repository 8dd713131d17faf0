-- Transactions of ACID tables, as Hive has them: the catalog numbers them and says which are visible to whom; the data
-- lies in files that carry write ids. Tables are known by name here, since clients may speak of tables that do not
-- exist (yet).

-- The number of the newest transaction. Its one row is locked by who opens a transaction until that is committed here,
-- so numbers are dense, and a reader who sees number N in one statement sees each transaction up to N.
create table transaction_counter (
    last bigint not null
);
insert into transaction_counter values (0);

-- Those that are open, those that were aborted while data of theirs may still lie about, and, for a while, those that
-- committed. What is not here and not above the counter was committed or left nothing.
create table transactions (
    id           bigint primary key,
    kind         text not null,
    state        text not null default 'open' check (state in ('open', 'aborted', 'committed')),
    user_name    text not null,
    host         text not null,
    agent        text,
    started_at   timestamptz not null default clock_timestamp(),
    heartbeat_at timestamptz not null default clock_timestamp(),
    -- An open one is aborted then, unless a heartbeat moves that.
    expires_at   timestamptz not null,
    ended_at     timestamptz,
    -- The counter when it committed: it overlaps with each transaction from there back to its own number.
    commit_id    bigint,
    abort_reason text
);
create index transactions_not_committed on transactions (id) where state <> 'committed';
create index transactions_open on transactions (id) where state = 'open';
create index transactions_by_expiry on transactions (expires_at) where state = 'open';

create table acid_tables (
    id            bigint generated always as identity primary key,
    catalog_name  text not null,
    database_name text not null,
    table_name    text not null,
    -- Null: none was ever allocated. Locked by who allocates.
    last_write_id bigint,
    unique (catalog_name, database_name, table_name)
);

-- The write ids of transactions that somebody may still see as not committed; all others are committed.
create table write_ids (
    table_id       bigint not null references acid_tables on delete cascade,
    write_id       bigint not null,
    transaction_id bigint not null,
    primary key (table_id, write_id),
    unique (table_id, transaction_id)
);
create index write_ids_by_transaction on write_ids (transaction_id);

-- What transactions that are open, or were aborted, have written or are about to.
create table transaction_components (
    transaction_id bigint not null references transactions on delete cascade,
    table_id       bigint not null references acid_tables on delete cascade,
    -- Empty: the table, or partitions not known yet.
    partition_name text not null,
    operation      text not null check (operation in ('insert', 'update', 'delete', 'compact')),
    write_id       bigint,
    primary key (transaction_id, table_id, partition_name, operation)
);
create index transaction_components_by_table on transaction_components (table_id, partition_name);

-- What committed transactions wrote: to find out who changed the same rows, and what changed since a materialized view
-- was built.
create table committed_writes (
    table_id       bigint not null references acid_tables on delete cascade,
    partition_name text not null,
    transaction_id bigint not null,
    operation      text not null check (operation in ('insert', 'update', 'delete')),
    write_id       bigint,
    -- As in transactions; null for what was replayed, which conflicts with nothing.
    commit_id      bigint,
    -- Whether its transaction updated or deleted anything anywhere.
    changed_rows   boolean not null,
    primary key (table_id, partition_name, transaction_id, operation)
);
create index committed_writes_by_transaction on committed_writes (transaction_id);

-- Transactions that replication opened for those of another catalog.
create table replayed_transactions (
    policy    text not null,
    source_id bigint not null,
    target_id bigint not null,
    primary key (policy, source_id)
);
create index replayed_transactions_by_target on replayed_transactions (target_id);

-- The lowest write id that an open transaction saw as open when it took its snapshot of a table: files that lie above
-- it must stay.
create table seen_write_ids (
    transaction_id bigint not null references transactions on delete cascade,
    table_id       bigint not null references acid_tables on delete cascade,
    write_id       bigint not null,
    primary key (transaction_id, table_id)
);

-- Who rebuilds a materialized view, as leases.
create table materialization_rebuilds (
    catalog_name   text not null,
    database_name  text not null,
    table_name     text not null,
    transaction_id bigint not null,
    expires_at     timestamptz not null,
    primary key (catalog_name, database_name, table_name)
);

create index events_of_acid_writes on events (((body ->> 'transaction')::bigint)) where kind = 'ACID_WRITE_EVENT';

-- What belongs to a table goes with it, and follows it to a new name.
create function acid_table_follows() returns trigger language plpgsql as $$
declare
    was record;
begin
    select c.name as catalog_name, d.name as database_name into was
    from databases d join catalogs c on c.id = d.catalog_id where d.id = old.database_id;
    if tg_op = 'DELETE' then
        delete from acid_tables
        where (catalog_name, database_name, table_name) = (was.catalog_name, was.database_name, old.name);
        return null;
    end if;
    delete from acid_tables a using databases d join catalogs c on c.id = d.catalog_id
    where d.id = new.database_id and (a.catalog_name, a.database_name, a.table_name) = (c.name, d.name, new.name);
    update acid_tables a set catalog_name = c.name, database_name = d.name, table_name = new.name
    from databases d join catalogs c on c.id = d.catalog_id
    where d.id = new.database_id
      and (a.catalog_name, a.database_name, a.table_name) = (was.catalog_name, was.database_name, old.name);
    return null;
end
$$;
create trigger acid_table_of_deleted_table after delete on tables
    for each row execute function acid_table_follows();
create trigger acid_table_of_renamed_table after update of name, database_id on tables
    for each row when ((old.name, old.database_id) is distinct from (new.name, new.database_id))
    execute function acid_table_follows();

-- Locks may belong to a transaction: then they live as long as it is open, and do not hinder each other.
alter table locks add column transaction_id bigint references transactions;
create index locks_by_transaction on locks (transaction_id) where transaction_id is not null;
alter table lock_components add column transaction_id bigint;

create or replace view lock_conflicts as
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
  and (wanted.transaction_id is null or held.transaction_id is distinct from wanted.transaction_id)
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

-- The few among the tables that commits of transactions look for.
create index materialized_views on tables (id) where kind = 'MATERIALIZED_VIEW';
