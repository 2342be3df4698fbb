// Where an agent finds the broker, and the token that lets it in. GetServers leaves it out, as the NTP Pool's does.

import { create } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { mqttPrefix } from "@truechimer/mqtt";
import type { ServerContext } from "../context.ts";
import { agentMqttToken } from "../on-demand/mqtt-token.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";

/** Absent: there is no broker, or the monitor has no name that a broker could know it by. */
export async function mqttConfigFor(
  { mqtt, signingKeys, agents, clock }: ServerContext,
  { tlsName }: Pick<CallingMonitor, "tlsName">,
): Promise<monitorV2.MQTTConfig | undefined> {
  if (mqtt === undefined || tlsName === undefined) return undefined;
  const { environment } = agents;
  const secret = await signingKeys?.mqttSecret();
  const token =
    secret === undefined ? "" : await agentMqttToken({ secret, environment, clock }, tlsName);
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  return create(monitorV2.MQTTConfigSchema, {
    host: bytes(mqtt.advertised.host),
    port: mqtt.advertised.port,
    jwt: bytes(token),
    prefix: bytes(mqttPrefix(environment)),
  });
}
