-- expand
--
-- A result is written to its assignment where that lay when it was read, which spares the way through the index. The type
-- without the place stays for replicas of the release before.

create type counted_result as (
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
  residual_ms double precision,
  place tid
);
comment on type counted_result is 'A result as the API writes it: a row of log_scores, its evidence, and what becomes of its assignment, whose row lies at `place` unless somebody has written it since.';
