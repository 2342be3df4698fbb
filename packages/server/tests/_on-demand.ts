// The on-demand part alone, for what time and certificates do to it.

import { systemClock, systemRandom } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import { AGENT_SETTINGS } from "../src/agent-settings.ts";
import type { ServerContext } from "../src/context.ts";
import type { CallingAgent } from "../src/enrolment/authenticate-agent.ts";
import { createLimits } from "../src/limits/limits.ts";
import { createOnDemand, type OnDemand } from "../src/on-demand/on-demand.ts";
import type { OnDemandTiming } from "../src/on-demand/on-demand-timing.ts";
import { createServerMetrics } from "../src/server-metrics.ts";
import { ip } from "./_test-server.ts";

export interface OnDemandAlone {
  readonly onDemand: OnDemand;
  /** With the one monitor. */
  readonly agent: CallingAgent;
  readonly dispose: () => Promise<void>;
}

export async function useOnDemand(
  database: Database,
  { timing, monitorId }: { readonly timing: Partial<OnDemandTiming>; readonly monitorId: bigint },
): Promise<OnDemandAlone> {
  const metrics = createServerMetrics(createMetrics({ version: "0.0.0-test" }));
  const world = { database, clock: systemClock, random: systemRandom, logger: silentLogger };
  const limits = await createLimits({ ...world, counter: metrics.rateLimits, settings: {} });
  const context = {
    ...world,
    metrics,
    limits,
    agents: AGENT_SETTINGS,
  } as unknown as ServerContext;
  const onDemand = createOnDemand(context, { timing });
  await onDemand.start();
  const monitor = {
    id: monitorId,
    address: ip("10.85.0.1"),
    status: "active",
    lab: false,
  } as const;
  return {
    onDemand,
    agent: { id: undefined, tlsName: undefined, name: "alone", monitors: [monitor] },
    dispose: async () => {
      await onDemand[Symbol.asyncDispose]();
      await limits[Symbol.asyncDispose]();
    },
  };
}
