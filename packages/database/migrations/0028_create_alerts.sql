-- expand
--
-- Alerts: rules that watch servers and monitors, what they found, the incidents that gather what has one cause, and the
-- messages that tell of them. A message is a row in the transaction of what it tells, and is sent from there: none is
-- lost by a crash, and a repeat has the same key.

create table alert_channels (
  id bigint generated always as identity primary key,
  account_id bigint references accounts (id),
  name text not null check (name <> ''),
  kind text not null check (kind in ('email', 'webhook', 'alertmanager')),
  settings jsonb not null,
  secret bytea,
  digest text not null default 'off' check (digest in ('off', 'daily', 'weekly')),
  digest_minute integer not null default 480 check (digest_minute between 0 and 1439),
  digest_since timestamptz not null default now(),
  created_at timestamptz not null default now(),
  created_by text not null default '',
  removed_at timestamptz
);
comment on table alert_channels is 'Ways out of alerts: whom a message goes to, and how.';
comment on column alert_channels.id is 'Number of the channel.';
comment on column alert_channels.account_id is 'Account that it belongs to. Null: the installation.';
comment on column alert_channels.name is 'Name for people.';
comment on column alert_channels.kind is 'email: SMTP; webhook: HTTP, signed by Standard Webhooks; alertmanager: the API of Prometheus Alertmanager.';
comment on column alert_channels.settings is 'What is no secret, by kind: host, port, addresses, URL.';
comment on column alert_channels.secret is 'Password or signing key, sealed with the master key for this channel. Null: there is none.';
comment on column alert_channels.digest is 'Whether a summary is sent: off, daily, weekly (on Mondays).';
comment on column alert_channels.digest_minute is 'When a summary is sent: minutes after 00:00 UTC.';
comment on column alert_channels.digest_since is 'End of the last summary''s period; the next one begins here. Database clock.';
comment on column alert_channels.created_at is 'When it was made; database clock.';
comment on column alert_channels.created_by is 'Who made it, for people.';
comment on column alert_channels.removed_at is 'When it was removed; database clock. Null: it was not.';
create unique index alert_channels_name on alert_channels (coalesce(account_id, 0), name) where removed_at is null;

create table alert_rules (
  id bigint generated always as identity primary key,
  account_id bigint references accounts (id),
  name text not null check (name <> ''),
  enabled boolean not null default true,
  subject text not null check (subject in ('servers', 'monitors')),
  filter text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  holds_ms bigint not null check (holds_ms >= 0),
  recovers_ms bigint not null check (recovers_ms >= 0),
  grouping text not null default 'cause' check (grouping in ('cause', 'rule', 'none')),
  channel_ids bigint[] not null default '{}',
  quiet_from_minute integer check (quiet_from_minute between 0 and 1439),
  quiet_to_minute integer check (quiet_to_minute between 0 and 1439),
  quiet_zone text not null default 'UTC',
  escalate_after_ms bigint check (escalate_after_ms > 0),
  escalation_channel_ids bigint[] not null default '{}',
  created_at timestamptz not null default now(),
  created_by text not null default '',
  removed_at timestamptz,
  check ((quiet_from_minute is null) = (quiet_to_minute is null))
);
comment on table alert_rules is 'What is watched for: a filter that servers or monitors pass.';
comment on column alert_rules.id is 'Number of the rule.';
comment on column alert_rules.account_id is 'The only account whose servers and monitors it watches. Null: all.';
comment on column alert_rules.name is 'Name for people.';
comment on column alert_rules.enabled is 'False: it is not looked at.';
comment on column alert_rules.subject is 'servers or monitors: what the filter is a filter of.';
comment on column alert_rules.filter is 'In the filter language; whatever passes is wrong.';
comment on column alert_rules.severity is 'info, warning, critical.';
comment on column alert_rules.holds_ms is 'How long the filter must hold before anybody is told, in milliseconds.';
comment on column alert_rules.recovers_ms is 'How long it must surely not hold before that is a recovery, in milliseconds.';
comment on column alert_rules.grouping is 'cause: one incident for one cause; rule: one for all of the rule; none: one for each server or monitor.';
comment on column alert_rules.channel_ids is 'Channels that are told.';
comment on column alert_rules.quiet_from_minute is 'Start of the hours in which nobody is told, minutes after midnight in quiet_zone. Null: there are none.';
comment on column alert_rules.quiet_to_minute is 'Their end; before the start: on the next day. Null: there are none.';
comment on column alert_rules.quiet_zone is 'IANA name of the time zone of the quiet hours.';
comment on column alert_rules.escalate_after_ms is 'Without an acknowledgement within this, others are told too, in milliseconds. Null: never.';
comment on column alert_rules.escalation_channel_ids is 'Channels that are told then.';
comment on column alert_rules.created_at is 'When it was made; database clock.';
comment on column alert_rules.created_by is 'Who made it, for people.';
comment on column alert_rules.removed_at is 'When it was removed; database clock. Null: it was not.';
create unique index alert_rules_name on alert_rules (coalesce(account_id, 0), name) where removed_at is null;

