-- expand
--
-- GetServers finds what is due for a monitor by an index, however many assignments there are: those of one pace in the
-- order of their waiting. The pace changes seldom, so that a result still leaves the new version of the row on its page;
-- being handed out does not.

alter table server_scores add column pace smallint not null
  generated always as (case
    when score_raw <= -90 then 3
    when status = 'active' then 1
    when status = 'testing' then 2
    else 3
  end) stored;
comment on column server_scores.pace is 'How often the monitor is due to visit the server: 1 as an active one, 2 as a testing one, 3 seldom (candidates, paused ones, servers with a score of -90 or less).';

create index server_scores_due on server_scores (monitor_id, pace, coalesce(queue_ts, '-infinity'::timestamptz), id);
-- What it served, the new one and the one over (server_id, monitor_id) do.
drop index server_scores_monitor;
