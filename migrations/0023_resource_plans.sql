-- How engines share their resources among queries: a plan of pools, of triggers, and of who goes to which pool. Small, and
-- read and written as a whole.
create table resource_plans (
    id         bigint generated always as identity primary key,
    -- Of engines: each has plans of its own.
    namespace  text collate "C" not null,
    name       text collate "C" not null,
    status     text not null,
    definition jsonb not null,
    unique (namespace, name)
);

create unique index resource_plans_active on resource_plans (namespace) where status = 'ACTIVE';
