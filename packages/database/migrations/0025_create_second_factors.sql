-- expand
--
-- A second factor of people who sign in: one-time passwords by time (RFC 6238), and codes for when the phone is lost. The
-- secret is sealed with the master key, which the database does not have.

create table user_second_factors (
  user_id bigint primary key references users (id) on delete cascade,
  secret bytea not null,
  created_at timestamptz not null default now(),
  confirmed_at timestamptz,
  last_step bigint not null default 0
);
comment on table user_second_factors is 'Second factors: one-time passwords by time (RFC 6238).';
comment on column user_second_factors.user_id is 'Whose it is.';
comment on column user_second_factors.secret is 'Shared secret, sealed with the master key for this user.';
comment on column user_second_factors.created_at is 'When it was proposed; database clock.';
comment on column user_second_factors.confirmed_at is 'When the person showed a code of it, from when on a sign-in needs one; database clock. Null: not yet.';
comment on column user_second_factors.last_step is 'Step of 30 s since 1970 of the newest code that was taken: it and older ones are not taken again.';

create table user_recovery_codes (
  code_hash bytea primary key check (octet_length(code_hash) = 32),
  user_id bigint not null references users (id) on delete cascade
);
comment on table user_recovery_codes is 'Codes that stand in for the second factor, once each. A spent one is deleted.';
comment on column user_recovery_codes.code_hash is 'SHA-256 of the code, which has 80 random bits.';
comment on column user_recovery_codes.user_id is 'Whose it is.';
create index user_recovery_codes_user on user_recovery_codes (user_id);
