-- expand
--
-- Accounts with ACME authorities that are bound to an account elsewhere (RFC 8555, section 7.3.4): one for each such account.

alter table acme_accounts add column external_key_id text not null default '';
comment on column acme_accounts.external_key_id is 'The authority''s name for the account elsewhere that this one is bound to. Empty: it is bound to none.';
alter table acme_accounts drop constraint acme_accounts_pkey;
alter table acme_accounts add primary key (directory_url, external_key_id);
