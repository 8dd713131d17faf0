create table schema_registries (
    id          bigint generated always as identity primary key,
    -- Keeps the registries of separate regions apart; empty where there is one for all.
    scope       text collate "C" not null,
    name        text collate "C" not null,
    description text,
    created_at  timestamptz not null default clock_timestamp(),
    updated_at  timestamptz not null default clock_timestamp(),
    unique (scope, name)
);

create table schemas (
    id            bigint generated always as identity primary key,
    registry_id   bigint not null references schema_registries on delete cascade,
    name          text collate "C" not null,
    description   text,
    format        text not null,
    compatibility text not null,
    -- The version from which on compatibility with all versions counts.
    checkpoint    bigint not null,
    next_version  bigint not null,
    created_at    timestamptz not null default clock_timestamp(),
    updated_at    timestamptz not null default clock_timestamp(),
    unique (registry_id, name)
);

create table schema_versions (
    id          uuid primary key default gen_random_uuid(),
    schema_id   bigint not null references schemas on delete cascade,
    number      bigint not null,
    definition  text not null,
    -- Of what the definition means, so that the same one is found again however it is laid out.
    fingerprint bytea not null,
    -- Why it is not compatible with the versions before it; null where it is.
    failure     text,
    created_at  timestamptz not null default clock_timestamp(),
    unique (schema_id, number)
);

create index schema_versions_by_fingerprint on schema_versions (schema_id, fingerprint);

create table schema_version_metadata (
    version_id uuid not null references schema_versions on delete cascade,
    key        text collate "C" not null,
    value      text collate "C" not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (version_id, key, value)
);
