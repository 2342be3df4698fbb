-- expand
--
-- Leases: what a monitor was handed out it may go on checking for a day while the control plane is away. What it must
-- not check any more is written here by triggers, so that no statement that pauses a server, or takes an assignment away,
-- can forget it.

create table lease_withdrawals (
  monitor_id bigint not null references monitors (id),
  server_id bigint not null references servers (id),
  transaction_number bigint not null default pg_current_xact_id()::text::bigint,
  withdrawn_at timestamptz not null default now(),
  primary key (monitor_id, server_id)
);
comment on table lease_withdrawals is 'Servers that a monitor was handed out under a lease and must not check any more, the last time that this came about.';
comment on column lease_withdrawals.monitor_id is 'Whose lease it was.';
comment on column lease_withdrawals.server_id is 'The server.';
comment on column lease_withdrawals.transaction_number is 'Of the transaction that withdrew it. A monitor has seen all below the oldest one that was open when it last asked, whatever the order of the commits.';
comment on column lease_withdrawals.withdrawn_at is 'When it was withdrawn; database clock. Rows are dropped once no lease can be that old.';
create index lease_withdrawals_monitor on lease_withdrawals (monitor_id, transaction_number);
create index lease_withdrawals_age on lease_withdrawals (withdrawn_at);

create function withdraw_leases(of_server bigint, of_monitor bigint) returns void language sql as $$
  insert into lease_withdrawals (monitor_id, server_id)
  select ss.monitor_id, ss.server_id from server_scores ss
  where ss.server_id = of_server and (of_monitor is null or ss.monitor_id = of_monitor)
    and ss.queue_ts > now() - interval '24 hours'
  order by ss.monitor_id
  on conflict (monitor_id, server_id) do update
    set transaction_number = excluded.transaction_number, withdrawn_at = excluded.withdrawn_at
$$;
comment on function withdraw_leases is 'Notes that a server must not be checked any more: by one monitor, or (null) by any that has a lease.';

create function withdraw_leases_of_server() returns trigger language plpgsql as $$
begin
  perform withdraw_leases(new.id, null);
  return null;
end
$$;
create trigger servers_withdraw_leases after update of state on servers
  for each row when (old.state = 'watched' and new.state <> 'watched')
  execute function withdraw_leases_of_server();

create function withdraw_lease_of_assignment() returns trigger language plpgsql as $$
begin
  perform withdraw_leases(old.server_id, old.monitor_id);
  return old;
end
$$;
create trigger server_scores_withdraw_lease after update of status on server_scores
  for each row when (old.status in ('active', 'testing') and new.status not in ('active', 'testing'))
  execute function withdraw_lease_of_assignment();
-- Before: afterwards there is no assignment to read.
create trigger server_scores_withdraw_deleted_lease before delete on server_scores
  for each row execute function withdraw_lease_of_assignment();

comment on column server_scores.counted_batches is 'Below submission version 5: ULIDs of the newest batches that a result was counted of, each once, with spaces between, in their order: those of some minutes, 8 to 128.';
