-- expand
--
-- How an agent comes in: it registers and waits for a person, or brings a one-time token that a person made. Either way
-- it becomes a row of agents, with a monitor for each IP family. Secrets are kept as hashes; a key that waits to be
-- fetched is sealed with the master key (AES-256-GCM) and goes as soon as the agent has used it.

insert into accounts (id_token, name) values ('default', 'default') on conflict (id_token) do nothing;

create table agents (
  id bigint generated always as identity primary key,
  id_token text not null unique,
  account_id bigint references accounts (id),
  name text not null,
  tls_name text not null,
  country text not null default '' check (country ~ '^([A-Z]{2})?$'),
  network text not null default '',
  location text not null default '',
  admitted_by text not null default '',
  enrolled_at timestamptz not null default now(),
  key_used_at timestamptz,
  removed_at timestamptz
);
comment on table agents is 'What stands at a vantage point and has a name in a certificate. Its monitors, one for each IP family, point here. Agents that only have bearer tokens have no row.';
comment on column agents.id is 'Number of the agent.';
comment on column agents.id_token is 'ULID by which the agent is known outside.';
comment on column agents.account_id is 'Whose agent it is. Null: nobody''s in particular.';
comment on column agents.name is 'Name for people; at first the host''s.';
comment on column agents.tls_name is 'Name in the agent''s certificate. Never given to another agent, also after a removal.';
comment on column agents.country is 'Where it stands: two letters of ISO 3166. Empty: unknown.';
comment on column agents.network is 'In whose network it stands, in a person''s words. Empty: unknown.';
comment on column agents.location is 'Where it stands, in a person''s words. Empty: unknown.';
comment on column agents.admitted_by is 'Who let it in, for people: who approved the registration, or made the token.';
comment on column agents.enrolled_at is 'When it was let in; database clock.';
comment on column agents.key_used_at is 'When the agent first called with what it was given: from then on its key is told to nobody. Null: it has not yet.';
comment on column agents.removed_at is 'When it was removed; its history stays. Null: it was not.';
create unique index agents_tls_name on agents (lower(tls_name));
create index agents_account on agents (account_id);

alter table monitors add column agent_id bigint references agents (id);
comment on column monitors.agent_id is 'The agent that the monitor is part of. Null: it has a bearer token and no certificate.';
create index monitors_agent on monitors (agent_id) where agent_id is not null;

create table registrations (
  id text primary key check (id ~ '^[0-9A-HJKMNP-TV-Z]{26}$'),
  registration_id_hash bytea not null unique check (octet_length(registration_id_hash) = 32),
  status text not null default 'pending'
    check (status in ('pending', 'accepted', 'completed', 'rejected', 'cancelled')),
  hostname text not null default '',
  account_id bigint references accounts (id),
  client_version text not null default '',
  ipv4 inet check (family(ipv4) = 4),
  ipv6 inet check (family(ipv6) = 6),
  source inet not null,
  tls_name text not null,
  replaces_agent_id bigint references agents (id),
  agent_id bigint references agents (id),
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  decided_at timestamptz,
  decided_by text not null default '',
  reason text not null default '',
  country text not null default '',
  network text not null default '',
  sealed_key bytea,
  check (ipv4 is not null or ipv6 is not null),
  check (sealed_key is null or status = 'accepted')
);
comment on table registrations is 'Agents that asked to be let in: pending until a person decides, accepted until the agent has used its key, then completed; rejected by a person, cancelled by time.';
comment on column registrations.id is 'ULID that we gave it; part of the approval page''s address.';
comment on column registrations.registration_id_hash is 'SHA-256 of the Registration-ID (a ULID that the agent made): who knows the id may fetch the key.';
comment on column registrations.status is 'pending, accepted, completed, rejected, cancelled.';
comment on column registrations.hostname is 'As the agent named its host. Empty: it did not.';
comment on column registrations.account_id is 'Account that it is for. Null: the account is gone.';
comment on column registrations.client_version is 'Program and version as the agent sent them last.';
comment on column registrations.ipv4 is 'Address that an IPv4 request came from last, until the decision. Null: none came.';
comment on column registrations.ipv6 is 'The same for IPv6.';
comment on column registrations.source is 'What the limits count: the first IPv4 address, or the /64 of the first IPv6 address.';
comment on column registrations.tls_name is 'Name that the certificate will have.';
comment on column registrations.replaces_agent_id is 'The agent whose key came with the request: it gets the new key and addresses. Null: a new agent.';
comment on column registrations.agent_id is 'The agent that came of it. Null: none yet.';
comment on column registrations.created_at is 'When the first request came; database clock.';
comment on column registrations.last_seen_at is 'When the last one came, to some seconds; database clock.';
comment on column registrations.decided_at is 'When it ceased to be pending; database clock. Null: it is pending.';
comment on column registrations.decided_by is 'Who decided, for people. Empty: nobody yet.';
comment on column registrations.reason is 'Why it was rejected or cancelled.';
comment on column registrations.country is 'As given with the approval.';
comment on column registrations.network is 'As given with the approval.';
comment on column registrations.sealed_key is 'The API key, sealed, as long as the agent may fetch it. Null: not yet, or no more.';
create index registrations_waiting on registrations (status, last_seen_at) where status in ('pending', 'accepted');
create index registrations_created on registrations (created_at);

