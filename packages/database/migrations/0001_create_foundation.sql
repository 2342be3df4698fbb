-- expand
--
-- The tables of the first release. Names are the NTP Pool's where the meaning is the same; what is new carries its
-- unit in its name. Conventions:
--   * every instant is timestamptz, exact to the microsecond, rounded down where it enters (src/timestamptz.ts);
--   * a length of time or an offset in nanoseconds is bigint and ends in _ns; in milliseconds it ends in _ms;
--   * a closed set of words is text with a check, so that a word is added by one catalogue-only statement;
--   * log_scores, check_evidence, server_slots and monitor_slots are partitioned by UTC day. Their days are made and
--     dropped by the program (src/maintain-partitions.ts); what fits no day lands in the default partition;
--   * the partitioned tables have no foreign keys: the rows are written by one transaction that has just read (and
--     locked) the assignment, servers and monitors are never deleted but marked, and the checks would cost a row lock
--     per result on the hottest rows of the system.

-- Accounts: who a server or a monitor belongs to.

create table accounts (
  id bigint generated always as identity primary key,
  id_token text not null unique,
  name text not null default '',
  created_on timestamptz not null default now(),
  modified_on timestamptz not null default now()
);
comment on table accounts is 'Who a server or a monitor belongs to.';
comment on column accounts.id is 'Number of the account.';
comment on column accounts.id_token is 'ULID by which the account is known outside.';
comment on column accounts.name is 'Name for people.';
comment on column accounts.created_on is 'When the account was made; database clock.';
comment on column accounts.modified_on is 'When the row was last changed by a person; database clock.';

-- Monitors: one row per agent and IP family, and one per scorer (type score).

create table monitors (
  id bigint generated always as identity primary key,
  id_token text not null unique,
  type text not null default 'monitor' check (type in ('monitor', 'score')),
  account_id bigint references accounts (id),
  hostname text not null default '',
  location text not null default '',
  ip inet check (ip = host(ip)::inet),
  ip_version text check (ip_version in ('v4', 'v6')),
  tls_name text,
  token_hash bytea check (octet_length(token_hash) = 32),
  status text not null default 'pending'
    check (status in ('pending', 'testing', 'active', 'paused', 'deleted')),
  config jsonb not null default '{}',
  client_version text not null default '',
  lab boolean not null default false,
  online boolean not null default false,
  last_seen timestamptz,
  last_submit timestamptz,
  checks_total bigint not null default 0,
  created_on timestamptz not null default now(),
  deleted_on timestamptz,
  is_current boolean not null default true,
  check ((ip is null) = (ip_version is null)),
  check (ip is null or ip_version = 'v' || family(ip)),
  check (type = 'score' or ip is not null)
) with (fillfactor = 70);
comment on table monitors is 'One row per agent and IP family, and one per scorer (type score), whose scores stand beside the agents'' own.';
comment on column monitors.id is 'Number of the monitor; part of tickets.';
comment on column monitors.id_token is 'ULID by which the monitor is known outside.';
comment on column monitors.type is 'monitor: an agent''s; score: the overall score of a rule set, hostname is its name.';
comment on column monitors.account_id is 'Whose agent it is. Null: nobody''s in particular.';
comment on column monitors.hostname is 'Name for people; of a scorer, the rule set''s name.';
comment on column monitors.location is 'Where the agent stands, in a person''s words. Empty: unknown.';
comment on column monitors.ip is 'The agent''s address in this family, without a mask; its canonical text is the mon_id of the wire. Null: a scorer.';
comment on column monitors.ip_version is 'Family of ip: v4 or v6. The monitor is given servers of this family alone.';
comment on column monitors.tls_name is 'Name in the agent''s certificate; compared without regard to case. Null: the agent has none.';
comment on column monitors.token_hash is 'SHA-256 of the agent''s bearer token. Rows of one agent share it. Null: no token is accepted.';
comment on column monitors.status is 'pending, testing, active, paused, deleted. Live means testing or active.';
comment on column monitors.config is 'JSON merge patch (RFC 7396) over the defaults of GetConfig.';
comment on column monitors.client_version is 'Program and version as the agent sent them last. Empty: unknown.';
comment on column monitors.lab is 'True: a virtual vantage point of the built-in lab; it is paired with lab servers alone.';
comment on column monitors.online is 'The last monitor_online or monitor_offline event; last_seen decides what it becomes.';
comment on column monitors.last_seen is 'Last request of any kind; database clock. Null: never.';
comment on column monitors.last_submit is 'Time in the id of the newest accepted batch (below submission version 5, older ones are refused). Null: none.';
comment on column monitors.checks_total is 'Results accepted since the row was made.';
comment on column monitors.created_on is 'When the monitor was made; database clock.';
comment on column monitors.deleted_on is 'When it was deleted; its history stays. Null: it was not.';
comment on column monitors.is_current is 'False: superseded by a newer registration of the same agent.';

