// The archive as the control plane is given it: the configuration, its certificate file read, and our account with it.

import type { ClickHouseSettings } from "@truechimer/server";
import type { LoadedConfig } from "./config/load-config.ts";
import { readRootFile } from "./config/root-file.ts";

/** For the options of a control plane: {} when there is no archive. */
export async function archiveSettings({
  config,
  secrets,
}: LoadedConfig): Promise<{ readonly archive?: ClickHouseSettings }> {
  const { archive } = config;
  if (archive === undefined) return {};
  const { url, database, caFile, account } = archive;
  const { archivePassword: password } = secrets;
  return {
    archive: {
      url,
      database,
      ...(caFile === undefined
        ? {}
        : { rootPem: await readRootFile("archive.clickhouse_ca_file", caFile) }),
      ...(account === undefined || password === undefined
        ? {}
        : { account: { username: account.username, password } }),
    },
  };
}
