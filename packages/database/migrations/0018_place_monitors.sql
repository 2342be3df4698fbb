-- expand
--
-- Where an agent stands counts when it is decided who watches whom, also of agents that only have bearer tokens and so
-- no row of their own.

alter table monitors
  add column country text not null default '' check (country ~ '^([A-Z]{2})?$'),
  add column network text not null default '';
comment on column monitors.country is 'Of an agent without a row in agents, where it stands: two letters of ISO 3166. Empty: unknown, or agents has it.';
comment on column monitors.network is 'Of an agent without a row in agents, in whose network it stands, in a person''s words. Empty: unknown, or agents has it.';
comment on column events.kind is 'A code: server_added, server_paused, server_resumed, server_removed, server_restored, verdict_changed, monitor_added, monitor_online, monitor_offline, monitor_status_changed, registration_received, registration_approved, registration_rejected, agent_enrolled, agent_changed, agent_removed, authority_created.';