-- A scorer's name is unique; so is an agent's certificate in one family, and a token for one address.
create unique index monitors_scorer_name on monitors (hostname) where type = 'score';
create unique index monitors_lab_name on monitors (hostname) where lab and is_current;
create unique index monitors_tls_name on monitors (lower(tls_name), ip_version) where is_current;
create unique index monitors_token_ip on monitors (token_hash, ip) where is_current;
create index monitors_account on monitors (account_id);

-- Servers: what is watched. A server is an address and a port.

create table servers (
  id bigint generated always as identity primary key,
  account_id bigint references accounts (id),
  name text not null,
  ip inet not null check (ip = host(ip)::inet),
  port integer not null default 123 check (port between 1 and 65535),
  ip_version text not null check (ip_version = 'v' || family(ip)),
  lab boolean not null default false,
  state text not null default 'watched' check (state in ('watched', 'paused', 'removed')),
  stratum smallint check (stratum between 0 and 255),
  reference_id text not null default '',
  score_raw double precision,
  score_ts timestamptz,
  verdict text not null default 'unsure'
    check (verdict in ('truechimer', 'falseticker', 'unreachable', 'unsure')),
  verdict_reason text not null default 'no_witness',
  verdict_text text not null default 'no monitor has a fresh check of it',
  verdict_since timestamptz not null default now(),
  verdict_ts timestamptz,
  offset_ns bigint,
  bound_ns bigint check (bound_ns >= 0),
  witnesses_fresh integer not null default 0,
  witnesses_against integer not null default 0,
  last_check_ts timestamptz,
  last_answer_ts timestamptz,
  deletion_on date,
  created_on timestamptz not null default now(),
  removed_on timestamptz,
  unique (ip, port),
  check ((state = 'removed') = (removed_on is not null))
) with (fillfactor = 70);
comment on table servers is 'Time servers under watch. Identity is address and port. A removed server keeps its row and its history.';
comment on column servers.id is 'Number of the server.';
comment on column servers.account_id is 'Who answers for the server. Null: nobody in particular.';
comment on column servers.name is 'As added by a person; the address''s text if it was added by address.';
comment on column servers.ip is 'Address, without a mask.';
comment on column servers.port is 'UDP port. Agents below submission version 5 are only given 123.';
comment on column servers.ip_version is 'Family of ip: v4 or v6.';
comment on column servers.lab is 'True: a simulated server of the built-in lab; it is paired with lab monitors alone.';
comment on column servers.state is 'watched: handed out; paused: not handed out; removed: hidden, restorable.';
comment on column servers.stratum is 'Stratum of the last result that had one (1 to 15 sane, 16 unsynchronised). Null: none had.';
comment on column servers.reference_id is 'Reference id of the last answer as text: four characters, or an address. Empty: unknown.';
comment on column servers.score_raw is 'Overall score, -100 to 20. Null: not scored yet.';
comment on column servers.score_ts is 'Time of the result that the overall score is of; the agent''s clock. Null: not scored yet.';
comment on column servers.verdict is 'What the fleet holds of the server: truechimer, falseticker, unreachable, unsure.';
comment on column servers.verdict_reason is 'Coded reason of the verdict.';
comment on column servers.verdict_text is 'The reason in words, with its numbers.';
comment on column servers.verdict_since is 'Since when the verdict holds; database clock.';
comment on column servers.verdict_ts is 'When the verdict was last reached anew; database clock. Null: never.';
comment on column servers.offset_ns is 'Median offset over the fresh witnesses, server minus true time, in nanoseconds. Null: no fresh witness has one.';
comment on column servers.bound_ns is 'Bound on the error of offset_ns, in nanoseconds. Null: unknown.';
comment on column servers.witnesses_fresh is 'Monitors with fresh data when the verdict was reached.';
comment on column servers.witnesses_against is 'How many of them held the clock to be wrong.';
comment on column servers.last_check_ts is 'Time of the newest result by any monitor; agents'' clocks. Null: none.';
comment on column servers.last_answer_ts is 'Time of the newest result that came from an answer. Null: none.';
comment on column servers.deletion_on is 'Not handed out from 00:00 UTC of this date on. Null: no end.';
comment on column servers.created_on is 'When the server was added; database clock.';
comment on column servers.removed_on is 'When it was removed; database clock. Null: it is not removed.';

