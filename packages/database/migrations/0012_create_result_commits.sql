-- expand
--
-- What came into log_scores, by transaction, so that every reader of new results (scorers, history, live feed) can go by
-- the order of commits. Ids are drawn before a row becomes visible, so whoever remembers "the last id" misses rows that
-- commit late. A reader remembers a snapshot instead: what its transactions had written then it has read, and what is
-- visible and not of them is new (src/committed-results). Written by a trigger, so that nobody who writes results can
-- forget it: one row a statement and monitor.

create table result_commits (
  cluster bigint not null,
  transaction_id xid8 not null,
  first_id bigint not null,
  monitor_id bigint not null,
  accepted_at timestamptz not null default clock_timestamp(),
  results integer not null check (results > 0),
  first_ts timestamptz not null,
  last_ts timestamptz not null,
  ids bigint[] not null,
  tss timestamptz[] not null,
  server_ids bigint[] not null,
  primary key (cluster, transaction_id, first_id)
) with (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000
);
comment on table result_commits is 'Which results each transaction wrote, for readers that go by the order of commits. Rows are dropped once all scorers have read them, an hour after their commit at the earliest.';
comment on column result_commits.cluster is 'System identifier of the PostgreSQL that counted transaction_id. Another one after a dump was restored elsewhere, where transactions are counted anew.';
comment on column result_commits.transaction_id is 'The transaction, also where a part of it was a savepoint''s.';
comment on column result_commits.first_id is 'Smallest of ids.';
comment on column result_commits.monitor_id is 'The monitor, or the scorer, whose results these are.';
comment on column result_commits.accepted_at is 'When they were written, before their commit; database clock.';
comment on column result_commits.results is 'How many they are.';
comment on column result_commits.first_ts is 'Smallest of tss: PostgreSQL then looks at their days alone.';
comment on column result_commits.last_ts is 'Greatest of tss.';
comment on column result_commits.ids is 'Their log_scores.id.';
comment on column result_commits.tss is 'Their log_scores.ts, in the same order.';
comment on column result_commits.server_ids is 'Their log_scores.server_id, in the same order.';

-- The system identifier is read for each statement and not kept: a session that outlives a failover to a restored copy
-- would otherwise go on under the old one.
create function note_result_commits() returns trigger language plpgsql as $$
begin
  insert into result_commits (cluster, transaction_id, first_id, monitor_id, results, first_ts, last_ts, ids, tss, server_ids)
  select (select system_identifier from pg_control_system()), pg_current_xact_id(), min(id), monitor_id, count(*),
    min(ts), max(ts), array_agg(id), array_agg(ts), array_agg(server_id)
  from added group by monitor_id;
  return null;
end
$$;
create trigger log_scores_note_commits after insert on log_scores
  referencing new table as added for each statement execute function note_result_commits();

-- pg_current_snapshot() leaves the caller's own transaction out of those in progress, as if its results were read.
create function results_snapshot() returns pg_snapshot language sql stable as $$
  select case
    when own is null or own >= pg_snapshot_xmax(seen) then seen
    else format('%s:%s:%s',
      least(own, pg_snapshot_xmin(seen)), pg_snapshot_xmax(seen),
      (select string_agg(id::text, ',' order by id)
       from (select pg_snapshot_xip(seen) as id union select own) in_progress))::pg_snapshot
  end
  from (select pg_current_snapshot() as seen, pg_current_xact_id_if_assigned() as own) now
$$;
comment on function results_snapshot is 'What is visible now; the transaction that asks is not.';

create table result_commit_purges (
  cluster bigint primary key,
  purged_snapshot pg_snapshot not null,
  next_snapshot pg_snapshot not null,
  next_taken_at timestamptz not null default now()
);
comment on table result_commit_purges is 'Down to where result_commits has been cleaned up.';
comment on column result_commit_purges.cluster is 'System identifier of the PostgreSQL whose transactions these are.';
comment on column result_commit_purges.purged_snapshot is 'What is visible in it may be gone: a reader that had not read it all must begin anew.';
comment on column result_commit_purges.next_snapshot is 'What the next clean-up takes.';
comment on column result_commit_purges.next_taken_at is 'When next_snapshot was taken; database clock.';
