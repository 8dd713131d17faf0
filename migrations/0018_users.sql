-- Users who log in with a password that is kept here. The password is a hash in PHC's form (Argon2id).
create table users (
    name text primary key,
    password text not null,
    -- seconds since the epoch
    created_at bigint not null,
    password_set_at bigint not null
);
