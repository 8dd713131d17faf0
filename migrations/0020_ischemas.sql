-- Schemas as Hive keeps them within a database, and SerDes known by a name of their own.

create table serdes (
    id         bigint generated always as identity primary key,
    name       text collate "C" not null unique,
    definition jsonb not null
);

create table ischemas (
    id               bigint generated always as identity primary key,
    database_id      bigint not null references databases on delete cascade,
    name             text collate "C" not null,
    kind             text not null,
    compatibility    text not null,
    validation_level text not null,
    can_evolve       boolean not null,
    schema_group     text,
    description      text,
    unique (database_id, name)
);

create table ischema_versions (
    ischema_id  bigint not null references ischemas on delete cascade,
    version     integer not null,
    created_at  bigint not null,
    columns     jsonb not null,
    state       text,
    description text,
    schema_text text,
    fingerprint text,
    name        text,
    -- As it was when the version was mapped to it: a SerDe does not change.
    serde       jsonb,
    primary key (ischema_id, version)
);

create index ischema_versions_by_column on ischema_versions using gin (columns jsonb_path_ops);
