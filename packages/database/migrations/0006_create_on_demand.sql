-- expand
--
-- What any replica needs to know of agents that can be asked at once, of what they were asked, and of what they said.
-- Rows of monitor_sessions that have expired are absences: the row stays, so that people see when it was last there.

create table monitor_sessions (
  monitor_id bigint not null references monitors (id),
  transport text not null check (transport in ('stream', 'mqtt')),
  stream_id text not null default '',
  session_id text not null default '' check (octet_length(session_id) <= 64),
  version text not null default '' check (octet_length(version) <= 200),
  opened_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  status_at timestamptz,
  status_version jsonb not null default '{}',
  primary key (monitor_id, transport)
);
comment on table monitor_sessions is 'By what, and until when, a monitor can be asked at once. A row that has expired is an absence.';
comment on column monitor_sessions.monitor_id is 'The monitor.';
comment on column monitor_sessions.transport is 'stream: AgentService.Watch, held open to one of the replicas. mqtt: the broker.';
comment on column monitor_sessions.stream_id is 'ULID of the open stream; another one in its place means that this stream was taken over. Empty for mqtt.';
comment on column monitor_sessions.session_id is 'ULID of the agent''s run. Empty for mqtt.';
comment on column monitor_sessions.version is 'Program and version, as the agent tells it.';
comment on column monitor_sessions.opened_at is 'Since when the monitor has been there without a break; database clock.';
comment on column monitor_sessions.seen_at is 'When it last proved to be there; database clock.';
comment on column monitor_sessions.expires_at is 'From when it counts as away unless it is seen again; database clock. A replica that dies frees its streams by it.';
comment on column monitor_sessions.status_at is 'mqtt: UpdatedMQ of the status message; the agent''s clock. Null: none.';
comment on column monitor_sessions.status_version is 'mqtt: Version of the status message, as it came.';
create index monitor_sessions_stream on monitor_sessions (stream_id) where stream_id <> '';

