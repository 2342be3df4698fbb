-- expand
--
-- The certificates that the dashboard's listeners present, so that rules of alerts can tell of one that ends, or that is not
-- replaced. Written by every process that presents one, some times a minute.

create table dashboard_certificates (
  id bigint generated always as identity primary key,
  source text not null check (source in ('own', 'files', 'acme')),
  names text not null check (octet_length(names) <= 4096),
  issuer text not null,
  not_after timestamptz not null,
  last_error text not null default '',
  replica_id text not null,
  seen_at timestamptz not null default now(),
  unique (source, names)
);
comment on table dashboard_certificates is 'Certificates that processes present to browsers: one row for each source and list of names. Where several processes present different ones, the one that ends first.';
comment on column dashboard_certificates.id is 'What alerts know it by; stays when the certificate is replaced.';
comment on column dashboard_certificates.source is 'As listen.tls has it: own, files, acme.';
comment on column dashboard_certificates.names is 'DNS names and addresses that it is for, with commas between.';
comment on column dashboard_certificates.issuer is 'Common name of the authority that signed it. Empty: it has none.';
comment on column dashboard_certificates.not_after is 'Last second of its life.';
comment on column dashboard_certificates.last_error is 'What the last attempt to replace it failed with: a code and words. Empty: it did not fail.';
comment on column dashboard_certificates.replica_id is 'The process that the row is of.';
comment on column dashboard_certificates.seen_at is 'When that process last said so; database clock. An old one: nobody presents it any more.';

alter table alert_rules drop constraint alert_rules_subject_check,
  add constraint alert_rules_subject_check check (subject in ('servers', 'monitors', 'certificates'));
alter table alert_silences drop constraint alert_silences_subject_check,
  add constraint alert_silences_subject_check check (subject in ('servers', 'monitors', 'certificates'));
comment on column alert_rules.subject is 'servers, monitors or certificates (of the dashboard): what the filter is a filter of.';
comment on column alert_silences.subject is 'servers, monitors or certificates (of the dashboard): what the filter is a filter of.';
