-- expand
--
-- Ticket keys are sealed under the master key where there is one, and change by the day.

alter table ticket_keys
  add column sealed boolean not null default false,
  add column created_by text not null default '';
comment on column ticket_keys.key is 'The HMAC-SHA-256 key, 32 bytes; sealed where `sealed` says so.';
comment on column ticket_keys.sealed is 'True: key is sealed under the master key (AES-256-GCM, purpose "ticket_key/<version>").';
comment on column ticket_keys.created_by is 'first: when there was none; rotation: because the one before was a day old. Empty: by an older release.';
