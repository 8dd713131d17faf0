-- Which catalog this is, for clients that must notice when they talk to another one. Made once, with the schema.
create table installation (
    id uuid not null
);
insert into installation values (gen_random_uuid());
