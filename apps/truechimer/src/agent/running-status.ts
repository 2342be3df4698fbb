// What a running agent tells of itself at its status socket; `status` and `doctor` read it. No secret is in it.

import type { AgentIdentity, SessionTakeover } from "@truechimer/agent";
import { type Clock, unixMsFromNs } from "@truechimer/base";
import type { ProbeSocket } from "@truechimer/udp";
import { instantText } from "../output/time-text.ts";
import { PRODUCT_VERSION } from "../product-version.ts";
import type { ActivityReport, AgentActivity } from "./agent-activity.ts";

export interface RunningStatus {
  readonly version: string;
  readonly process_id: number;
  readonly started_at: string;
  readonly memory_bytes: number;
  readonly time_stamps: "kernel" | "user_space";
  /** End of the certificate that is in use now. */
  readonly certificate_not_after: string | null;
  /** Another agent with the same identity has pushed this one away: no work is taken for a while. */
  readonly session_taken_over: boolean;
  readonly activity: ActivityReport;
}

export interface RunningStatusOptions {
  readonly identity: Pick<AgentIdentity, "current">;
  readonly activity: AgentActivity;
  readonly probeSocket: Pick<ProbeSocket, "timestampSource">;
  readonly sessionTakeover: Pick<SessionTakeover, "inBackOff">;
  readonly clock: Clock;
}

export function runningStatus(options: RunningStatusOptions): () => RunningStatus {
  const { identity, activity, probeSocket, sessionTakeover, clock } = options;
  const startedAt = instantText(unixMsFromNs(clock.nowNs()));
  return () => {
    const { pair } = identity.current;
    return {
      version: PRODUCT_VERSION,
      process_id: process.pid,
      started_at: startedAt,
      memory_bytes: process.memoryUsage.rss(),
      time_stamps: probeSocket.timestampSource,
      certificate_not_after: pair === undefined ? null : instantText(unixMsFromNs(pair.notAfterNs)),
      session_taken_over: sessionTakeover.inBackOff,
      activity: activity.report(),
    };
  };
}

/** Undefined: no agent answered, or something that is none. */
export function asRunningStatus(answer: unknown): RunningStatus | undefined {
  const isStatus =
    typeof answer === "object" && answer !== null && "process_id" in answer && "activity" in answer;
  return isStatus ? (answer as RunningStatus) : undefined;
}
