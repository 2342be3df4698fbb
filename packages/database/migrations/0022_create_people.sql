-- expand
--
-- What programs may do, and the trail of what was done. A key belongs to one account, or to none and then sees them all. What
-- opens a door is kept as SHA-256 of 256 random bits.

alter table admin_sessions add column ends_at timestamptz not null default now() + interval '90 days';
comment on column admin_sessions.ends_at is 'When it ends however much it is used; database clock.';

alter table api_keys
  add column role text not null default 'admin' check (role in ('viewer', 'operator', 'admin')),
  add column account_id bigint references accounts (id),
  add column procedures text[] check (cardinality(procedures) > 0),
  add column created_by text not null default '',
  add column expires_at timestamptz;
comment on column api_keys.role is 'viewer: reads; operator: changes servers and agents; admin: also keys and accounts.';
comment on column api_keys.account_id is 'Account whose objects the key sees. Null: those of all accounts.';
comment on column api_keys.procedures is 'Names of the only procedures that it opens. Null: all that its role may call.';
comment on column api_keys.created_by is 'Who made it, for people.';
comment on column api_keys.expires_at is 'Until when it holds; database clock. Null: until it is revoked.';

-- The trail. Each entry has the hash of the one before in its own, so that none can be changed or taken out unnoticed;
-- the newest hash is signed and kept outside the database as well, so that no tail can be cut.

create table audit_entries (
  sequence bigint primary key check (sequence > 0),
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('owner', 'key', 'command_line')),
  actor_id text not null,
  actor_name text not null,
  act text not null,
  object text not null,
  account_id bigint,
  before text,
  after text,
  previous_hash bytea not null check (octet_length(previous_hash) = 32),
  hash bytea not null check (octet_length(hash) = 32)
);
comment on table audit_entries is 'What people and their programs did, in order. Rows are never changed or deleted.';
comment on column audit_entries.sequence is 'Counts from 1, without gaps.';
comment on column audit_entries.at is 'When it was done; database clock, of the transaction that did it.';
comment on column audit_entries.actor_kind is 'owner (a session opened with a one-time key), key, command_line (the key of the process''s own command line).';
comment on column audit_entries.actor_id is 'Number of the key, or empty.';
comment on column audit_entries.actor_name is 'Name of the actor at that time, for people.';
comment on column audit_entries.act is 'A code of what was done, such as servers_paused.';
comment on column audit_entries.object is 'What it was done to, such as "server 5".';
comment on column audit_entries.account_id is 'Account of the actor. Null: none, the whole installation.';
comment on column audit_entries.before is 'Canonical JSON of what was there before. Null: nothing was.';
comment on column audit_entries.after is 'Canonical JSON of what is there since. Null: nothing is.';
comment on column audit_entries.previous_hash is 'Hash of the entry before; of the first one, 32 zero bytes.';
comment on column audit_entries.hash is 'SHA-256 over the canonical JSON of all other columns.';

create table audit_head (
  only_row boolean primary key default true check (only_row),
  sequence bigint not null default 0,
  hash bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(hash) = 32)
);
comment on table audit_head is 'The end of the trail. Whoever adds an entry locks this row first, so that there is one order.';
comment on column audit_head.only_row is 'There is one row.';
comment on column audit_head.sequence is 'Sequence of the newest entry; 0: there is none.';
comment on column audit_head.hash is 'Its hash; 32 zero bytes: there is none.';
insert into audit_head default values;

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is append-only' using errcode = 'restrict_violation';
end
$$;
create trigger audit_entries_append_only before update or delete on audit_entries
  for each row execute function refuse_audit_change();
create trigger audit_entries_no_truncate before truncate on audit_entries
  for each statement execute function refuse_audit_change();
