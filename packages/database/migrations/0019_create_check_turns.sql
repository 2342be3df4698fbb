-- contract
--
-- When a monitor was last handed a server stands in a narrow table of its own: being handed out writes ten rows that lie
-- together instead of ten versions of wide rows all over the assignments, and a result of the assignment writes none of
-- its indexes. API replicas of the release before must have stopped: what they hand out by is gone, and they fail.

-- Nobody may be between handing out, or pausing a server, and committing.
lock table server_scores, servers in share row exclusive mode;

create function pace_of(status text, score double precision) returns smallint language sql immutable parallel safe
  return case when score <= -90 then 3 when status = 'active' then 1 when status = 'testing' then 2 else 3 end;
comment on function pace_of is 'How often the monitor is due to visit the server: 1 as an active one, 2 as a testing one, 3 seldom (candidates, paused ones, servers with a score of -90 or less).';

create table check_turns (
  monitor_id bigint not null,
  server_id bigint not null,
  queue_ts timestamptz not null default '-infinity',
  pace smallint not null,
  watched boolean not null default true
);
comment on table check_turns is 'When each assignment was last visited: one row for each of server_scores that is a monitor''s, made, changed and dropped with it by triggers.';
comment on column check_turns.monitor_id is 'The monitor.';
comment on column check_turns.server_id is 'The server.';
comment on column check_turns.queue_ts is 'When the server was last handed to this monitor, or checked by it under a lease; database clock. -infinity: never, so it is due.';
comment on column check_turns.pace is 'pace_of the assignment: which interval is its own.';
comment on column check_turns.watched is 'False: the server is paused or removed, so that nobody looks at the row when work is due.';

insert into check_turns (monitor_id, server_id, queue_ts, pace, watched)
select ss.monitor_id, ss.server_id, coalesce(ss.queue_ts, '-infinity'), pace_of(ss.status, ss.score_raw), s.state = 'watched'
from server_scores ss
join monitors m on m.id = ss.monitor_id and m.type = 'monitor'
join servers s on s.id = ss.server_id
order by 1, 4, 3, 2;
alter table check_turns add primary key (monitor_id, server_id);
create index check_turns_due on check_turns (monitor_id, pace, queue_ts, server_id) where watched;
analyze check_turns;

drop index server_scores_due;
alter table server_scores drop column queue_ts, drop column pace;

-- Of a paused server, too: it is handed out because of servers.state alone, and nobody can miss that it is watched again.
create function make_check_turns() returns trigger language plpgsql as $$
begin
  insert into check_turns (monitor_id, server_id, pace)
  select a.monitor_id, a.server_id, pace_of(a.status, a.score_raw)
  from added a join monitors m on m.id = a.monitor_id and m.type = 'monitor'
  order by a.monitor_id, a.server_id;
  return null;
end
$$;
create trigger server_scores_make_turns after insert on server_scores
  referencing new table as added for each statement execute function make_check_turns();

create function drop_check_turns() returns trigger language plpgsql as $$
begin
  delete from check_turns t using gone g where t.monitor_id = g.monitor_id and t.server_id = g.server_id;
  return null;
end
$$;
create trigger server_scores_drop_turns after delete on server_scores
  referencing old table as gone for each statement execute function drop_check_turns();

create function truncate_check_turns() returns trigger language plpgsql as $$
begin
  truncate check_turns;
  return null;
end
$$;
create trigger server_scores_truncate_turns after truncate on server_scores
  for each statement execute function truncate_check_turns();

-- By their names the triggers of a row run in this order: its server is locked before its turn, as by who pauses a server;
-- and its turn before its lease is withdrawn, so that whoever hands it out has committed and the lease is seen.
create function change_pace_of_turn() returns trigger language plpgsql as $$
begin
  update check_turns set pace = pace_of(new.status, new.score_raw)
  where monitor_id = new.monitor_id and server_id = new.server_id;
  return null;
end
$$;
create trigger server_scores_turn_changes_pace after update of status, score_raw on server_scores
  for each row when (pace_of(old.status, old.score_raw) <> pace_of(new.status, new.score_raw))
  execute function change_pace_of_turn();

create or replace function withdraw_leases(of_server bigint, of_monitor bigint) returns void language sql as $$
  insert into lease_withdrawals (monitor_id, server_id)
  select t.monitor_id, t.server_id from server_scores ss
  join check_turns t on t.monitor_id = ss.monitor_id and t.server_id = ss.server_id
  where ss.server_id = of_server and (of_monitor is null or ss.monitor_id = of_monitor)
    and t.queue_ts > now() - interval '24 hours'
  order by t.monitor_id
  on conflict (monitor_id, server_id) do update
    set transaction_number = excluded.transaction_number, withdrawn_at = excluded.withdrawn_at
$$;

-- Writing the turns first waits for whoever is handing the server out, so that its lease is seen and withdrawn.
create or replace function withdraw_leases_of_server() returns trigger language plpgsql as $$
begin
  update check_turns t set watched = new.state = 'watched' from server_scores ss
  where ss.server_id = new.id and t.monitor_id = ss.monitor_id and t.server_id = new.id
    and t.watched <> (new.state = 'watched');
  if new.state <> 'watched' then perform withdraw_leases(new.id, null); end if;
  return null;
end
$$;
drop trigger servers_withdraw_leases on servers;
create trigger servers_withdraw_leases after update of state on servers
  for each row when ((old.state = 'watched') <> (new.state = 'watched'))
  execute function withdraw_leases_of_server();
