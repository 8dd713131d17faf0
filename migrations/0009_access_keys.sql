-- Keys that requests are signed with. Secrets are encrypted (AES-256-GCM: nonce, text, tag) with a key that is not in the
-- database, and bound to their row's id.
create table access_keys (
    id text primary key,
    secret bytea not null,
    session_token bytea,
    -- null: the server's own account
    account_id text,
    user_name text,
    disabled boolean not null default false,
    -- seconds since the epoch, as the other times
    created_at bigint not null,
    expires_at bigint,
    -- to within an hour
    last_used_at bigint
);
