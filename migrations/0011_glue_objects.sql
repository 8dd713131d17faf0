-- What only one face can say of an object and the others must give back unchanged, as tables have it already.
alter table catalogs add column extra jsonb not null default '{}';
alter table databases add column extra jsonb not null default '{}';
alter table functions add column extra jsonb not null default '{}';

-- Whether the server made it by itself and no client has changed it since: a catalog's default database.
alter table databases add column implicit boolean not null default false;
update databases set implicit = true where name = 'default' and version = 1;

alter table catalogs add column updated_at bigint not null default 0;
update catalogs set updated_at = created_at;
alter table tables add column updated_at bigint not null default 0;
update tables set updated_at = created_at;
-- The caller who made it, as far as known.
alter table tables add column created_by text;
