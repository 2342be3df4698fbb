-- expand
--
-- Verdicts name the rule set that they were reached by, as scores do.

alter table servers add column verdict_rules text not null default '';
comment on column servers.verdict_rules is 'The rule set that the verdict was reached by, as name/version. Empty: none was reached since verdicts name it.';

alter table events add column verdict_rules text;
comment on column events.verdict_rules is 'Of verdict_changed: servers.verdict_rules then. Null: another kind, or of the time before.';
