-- What else the metastore keeps for engines: connections to other systems, programs of HPL/SQL, named types, properties.

create table data_connectors (
    id          bigint generated always as identity primary key,
    name        text collate "C" not null unique,
    kind        text,
    url         text,
    description text,
    parameters  jsonb,
    owner_name  text,
    owner_type  text,
    created_at  bigint not null
);

create table stored_procedures (
    database_id bigint not null references databases on delete cascade,
    name        text collate "C" not null,
    owner_name  text,
    source      text,
    primary key (database_id, name)
);

create table packages (
    database_id bigint not null references databases on delete cascade,
    name        text collate "C" not null,
    owner_name  text,
    header      text,
    body        text,
    primary key (database_id, name)
);

create table named_types (
    name   text collate "C" primary key,
    type1  text,
    type2  text,
    fields jsonb not null
);

-- Properties of the metastore itself (scope empty), of a database or a table ("db", "db.table").
create table properties (
    namespace text collate "C" not null,
    scope     text collate "C" not null,
    name      text collate "C" not null,
    value     text not null,
    primary key (namespace, scope, name)
);
