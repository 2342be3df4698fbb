-- expand
--
-- Archives of files. What is written into files is not told apart by its id, as rows of a table are: before a file is
-- written it is noted here, and with the position that moves past its rows the note goes. A file that is still noted at the
-- next try was not acknowledged, and is removed before its rows are written again.

alter table archives add column writing text[] not null default '{}';
alter table archives add column store_id text not null default '';
comment on column archives.kind is 'clickhouse or parquet.';
comment on column archives.writing is 'Files that may have been written, and whose rows are not noted as sent: removed before anything else is written.';
comment on column archives.store_id is 'What the store is marked with, so that another one at the same place (a disk that is not mounted) is not taken for it. Empty: it has no mark.';