create unique index servers_lab_name on servers (name) where lab;
create index servers_account on servers (account_id);

-- Assignments: one row per server and monitor (or scorer), with what that monitor found last. Neither queue_ts nor
-- score_ts has an index: each changes with every check, and without one the new version of the row stays on its page.

create table server_scores (
  id bigint generated always as identity primary key,
  server_id bigint not null references servers (id),
  monitor_id bigint not null references monitors (id),
  status text not null default 'candidate'
    check (status in ('candidate', 'testing', 'active', 'paused')),
  score_raw double precision not null default 0,
  score_ts timestamptz,
  stratum smallint check (stratum between 0 and 255),
  queue_ts timestamptz,
  last_log_score_id bigint,
  counted_batches text not null default '',
  offset_ns bigint,
  bound_ns bigint check (bound_ns >= 0),
  rtt_ns bigint,
  leap smallint check (leap between 0 and 3),
  reason text,
  no_response boolean not null default false,
  last_answer_ts timestamptz,
  answer_offset_ns bigint,
  answer_bound_ns bigint check (answer_bound_ns >= 0),
  created_on timestamptz not null default now(),
  unique (server_id, monitor_id)
) with (fillfactor = 70);
comment on table server_scores is 'Assignments: one row per server and monitor (or scorer), with what that monitor found last.';
comment on column server_scores.id is 'Number of the assignment.';
comment on column server_scores.server_id is 'The server.';
comment on column server_scores.monitor_id is 'The monitor, or the scorer.';
comment on column server_scores.status is 'candidate, testing, active, paused: how often the monitor is given the server, and whether it counts.';
comment on column server_scores.score_raw is 'This monitor''s score of the server, at most 20. A new assignment starts at 0.';
comment on column server_scores.score_ts is 'Time of the last result; the agent''s clock. Null: none yet.';
comment on column server_scores.stratum is 'Stratum of the last result that had one. Null: none had.';
comment on column server_scores.queue_ts is 'When the server was last handed to this monitor; database clock. Null: never, so it is due.';
comment on column server_scores.last_log_score_id is 'log_scores.id of the last result. Null: none yet.';
comment on column server_scores.counted_batches is 'ULIDs of the newest batches that a result was counted of, each once, with spaces between, in their order; at most 8.';
comment on column server_scores.offset_ns is 'Offset of the last result, server minus agent, in nanoseconds. Null: it had none.';
comment on column server_scores.bound_ns is 'Bound on the error of offset_ns, in nanoseconds. Null: not reported.';
comment on column server_scores.rtt_ns is 'Round trip of the last result, in nanoseconds. Null: it had none.';
comment on column server_scores.leap is 'Leap indicator of the last result, 0 to 3. Null: it had no answer.';
comment on column server_scores.reason is 'Coded reason of the last result. Null: it succeeded.';
comment on column server_scores.no_response is 'True: the last result was without an answer that can be judged.';
comment on column server_scores.last_answer_ts is 'Time of the last result with a valid answer. Null: none yet.';
comment on column server_scores.answer_offset_ns is 'Offset of the result of last_answer_ts, in nanoseconds. Null: there is none.';
comment on column server_scores.answer_bound_ns is 'Bound on the error of answer_offset_ns, in nanoseconds; worked out from the round trip where the agent gave none. Null: there is none.';
comment on column server_scores.created_on is 'When the assignment was made; database clock.';

create index server_scores_monitor on server_scores (monitor_id, server_id);

-- Results: every check by every monitor, and every step of the overall score. One id sequence for all days.

