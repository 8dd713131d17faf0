-- Delegation tokens that were issued here. Passwords are encrypted (AES-256-GCM: nonce, text, tag) with a key that is not
-- in the database, and bound to their token's number. Times are milliseconds since the epoch.
create sequence delegation_token_numbers as integer;
create table delegation_tokens (
    sequence_number integer primary key,
    owner_name text not null,
    renewer_name text not null,
    -- empty: the owner asked for it
    real_user_name text not null,
    issued_at bigint not null,
    -- no renewal goes beyond it
    max_at bigint not null,
    renewed_until bigint not null,
    password bytea not null
);
create index on delegation_tokens (max_at);

-- What others keep here by the calls add_token and add_master_key: HiveServer2, for the tokens that it issues. Encrypted
-- in the same way; no token is checked against these here.
create table kept_tokens (
    identifier text primary key,
    token bytea not null
);
create table kept_master_keys (
    id integer generated always as identity primary key,
    key bytea not null
);
