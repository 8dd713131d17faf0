-- Queries that engines run by a schedule: they ask what is due, and tell how it goes. Times are seconds since the epoch.
create table scheduled_queries (
    id             bigint generated always as identity primary key,
    -- Of engines: each asks for its own.
    namespace      text collate "C" not null,
    name           text collate "C" not null,
    enabled        boolean not null,
    schedule       text not null,
    user_name      text,
    query          text,
    -- Null where the schedule has no time any more.
    next_execution bigint,
    unique (namespace, name)
);

create index scheduled_queries_due on scheduled_queries (namespace, next_execution) where enabled;

create table scheduled_executions (
    id                 bigint generated always as identity primary key,
    scheduled_query_id bigint not null references scheduled_queries on delete cascade,
    state              text not null,
    executor_query_id  text,
    error_message      text,
    started_at         bigint not null,
    ended_at           bigint,
    updated_at         bigint
);

create index scheduled_executions_by_query on scheduled_executions (scheduled_query_id, id);
create index scheduled_executions_by_start on scheduled_executions (started_at);
create unique index scheduled_executions_active on scheduled_executions (scheduled_query_id)
    where state in ('INITED', 'EXECUTING');

create table replication_metrics (
    scheduled_execution_id bigint primary key,
    policy                 text collate "C" not null,
    dump_execution_id      bigint not null,
    metadata               text,
    progress               text,
    message_format         text,
    started_at             bigint not null
);

create index replication_metrics_by_policy on replication_metrics (policy, scheduled_execution_id);
create index replication_metrics_by_start on replication_metrics (started_at);

-- What engines learned of their queries when they ran them. The payload is theirs.
create table runtime_statistics (
    id         bigint generated always as identity primary key,
    created_at bigint not null,
    weight     integer not null,
    payload    bytea not null
);

create index runtime_statistics_by_time on runtime_statistics (created_at, id);
