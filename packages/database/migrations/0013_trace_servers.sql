-- expand
--
-- Servers whose paths are kept: each monitor is asked for a traceroute once a day, and when its checks begin to fail.

alter table servers add column traced boolean not null default false;
comment on column servers.traced is 'True: its monitors make traceroutes to it by themselves. Set by a person.';

create table traceroute_turns (
  server_id bigint not null references servers (id),
  monitor_id bigint not null references monitors (id),
  asked_at timestamptz not null default now(),
  failing boolean not null,
  primary key (server_id, monitor_id)
);
comment on table traceroute_turns is 'When a monitor was last asked for the path to a server that is traced.';
comment on column traceroute_turns.server_id is 'The server.';
comment on column traceroute_turns.monitor_id is 'The monitor.';
comment on column traceroute_turns.asked_at is 'When it was asked; database clock.';
comment on column traceroute_turns.failing is 'Whether its last check had failed then, so that the path at the beginning of a failure is asked for once.';