create sequence log_scores_id_seq as bigint;

create table log_scores (
  id bigint not null default nextval('log_scores_id_seq'),
  ts timestamptz not null,
  server_id bigint not null,
  monitor_id bigint not null,
  score_before double precision,
  step double precision not null,
  score double precision not null,
  rule text not null default '',
  offset_ns bigint,
  bound_ns bigint,
  rtt_ns bigint,
  stratum smallint,
  leap smallint,
  reason text,
  no_response boolean not null default false,
  samples_sent smallint not null default 0,
  samples_answered smallint not null default 0,
  has_evidence boolean not null default false,
  attributes jsonb,
  primary key (id, ts)
) partition by range (ts);
alter sequence log_scores_id_seq owned by log_scores.id;
comment on table log_scores is 'Results: every check by every monitor, and every step of the overall score (monitor of type score). By UTC day of ts.';
comment on column log_scores.id is 'Number of the result; grows, but rows become visible out of order.';
comment on column log_scores.ts is 'When the check was made; the agent''s clock. Of an overall score: ts of the result that caused it.';
comment on column log_scores.server_id is 'The server. No foreign key: see the head of this migration.';
comment on column log_scores.monitor_id is 'The monitor, or the scorer.';
comment on column log_scores.score_before is 'Score before this step. Null: of an overall score that is chosen, not stepped.';
comment on column log_scores.step is 'What the outcome was worth, -5 to 1.';
comment on column log_scores.score is 'Score after this step: score_before x 0.95 + step, then the cap.';
comment on column log_scores.rule is 'Rule of the step table that gave the step, as "set/version/rule". Empty: of a chosen row.';
comment on column log_scores.offset_ns is 'Server minus agent, in nanoseconds. Null: no offset.';
comment on column log_scores.bound_ns is 'Bound on the error of offset_ns, in nanoseconds. Null: not reported.';
comment on column log_scores.rtt_ns is 'Round trip without the server''s time, in nanoseconds. Null (never 0): no answer.';
comment on column log_scores.stratum is 'Stratum as answered. Null: no answer.';
comment on column log_scores.leap is 'Leap indicator as answered, 0 to 3. Null: no answer.';
comment on column log_scores.reason is 'Coded reason of the failure. Null: success.';
comment on column log_scores.no_response is 'True: nothing that can be judged came back.';
comment on column log_scores.samples_sent is 'NTP requests sent in this check. 0: the agent did not say.';
comment on column log_scores.samples_answered is 'How many of them were answered.';
comment on column log_scores.has_evidence is 'True: check_evidence has a row with this id and ts.';
comment on column log_scores.attributes is 'What the NTP Pool keeps beside a score (leap, error, from_ls_id, from_ss_id, ...). Null: nothing.';

create index log_scores_server on log_scores (server_id, ts);
create index log_scores_monitor on log_scores (monitor_id, ts);
create table log_scores_default partition of log_scores default;

create table check_evidence (
  log_score_id bigint not null,
  ts timestamptz not null,
  evidence bytea not null,
  primary key (log_score_id, ts)
) partition by range (ts);
comment on table check_evidence is 'The raw exchanges of a check, byte for byte. By UTC day of ts.';
comment on column check_evidence.log_score_id is 'log_scores.id of the check.';
comment on column check_evidence.ts is 'log_scores.ts of the check.';
comment on column check_evidence.evidence is 'A serialized monitor.v2.CheckEvidence message.';
create table check_evidence_default partition of check_evidence default;

-- Sums for lists and sparklines. Written by the overall scorer in the transaction that takes the rows from the queue, so
-- that each result is in exactly once; a list then reads 96 short rows a server and no results.

