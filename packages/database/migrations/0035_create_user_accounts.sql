-- expand
--
-- Users of several accounts, who choose one at a time. A process of the release before knows users.account_id alone: it shows
-- less, and never more.

create table user_accounts (
  user_id bigint not null references users (id) on delete cascade,
  account_id bigint not null references accounts (id),
  primary key (user_id, account_id)
);
comment on table user_accounts is 'Accounts that a user may choose beside the one of users.account_id. Without meaning where that one is null: such a user sees all.';
comment on column user_accounts.user_id is 'Whose it is.';
comment on column user_accounts.account_id is 'Which.';
create index user_accounts_account on user_accounts (account_id);

alter table user_sessions add column account_id bigint references accounts (id);
comment on column user_sessions.account_id is 'Account that the user has chosen here. Null, or none of the user''s any more: that of users.account_id.';
