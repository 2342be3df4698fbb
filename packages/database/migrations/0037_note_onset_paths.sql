-- expand
--
-- Traceroutes say that they were asked for because something began to be wrong.

alter table on_demand_requests add column onset boolean not null default false;
comment on column on_demand_requests.onset is 'True: nobody asked; something began to be wrong with the server or with the way to it.';

alter table traceroutes add column onset boolean not null default false;
comment on column traceroutes.onset is 'True: of a request that is on_demand_requests.onset, which are dropped earlier.';
