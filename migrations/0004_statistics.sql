-- Column statistics, one row for a column of a table or of a partition, and for the engine that took them. `kind` says
-- which of the columns below speak: the arm of the union that a client wrote and will get back. Low and high of dates
-- are days, of timestamps seconds since the epoch.

create table table_column_statistics (
    table_id       bigint not null references tables,
    column_name    text collate "C" not null,
    engine         text collate "C" not null,
    column_type    text not null,
    kind           text not null,
    analyzed_at    bigint not null,
    nulls          bigint not null,
    distinct_count bigint,
    long_low       bigint,
    long_high      bigint,
    double_low     double precision,
    double_high    double precision,
    decimal_low    numeric,
    decimal_high   numeric,
    max_length     bigint,
    average_length double precision,
    trues          bigint,
    falses         bigint,
    bit_vector     bytea,
    histogram      bytea,
    primary key (table_id, column_name, engine)
);

-- By partition first: what is written, read and dropped together lies together, and dropping one partition of a million
-- looks at its own rows only.
create table partition_column_statistics (
    table_id       bigint not null references tables,
    analyzed_at    bigint not null,
    nulls          bigint not null,
    distinct_count bigint,
    long_low       bigint,
    long_high      bigint,
    double_low     double precision,
    double_high    double precision,
    max_length     bigint,
    average_length double precision,
    trues          bigint,
    falses         bigint,
    decimal_low    numeric,
    decimal_high   numeric,
    values         text[] collate "C" not null,
    column_name    text collate "C" not null,
    engine         text collate "C" not null,
    column_type    text not null,
    kind           text not null,
    bit_vector     bytea,
    histogram      bytea,
    primary key (table_id, values, column_name, engine)
);

-- A sum of bigints, which is numeric, as the nearest bigint; none is 0.
create function clamp_to_bigint(total numeric) returns bigint
language sql immutable parallel safe
return greatest(least(coalesce(total, 0), 9223372036854775807), -9223372036854775808)::bigint;
