-- expand
--
-- A server whose results cannot be scored must not hold up the others: its rows stay in the queue, set aside for a
-- while, with the reason.

alter table score_queue
  add column failures integer not null default 0,
  add column retry_at timestamptz,
  add column last_error text not null default '';
comment on column score_queue.failures is 'How often scoring it has failed.';
comment on column score_queue.retry_at is 'Set aside until then, because scoring its server failed; database clock. Null: it waits for the next scorer.';
comment on column score_queue.last_error is 'Code of the last failure. Empty: none.';
create index score_queue_set_aside on score_queue (server_id) where retry_at is not null;
