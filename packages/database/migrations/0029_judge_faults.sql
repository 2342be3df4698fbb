-- expand
--
-- Whose fault it is that a server looks bad: beside its verdict, with who sees it and who does not; and what a monitor has of
-- its own.

alter table servers
  add column fault text not null default '' check (fault in ('', 'server', 'path', 'monitor', 'cannot_tell')),
  add column fault_cause text not null default '',
  add column fault_text text not null default '',
  add column fault_since timestamptz,
  add column faults jsonb not null default '[]';
comment on column servers.fault is 'Whose fault it is: server, path, monitor, cannot_tell. Empty: nothing is wrong with it for most who watch it.';
comment on column servers.fault_cause is 'What is wrong, as a code: clock_step, clock_drift, clock_off, leap_error, overload, loss, outage, rate_limiting, path_change, monitor_clock. Empty: not known.';
comment on column servers.fault_text is 'The same in one sentence, with who sees it.';
comment on column servers.fault_since is 'Since when it has been this fault of this cause. Null: there is none.';
comment on column servers.faults is 'All that is wrong as seen at this server, what most see first: array of {fault, cause, text, reach, symptoms, witnesses, shown, reached, othersWell, others}.';

alter table monitors
  add column fault_cause text not null default '',
  add column fault_text text not null default '',
  add column fault_since timestamptz;
comment on column monitors.fault_cause is 'What is wrong with the monitor itself, as a code: monitor_clock, loss, outage, path_change, rate_limiting. Empty: nothing.';
comment on column monitors.fault_text is 'The same in one sentence.';
comment on column monitors.fault_since is 'Since when. Null: nothing is.';

alter table events
  add column fault_before text,
  add column fault_after text,
  add column evidence jsonb;
comment on column events.fault_before is 'Of fault_changed: servers.fault before. Null: another kind.';
comment on column events.fault_after is 'Of fault_changed: servers.fault since then. Null: another kind.';
comment on column events.evidence is 'Of fault_changed: servers.faults then. Null: another kind, or there is none.';
comment on column events.kind is 'A code: server_added, server_paused, server_resumed, server_removed, server_restored, verdict_changed, fault_changed, monitor_added, monitor_online, monitor_offline, monitor_status_changed, registration_received, registration_approved, registration_rejected, agent_enrolled, agent_changed, agent_removed, authority_created.';