create table on_demand_requests (
  id text primary key check (octet_length(id) = 26),
  kind text not null check (kind in ('ntp', 'traceroute')),
  server_id bigint references servers (id),
  ip inet not null check (ip = host(ip)::inet),
  port integer not null check (port between 1 and 65535),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table on_demand_requests is 'Questions to monitors that are there now, each to one or several. Dropped a day after.';
comment on column on_demand_requests.id is 'ULID of the question.';
comment on column on_demand_requests.kind is 'ntp: one check of one sample. traceroute: the routers on the way.';
comment on column on_demand_requests.server_id is 'The server under watch that was asked about. Null: an address that is not.';
comment on column on_demand_requests.ip is 'Address to look at.';
comment on column on_demand_requests.port is 'Its UDP port.';
comment on column on_demand_requests.created_at is 'When it was asked; database clock.';
comment on column on_demand_requests.expires_at is 'Until when an answer counts; database clock.';
create index on_demand_requests_created on on_demand_requests (created_at);

create table on_demand_answers (
  request_id text not null references on_demand_requests (id) on delete cascade,
  monitor_id bigint not null references monitors (id),
  transport text not null check (transport in ('stream', 'mqtt')),
  delivered_at timestamptz,
  delivered_session text not null default '',
  answered_at timestamptz,
  reason text,
  error text not null default '',
  offset_ns bigint,
  bound_ns bigint,
  rtt_ns bigint,
  stratum integer,
  leap integer,
  ntp_response jsonb,
  traceroute_id bigint,
  primary key (request_id, monitor_id)
);
comment on table on_demand_answers is 'One row for each monitor that is asked, filled once: by the first answer in time.';
comment on column on_demand_answers.request_id is 'The question.';
comment on column on_demand_answers.monitor_id is 'Who is asked.';
comment on column on_demand_answers.transport is 'By what it is asked.';
comment on column on_demand_answers.delivered_at is 'When it was last handed to the agent''s stream or to the broker; database clock. Null: not yet.';
comment on column on_demand_answers.delivered_session is 'The agent''s run (session_id) that it was handed to. Empty: none, or by mqtt.';
comment on column on_demand_answers.answered_at is 'When the answer was accepted; database clock. Null: none yet.';
comment on column on_demand_answers.reason is 'Coded reason of a failure. Null: it succeeded, or there is no answer yet.';
comment on column on_demand_answers.error is 'The failure in the agent''s words, for people. Empty: none.';
comment on column on_demand_answers.offset_ns is 'The server''s clock minus the monitor''s, nanoseconds. Null: unknown.';
comment on column on_demand_answers.bound_ns is 'Bound on the error of offset_ns, nanoseconds. Null: not told.';
comment on column on_demand_answers.rtt_ns is 'Round trip, nanoseconds. Null: unknown.';
comment on column on_demand_answers.stratum is 'Stratum that the server told. Null: no answer of it.';
comment on column on_demand_answers.leap is 'Leap indicator that the server told. Null: no answer of it.';
comment on column on_demand_answers.ntp_response is 'The packet as the NTP Pool''s JSON has it (member NTP). Null: no answer of the server.';
comment on column on_demand_answers.traceroute_id is 'The traceroutes row of the answer. Null: none.';
create index on_demand_answers_waiting on on_demand_answers (monitor_id, request_id) where answered_at is null;

create table traceroutes (
  id bigint generated always as identity primary key,
  ts timestamptz not null,
  server_id bigint references servers (id),
  ip inet not null check (ip = host(ip)::inet),
  port integer not null check (port between 1 and 65535),
  monitor_id bigint not null references monitors (id),
  request_id text,
  reached boolean not null,
  reason text,
  hops jsonb not null
);
comment on table traceroutes is 'Paths from monitors to servers, as UDP probes with a growing hop limit found them.';
comment on column traceroutes.id is 'Number of the traceroute.';
comment on column traceroutes.ts is 'When it began; the agent''s clock.';
comment on column traceroutes.server_id is 'The server under watch. Null: an address that is not.';
comment on column traceroutes.ip is 'Where the path leads.';
comment on column traceroutes.port is 'UDP port of the probes'' target.';
comment on column traceroutes.monitor_id is 'Where it begins.';
comment on column traceroutes.request_id is 'The question that asked for it. Null: the schedule did.';
comment on column traceroutes.reached is 'Whether the server itself answered.';
comment on column traceroutes.reason is 'Coded reason when it could not be made. Null: it was made.';
comment on column traceroutes.hops is 'Array in the order of the hop limit: {"hop_limit", "answers": [{"ip", "rtt_ns", "icmp_type", "icmp_code"}]}; a probe without an answer has an empty ip alone.';
create index traceroutes_server on traceroutes (server_id, ts) where server_id is not null;
create index traceroutes_ts on traceroutes (ts);

-- Tells the replicas which agents must fetch their configuration anew, whoever changed it and by whatever path.

create function notify_monitor_configuration() returns trigger language plpgsql as $$
begin
  perform pg_notify('truechimer_on_demand', 'configuration ' || new.id);
  return null;
end
$$;
comment on function notify_monitor_configuration() is 'Tells the replicas that a monitor''s configuration changed.';
create trigger monitors_configuration_changed
  after update of status, ip, config, tls_name, hostname, is_current, deleted_on on monitors
  for each row
  when (
    (old.status, old.ip, old.config, old.tls_name, old.hostname, old.is_current, old.deleted_on)
    is distinct from (new.status, new.ip, new.config, new.tls_name, new.hostname, new.is_current, new.deleted_on)
  )
  execute function notify_monitor_configuration();

create function notify_default_configuration() returns trigger language plpgsql as $$
begin
  perform pg_notify('truechimer_on_demand', 'configuration');
  return null;
end
$$;
comment on function notify_default_configuration() is 'Tells the replicas that the defaults of all monitors changed.';
create trigger system_settings_configuration_changed
  after insert or update on system_settings
  for each row
  when (new.key in ('settings-v4.system', 'settings-v6.system'))
  execute function notify_default_configuration();
