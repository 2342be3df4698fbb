// The broker as the control plane is given it: the configuration, its certificate file read, and our account with it.

import { readFile } from "node:fs/promises";
import { AppError } from "@truechimer/base";
import type { MqttHubSettings } from "@truechimer/server";
import type { LoadedConfig } from "./config/load-config.ts";

/** For the options of a control plane: {} when there is no broker. */
export async function brokerSettings({
  config,
  secrets,
}: LoadedConfig): Promise<{ readonly mqtt?: MqttHubSettings }> {
  const { mqtt } = config;
  if (mqtt === undefined) return {};
  const { url, caFile, advertised, account } = mqtt;
  const { brokerPassword: password } = secrets;
  return {
    mqtt: {
      url,
      advertised,
      ...(caFile === undefined ? {} : { rootPem: await readRoot(caFile) }),
      ...(account === undefined || password === undefined
        ? {}
        : { account: { username: account.username, password } }),
    },
  };
}

async function readRoot(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new AppError(
      "config_unreadable",
      `mqtt.ca_file: ${file} cannot be read: check the path and that this account may read it`,
      { cause },
    );
  }
}
