-- expand
--
-- Events are read and thinned out by their time; and an assignment remembers more batches.

create index events_at on events (at, id);
comment on column server_scores.counted_batches is 'ULIDs of the newest batches that a result was counted of, each once, with spaces between, in their order: those of some minutes, 8 to 128.';
