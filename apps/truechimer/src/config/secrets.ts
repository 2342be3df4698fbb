// Secrets, apart from the configuration: read from files that only their owner can read. Never logged, never printed.

import type { Config } from "./config.ts";
import { readEabHmacKey } from "./eab-hmac-key.ts";
import { readMasterKey } from "./master-key.ts";
import { readSecretFile } from "./secret-file.ts";
import { readVaultMasterKey } from "./vault-master-key.ts";

export interface MonitorSecret {
  readonly address: string;
  readonly bindAddress: string | undefined;
  readonly token: string;
}

export interface Secrets {
  /** Absent: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly adminKey: string | undefined;
  /** 32 bytes. Absent: no file was named. */
  readonly masterKey: Uint8Array | undefined;
  readonly monitors: readonly MonitorSecret[];
  /** Of our account with the broker. Absent: a token of our own. */
  readonly brokerPassword: string | undefined;
  /** Of our account with ClickHouse. Absent: the account that needs none. */
  readonly archivePassword: string | undefined;
  /** Of our account with the S3 store. Absent: there is none. */
  readonly archiveSecretKey: string | undefined;
  /** What the ACME account is bound to another one with. Absent: it is bound to none. */
  readonly acmeHmacKey: Uint8Array | undefined;
  /** By which the OpenID Connect provider knows us. Absent: a public client. */
  readonly oidcClientSecret: string | undefined;
}

/** `databaseUrl` is DATABASE_URL of the environment; it wins over the file that the configuration names. */
export async function readSecrets(
  config: Config,
  databaseUrl: string | undefined,
): Promise<Secrets> {
  return {
    databaseUrl:
      databaseUrl ?? (await optionalSecret("database.url_file", config.database.urlFile)),
    adminKey: await optionalSecret("admin.key_file", config.admin.keyFile),
    masterKey: await configuredMasterKey(config),
    brokerPassword: await optionalSecret("mqtt.password_file", config.mqtt?.account?.passwordFile),
    archivePassword: await optionalSecret(
      "archive.clickhouse_password_file",
      config.archive?.kind === "clickhouse" ? config.archive.account?.passwordFile : undefined,
    ),
    archiveSecretKey: await optionalSecret(
      "archive.s3_secret_key_file",
      config.archive?.kind === "s3" ? config.archive.secretKeyFile : undefined,
    ),
    acmeHmacKey: await configuredHmacKey(config),
    oidcClientSecret: await optionalSecret(
      "oidc.client_secret_file",
      config.oidc?.clientSecretFile,
    ),
    monitors: await Promise.all(
      config.agent.monitors.map(async ({ address, bindAddress, tokenFile }) => ({
        address,
        bindAddress,
        token: await readSecretFile("agent.monitors.token_file", tokenFile),
      })),
    ),
  };
}

async function configuredMasterKey({
  masterKeyFile,
  vault,
}: Config): Promise<Uint8Array | undefined> {
  if (vault !== undefined) return readVaultMasterKey(vault);
  return masterKeyFile === undefined ? undefined : readMasterKey(masterKeyFile);
}

async function configuredHmacKey({ listen: { tls } }: Config): Promise<Uint8Array | undefined> {
  const account = tls?.kind === "acme" ? tls.externalAccount : undefined;
  return account === undefined ? undefined : readEabHmacKey(account.hmacKeyFile);
}

async function optionalSecret(key: string, file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readSecretFile(key, file);
}
