// The broker as the control plane is given it: the configuration, its certificate file read, and our account with it.

import type { MqttHubSettings } from "@truechimer/server";
import type { LoadedConfig } from "./config/load-config.ts";
import { readRootFile } from "./config/root-file.ts";

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
      ...(caFile === undefined ? {} : { rootPem: await readRootFile("mqtt.ca_file", caFile) }),
      ...(account === undefined || password === undefined
        ? {}
        : { account: { username: account.username, password } }),
    },
  };
}
