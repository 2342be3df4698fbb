-- expand
--
-- Who watches a server is decided by reviews. An assignment knows since when it has its status and why, which rule it
-- breaks since when, and how well its monitor has measured: averages in which a result counts half as much after six hours,
-- kept by the statement that writes the result, so that a review reads one row for each assignment and no results.

create function decayed(weight double precision, since timestamptz, until timestamptz) returns double precision
  language sql immutable parallel safe
  return case when since is null then 0
    else weight * exp(-0.6931471805599453 * greatest(0, extract(epoch from until - since)::double precision) / 21600) end;
comment on function decayed is 'What is left of a weight: half of it after six hours.';

create function blended(mean double precision, weight double precision, value double precision) returns double precision
  language sql immutable parallel safe
  return (coalesce(mean, value) * weight + value) / (weight + 1);
comment on function blended is 'A weighted mean with one more value of weight 1.';

alter table server_scores
  add column status_since timestamptz,
  add column status_reason text not null default '',
  add column demoted_at timestamptz,
  add column reversals integer not null default 0,
  add column constraint_violation_type text
    check (constraint_violation_type in ('network_same_subnet', 'account', 'limit', 'network_diversity')),
  add column constraint_violation_since timestamptz,
  add column last_constraint_check timestamptz,
  add column pause_reason text,
  add column results_counted integer not null default 0,
  add column quality_weight double precision not null default 0,
  add column quality_step double precision not null default 0,
  add column quality_answers double precision not null default 0,
  add column quality_delay_ms double precision,
  add column quality_residual_ms double precision;
comment on column server_scores.status_since is 'Since when the assignment has its status; database clock. Null: since before reviews were kept.';
comment on column server_scores.status_reason is 'Why it has its status: the code of the last change. Empty: none yet.';
comment on column server_scores.demoted_at is 'When it last ceased to be active; database clock. Null: never.';
comment on column server_scores.reversals is 'How often it became active again within seven days of ceasing to be, as long as that went on.';
comment on column server_scores.constraint_violation_type is 'The rule that the assignment breaks: network_same_subnet, account, limit, network_diversity. Null: none.';
comment on column server_scores.constraint_violation_since is 'Since when it breaks that rule; database clock. Null: it breaks none.';
comment on column server_scores.last_constraint_check is 'When a paused assignment was last looked at; database clock. Null: never.';
comment on column server_scores.pause_reason is 'Why a paused assignment is paused: constraint. Null: it is not, or nobody knows.';
comment on column server_scores.results_counted is 'Results since the assignment was made (or since this is counted).';
comment on column server_scores.quality_weight is 'Weight of the results in the averages at score_ts: each counts 1 and half of it after six hours.';
comment on column server_scores.quality_step is 'Mean step of them.';
comment on column server_scores.quality_answers is 'Weight of those with an answer, as quality_weight.';
comment on column server_scores.quality_delay_ms is 'Mean round trip of the answers, milliseconds. Null: no answer yet.';
comment on column server_scores.quality_residual_ms is 'Mean distance of their offsets from the fleet''s offset of the server at that time, milliseconds. Null: not known.';

alter table accounts add column flags jsonb not null default '{}';
comment on column accounts.flags is 'What is different for the account: monitors_per_server_limit, a whole number of active monitors on one server.';

create table servers_monitor_review (
  server_id bigint primary key references servers (id),
  last_review timestamptz,
  next_review timestamptz not null default now(),
  last_change timestamptz,
  config jsonb not null default '{}',
  quiet_reviews integer not null default 0,
  usable_active integer not null default 0,
  shortage text
    check (shortage in ('no_monitor', 'in_progress', 'limits', 'unhealthy', 'silent', 'too_few_monitors')),
  failures integer not null default 0
);
comment on table servers_monitor_review is 'When the monitors of each server are reviewed, and what the last review found.';
comment on column servers_monitor_review.server_id is 'The server.';
comment on column servers_monitor_review.last_review is 'When it was last reviewed; database clock. Null: never.';
comment on column servers_monitor_review.next_review is 'When it is due; database clock. An event makes it due at once.';
comment on column servers_monitor_review.last_change is 'When a review last changed an assignment; database clock. Null: none has.';
comment on column servers_monitor_review.config is 'How this server''s selection policy differs from the fleet''s.';
comment on column servers_monitor_review.quiet_reviews is 'Reviews since the last change or event; the more, the longer until the next.';
comment on column servers_monitor_review.usable_active is 'Usable active monitors after the last review.';
comment on column servers_monitor_review.shortage is 'Why there are fewer than three: no_monitor, in_progress, limits, unhealthy, silent, too_few_monitors. Null: there are not.';
comment on column servers_monitor_review.failures is 'Reviews that failed since one did not.';
create index servers_monitor_review_due on servers_monitor_review (next_review);

create table monitor_standings (
  monitor_id bigint primary key references monitors (id),
  active_servers integer not null,
  account_share double precision not null,
  bad_everywhere boolean not null,
  noted_at timestamptz not null default now()
);
comment on table monitor_standings is 'What reviews need to know of a monitor over all servers; worked out anew every minute.';
comment on column monitor_standings.monitor_id is 'The monitor.';
comment on column monitor_standings.active_servers is 'Servers that it is active for.';
comment on column monitor_standings.account_share is 'Share of its account in all active assignments, 0 to 1.';
comment on column monitor_standings.bad_everywhere is 'True: it sees all of its servers badly that others see well, and they are at least three.';
comment on column monitor_standings.noted_at is 'When this was worked out; database clock.';
create index server_scores_active on server_scores (monitor_id) where status = 'active';
