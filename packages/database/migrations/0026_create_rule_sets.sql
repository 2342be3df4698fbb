-- expand
--
-- Rule sets as versioned data: which there are, which is in force, and what is needed to replay the stored history under
-- another one exactly as the scorers went through it.

create table rule_sets (
  name text not null check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  version integer not null check (version > 0),
  document jsonb not null,
  created_at timestamptz not null default now(),
  created_by text not null default '',
  primary key (name, version)
);
comment on table rule_sets is 'Rule sets that somebody has written, beside those that are built in. Never changed and never deleted: results name them.';
comment on column rule_sets.document is 'As it was written; docs/reference/rule-sets.md.';
comment on column rule_sets.created_by is 'Who stored it, by name.';

create table rule_set_activations (
  sequence bigint generated always as identity primary key,
  name text not null,
  version integer not null,
  activated_at timestamptz not null default now(),
  activated_by text not null default '',
  cluster bigint not null,
  before pg_snapshot not null,
  effect jsonb not null
);
comment on table rule_set_activations is 'Which rule set came into force when; the last row is in force. Without rows it is ntp_pool_recentmedian/1.';
comment on column rule_set_activations.cluster is 'System identifier of the PostgreSQL that counted the transactions of before.';
comment on column rule_set_activations.before is 'Results of transactions that are visible in it were stepped by the set before, all others by this one.';
comment on column rule_set_activations.effect is 'What the trial said that went before.';

create table rule_trials (
  id text primary key,
  tried_at timestamptz not null default now(),
  document jsonb not null,
  active_name text not null,
  active_version integer not null,
  effect jsonb not null
);
comment on table rule_trials is 'Trials of a rule set against the stored history, which an activation has to name. Kept for a day.';
comment on column rule_trials.active_name is 'What was in force when it was tried, by name and version.';
comment on column rule_trials.effect is 'What the trial found, for the audit trail.';

create table results_scored_late (
  server_id bigint not null,
  sequence bigint generated always as identity,
  log_score_id bigint not null,
  ts timestamptz not null,
  after_ts timestamptz not null,
  primary key (server_id, sequence)
);
create index results_scored_late_ts on results_scored_late using brin (ts);
comment on table results_scored_late is 'Results that were scored when one of the same server with the same or a later time had been scored before. All others were scored in the order of ts and id.';
comment on column results_scored_late.log_score_id is 'Of log_scores, with ts.';
comment on column results_scored_late.after_ts is 'The newest time of the server that had been scored by then.';

create table scored_standings (
  server_id bigint not null,
  sequence bigint generated always as identity,
  from_id bigint not null,
  from_ts timestamptz not null,
  standings jsonb not null,
  primary key (server_id, sequence)
);
comment on table scored_standings is 'How the monitors stood to a server when the scorers counted their votes.';
comment on column scored_standings.from_id is 'The first result of the server that was scored with it, of log_scores; with from_ts.';
comment on column scored_standings.standings is '[[monitor id, status of the assignment, status of the monitor], …] of active and testing assignments of live monitors, by id.';
comment on column rule_sets.name is 'Small letters, digits and _.';
comment on column rule_sets.version is 'Counted by whoever writes the set; a change of any number is a new one.';
comment on column rule_sets.created_at is 'Database clock.';
comment on column rule_set_activations.sequence is 'In the order of coming into force.';
comment on column rule_set_activations.name is 'Of rule_sets, or of one that is built in.';
comment on column rule_set_activations.version is 'With the name.';
comment on column rule_set_activations.activated_at is 'Begin of the transaction; database clock.';
comment on column rule_set_activations.activated_by is 'Who did it, by name.';
comment on column rule_trials.id is 'ULID.';
comment on column rule_trials.tried_at is 'When it ended; database clock.';
comment on column rule_trials.document is 'The set that was tried.';
comment on column rule_trials.active_version is 'With active_name.';
comment on column results_scored_late.server_id is 'The server that the result is about.';
comment on column results_scored_late.sequence is 'In the order of scoring, within a server.';
comment on column results_scored_late.ts is 'Time of the result, which decides the day of log_scores.';
comment on column scored_standings.server_id is 'The server that is watched.';
comment on column scored_standings.sequence is 'In the order of scoring, within a server.';
comment on column scored_standings.from_ts is 'Time of that result.';
