-- expand
--
-- The built-in certificate authority: its two tiers with their sealed keys, every certificate that it issued, and the
-- keys that sign the agents' tokens. A key never stands here in the open: it is sealed with the master key, which the
-- database does not have.

create table certificate_authorities (
  id bigint generated always as identity primary key,
  tier text not null check (tier in ('root', 'issuing')),
  parent_id bigint references certificate_authorities (id),
  common_name text not null,
  serial text not null check (serial ~ '^([0-9a-f]{2}){1,20}$'),
  certificate bytea not null check (octet_length(certificate) between 1 and 16384),
  fingerprint bytea not null unique check (octet_length(fingerprint) = 32),
  key_identifier bytea not null unique check (octet_length(key_identifier) = 20),
  sealed_key bytea not null,
  not_before timestamptz not null,
  not_after timestamptz not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  check ((tier = 'root') = (parent_id is null)),
  check (not_before < not_after)
);
comment on table certificate_authorities is 'Certificate authorities of ours: a root that agents trust, and the issuing one that signs for it.';
comment on column certificate_authorities.id is 'Number of the authority.';
comment on column certificate_authorities.tier is 'root: signs authorities; issuing: signs the certificates of agents and servers.';
comment on column certificate_authorities.parent_id is 'The authority that signed it. Null: it signed itself.';
comment on column certificate_authorities.common_name is 'Name in its certificate, for people.';
comment on column certificate_authorities.serial is 'Serial number: lower-case hexadecimal digits, two an octet, without leading zero octets.';
comment on column certificate_authorities.certificate is 'Its certificate, DER.';
comment on column certificate_authorities.fingerprint is 'SHA-256 over the certificate.';
comment on column certificate_authorities.key_identifier is 'What certificates call its key by: the leftmost 160 bits of SHA-256 over its point.';
comment on column certificate_authorities.sealed_key is 'Private key (PKCS #8), sealed with the master key.';
comment on column certificate_authorities.not_before is 'First instant of its certificate''s life.';
comment on column certificate_authorities.not_after is 'Last second of its certificate''s life.';
comment on column certificate_authorities.created_at is 'When it was made; database clock.';
comment on column certificate_authorities.retired_at is 'From when on it signs no more; what it signed holds on. Null: it signs.';

-- Of each tier one signs: so two replicas that start at once cannot make two.
create unique index certificate_authorities_signing on certificate_authorities (tier) where retired_at is null;
create index certificate_authorities_parent on certificate_authorities (parent_id);

create table certificates (
  serial text primary key check (serial ~ '^([0-9a-f]{2}){1,20}$'),
  authority_id bigint not null references certificate_authorities (id),
  profile text not null check (profile in ('agent', 'server')),
  names text[] not null check (cardinality(names) between 1 and 100),
  tls_name text check (tls_name = lower(tls_name)),
  key_identifier bytea not null check (octet_length(key_identifier) = 20),
  certificate bytea check (octet_length(certificate) between 1 and 16384),
  fingerprint bytea check (octet_length(fingerprint) = 32),
  not_before timestamptz not null,
  not_after timestamptz not null,
  reserved_at timestamptz not null default now(),
  issued_at timestamptz,
  revoked_at timestamptz,
  check ((profile = 'agent') = (tls_name is not null)),
  check ((certificate is null) = (issued_at is null)),
  check ((certificate is null) = (fingerprint is null)),
  check (not_before < not_after)
);
comment on table certificates is 'Every certificate of an agent or a server: the row is written before it is signed, so none can exist that is not here.';
comment on column certificates.serial is 'Serial number: lower-case hexadecimal digits, two an octet, without leading zero octets.';
comment on column certificates.authority_id is 'The authority that signs it.';
comment on column certificates.profile is 'agent: an agent''s identity; server: of a listener of ours.';
comment on column certificates.names is 'Its alternative names, in the order of the certificate.';
comment on column certificates.tls_name is 'The agent whose it is, as in monitors.tls_name, in lower case. Null: not an agent''s.';
comment on column certificates.key_identifier is 'What certificates call its key by: the leftmost 160 bits of SHA-256 over its point.';
comment on column certificates.certificate is 'The certificate, DER. Null: reserved and not signed (yet, or because its replica stopped meanwhile).';
comment on column certificates.fingerprint is 'SHA-256 over the certificate. Null: not signed.';
comment on column certificates.not_before is 'First instant of its life.';
comment on column certificates.not_after is 'Last second of its life.';
comment on column certificates.reserved_at is 'When the serial number was taken; database clock.';
comment on column certificates.issued_at is 'When it was signed; database clock. Null: it was not.';
comment on column certificates.revoked_at is 'From when on it is refused; database clock. Null: it is not revoked.';
create index certificates_authority on certificates (authority_id);
create index certificates_agent on certificates (tls_name, not_after desc) where tls_name is not null;
create index certificates_ended on certificates (not_after);

create table signing_keys (
  id text primary key,
  purpose text not null check (purpose in ('api_token', 'mqtt_token')),
  algorithm text not null check (algorithm in ('ES384', 'HS384')),
  sealed_key bytea not null,
  public_key jsonb,
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  check ((algorithm = 'HS384') = (public_key is null))
);
comment on table signing_keys is 'Keys that sign tokens, the same for all replicas.';
comment on column signing_keys.id is 'Name of the key in a token''s header (kid).';
comment on column signing_keys.purpose is 'api_token: what agents send to the API; mqtt_token: what they send to the broker.';
comment on column signing_keys.algorithm is 'As JOSE calls it.';
comment on column signing_keys.sealed_key is 'Private key (PKCS #8) or secret, sealed with the master key.';
comment on column signing_keys.public_key is 'Public half as a JSON Web Key. Null: the key is a secret.';
comment on column signing_keys.created_at is 'When it was made; database clock.';
comment on column signing_keys.retired_at is 'From when on it signs no more. Null: it signs.';
create unique index signing_keys_signing on signing_keys (purpose) where retired_at is null;
