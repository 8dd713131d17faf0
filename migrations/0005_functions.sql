create table functions (
    id          bigint generated always as identity primary key,
    database_id bigint not null references databases,
    name        text collate "C" not null,
    class_name  text not null,
    owner_name  text,
    owner_type  text,
    created_at  bigint not null,
    -- What the function needs at run time, in order: [{"kind": "JAR", "uri": "..."}].
    resources   jsonb not null default '[]',
    unique (database_id, name)
);