create table server_slots (
  server_id bigint not null,
  slot_ts timestamptz not null,
  checks integer not null default 0,
  checks_failed integer not null default 0,
  checks_without_answer integer not null default 0,
  samples_sent integer not null default 0,
  samples_answered integer not null default 0,
  score double precision,
  score_min double precision,
  primary key (server_id, slot_ts)
) partition by range (slot_ts);
comment on table server_slots is 'Sums over a server''s results in slots of 15 minutes, for sparklines and loss. By UTC day of slot_ts.';
comment on column server_slots.server_id is 'The server.';
comment on column server_slots.slot_ts is 'Start of the slot: a whole quarter of an hour, UTC, of the results'' ts.';
comment on column server_slots.checks is 'Results of monitors in the slot.';
comment on column server_slots.checks_failed is 'How many of them carry a reason.';
comment on column server_slots.checks_without_answer is 'How many of them had no answer that can be judged.';
comment on column server_slots.samples_sent is 'NTP requests sent in those checks.';
comment on column server_slots.samples_answered is 'How many of them were answered.';
comment on column server_slots.score is 'Overall score after the slot''s last scored result. Null: none was scored.';
comment on column server_slots.score_min is 'Lowest overall score in the slot. Null: none was scored.';
create table server_slots_default partition of server_slots default;

create table monitor_slots (
  monitor_id bigint not null,
  slot_ts timestamptz not null,
  checks integer not null default 0,
  checks_failed integer not null default 0,
  checks_without_answer integer not null default 0,
  primary key (monitor_id, slot_ts)
) partition by range (slot_ts);
comment on table monitor_slots is 'Sums over a monitor''s results in slots of 5 minutes. By UTC day of slot_ts.';
comment on column monitor_slots.monitor_id is 'The monitor.';
comment on column monitor_slots.slot_ts is 'Start of the slot: a whole multiple of 5 minutes, UTC, of the results'' ts.';
comment on column monitor_slots.checks is 'Results of the monitor in the slot.';
comment on column monitor_slots.checks_failed is 'How many of them carry a reason.';
comment on column monitor_slots.checks_without_answer is 'How many of them had no answer that can be judged.';
create table monitor_slots_default partition of monitor_slots default;

-- Results that wait for the overall scorer. Inserted by the transaction that writes the result; taken with FOR UPDATE
-- SKIP LOCKED and deleted by the transaction that scores it: exactly once, whatever the order of commits and the number
-- of scorers. Short-lived rows, so the table is vacuumed by count and not by share.

create table score_queue (
  log_score_id bigint primary key,
  server_id bigint not null,
  monitor_id bigint not null,
  ts timestamptz not null,
  queued_at timestamptz not null default now()
) with (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 20000
);
comment on table score_queue is 'Results that wait for the overall scorer.';
comment on column score_queue.log_score_id is 'log_scores.id of the result.';
comment on column score_queue.server_id is 'log_scores.server_id of the result.';
comment on column score_queue.monitor_id is 'log_scores.monitor_id of the result.';
comment on column score_queue.ts is 'log_scores.ts of the result.';
comment on column score_queue.queued_at is 'When the result was accepted; database clock. The oldest one is the scorer''s lag.';

-- Submissions that were accepted, so that one that is sent again changes nothing.

create table submissions (
  monitor_id bigint not null references monitors (id),
  submission_id text not null check (octet_length(submission_id) between 1 and 64),
  received_at timestamptz not null default now(),
  statuses integer not null default 0,
  answer bytea,
  trace_id text check (trace_id ~ '^[0-9a-f]{32}$'),
  primary key (monitor_id, submission_id)
);
comment on table submissions is 'Submissions that were accepted, so that one that is sent again changes nothing.';
comment on column submissions.monitor_id is 'Who submitted.';
comment on column submissions.submission_id is 'The agent''s id of the submission (ULID); below submission version 5 the batch id.';
comment on column submissions.received_at is 'When it was accepted; database clock. Rows are dropped once no agent can still send them.';
comment on column submissions.statuses is 'How many results it carried.';
comment on column submissions.answer is 'The serialized monitor.v2.SubmitResultsResponse, to be given again. Null: plain success.';
comment on column submissions.trace_id is 'Trace of the request that brought it (32 hexadecimal digits). Null: it carried none.';
create index submissions_received on submissions (received_at);

-- Secrets of the control plane and of its users.

create table ticket_keys (
  version integer primary key check (version > 0),
  key bytea not null check (octet_length(key) >= 16),
  created_at timestamptz not null default now()
);
comment on table ticket_keys is 'Keys of the tickets that agents carry, one row a version. A new version is a plain insert: who comes second fails and reads.';
comment on column ticket_keys.version is 'Version, from 1; the number before the dash in a ticket.';
comment on column ticket_keys.key is 'The HMAC-SHA-256 key.';
comment on column ticket_keys.created_at is 'When it was made; database clock.';

