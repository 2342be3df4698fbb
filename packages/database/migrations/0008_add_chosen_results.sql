-- expand
--
-- A scorer's assignment names the results behind its score, so that it can be explained when later ones have come in.

alter table server_scores
  add column caused_by_id bigint,
  add column chosen_id bigint;
comment on column server_scores.caused_by_id is 'Of an overall score: log_scores.id of the result that it was counted for. Null: not an overall score.';
comment on column server_scores.chosen_id is 'Of an overall score: log_scores.id of the result whose score was chosen. Null: not an overall score.';