create table enrolment_tokens (
  id text primary key check (id ~ '^[0-9A-HJKMNP-TV-Z]{26}$'),
  secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
  name text not null default '',
  account_id bigint references accounts (id),
  country text not null default '' check (country ~ '^([A-Z]{2})?$'),
  network text not null default '',
  location text not null default '',
  monitor_status text not null default 'active' check (monitor_status in ('pending', 'testing', 'active')),
  created_by text not null default '',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  used_at timestamptz,
  enrolment_id text,
  csr_hash bytea check (octet_length(csr_hash) = 32),
  agent_id bigint references agents (id),
  sealed_key bytea,
  certificate_pem text,
  check ((used_at is null) = (agent_id is null)),
  check ((used_at is null) = (enrolment_id is null)),
  check ((used_at is null) = (csr_hash is null))
);
comment on table enrolment_tokens is 'One-time tokens with which agents enrol themselves. The update that sets used_at decides who was first.';
comment on column enrolment_tokens.id is 'ULID of the token; no secret.';
comment on column enrolment_tokens.secret_hash is 'SHA-256 of the token''s text up to its dot.';
comment on column enrolment_tokens.name is 'What it is for, in a person''s words.';
comment on column enrolment_tokens.account_id is 'Account of the agent that comes of it.';
comment on column enrolment_tokens.country is 'Country of that agent: two letters of ISO 3166. Empty: unknown.';
comment on column enrolment_tokens.network is 'Network of that agent, in a person''s words.';
comment on column enrolment_tokens.location is 'Place of that agent, in a person''s words.';
comment on column enrolment_tokens.monitor_status is 'Status that its monitors begin with: pending, testing, active.';
comment on column enrolment_tokens.created_by is 'Who made it, for people.';
comment on column enrolment_tokens.created_at is 'When it was made; database clock.';
comment on column enrolment_tokens.expires_at is 'Until when it can be used; database clock.';
comment on column enrolment_tokens.revoked_at is 'Since when it is void; database clock. Null: it was not revoked.';
comment on column enrolment_tokens.used_at is 'When an agent used it; database clock. Null: none has.';
comment on column enrolment_tokens.enrolment_id is 'ULID of the enrolment that used it: the same one is answered again as long as its answer may have been lost.';
comment on column enrolment_tokens.csr_hash is 'SHA-256 of that enrolment''s certificate request: a repeat has the same.';
comment on column enrolment_tokens.agent_id is 'The agent that came of it. Null: none yet.';
comment on column enrolment_tokens.sealed_key is 'Its API key, sealed, as long as the answer may be asked for again. Null: not yet, or no more.';
comment on column enrolment_tokens.certificate_pem is 'Its first certificate with the issuing one, as long as the answer may be asked for again.';
create index enrolment_tokens_created on enrolment_tokens (created_at);

comment on column events.kind is 'A code: server_added, server_paused, server_resumed, server_removed, server_restored, verdict_changed, monitor_added, monitor_online, monitor_offline, authority_created, monitor_status_changed, registration_received, registration_approved, registration_rejected, agent_enrolled, agent_removed, authority_created.';
create index events_monitor on events (monitor_id, id) where monitor_id is not null;
