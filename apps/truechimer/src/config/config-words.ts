// What the reference says of each key of a configuration: its default, and what it is for. What it takes, with its range, is in
// the schema. docs/reference/configuration.md is written from both (npm run reference).

export interface ConfigWords {
  /** As in the reference, in Markdown. */
  readonly default: string;
  readonly meaning: string;
}

/** By the path of the key; a list of tables is one key. */
export const CONFIG_WORDS: Readonly<Record<string, ConfigWords>> = {
  data_dir: { default: "`.truechimer` in the clone", meaning: "where `up` keeps everything" },
  servers: {
    default: "none",
    meaning:
      'servers to watch: `"time.example.net"`, `"192.0.2.7:1123"`, `"[2001:db8::7]:1123"`. Added at each start of `up`; those that are there already stay as they are, and a name without an address is tried again from time to time. At most 1,000. On the command line: `--watch`',
  },
  "listen.host": { default: '`"127.0.0.1"`', meaning: "address of the API and the dashboard" },
  "listen.port": {
    default: "`8123`",
    meaning:
      "its port; 0 takes a free one. Without this key `up` takes a free one when 8123 is taken. A `server` without the role `api` opens it for health and metrics alone, and only with this key",
  },
  "listen.public_url": {
    default: "its own",
    meaning:
      'address that people open and agents\' tokens name, such as `"https://pool.example.net"`; several `server` processes have the same',
  },
  "listen.stop_notice": {
    default: '`server`: `"2s"`; `up`: `"0s"`',
    meaning:
      "once it was told to stop, how long a process still answers everything while `/healthz/ready` says no, so that a load balancer sends nobody any more",
  },
  "listen.allowed_hosts": {
    default: "none",
    meaning: "further names under which browsers reach it; others are refused",
  },
  "listen.tls": {
    default: '`"off"`',
    meaning:
      '`"own"`: TLS with a certificate of the built-in authority, which renews it; `"acme"`: with one that is ordered by the table `acme` (both need a master key); `"files"`: with the two below. See [TLS for the dashboard](../how-to/serve-the-dashboard-by-tls.md)',
  },
  "listen.certificate_file": {
    default: "none",
    meaning:
      'with `tls = "files"`: the certificate (PEM), those of the authorities between it and a root behind it',
  },
  "listen.key_file": {
    default: "none",
    meaning:
      "its private key (PEM, mode 0600). Both are looked at every 5 s, and a new pair is used for new connections",
  },
  "acme.terms_agreed": {
    default: "`false`",
    meaning:
      'with `tls = "acme"`: that you have read the authority\'s terms and agree; without it no account is made. The table is the same for all processes on one database',
  },
  "acme.names": {
    default: "the host of `listen.public_url`",
    meaning: "DNS names in the certificate; that host is among them. No addresses and no wildcards",
  },
  "acme.directory_url": {
    default: "Let's Encrypt's",
    meaning: "directory of the ACME authority, `https`",
  },
  "acme.email": { default: "none", meaning: "where the authority may write to" },
  "acme.eab_key_id": {
    default: "none",
    meaning:
      "external account binding (RFC 8555, section 7.3.4): the key identifier that the authority gave you; many commercial authorities and those of companies want it",
  },
  "acme.eab_hmac_key_file": {
    default: "none",
    meaning:
      "file (mode 0600) with the HMAC key beside it, in base64url, as the authority gave it. Once the account is made, the authority asks for it no more",
  },
  "acme.ca_file": {
    default: "the system's roots",
    meaning: "file (PEM) with the root that the directory's own certificate leads to",
  },
  "acme.http_host": {
    default: "`listen.host`",
    meaning:
      "address of the plain listener that answers the authority's questions (HTTP-01) and sends browsers to `listen.public_url`",
  },
  "acme.http_port": {
    default: "`80`",
    meaning: "its port. Authorities ask port 80, which must lead here",
  },
  "agents.host": {
    default: '`"127.0.0.1"`',
    meaning:
      "address of the listener for agents elsewhere, which speaks TLS with a certificate of the built-in authority. `server` opens it when there is a master key",
  },
  "agents.port": {
    default: "`8124`",
    meaning:
      "its port; 0 takes a free one. Without this key `up` takes a free one when 8124 is taken",
  },
  "agents.public_url": {
    default: "its own",
    meaning:
      'address that agents are told, `https` and without a path, such as `"https://agents.example.net:8124"`; its host stands in the listener\'s certificate',
  },
  "agents.monitor_domain": {
    default: '`"mon.truechimer.internal"`',
    meaning:
      "last labels of agents' names, which are `<label>.<environment>.<monitor_domain>`. A changed domain makes the agents that are enrolled strangers",
  },
  "agents.environment": {
    default: '`"prod"`',
    meaning:
      '`"prod"`, `"test"` (or `"beta"`) or `"devel"` (or `"dev"`): a label of agents\' names; those of another one are refused',
  },
  "agents.certificate_lifetime": {
    default: '`"30d"`',
    meaning: "how long an agent's certificate lives; it is renewed in its last third",
  },
  "agents.server_made_keys": {
    default: "`false`",
    meaning:
      "whether an agent of the NTP Pool that asks for it is given a certificate with a key that the control plane made: those agents cannot make their own. Others never get one",
  },
  "agents.ticketless_allowed": {
    default: "`false`",
    meaning:
      "whether results without tickets (submission version 2) are taken, from old agents of the NTP Pool that know no other. Such an agent can report on any server that its monitor is assigned to, asked or not",
  },
  "agents.trusted_proxies": {
    default: "`[]`",
    meaning:
      "addresses and networks (`\"10.0.0.0/8\"`) of proxies before the API, whose `X-Forwarded-For` says where a request comes from: for the limits on addresses, and for what a registering agent's addresses are. Everybody else's is ignored: the address is where the connection comes from",
  },
  "mqtt.url": {
    default: "none",
    meaning:
      'an MQTT 5 broker, `"mqtts://mqtt.example.net:8883"`, by which agents of the NTP Pool are asked on demand; our own need none',
  },
  "mqtt.ca_file": {
    default: "the system's roots",
    meaning: "file (PEM) with the root that the broker's certificate leads to",
  },
  "mqtt.advertised_host": { default: "that of `mqtt.url`", meaning: "host that agents are told" },
  "mqtt.advertised_port": {
    default: "that of `mqtt.url`",
    meaning: "port that agents are told; they always speak TLS",
  },
  "mqtt.username": {
    default: "`truechimer-api`",
    meaning:
      "our account with the broker; its password is a token of ours (HS384) unless `mqtt.password_file` names another",
  },
  "mqtt.password_file": {
    default: "a token",
    meaning: "file with the password of `mqtt.username`",
  },
  "secrets.master_key_file": {
    default: "`up`: one in its data directory; `server`: none",
    meaning:
      "file with the key that seals the certificate authority's keys in the database: 32 bytes in base64 or hexadecimal digits (`openssl rand -base64 32`). The same for all processes on one database; [keep a copy](../how-to/keep-the-master-key.md)",
  },
  "secrets.vault_url": {
    default: "none",
    meaning:
      'address of a HashiCorp Vault that holds the master key instead of a file, such as `"https://vault.example.net:8200"`; it is read once, at the start',
  },
  "secrets.vault_path": {
    default: "none",
    meaning:
      'where in it, as the API has it: `"secret/data/truechimer"` for a key-value engine of version 2, `"kv/truechimer"` for one of version 1',
  },
  "secrets.vault_field": {
    default: '`"master_key"`',
    meaning: "which field of that secret: 32 bytes in base64 or hexadecimal digits",
  },
  "secrets.vault_token_file": {
    default: "none",
    meaning: "file with the token that may read it; an agent of Vault's keeps it fresh",
  },
  "secrets.vault_ca_file": {
    default: "the system's roots",
    meaning: "file (PEM) with the root that Vault's certificate leads to",
  },
  "database.url_file": {
    default: "none",
    meaning:
      "file with the address of your PostgreSQL, `postgres://user:password@host/name`. `DATABASE_URL` outweighs it. Without either, `up` runs a PostgreSQL of its own",
  },
  "database.pool_size": { default: "`10`", meaning: "connections of one process" },
  "admin.key_file": {
    default: "none",
    meaning: "file with a key that opens the admin API of `server`; it begins with `tca_`",
  },
  "metrics.per_server": {
    default: "`false`",
    meaning:
      "whether `/metrics` has series of each server ([metrics](api.md#health-and-metrics)); whoever may read it then sees their names",
  },
  "metrics.servers_max": {
    default: "`1000`",
    meaning:
      "of so many servers, those that were added first. Prometheus keeps some ten series for each",
  },
  "scores.public": {
    default: "`false`",
    meaning:
      "whether everybody may read the steps of the servers' scores, without a key ([score log](api.md#score-log))",
  },
  "networks.file": {
    default: "none",
    meaning:
      "file in MaxMind's format (MMDB) with the autonomous systems of addresses, such as GeoLite2-ASN.mmdb or another publisher's: paths to servers are shown with the networks that they lead through. Read again within a minute after it was replaced; nothing is asked over the network for it",
  },
  "audit.head_file": {
    default: "`up`: `audit-head.json` in `data_dir`; `server`: none",
    meaning:
      "file that keeps the signed end of the audit trail, readable by its owner alone; its directory exists. Without it the log alone has the end. Needs a master key. Each process that serves the API has a file of its own",
  },
  "targets.private_allowed": {
    default: "`up`: true; `server`, `agent`: false",
    meaning:
      "whether servers at private and loopback addresses may be watched. An `agent` probes them only where its own configuration and its control plane both allow it",
  },
  "selection.policy": {
    default: '`"private"` where private targets are allowed, otherwise `"pool"`',
    meaning:
      'who may watch whom. `"pool"` keeps the NTP Pool\'s limits: at most two active monitors of an account, one of a network, none of the server\'s own network or account. `"private"` has no such limits: for the monitors of one organisation',
  },
  "checks.interval": {
    default: '`up`: `"1m"`; `server`: `"9m"`',
    meaning: "between two checks of a server by one monitor",
  },
  "checks.samples": { default: "`3`", meaning: "samples in a check" },
  "checks.sample_interval": { default: '`"2s"`', meaning: "between two samples to one server" },
  "checks.sample_timeout": { default: '`"3s"`', meaning: "how long a sample waits" },
  "verdict.offset_limit": { default: '`"25ms"`', meaning: "offset beyond which a clock lies" },
  "verdict.witnesses_min": {
    default: "`up`: 1; `server`: 3",
    meaning: "fewer monitors with fresh data decide nothing",
  },
  "history.retention": { default: '`"400d"`', meaning: "how long results are kept" },
  "history.packet_retention": {
    default: '`"35d"`',
    meaning: "how long the packets behind results are kept",
  },
  "history.hot_window": {
    default: '`"1d"`',
    meaning:
      'of the results in memory, those that are loaded before all others at a start; `"0s"` loads all of the retention at once',
  },
  "history.memory": {
    default: '`"512MiB"`',
    meaning:
      "how much memory results may take; a million results take 48 MB. The oldest give way; the database still has them",
  },
  "history.coverage_min": {
    default: "`0.9`",
    meaning:
      "share of the results, counted by the database, that must have come into memory for a start to call itself complete; below it, it is `degraded`",
  },
  "history.reconnect": {
    default: '`"60s"`',
    meaning: "how long a start tries a lost database again before it gives the load up",
  },
  "history.checkpoint_dir": {
    default: "`up`: `data_dir`; `server`: none",
    meaning:
      "existing directory for the checkpoint of the results in memory (`history.checkpoint`, 48 MB for a million results, readable by its owner alone), from which the next start takes what the database still vouches for",
  },
  "history.checkpoint_interval": {
    default: '`"15m"`',
    meaning: 'between two checkpoints; one more is written at a clean stop. `"0s"`: none',
  },
  "archive.clickhouse_url": {
    default: "none",
    meaning:
      'HTTP interface of a ClickHouse, `"https://clickhouse.example.net:8443"`, that is sent every result and every path, to be kept beyond `history.retention` ([how](../how-to/keep-results-for-years.md)). The same for all processes on one database',
  },
  "archive.clickhouse_database": {
    default: '`"default"`',
    meaning: "database in it; it must be there, its tables are made",
  },
  "archive.clickhouse_username": {
    default: "`default`, without a password",
    meaning: "account that may create tables in that database, insert and select",
  },
  "archive.clickhouse_password_file": { default: "none", meaning: "file with its password" },
  "archive.clickhouse_ca_file": {
    default: "the system's roots",
    meaning: "file (PEM) with the root that ClickHouse's certificate leads to",
  },
  "oidc.issuer": {
    default: "none",
    meaning:
      'OpenID Connect provider at which people may sign in beside name and password ([how](../how-to/let-people-in.md#at-your-own-provider)), as it calls itself: `"https://login.example.net"`. Needs `listen.public_url`; the provider sends browsers back to `/sign-in/oidc/callback` there. The same for all processes on one database',
  },
  "oidc.client_id": { default: "needed", meaning: "by which the provider knows us" },
  "oidc.client_secret_file": {
    default: "a public client, with PKCE alone",
    meaning: "file with the secret that the provider has for us",
  },
  "oidc.scopes": {
    default: '`["openid", "profile", "email"]`',
    meaning: 'what the provider is asked for; `"openid"` is among them',
  },
  "oidc.name": {
    default: "the issuer's host",
    meaning: 'what the button on the sign-in page says: "Sign in with …", up to 40 characters',
  },
  "oidc.role_claim": {
    default: "needed",
    meaning:
      'claim that gives the role, such as `"groups"`; one within another is named with dots, `"realm_access.roles"`',
  },
  "oidc.roles": {
    default: "needed",
    meaning:
      'table of its values: `"clock-admins" = "admin"`, `staff = "viewer"`. Of several the one that may most; whoever has none is refused',
  },
  "oidc.account_claim": {
    default: "none: users see all accounts",
    meaning:
      "claim that holds the id of the user's account, or a list of them (`truechimer accounts`); whoever has none, or an unknown one, is refused",
  },
  "oidc.name_claim": {
    default: '`"preferred_username"`',
    meaning: "claim that a new user is named by; without it the e-mail address, then the subject",
  },
  "paths.at_onset": {
    default: "`true`",
    meaning:
      "whether, when requests to a real server begin to be lost or to take another way, up to three monitors that see it and three that do not are asked for a traceroute at once ([why](faults.md#paths)): what the path was like then nobody can find out later. Some ninety packets each; how many at most: `limits.onset_questions`, `limits.onset_server`, `limits.onset_cause`",
  },
  "lab.mode": {
    default: '`"auto"`',
    meaning: '`"on"`, `"off"`, or `"auto"`: see [the lab](cli.md#up)',
  },
  "lab.interval": {
    default: '`"6s"`',
    meaning: "as `checks.interval`, for the lab's servers alone",
  },
  "lab.sample_interval": {
    default: '`"300ms"`',
    meaning: "as `checks.sample_interval`, for the lab's servers alone",
  },
  "lab.sample_timeout": {
    default: '`"1s"`',
    meaning: "as `checks.sample_timeout`, for the lab's servers alone",
  },
  "agent.server_url": { default: "none", meaning: "the agent's control plane" },
  "agent.monitors": {
    default: "none",
    meaning:
      "the agent's monitors, one for each IP family: `address` (as registered), `token_file`, and behind a NAT `bind_address`",
  },
  roles: {
    default: 'all: `["api", "scorer", "worker"]`',
    meaning: "what this `server` does; several of them share the work through the database",
  },
  "telemetry.otlp_endpoint": {
    default: "none",
    meaning:
      'address of an OpenTelemetry collector (OTLP over HTTP), such as `"http://127.0.0.1:4318"`: turns traces on',
  },
  "log.level": {
    default: '`"warn"`',
    meaning: '`"debug"`, `"info"`, `"warn"` or `"error"`; logs go to standard error',
  },
  "limits.agent_calls.max": { default: "`60000`", meaning: "calls of one agent, within a window" },
  "limits.agent_calls.window": { default: '`"10m"`', meaning: "that window" },
  "limits.admin_calls.max": {
    default: "`30000`",
    meaning: "calls of one API key or session, within a window",
  },
  "limits.admin_calls.window": { default: '`"10m"`', meaning: "that window" },
  "limits.login_failures.max": {
    default: "`100`",
    meaning:
      "keys, tokens, passwords and one-time links from one address (IPv6: its /64) that did not hold; beyond it nothing is looked up for that address, within a window",
  },
  "limits.login_failures.window": { default: '`"10m"`', meaning: "that window" },
  "limits.sign_in_failures.max": {
    default: "`20`",
    meaning:
      "failed sign-ins by one user name, from wherever and whether there is such a user or not; beyond it that name is let in by nobody, within a window",
  },
  "limits.sign_in_failures.window": { default: '`"10m"`', meaning: "that window" },
  "limits.code_failures.max": {
    default: "`10`",
    meaning:
      "wrong codes of one user's second factor; beyond it none is looked at, within a window",
  },
  "limits.code_failures.window": { default: '`"1h"`', meaning: "that window" },
  "limits.oidc_sign_ins.max": {
    default: "`300`",
    meaning:
      "sign-ins at the OpenID Connect provider begun from one address (IPv6: its /64), within a window",
  },
  "limits.oidc_sign_ins.window": { default: '`"10m"`', meaning: "that window" },
  "limits.passkey_sign_ins.max": {
    default: "`300`",
    meaning: "sign-ins with a passkey begun from one address (IPv6: its /64), within a window",
  },
  "limits.passkey_sign_ins.window": { default: '`"10m"`', meaning: "that window" },
  "limits.address_requests.max": {
    default: "`12000`",
    meaning:
      "requests from one address (IPv6: its /64) whose callers have proved nothing yet; of each process, within a window",
  },
  "limits.address_requests.window": { default: '`"1m"`', meaning: "that window" },
  "limits.onset_questions.max": {
    default: "`30`",
    meaning: "servers whose paths are asked for because trouble began, within a window",
  },
  "limits.onset_questions.window": { default: '`"10m"`', meaning: "that window" },
  "limits.onset_server.max": {
    default: "`1`",
    meaning: "of them about one server, within a window",
  },
  "limits.onset_server.window": { default: '`"15m"`', meaning: "that window" },
  "limits.onset_cause.max": {
    default: "`3`",
    meaning: "of them behind one cause, such as an outage of one network, within a window",
  },
  "limits.onset_cause.window": { default: '`"15m"`', meaning: "that window" },
  "limits.check_now.max": { default: "`120`", meaning: "questions of `CheckNow`, within a window" },
  "limits.check_now.window": { default: '`"1m"`', meaning: "that window" },
  "limits.check_now_target.max": {
    default: "`12`",
    meaning: "of them about one address and port, within a window",
  },
  "limits.check_now_target.window": { default: '`"1m"`', meaning: "that window" },
  "limits.certificates.max": {
    default: "`120`",
    meaning: "certificates for one agent, within a window",
  },
  "limits.certificates.window": { default: '`"1h"`', meaning: "that window" },
  "limits.registrations.max": {
    default: "`20`",
    meaning: "new registrations from one IPv4 address or IPv6 /64, within a window",
  },
  "limits.registrations.window": { default: '`"1h"`', meaning: "that window" },
  "limits.registrations_waiting.max": {
    default: "`1000`",
    meaning: "registrations that wait for a decision, at once",
  },
  "limits.registrations_waiting_of_source.max": {
    default: "`10`",
    meaning: "of them from one IPv4 address or IPv6 /64, at once",
  },
  "limits.enrolment_tokens.max": {
    default: "`1000`",
    meaning: "enrolment tokens that are good, at once",
  },
  "limits.calls_in_flight.max": {
    default: "`512`",
    meaning: "calls of one service that are answered; of each process, at once",
  },
  "limits.open_requests.max": {
    default: "`32`",
    meaning: "requests that need no key, of one listener; of each process, at once",
  },
  "limits.credential_lookups.max": {
    default: "`16`",
    meaning: "callers that are looked up; of each process, at once",
  },
  "limits.questions_waiting.max": {
    default: "`200`",
    meaning: "questions of `CheckNow` that are waited for; of each process, at once",
  },
  "limits.password_checks.max": {
    default: "`32`",
    meaning: "passwords that are looked at or wait for it; of each process, at once",
  },
  "limits.agent_streams.max": {
    default: "`10000`",
    meaning: "streams of agents; of each process, at once",
  },
  "archive.parquet_directory": {
    default: "none",
    meaning:
      "in place of ClickHouse: existing directory that is written every result and every path, as Parquet by day. The same one for all processes on one database that have the role `worker` or `api`",
  },
  "archive.s3_endpoint": {
    default: "none",
    meaning:
      'the same in a bucket of a store that speaks S3: its address without a path, `"https://s3.example.net"`',
  },
  "archive.s3_bucket": { default: "needed", meaning: "the bucket; it must be there" },
  "archive.s3_prefix": {
    default: "none",
    meaning: 'what the names of all objects begin with: `"clocks/"`',
  },
  "archive.s3_region": { default: '`"us-east-1"`', meaning: "region that requests are signed for" },
  "archive.s3_access_key_id": {
    default: "needed",
    meaning: "key that may list the bucket, and read, write and delete its objects",
  },
  "archive.s3_secret_key_file": { default: "needed", meaning: "file with the secret of that key" },
  "archive.s3_path_style": {
    default: "`true`",
    meaning:
      "whether the bucket is the first part of the path; `false`: it comes before the host, as Amazon wants it",
  },
  "archive.s3_ca_file": {
    default: "the system's roots",
    meaning: "file (PEM) with the root that the store's certificate leads to",
  },
};

/** What may be set by the environment alone. Those that set a key are in load-config.ts. */
export const OTHER_VARIABLES: Readonly<Record<string, string>> = {
  DATABASE_URL: "the address of your PostgreSQL",
  TRUECHIMER_CONFIG: "the configuration file",
  TRUECHIMER_URL: "the control plane that the administration commands ask",
  TRUECHIMER_KEY_FILE: "file with their API key",
  TRUECHIMER_CA_FILE:
    "file (PEM) with the root of a private authority that the certificate of that control plane leads to",
  TRUECHIMER_DEBUG: "as `--debug`",
  NO_COLOR: "no colour",
};
