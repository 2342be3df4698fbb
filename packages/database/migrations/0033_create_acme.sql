-- expand
--
-- The dashboard's certificate from an authority that speaks ACME (RFC 8555): one for all processes on this database, ordered
-- by one of them, with what became of the last attempt. Keys stand here sealed with the master key alone.

create table acme_accounts (
  directory_url text primary key check (directory_url <> ''),
  sealed_key bytea not null,
  created_at timestamptz not null default now()
);
comment on table acme_accounts is 'Our accounts with ACME authorities.';
comment on column acme_accounts.directory_url is 'The authority: address of its directory.';
comment on column acme_accounts.sealed_key is 'Private key of the account (PKCS #8), sealed with the master key.';
comment on column acme_accounts.created_at is 'When the key was made; database clock.';

create table acme_certificates (
  directory_url text not null check (directory_url <> ''),
  names text[] not null check (cardinality(names) between 1 and 10),
  certificate_pem text check (octet_length(certificate_pem) <= 262144),
  sealed_key bytea,
  not_after timestamptz,
  issued_at timestamptz,
  renew_at timestamptz,
  renewal_look_at timestamptz,
  failures integer not null default 0 check (failures >= 0),
  last_error text not null default '',
  failed_at timestamptz,
  next_attempt_at timestamptz not null default now(),
  leased_until timestamptz,
  primary key (directory_url, names),
  check ((certificate_pem is null) = (sealed_key is null)),
  check ((certificate_pem is null) = (issued_at is null)),
  check ((certificate_pem is null) = (not_after is null)),
  check ((certificate_pem is null) = (renew_at is null))
);
comment on table acme_certificates is 'Certificates of the dashboard from ACME authorities, one for each authority and list of names that was ever configured.';
comment on column acme_certificates.directory_url is 'The authority: address of its directory.';
comment on column acme_certificates.names is 'DNS names, in the order of the configuration.';
comment on column acme_certificates.certificate_pem is 'The certificate, then those of the authorities above it. Null: none was issued yet.';
comment on column acme_certificates.sealed_key is 'Its private key (PKCS #8), sealed with the master key.';
comment on column acme_certificates.not_after is 'Last second of its life.';
comment on column acme_certificates.issued_at is 'When it was stored; database clock.';
comment on column acme_certificates.renew_at is 'From when on it is to be renewed: the last third of its life, or what the authority asked for.';
comment on column acme_certificates.renewal_look_at is 'When the authority is asked next what it would like. Null: it has not been asked.';
comment on column acme_certificates.failures is 'Attempts that failed, since the last that did not.';
comment on column acme_certificates.last_error is 'What the last attempt failed with: a code and words. Empty: it did not fail.';
comment on column acme_certificates.failed_at is 'When it failed; database clock. Null: it did not.';
comment on column acme_certificates.next_attempt_at is 'No attempt is made before; database clock.';
comment on column acme_certificates.leased_until is 'Until when one process alone orders it. Null: none does.';

create table acme_orders (
  id bigint generated always as identity primary key,
  directory_url text not null,
  names text[] not null,
  ordered_at timestamptz not null default now(),
  issued_at timestamptz
);
create index acme_orders_by_time on acme_orders (directory_url, ordered_at);
comment on table acme_orders is 'Orders of the last weeks, each written down before it is made, so that an authority''s limits are never reached.';
comment on column acme_orders.id is 'Number of the order.';
comment on column acme_orders.directory_url is 'The authority: address of its directory.';
comment on column acme_orders.names is 'DNS names.';
comment on column acme_orders.ordered_at is 'When it was made; database clock.';
comment on column acme_orders.issued_at is 'When its certificate was stored. Null: there is none.';

create table acme_challenges (
  token text primary key check (token ~ '^[A-Za-z0-9_-]{1,200}$'),
  key_authorization text not null,
  expires_at timestamptz not null
);
comment on table acme_challenges is 'What every process answers an authority that asks for the proof of a name. RFC 8555, section 8.3.';
comment on column acme_challenges.token is 'Last part of the address that is asked for.';
comment on column acme_challenges.key_authorization is 'The answer; nothing secret.';
comment on column acme_challenges.expires_at is 'Until when it is given; database clock.';
