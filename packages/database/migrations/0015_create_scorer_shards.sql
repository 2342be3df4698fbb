-- contract
--
-- Scorers read results in the order of commits, each for the servers of the shards that it has leased; nothing waits in a
-- queue of its own any more. What waited there is handed over, and scored once. Scorers and API replicas of the release
-- before must have stopped: they write to the queue, and score from it.

-- Nobody may be between writing a result and putting it into the queue.
lock table log_scores, score_queue in access exclusive mode;

create table scorer_shards (
  shard smallint primary key,
  cluster bigint not null,
  snapshot pg_snapshot not null,
  holder text,
  claims bigint not null default 0,
  leased_until timestamptz,
  check ((holder is null) = (leased_until is null))
) with (fillfactor = 50);
comment on table scorer_shards is 'The work of the scorers, cut by server_id modulo the number of rows. Who has leased a shard scores its servers, and nobody else does.';
comment on column scorer_shards.shard is 'Remainder of server_id.';
comment on column scorer_shards.cluster is 'System identifier of the PostgreSQL whose transactions snapshot tells of.';
comment on column scorer_shards.snapshot is 'Results of transactions that are visible in it have been scored; moved on in the transaction that writes the scores.';
comment on column scorer_shards.holder is 'replicas.id of the process that has leased it. Null: nobody has.';
comment on column scorer_shards.claims is 'How often it has changed hands: whoever holds an older number writes nothing.';
comment on column scorer_shards.leased_until is 'From when on another process may take it; database clock. Null: nobody has it.';

create table scorer_set_aside (
  server_id bigint primary key references servers (id),
  failures integer not null,
  retry_at timestamptz not null,
  last_error text not null
);
comment on table scorer_set_aside is 'Servers whose results could not be scored: they wait, longer with each failure, and hold up nobody.';
comment on column scorer_set_aside.server_id is 'The server.';
comment on column scorer_set_aside.failures is 'How often scoring it has failed.';
comment on column scorer_set_aside.retry_at is 'When it is tried again; database clock.';
comment on column scorer_set_aside.last_error is 'Code of the last failure.';

create table set_aside_results (
  server_id bigint not null references scorer_set_aside (server_id),
  log_score_id bigint not null,
  ts timestamptz not null,
  primary key (server_id, log_score_id)
);
comment on table set_aside_results is 'Results of servers that are set aside, to be scored in their order once that goes well.';
comment on column set_aside_results.server_id is 'log_scores.server_id of the result.';
comment on column set_aside_results.log_score_id is 'log_scores.id of the result.';
comment on column set_aside_results.ts is 'log_scores.ts of the result.';

-- All that is visible now has been scored, or waits in the queue.
insert into scorer_shards (shard, cluster, snapshot)
select shard, (select system_identifier from pg_control_system()), results_snapshot() from generate_series(0, 15) as shard;

-- Results of this transaction, and so not yet scored.
insert into result_commits (cluster, transaction_id, first_id, monitor_id, accepted_at, results, first_ts, last_ts, ids, tss, server_ids)
select (select system_identifier from pg_control_system()), pg_current_xact_id(), min(log_score_id), monitor_id,
  min(queued_at), count(*), min(ts), max(ts), array_agg(log_score_id), array_agg(ts), array_agg(server_id)
from score_queue where retry_at is null group by monitor_id;

insert into scorer_set_aside (server_id, failures, retry_at, last_error)
select server_id, max(failures), max(retry_at), max(last_error)
from score_queue where retry_at is not null group by server_id;
insert into set_aside_results (server_id, log_score_id, ts)
select server_id, log_score_id, ts from score_queue where retry_at is not null;

drop table score_queue;

-- What the holder of a shard remembers of a server's assignments holds while this number stands.
alter table servers add column assignments_version bigint not null default 0;
comment on column servers.assignments_version is 'Raised whenever an assignment of it changes its status or goes.';
create function raise_assignments_version() returns trigger language plpgsql as $$
begin
  update servers set assignments_version = assignments_version + 1 where id = old.server_id;
  return null;
end
$$;
create trigger server_scores_status_raises_version after update of status on server_scores
  for each row when (old.status is distinct from new.status) execute function raise_assignments_version();
create trigger server_scores_end_raises_version after delete on server_scores
  for each row execute function raise_assignments_version();
