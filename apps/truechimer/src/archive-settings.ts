// The archive as the control plane is given it: the configuration, its certificate file read, and our account with it.

import { assert } from "@truechimer/base";
import type { ArchiveSettings } from "@truechimer/server";
import type { ClickHouseConfig, S3Config } from "./config/config.ts";
import type { LoadedConfig } from "./config/load-config.ts";
import { readRootFile } from "./config/root-file.ts";
import type { Secrets } from "./config/secrets.ts";

/** For the options of a control plane: {} when there is no archive. */
export async function archiveSettings({
  config,
  secrets,
}: LoadedConfig): Promise<{ readonly archive?: ArchiveSettings }> {
  const { archive } = config;
  switch (archive?.kind) {
    case undefined:
      return {};
    case "directory":
      return { archive };
    case "s3":
      return { archive: await s3Settings(archive, secrets) };
    case "clickhouse":
      return { archive: await clickHouseSettings(archive, secrets) };
  }
}

async function s3Settings(
  { kind, endpoint, bucket, prefix, region, accessKeyId, pathStyle, caFile }: S3Config,
  { archiveSecretKey }: Secrets,
): Promise<ArchiveSettings> {
  assert(archiveSecretKey !== undefined, "a configuration without the secret was refused");
  return {
    kind,
    endpoint,
    bucket,
    prefix,
    region,
    accessKeyId,
    pathStyle,
    secretAccessKey: archiveSecretKey,
    ...(await rootOf("archive.s3_ca_file", caFile)),
  };
}

async function clickHouseSettings(
  { url, database, caFile, account }: ClickHouseConfig,
  { archivePassword: password }: Secrets,
): Promise<ArchiveSettings> {
  return {
    kind: "clickhouse",
    url,
    database,
    ...(await rootOf("archive.clickhouse_ca_file", caFile)),
    ...(account === undefined || password === undefined
      ? {}
      : { account: { username: account.username, password } }),
  };
}

async function rootOf(
  key: string,
  file: string | undefined,
): Promise<{ readonly rootPem?: string }> {
  return file === undefined ? {} : { rootPem: await readRootFile(key, file) };
}
