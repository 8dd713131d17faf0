-- Objects around the catalog that are kept as they were defined: classifiers, crawlers, connections, jobs, triggers and
-- the like. What is particular to a kind stands in its document.
create table resources (
    -- The tree that it belongs to; empty where all share one.
    scope      text collate "C" not null,
    kind       text collate "C" not null,
    -- The object that it is a part of, such as the job of a run; empty where it stands alone.
    parent     text collate "C" not null default '',
    name       text collate "C" not null,
    document   jsonb not null,
    -- Grows with each change; 1 for a new one.
    version    bigint not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (scope, kind, parent, name)
);

-- Key-value pairs on anything that has a name of the form kind/name; they go with what they are on.
create table tags (
    scope    text collate "C" not null,
    resource text collate "C" not null,
    key      text collate "C" not null,
    value    text not null,
    primary key (scope, resource, key)
);
