-- expand
--
-- What the holder of a shard remembers of a server's assignments must end as well when a monitor begins to watch it with
-- the first row of its assignment. Rows of candidates and paused ones, which come by the thousand, change nothing there.

create function raise_assignments_version_of_new() returns trigger language plpgsql as $$
begin
  update servers s set assignments_version = assignments_version + 1
  where s.id = new.server_id and exists (select from monitors m where m.id = new.monitor_id and m.type = 'monitor');
  return null;
end
$$;
create trigger server_scores_start_raises_version after insert on server_scores
  for each row when (new.status in ('active', 'testing')) execute function raise_assignments_version_of_new();
comment on column servers.assignments_version is 'Raised whenever an assignment of it changes its status, begins as active or testing, or goes.';
