-- What changed, written in the change's own transaction. `id` is what readers see: dense, and given out only to
-- committed rows (see store/events.rs), so that a reader who has seen id N never misses one that commits later.
create table events (
    seq           bigint generated always as identity primary key,
    id            bigint unique,
    -- How many numbers it takes: `id` is the last of them. Readers see a change of many partitions as one event for
    -- each, as Hive writes it, while one row tells of all.
    parts         integer not null default 1 check (parts > 0),
    happened_at   bigint not null,
    kind          text not null,
    catalog_name  text not null,
    database_name text,
    table_name    text,
    body          jsonb not null
);

create index events_unnumbered on events (seq) where id is null;
create index events_by_table on events (catalog_name, database_name, table_name, id);

-- The last number given out; its one row is the lock under which numbers are given.
create table event_numbers (
    last bigint not null
);
insert into event_numbers values (0);
