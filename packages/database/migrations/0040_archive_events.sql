-- expand
--
-- Events go to archives, too: like paths there are few of them, so each that waits has a row. Those from before are noted by
-- whoever sends to an archive next, which may be one that a replica without this has added meanwhile.

create table archive_events (
  target text not null,
  event_id bigint not null,
  primary key (target, event_id)
) with (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 2000
);
comment on table archive_events is 'Events that wait to be sent. No foreign keys: an event that has gone is passed over.';
comment on column archive_events.target is 'archives.target.';
comment on column archive_events.event_id is 'events.id.';

create function note_events_to_archive() returns trigger language plpgsql as $$
begin
  insert into archive_events (target, event_id)
  select archives.target, added.id from archives cross join added;
  return null;
end
$$;
comment on function note_events_to_archive is 'Whoever stores an event has it sent, to all archives that there are.';
create trigger events_note_for_archives after insert on events
  referencing new table as added for each statement execute function note_events_to_archive();

alter table archives add column events_sent bigint not null default 0;
alter table archives add column events_noted boolean not null default false;
comment on table archives is 'Stores outside this database that are sent every result, every path and every event, and how far each has come.';
comment on column archives.events_sent is 'The same of events.';
comment on column archives.events_noted is 'Whether events from before it was known here are among those that wait. False: none of them may go.';
