-- expand
--
-- Who runs now, and how each background loop is carried out. The loops' occurrences wait in a queue of jobs, which lies
-- in a schema of its own (graphile_worker) and is brought up to date by the queue's own migrations; what decides is here.

create table replicas (
  id text primary key,
  roles text[] not null,
  host text not null,
  process_id integer not null,
  version text not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  job_pool text unique
);
comment on table replicas is 'Processes of the control plane that run now. Each says every few seconds that it lives; whose row has grown old is dead, and its jobs are given to others.';
comment on column replicas.id is 'ULID that the process has given itself.';
comment on column replicas.roles is 'What it does: api, scorer, worker.';
comment on column replicas.host is 'Name of its host, for people.';
comment on column replicas.process_id is 'Number of its process there, for people.';
comment on column replicas.version is 'Of the program.';
comment on column replicas.started_at is 'When it began; database clock.';
comment on column replicas.seen_at is 'When it last said that it lives; database clock.';
comment on column replicas.job_pool is 'Under which name it locks jobs. Null: it takes none.';

alter table loop_runs
  add column class text not null default 'idempotent'
    check (class in ('idempotent', 'once_per_period')),
  add column running_since timestamptz,
  add column replica_id text,
  add column failures integer not null default 0,
  add column periods_total bigint not null default 0;
comment on table loop_runs is 'Background loops of the cluster: what each last did, and when it is due. A run is begun by whoever raises runs_total while next_run_at is past, and ends by moving next_run_at on, if runs_total is still its own.';
comment on column loop_runs.class is 'idempotent: twice is as good as once. once_per_period: the effect and the mark that it is done are one transaction.';
comment on column loop_runs.running_since is 'When the run that is under way began; database clock. Null: none is. Stays when its process was killed, until another one takes over.';
comment on column loop_runs.replica_id is 'The replica that began the last run; it need not be there any more.';
comment on column loop_runs.failures is 'Runs in a row that failed. 0: the last finished one went well.';
comment on column loop_runs.runs_total is 'Runs begun since the row was made; the number of the run that is under way.';
comment on column loop_runs.periods_total is 'Periods whose work was done.';
