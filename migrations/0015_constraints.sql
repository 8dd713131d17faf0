-- What engines may count on in a table's data, or are to hold up. Names are folded to lower case.
create table constraints (
    id              bigint generated always as identity primary key,
    table_id        bigint not null references tables on delete cascade,
    name            text collate "C" not null,
    kind            text not null check (kind in ('PRIMARY_KEY', 'FOREIGN_KEY', 'UNIQUE', 'NOT_NULL', 'DEFAULT', 'CHECK')),
    columns         text[] not null,
    -- What a foreign key refers to.
    parent_table_id bigint references tables on delete cascade,
    parent_columns  text[],
    update_rule     integer,
    delete_rule     integer,
    -- The value of a default, the condition of a check.
    expression      text,
    enabled         boolean not null,
    validated       boolean not null,
    relied_on       boolean not null,
    unique (table_id, name),
    check ((kind = 'FOREIGN_KEY') = (parent_table_id is not null and parent_columns is not null))
);

create unique index constraints_one_primary_key on constraints (table_id) where kind = 'PRIMARY_KEY';
create index constraints_by_parent on constraints (parent_table_id) where parent_table_id is not null;
