-- When a client says that it last analyzed the partition, in seconds since the epoch, as it was given.
alter table partitions add column last_analyzed_at double precision;

-- Partition indexes that clients defined. They are kept for those who ask; what finds partitions quickly are the indexes
-- of the table of partitions, with or without these.
create table partition_indexes (
    table_id bigint not null references tables on delete cascade,
    name     text collate "C" not null,
    -- Names of partition keys.
    keys     text[] not null,
    primary key (table_id, name)
);
