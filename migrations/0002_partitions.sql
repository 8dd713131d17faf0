-- One row a partition; values in the order of the table's partition keys. The primary key serves lists in order of the
-- values, point look-ups, and every predicate on leading keys as a range of arrays.
--
-- No foreign keys: the look-ups behind them double the time of adding ten thousand rows. Who adds partitions holds the
-- table's row (for key share) until the commit, and who drops the table has it alone and deletes its partitions first;
-- storage descriptors are never deleted.
create table partitions (
    table_id              bigint not null,
    created_at            bigint not null,
    last_access_time      bigint not null default 0,
    write_id              bigint not null default -1,
    -- Null for partitions of views, which store nothing.
    storage_descriptor_id bigint,
    values                text[] collate "C" not null,
    -- Where it lies, in one of three ways: `location` verbatim; else `subpath` below the table's partition_base (which
    -- itself is meant by the empty string); else, both null, in the folder of its own name below partition_base. No
    -- location at all is an empty `location`.
    location              text,
    subpath               text,
    -- Packed: for each pair key and value, each a big-endian u32 length and UTF-8 bytes. See unpack_parameters().
    parameters            bytea not null default '',
    primary key (table_id, values)
);

-- Equality and ranges on a second or third key alone; tables with fewer keys have no entries here.
create index partitions_second_key on partitions (table_id, (values[2])) where values[2] is not null;
create index partitions_third_key on partitions (table_id, (values[3])) where values[3] is not null;

-- Events that clients mark partitions with; the partitions need not exist. A mark is forgotten with the table, and after
-- a time.
create table partition_marks (
    table_id  bigint not null references tables on delete cascade,
    kind      integer not null,
    marked_at bigint not null,
    values    text[] collate "C" not null,
    primary key (table_id, values, kind)
);

-- For people at a psql prompt: packed parameters as rows.
create function unpack_parameters(packed bytea) returns table (key text, value text)
language plpgsql immutable strict as $$
declare
    at integer := 0;
    size integer;
begin
    while at < length(packed) loop
        size := ('x' || encode(substr(packed, at + 1, 4), 'hex'))::bit(32)::integer;
        key := convert_from(substr(packed, at + 5, size), 'UTF8');
        at := at + 4 + size;
        size := ('x' || encode(substr(packed, at + 1, 4), 'hex'))::bit(32)::integer;
        value := convert_from(substr(packed, at + 5, size), 'UTF8');
        at := at + 4 + size;
        return next;
    end loop;
end
$$;
