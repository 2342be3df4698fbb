-- expand
--
-- Limits that hold over all replicas, and what they have refused.

create table rate_limit_windows (
  limit_name text not null,
  key bytea not null,
  ends_at timestamptz not null,
  cap bigint not null,
  used bigint not null,
  granted bigint not null,
  primary key (limit_name, key)
) with (fillfactor = 50);
comment on table rate_limit_windows is 'What each key has used of a limit in its window. Replicas draw from it, some in blocks.';
comment on column rate_limit_windows.limit_name is 'Name of the limit.';
comment on column rate_limit_windows.key is 'Salted hash of whom or what is counted; a part of it where strangers choose the key.';
comment on column rate_limit_windows.ends_at is 'When the window ends and the next use begins another; database clock.';
comment on column rate_limit_windows.cap is 'How many may pass in the window, as the replica that drew last is configured.';
comment on column rate_limit_windows.used is 'How many were drawn in the window, at most cap.';
comment on column rate_limit_windows.granted is 'How many the last draw was given.';

create table rate_limit_counts (
  limit_name text not null,
  minute timestamptz not null,
  passed bigint not null,
  refused bigint not null,
  primary key (limit_name, minute)
);
comment on table rate_limit_counts is 'What passed each limit and what it refused, by the minute, of all replicas.';
comment on column rate_limit_counts.limit_name is 'Name of the limit.';
comment on column rate_limit_counts.minute is 'Beginning of the minute in which it was written down; database clock.';
comment on column rate_limit_counts.passed is 'How many passed.';
comment on column rate_limit_counts.refused is 'How many were refused.';
