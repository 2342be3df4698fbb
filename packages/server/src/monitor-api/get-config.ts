// GetConfig: what the agent is configured with; and the one place where its version is noted.

import type { monitorV2 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import type { AgentCall } from "../enrolment/agent-call.ts";
import { authenticateMonitor, type CallingMonitor, requireLive } from "./authenticate-monitor.ts";
import { clientVersionFromUserAgent } from "./client-version.ts";
import { monitorConfig } from "./monitor-config.ts";
import { mqttConfigFor } from "./mqtt-config.ts";
import { probePolicyFrom } from "./probe-settings.ts";

export async function getConfig(
  context: ServerContext,
  request: monitorV2.GetConfigRequest,
  { header, credential }: AgentCall,
): Promise<monitorV2.GetConfigResponse> {
  const { policy } = context;
  const monitor = await authenticateMonitor(context, {
    credential,
    monId: request.monId,
  });
  requireLive(monitor);
  await noteClientVersion(context, monitor, header("user-agent"));
  const probe = probePolicyFrom(monitor.settings, policy, monitor.lab);
  const config = monitorConfig({ policy, probe }, monitor);
  const mqttConfig = await mqttConfigFor(context, monitor);
  return mqttConfig === undefined ? config : { ...config, mqttConfig };
}

/** Must not cost the agent its configuration. */
async function noteClientVersion(
  context: ServerContext,
  monitor: CallingMonitor,
  userAgent: string | undefined,
): Promise<void> {
  const clientVersion = clientVersionFromUserAgent(userAgent ?? null);
  if (clientVersion === "" || clientVersion === monitor.clientVersion) return;
  try {
    await context.database.kysely
      .updateTable("monitors")
      .set({ client_version: clientVersion })
      .where("id", "=", monitor.id)
      .execute();
  } catch (error) {
    context.logger.warn({ error, monitor: monitor.name }, "client version not noted");
  }
}
