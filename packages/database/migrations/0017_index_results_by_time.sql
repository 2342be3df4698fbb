-- expand
--
-- The history in memory is loaded newest first, whatever the server: without an index by time each chunk would read a
-- whole day and sort it. Sixteen bytes a row at the right edge of the index, where rows of now come in.

create index log_scores_ts on log_scores (ts);