create table one_time_keys (
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  spent_at timestamptz
);
comment on table one_time_keys is 'Keys in the addresses that are printed for a person; each becomes one session.';
comment on column one_time_keys.key_hash is 'SHA-256 of the key.';
comment on column one_time_keys.created_at is 'When it was made; database clock.';
comment on column one_time_keys.expires_at is 'Until when it can be spent; database clock.';
comment on column one_time_keys.spent_at is 'When it became a session. Null: it is unspent.';

create table admin_sessions (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz not null default now(),
  user_agent text not null default ''
);
comment on table admin_sessions is 'Sessions of the dashboard.';
comment on column admin_sessions.token_hash is 'SHA-256 of the cookie''s value.';
comment on column admin_sessions.created_at is 'When the one-time key was spent; database clock.';
comment on column admin_sessions.expires_at is 'Until when the session holds; database clock.';
comment on column admin_sessions.last_used_at is 'Last request, to the minute; database clock.';
comment on column admin_sessions.user_agent is 'User-Agent of the browser that opened it, for people. Cut to 200 characters.';

create table api_keys (
  id bigint generated always as identity primary key,
  name text not null,
  token_hash bytea not null unique check (octet_length(token_hash) = 32),
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);
comment on table api_keys is 'Keys of programs that use the admin API.';
comment on column api_keys.id is 'Number of the key.';
comment on column api_keys.name is 'What the key is for, in a person''s words.';
comment on column api_keys.token_hash is 'SHA-256 of the key''s text.';
comment on column api_keys.created_at is 'When it was made; database clock.';
comment on column api_keys.last_used_at is 'Last use, to the minute; database clock. Null: never used.';
comment on column api_keys.revoked_at is 'Since when it is void; database clock. Null: it holds.';

-- Settings, events, loops.

create table system_settings (
  key text primary key,
  value jsonb not null,
  created_on timestamptz not null default now(),
  modified_on timestamptz not null default now()
);
comment on table system_settings is 'Settings that all replicas share.';
comment on column system_settings.key is 'Name of the setting.';
comment on column system_settings.value is 'Its value; durations are strings with a unit.';
comment on column system_settings.created_on is 'When it was first set; database clock.';
comment on column system_settings.modified_on is 'When it was last set; database clock.';

create table events (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  kind text not null,
  server_id bigint references servers (id),
  monitor_id bigint references monitors (id),
  verdict_before text,
  verdict_after text,
  reason text not null default '',
  text text not null
);
comment on table events is 'What changed, in the order in which it was noticed.';
comment on column events.id is 'Number of the event.';
comment on column events.at is 'When it was noticed; database clock.';
comment on column events.kind is 'A code: server_added, server_paused, server_resumed, server_removed, server_restored, verdict_changed, monitor_added, monitor_online, monitor_offline.';
comment on column events.server_id is 'The server it is about. Null: none.';
comment on column events.monitor_id is 'The monitor it is about. Null: none.';
comment on column events.verdict_before is 'Verdict before. Null: not about a verdict.';
comment on column events.verdict_after is 'Verdict after. Null: not about a verdict.';
comment on column events.reason is 'Coded reason. Empty: none.';
comment on column events.text is 'One sentence for people.';
create index events_server on events (server_id, id) where server_id is not null;

create table loop_runs (
  name text primary key,
  period_ms bigint not null check (period_ms > 0),
  last_run_at timestamptz,
  next_run_at timestamptz not null default now(),
  took_ms double precision,
  outcome text not null default '',
  runs_total bigint not null default 0
);
comment on table loop_runs is 'Background loops of the cluster; whoever moves next_run_at on runs the loop this period.';
comment on column loop_runs.name is 'Name of the loop.';
comment on column loop_runs.period_ms is 'Milliseconds between two runs.';
comment on column loop_runs.last_run_at is 'When the last run began; database clock. Null: never.';
comment on column loop_runs.next_run_at is 'When the next run is due; database clock.';
comment on column loop_runs.took_ms is 'How long the last finished run took, in milliseconds. Null: none finished.';
comment on column loop_runs.outcome is '"ok" or an error code of the last finished run. Empty: none finished.';
comment on column loop_runs.runs_total is 'Runs begun since the row was made.';
