-- Compactions of ACID tables: the queue that workers are served from, and, once they ended, their history.
create table compactions (
    id                bigint generated always as identity primary key,
    table_id          bigint not null references acid_tables on delete cascade,
    -- Empty: the whole table.
    partition_name    text not null,
    kind              text not null check (kind in ('minor', 'major', 'rebalance', 'abort_cleanup', 'smart_optimize')),
    -- The first three are the queue, the others the history; Hive's own names.
    state             text not null check (state in ('initiated', 'working', 'ready for cleaning',
                                                     'succeeded', 'failed', 'did not initiate', 'refused', 'aborted')),
    properties        text,
    run_as            text,
    pool              text,
    buckets           integer,
    order_by          text,
    enqueued_at       timestamptz not null default clock_timestamp(),
    initiator_id      text,
    initiator_version text,
    worker_id         text,
    worker_version    text,
    started_at        timestamptz,
    -- Up to where it compacts, as its worker tells.
    highest_write_id  bigint,
    transaction_id    bigint,
    -- The counter when its transaction committed: readers from up to there may need what it replaced.
    next_transaction_id bigint,
    committed_at      timestamptz,
    ended_at          timestamptz,
    hadoop_job_id     text,
    error             text
);
create index compactions_by_table on compactions (table_id, partition_name, id);
create index compactions_waiting on compactions (id) where state = 'initiated';
create index compactions_by_transaction on compactions (transaction_id) where transaction_id is not null;

-- What compactors measure of tables and partitions that need attention.
create table compaction_metrics (
    table_id       bigint not null references acid_tables on delete cascade,
    partition_name text not null,
    kind           text not null check (kind in ('obsolete_deltas', 'deltas', 'small_deltas')),
    value          integer not null,
    version        integer not null,
    threshold      integer not null,
    primary key (table_id, partition_name, kind)
);
