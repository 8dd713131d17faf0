-- Names are stored folded to lower case; collation "C" orders them by bytes, as clients of both protocols expect.

create table catalogs (
    id          bigint generated always as identity primary key,
    name        text collate "C" not null unique,
    description text,
    location    text not null,
    parameters  jsonb not null default '{}',
    created_at  bigint not null
);

create table databases (
    id               bigint generated always as identity primary key,
    catalog_id       bigint not null references catalogs,
    name             text collate "C" not null,
    description      text,
    location         text,
    managed_location text,
    parameters       jsonb not null default '{}',
    owner_name       text,
    owner_type       text,
    created_at       bigint not null,
    kind             text not null default 'NATIVE',
    connector_name   text,
    remote_name      text,
    version          bigint not null default 1,
    unique (catalog_id, name)
);

-- Storage descriptors without their location: immutable, stored once, found by the SHA-256 of their canonical JSON.
-- Tables, table versions and partitions refer to them, so a million partitions of one shape share one row.
create table storage_descriptors (
    id   bigint generated always as identity primary key,
    hash bytea not null unique,
    body jsonb not null
);

create table tables (
    id                    bigint generated always as identity primary key,
    database_id           bigint not null references databases,
    name                  text collate "C" not null,
    kind                  text not null,
    owner_name            text,
    owner_type            text,
    created_at            bigint not null,
    last_access_time      bigint not null default 0,
    retention             bigint not null default 0,
    storage_descriptor_id bigint not null references storage_descriptors,
    location              text,
    -- Where partitions with a relative or default location lie. It follows the table when its folder is moved, and
    -- stays when only the table's location is set: existing partitions keep their folders then.
    partition_base        text,
    partition_keys        jsonb not null default '[]',
    parameters            jsonb not null default '{}',
    view_original_text    text,
    view_expanded_text    text,
    rewrite_enabled       boolean,
    creation_metadata     jsonb,
    write_id              bigint not null default -1,
    -- What only one face can say and the others must give back unchanged.
    extra                 jsonb not null default '{}',
    version               bigint not null default 1,
    unique (database_id, name)
);

-- The table as each change left it. `definition` is the table without its storage descriptor, which is referred to.
create table table_versions (
    table_id              bigint not null references tables on delete cascade,
    version               bigint not null,
    changed_at            timestamptz not null default now(),
    changed_by            text,
    storage_descriptor_id bigint not null references storage_descriptors,
    definition            jsonb not null,
    primary key (table_id, version)
);
