-- expand
--
-- People who sign in at an OpenID Connect provider. Whom a subject is, is kept by issuer and subject, which a provider never
-- gives to somebody else; a name or an e-mail address it may.

create table user_identities (
  issuer text not null check (issuer <> ''),
  subject text not null check (subject <> ''),
  user_id bigint not null unique references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);
comment on table user_identities is 'Users who sign in at an OpenID Connect provider.';
comment on column user_identities.issuer is 'The provider: the claim iss.';
comment on column user_identities.subject is 'Whom the provider knows: the claim sub.';
comment on column user_identities.user_id is 'Whom we know.';
comment on column user_identities.created_at is 'First sign-in; database clock.';

create table oidc_sign_ins (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  expires_at timestamptz not null,
  session_before text
);
comment on table oidc_sign_ins is 'Sign-ins that have been sent to the provider and have not come back. One that came back is deleted.';
comment on column oidc_sign_ins.token_hash is 'SHA-256 of the secret that the browser holds; state, nonce and code verifier are derived from that secret.';
comment on column oidc_sign_ins.expires_at is 'Until when it may come back; database clock.';
comment on column oidc_sign_ins.session_before is 'Session that the browser had when it left, by its id_token: ended when the person is let in. Null: none.';
