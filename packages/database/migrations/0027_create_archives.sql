-- expand
--
-- Where results and paths are kept beyond the retention of this database: an archive reads log_scores in the order of
-- commits, by a position of its own, and moves on only after the archive has acknowledged what came before. An archive
-- that is away holds back neither the notes of commits nor, for longer than a limit, the days of log_scores: what it has
-- not read of the notes becomes a range of time, whose rows it is sent from log_scores itself.

create table archives (
  target text primary key,
  kind text not null,
  cluster bigint not null,
  snapshot pg_snapshot not null,
  older_from timestamptz,
  older_after_id bigint not null default 0,
  older_to timestamptz,
  behind_since timestamptz,
  results_sent bigint not null default 0,
  traceroutes_sent bigint not null default 0,
  tried_at timestamptz,
  sent_at timestamptz,
  failing_since timestamptz,
  last_error text not null default '',
  lost_before timestamptz,
  created_on timestamptz not null default now(),
  check ((older_from is null) = (older_to is null))
) with (fillfactor = 50);
comment on table archives is 'Stores outside this database that are sent every result and every path, and how far each has come.';
comment on column archives.target is 'Where it is, without passwords. Another target is another archive, and is sent everything.';
comment on column archives.kind is 'clickhouse.';
comment on column archives.cluster is 'System identifier of the PostgreSQL whose transactions snapshot tells of.';
comment on column archives.snapshot is 'Results of transactions that are visible in it have been acknowledged, or lie in the older range; moved on afterwards.';
comment on column archives.older_from is 'From here on results are still to be sent by their time. Null: none are.';
comment on column archives.older_after_id is 'Of the results of the instant older_from, those with greater ids.';
comment on column archives.older_to is 'The last instant of that range, included.';
comment on column archives.behind_since is 'When the first result of that range was accepted that was new when the archive fell behind. Null: it did not; the range is from before it was added.';
comment on column archives.results_sent is 'Results that it has acknowledged, each time that they were sent.';
comment on column archives.traceroutes_sent is 'The same of paths.';
comment on column archives.tried_at is 'When a replica last had it as its archive; database clock. Long ago: it was switched off, and nothing waits for it.';
comment on column archives.sent_at is 'When it last acknowledged something; database clock. Null: never.';
comment on column archives.failing_since is 'Since when every try has failed; database clock. Null: the last one did not.';
comment on column archives.last_error is 'What the last try failed with: a code and words. Empty: it did not fail.';
comment on column archives.lost_before is 'Results of days before it were dropped here, by retention, before the archive had all of them. Null: that never happened.';
comment on column archives.created_on is 'When it was first seen; database clock.';

create table archive_traceroutes (
  target text not null,
  traceroute_id bigint not null,
  primary key (target, traceroute_id)
) with (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 2000
);
comment on table archive_traceroutes is 'Paths that wait to be sent. There are few beside results, so each has a row. No foreign keys: a path that has gone is passed over.';
comment on column archive_traceroutes.target is 'archives.target.';
comment on column archive_traceroutes.traceroute_id is 'traceroutes.id.';

create function note_traceroutes_to_archive() returns trigger language plpgsql as $$
begin
  insert into archive_traceroutes (target, traceroute_id)
  select archives.target, added.id from archives cross join added;
  return null;
end
$$;
comment on function note_traceroutes_to_archive is 'Whoever stores a path has it sent, to all archives that there are.';
create trigger traceroutes_note_for_archives after insert on traceroutes
  referencing new table as added for each statement execute function note_traceroutes_to_archive();