create table incidents (
  id bigint generated always as identity primary key,
  id_token text not null unique,
  account_id bigint references accounts (id),
  cause text not null,
  title text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  opened_at timestamptz not null default now(),
  recovered_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by text not null default '',
  note text not null default ''
);
comment on table incidents is 'What is told at once: the alerts that have one cause.';
comment on column incidents.id is 'Number of the incident.';
comment on column incidents.id_token is 'ULID; part of the keys of its messages.';
comment on column incidents.account_id is 'Account of its rules. Null: the installation.';
comment on column incidents.cause is 'What it is about, such as server:5, agent:zurich, network:192.0.2.0/24, control_plane.';
comment on column incidents.title is 'The same for people.';
comment on column incidents.severity is 'The highest of its alerts: info, warning, critical.';
comment on column incidents.opened_at is 'When its first alert fired; database clock.';
comment on column incidents.recovered_at is 'When its last alert ended; database clock. Null: it goes on.';
comment on column incidents.acknowledged_at is 'When somebody took it on; database clock. Null: nobody did.';
comment on column incidents.acknowledged_by is 'Who did, for people.';
comment on column incidents.note is 'What that person said.';
create unique index incidents_open on incidents (coalesce(account_id, 0), cause) where recovered_at is null;
create index incidents_by_time on incidents (opened_at);

create table alerts (
  id bigint generated always as identity primary key,
  rule_id bigint not null references alert_rules (id),
  subject_id bigint not null,
  subject_name text not null,
  phase text not null check (phase in ('pending', 'firing', 'recovering', 'ended')),
  pending_since timestamptz not null,
  phase_since timestamptz not null,
  fired_at timestamptz,
  ended_at timestamptz,
  end_reason text check (end_reason in ('recovered', 'subject_gone', 'rule_changed')),
  text text not null default '',
  incident_id bigint references incidents (id),
  check ((phase = 'ended') = (ended_at is not null))
);
comment on table alerts is 'What one rule found of one server or monitor, from the first sight to the end.';
comment on column alerts.id is 'Number of the alert.';
comment on column alerts.rule_id is 'The rule.';
comment on column alerts.subject_id is 'Number of the server or the monitor. No foreign key: which of both, the rule says.';
comment on column alerts.subject_name is 'Its name when the alert began.';
comment on column alerts.phase is 'pending: the filter holds, not for long enough; firing; recovering: it holds no more, not for long enough; ended.';
comment on column alerts.pending_since is 'Since when the filter holds; database clock.';
comment on column alerts.phase_since is 'When the phase began; database clock.';
comment on column alerts.fired_at is 'When the alert fired first; database clock. Null: it has not.';
comment on column alerts.ended_at is 'When it ended; database clock. Null: it is open.';
comment on column alerts.end_reason is 'recovered; subject_gone: paused or removed; rule_changed: changed, switched off or removed. Null: it is open.';
comment on column alerts.text is 'What was found, in words, as of the last look.';
comment on column alerts.incident_id is 'The incident that tells of it. Null: it has not fired.';
create unique index alerts_open on alerts (rule_id, subject_id) where ended_at is null;
create index alerts_incident on alerts (incident_id);

