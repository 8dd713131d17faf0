-- Roles, and who has which. Names of roles and principals are compared as they are, letter by letter.

create table roles (
    id         bigint generated always as identity primary key,
    name       text collate "C" not null unique,
    owner_name text,
    created_at bigint not null
);

-- Everybody is in public without being listed; admin is for whoever an operator puts there.
insert into roles (name, owner_name, created_at)
select name, name, extract(epoch from now())::bigint from unnest(array['admin', 'public']) name;

create table role_grants (
    role_id           bigint not null references roles on delete cascade,
    principal_type    text not null,
    principal_name    text collate "C" not null,
    -- The principal, where it is a role: so that its memberships go with it.
    principal_role_id bigint references roles on delete cascade,
    -- Whether the principal may hand the role on.
    grant_option      boolean not null,
    granted_at        bigint not null,
    grantor_name      text,
    grantor_type      text,
    primary key (role_id, principal_type, principal_name),
    check ((principal_type = 'ROLE') = (principal_role_id is not null))
);

create index role_grants_by_principal on role_grants (principal_type, principal_name);
create index role_grants_by_role on role_grants (principal_role_id) where principal_role_id is not null;

-- Who may do what with which object. An object is known by its id, so that grants follow when it is renamed and go
-- when it is dropped; a column is known by its name, a partition by its values.
create table privileges (
    id                bigint generated always as identity primary key,
    object_type       text not null,
    database_id       bigint references databases on delete cascade,
    table_id          bigint references tables on delete cascade,
    -- Without a foreign key, which would cost every dropped partition a look-up: see store/privileges.rs.
    partition_values  text[] collate "C",
    column_name       text collate "C",
    principal_type    text not null,
    principal_name    text collate "C" not null,
    principal_role_id bigint references roles on delete cascade,
    privilege         text not null,
    grant_option      boolean not null,
    granted_at        bigint not null,
    grantor_name      text,
    grantor_type      text,
    -- The rules under which it was granted: "SQL" for SQL-standard authorization.
    authorizer        text,
    check ((principal_type = 'ROLE') = (principal_role_id is not null)),
    check (case object_type
           when 'GLOBAL' then num_nonnulls(database_id, table_id, partition_values, column_name) = 0
           when 'DATABASE' then database_id is not null and num_nonnulls(table_id, partition_values, column_name) = 0
           when 'TABLE' then table_id is not null and num_nonnulls(database_id, partition_values, column_name) = 0
           when 'PARTITION' then num_nonnulls(table_id, partition_values) = 2 and num_nonnulls(database_id, column_name) = 0
           when 'COLUMN' then num_nonnulls(table_id, column_name) = 2 and database_id is null
           else false end)
);

create index privileges_by_principal on privileges (principal_type, principal_name);
create index privileges_by_role on privileges (principal_role_id) where principal_role_id is not null;
create index privileges_global on privileges (principal_name) where object_type = 'GLOBAL';
create index privileges_by_database on privileges (database_id) where database_id is not null;
create index privileges_by_table on privileges (table_id) where table_id is not null;
create index privileges_by_partition on privileges (table_id) where partition_values is not null;

insert into privileges (object_type, principal_type, principal_name, principal_role_id, privilege, grant_option,
                        granted_at, grantor_name, grantor_type, authorizer)
select 'GLOBAL', 'ROLE', name, id, 'All', true, created_at, 'admin', 'ROLE', 'SQL' from roles where name = 'admin';
