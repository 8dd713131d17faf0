-- What is left of compactions when they are done is cleaned up, and what needs one is found. When cleaning up fails it
-- is tried again, each time later.
alter table compactions
    add column cleaning_attempts integer not null default 0,
    add column cleaning_after    timestamptz;
create index compactions_ready on compactions (id) where state = 'ready for cleaning';

-- What was committed since somebody looked.
alter table committed_writes add column committed_at timestamptz not null default now();
create index committed_writes_by_time on committed_writes (committed_at);

-- What one of the servers does from time to time, and when it was begun last.
create table jobs (
    name     text primary key,
    begun_at timestamptz not null
);

-- Locks and leases on a table follow it to a new name, too.
create or replace function acid_table_follows() returns trigger language plpgsql as $$
declare
    was record;
    now_called record;
begin
    select c.name as catalog_name, d.name as database_name into was
    from databases d join catalogs c on c.id = d.catalog_id where d.id = old.database_id;
    if tg_op = 'DELETE' then
        delete from acid_tables
        where (catalog_name, database_name, table_name) = (was.catalog_name, was.database_name, old.name);
        return null;
    end if;
    select c.name as catalog_name, d.name as database_name into now_called
    from databases d join catalogs c on c.id = d.catalog_id where d.id = new.database_id;
    delete from acid_tables
    where (catalog_name, database_name, table_name) = (now_called.catalog_name, now_called.database_name, new.name);
    update acid_tables
    set catalog_name = now_called.catalog_name, database_name = now_called.database_name, table_name = new.name
    where (catalog_name, database_name, table_name) = (was.catalog_name, was.database_name, old.name);
    update lock_components
    set catalog_name = now_called.catalog_name, database_name = now_called.database_name, table_name = new.name
    where (catalog_name, database_name, table_name) = (was.catalog_name, was.database_name, old.name);
    delete from materialization_rebuilds
    where (catalog_name, database_name, table_name) = (now_called.catalog_name, now_called.database_name, new.name);
    update materialization_rebuilds
    set catalog_name = now_called.catalog_name, database_name = now_called.database_name, table_name = new.name
    where (catalog_name, database_name, table_name) = (was.catalog_name, was.database_name, old.name);
    return null;
end
$$;