create table alert_silences (
  id bigint generated always as identity primary key,
  account_id bigint references accounts (id),
  subject text not null check (subject in ('servers', 'monitors')),
  filter text not null default '',
  starts_at timestamptz not null default now(),
  ends_at timestamptz not null,
  comment text not null default '',
  created_at timestamptz not null default now(),
  created_by text not null default '',
  check (starts_at < ends_at)
);
comment on table alert_silences is 'What nobody is told of for a while, such as during maintenance.';
comment on column alert_silences.id is 'Number of the silence.';
comment on column alert_silences.account_id is 'Account whose rules it silences. Null: those of all accounts.';
comment on column alert_silences.subject is 'servers or monitors: what the filter is a filter of.';
comment on column alert_silences.filter is 'In the filter language; alerts about what passes are not told. Empty: all of them.';
comment on column alert_silences.starts_at is 'From when on; database clock.';
comment on column alert_silences.ends_at is 'Until when; database clock.';
comment on column alert_silences.comment is 'Why, in a person''s words.';
comment on column alert_silences.created_at is 'When it was made; database clock.';
comment on column alert_silences.created_by is 'Who made it, for people.';

create table alert_messages (
  id bigint generated always as identity primary key,
  key text not null unique,
  channel_id bigint not null references alert_channels (id),
  incident_id bigint references incidents (id),
  kind text not null check (kind in ('opened', 'escalated', 'recovered', 'digest', 'test')),
  subject text not null,
  body text not null,
  facts jsonb not null default '{}',
  created_at timestamptz not null default now(),
  run_at timestamptz not null default now(),
  attempts integer not null default 0,
  claim text,
  claimed_until timestamptz,
  sent_at timestamptz,
  dead_at timestamptz,
  last_error text not null default ''
);
comment on table alert_messages is 'The outbox: messages that wait, that were sent, and that could not be sent.';
comment on column alert_messages.id is 'Number of the message; of one incident and channel they are sent in this order.';
comment on column alert_messages.key is 'What makes it this message: in its Message-ID, or its idempotency key. A repeat has the same one.';
comment on column alert_messages.channel_id is 'The channel.';
comment on column alert_messages.incident_id is 'The incident that it tells of. Null: none.';
comment on column alert_messages.kind is 'opened, escalated, recovered, digest, test.';
comment on column alert_messages.subject is 'First line, for people.';
comment on column alert_messages.body is 'The rest, for people.';
comment on column alert_messages.facts is 'The same for programs.';
comment on column alert_messages.created_at is 'When it was written; database clock.';
comment on column alert_messages.run_at is 'Not sent before; database clock.';
comment on column alert_messages.attempts is 'How often it was taken to be sent.';
comment on column alert_messages.claim is 'Whoever sends it at this moment. Null: nobody.';
comment on column alert_messages.claimed_until is 'Until when the claim holds; then another one may. Database clock.';
comment on column alert_messages.sent_at is 'When the other side took it; database clock. Null: not yet.';
comment on column alert_messages.dead_at is 'When it was given up; database clock. Null: it was not.';
comment on column alert_messages.last_error is 'Why the last attempt failed. Empty: none has.';
create index alert_messages_waiting on alert_messages (run_at) where sent_at is null and dead_at is null;
create index alert_messages_incident on alert_messages (incident_id, channel_id);

create table alert_evaluation (
  singleton boolean primary key default true check (singleton),
  evaluated_at timestamptz,
  held_since timestamptz,
  held_reason text not null default ''
);
comment on table alert_evaluation is 'How the rules were looked at last: one row.';
comment on column alert_evaluation.singleton is 'There is one row.';
comment on column alert_evaluation.evaluated_at is 'When; database clock. Null: never.';
comment on column alert_evaluation.held_since is 'Since when the rules are not looked at, because our own side is broken; database clock. Null: they are.';
comment on column alert_evaluation.held_reason is 'What is broken, in words. Empty: nothing.';
insert into alert_evaluation default values;
