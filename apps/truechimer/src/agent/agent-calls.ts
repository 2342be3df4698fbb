// What the commands of the agent call a control plane with.

import {
  agentUserAgent,
  type ControlPlane,
  createHttpClient,
  createJsonControlPlane,
  type SendHttp,
} from "@truechimer/agent";
import type { Clock } from "@truechimer/base";
import { PRODUCT_VERSION } from "../product-version.ts";
import type { AgentSettings } from "./agent-settings.ts";

export interface AgentCalls {
  readonly userAgent: string;
  readonly send: SendHttp;
  readonly controlPlane: ControlPlane;
}

export function createAgentCalls(
  { variables }: Pick<AgentSettings, "variables">,
  clock: Clock,
): AgentCalls {
  const userAgent = agentUserAgent({
    version: PRODUCT_VERSION,
    runtime: `node ${process.version}`,
  });
  const send = createHttpClient({ clock, userAgent, proxyVariables: variables });
  return { userAgent, send, controlPlane: createJsonControlPlane({ send, userAgent }) };
}
