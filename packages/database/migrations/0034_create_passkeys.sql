-- expand
--
-- Passkeys of people who sign in (Web Authentication, Level 3). A public key opens nothing: it is kept as it is. A process of
-- the release before asks nobody for a passkey, and knows of none.

create table user_passkeys (
  id_token text primary key,
  user_id bigint not null references users (id) on delete cascade,
  credential_id bytea not null unique check (octet_length(credential_id) between 1 and 1023),
  public_key bytea not null,
  rp_id text not null check (rp_id <> ''),
  sign_count bigint not null default 0 check (sign_count >= 0),
  transports text[] not null default '{}',
  synced boolean not null default false,
  name text not null check (name <> ''),
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);
comment on table user_passkeys is 'Passkeys: public keys whose private ones a person''s device holds.';
comment on column user_passkeys.id_token is 'ULID by which the passkey is renamed and removed; no secret.';
comment on column user_passkeys.user_id is 'Whose it is.';
comment on column user_passkeys.credential_id is 'By which the device knows it.';
comment on column user_passkeys.public_key is 'COSE key (RFC 9052), as the device gave it.';
comment on column user_passkeys.rp_id is 'Name of the site that it was made for, such as "clocks.example": it is good there alone.';
comment on column user_passkeys.sign_count is 'Newest count of signatures that was taken. 0: the device does not count.';
comment on column user_passkeys.transports is 'How the browser reaches the device, such as "internal" or "usb", as it said.';
comment on column user_passkeys.synced is 'Whether the device copies it to others of the person.';
comment on column user_passkeys.name is 'What the person calls it.';
comment on column user_passkeys.created_at is 'When it was added; database clock.';
comment on column user_passkeys.last_used_at is 'When it was last used; database clock. Null: never.';
create index user_passkeys_user on user_passkeys (user_id);

create table passkey_challenges (
  challenge_hash bytea primary key check (octet_length(challenge_hash) = 32),
  purpose text not null check (purpose in ('add', 'prove', 'sign_in')),
  user_id bigint references users (id) on delete cascade,
  expires_at timestamptz not null
);
comment on table passkey_challenges is 'What a passkey was asked to sign and has not yet. A spent one is deleted, so that no answer is taken twice.';
comment on column passkey_challenges.challenge_hash is 'SHA-256 of the challenge.';
comment on column passkey_challenges.purpose is 'add: a new passkey of this user; prove: this user has one; sign_in: whoever has one.';
comment on column passkey_challenges.user_id is 'Who was asked. Null: whoever answers.';
comment on column passkey_challenges.expires_at is 'Until when it may be answered; database clock.';
