-- expand
--
-- What a submitted result costs. A result goes into two indexes of its day instead of four: the key begins with the time,
-- so that rows of now lie together, and serves those who load the history by time and those who know id and time; a
-- result's id alone is found through a summary of the blocks, which costs next to nothing to keep, because ids grow in
-- the order of writing. No statement goes by monitor and time without the server.

drop index log_scores_ts;
drop index log_scores_monitor;
alter table log_scores drop constraint log_scores_pkey;
alter table log_scores add primary key (ts, id);
create index log_scores_id on log_scores using brin (id) with (pages_per_range = 32, autosummarize = on);

-- Its monitor's row is locked by whoever writes a submission, and monitors are never deleted but marked: the check would
-- only read that row once more.
alter table submissions drop constraint submissions_monitor_id_fkey;

-- The same conditions without the operator between a text and any other type, which PostgreSQL makes of SQL that it parses
-- in each statement that writes such a row.
alter table monitors drop constraint monitors_check1,
  add constraint monitors_check1 check (ip is null or ip_version = case family(ip) when 4 then 'v4' else 'v6' end);
alter table servers drop constraint servers_check,
  add constraint servers_check check (ip_version = case family(ip) when 4 then 'v4' else 'v6' end);

-- The results of several submissions come as one parameter.
create type submitted_result as (
  id bigint,
  server_id bigint,
  monitor_id bigint,
  ts timestamptz,
  score_before double precision,
  step double precision,
  score double precision,
  rule text,
  offset_ns bigint,
  bound_ns bigint,
  rtt_ns bigint,
  stratum smallint,
  leap smallint,
  reason text,
  no_response boolean,
  samples_sent smallint,
  samples_answered smallint,
  evidence bytea,
  attributes jsonb,
  counted_batches text,
  newest boolean,
  answer_offset_ns bigint,
  answer_bound_ns bigint,
  weight_kept double precision,
  delay_ms double precision,
  residual_ms double precision
);
comment on type submitted_result is 'A result as the API writes it: a row of log_scores, its evidence, and what becomes of its assignment.';

create function weight_kept(weight double precision, kept double precision) returns double precision
  language sql immutable parallel safe
  return case when weight > 1e-9 then weight * kept else 0 end;
comment on function weight_kept is 'What is left of a weight; nothing of one that has all but gone, whose product PostgreSQL would refuse as too small.';
