-- expand
--
-- People who sign in with a name and a password. Their sessions are apart from those of the installation's owner, so that
-- a process of the release before takes none of them for the owner's. What opens a door is kept as SHA-256 of 256 random
-- bits, a password as argon2id.

create table users (
  id bigint generated always as identity primary key,
  id_token text not null unique,
  name text not null check (name <> ''),
  name_key text not null unique check (name_key <> ''),
  role text not null check (role in ('viewer', 'operator', 'admin')),
  account_id bigint references accounts (id),
  password_hash text,
  password_set_at timestamptz,
  created_at timestamptz not null default now(),
  created_by text not null default '',
  signed_in_at timestamptz,
  disabled_at timestamptz
);
comment on table users is 'People who sign in with a name and a password.';
comment on column users.id is 'Number of the user.';
comment on column users.id_token is 'ULID by which the user is known outside.';
comment on column users.name is 'Name or e-mail address that the person signs in with, as it was written.';
comment on column users.name_key is 'The name in the one form that is compared: Unicode NFKC, lower case.';
comment on column users.role is 'viewer: reads; operator: changes servers and agents; admin: also people, keys and accounts.';
comment on column users.account_id is 'Account whose objects the user sees. Null: those of all accounts.';
comment on column users.password_hash is 'PHC string of argon2id, with its parameters. Null: none is set, and nobody signs in by this name.';
comment on column users.password_set_at is 'When the password was set; database clock. Null: there is none.';
comment on column users.created_at is 'When the user was invited; database clock.';
comment on column users.created_by is 'Who invited the user, for people.';
comment on column users.signed_in_at is 'When the user last signed in; database clock. Null: never.';
comment on column users.disabled_at is 'When the user was locked out; database clock. Null: not locked out.';

create table user_links (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  user_id bigint not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table user_links is 'One-time links with which a person sets a password: after an invitation, or when the old one is lost. A spent one is deleted.';
comment on column user_links.token_hash is 'SHA-256 of the link''s secret.';
comment on column user_links.user_id is 'Whose password it sets.';
comment on column user_links.created_at is 'When it was made; database clock.';
comment on column user_links.expires_at is 'Until when it can be used; database clock.';
create index user_links_user on user_links (user_id);

create table user_sessions (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  id_token text not null unique,
  user_id bigint not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ends_at timestamptz not null,
  last_used_at timestamptz not null default now(),
  opened_from text not null default '',
  user_agent text not null default ''
);
comment on table user_sessions is 'Sessions of people who signed in. An ended one is deleted.';
comment on column user_sessions.token_hash is 'SHA-256 of the cookie''s value.';
comment on column user_sessions.id_token is 'ULID by which the session is ended; no secret.';
comment on column user_sessions.user_id is 'Whose session it is.';
comment on column user_sessions.created_at is 'When the user signed in; database clock.';
comment on column user_sessions.expires_at is 'When it ends unless it is used; database clock.';
comment on column user_sessions.ends_at is 'When it ends however much it is used; database clock.';
comment on column user_sessions.last_used_at is 'Last request, to the minute; database clock.';
comment on column user_sessions.opened_from is 'Address that the user signed in from. Empty: unknown.';
comment on column user_sessions.user_agent is 'User-Agent of the browser, for people. Cut to 200 characters.';
create index user_sessions_user on user_sessions (user_id);

alter table admin_sessions
  add column id_token text not null unique default gen_random_uuid()::text,
  add column opened_from text not null default '';
comment on column admin_sessions.id_token is 'By which the session is ended; no secret.';
comment on column admin_sessions.opened_from is 'Address that the one-time key was used from. Empty: unknown.';

alter table audit_entries
  drop constraint audit_entries_actor_kind_check,
  add constraint audit_entries_actor_kind_check check (actor_kind in ('user', 'owner', 'key', 'command_line')) not valid;
comment on column audit_entries.actor_kind is 'user, owner (a session opened with a one-time key), key, command_line (the key of the process''s own command line).';
comment on column audit_entries.actor_id is 'ULID of the user, number of the key, or empty.';
