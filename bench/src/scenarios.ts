// All that can be run, in the order in which they run.

import { agentFleet } from "./agent-fleet/agent-fleet.ts";
import { agentFootprint } from "./agent-footprint/agent-footprint.ts";
import { alerts } from "./alerts/alerts.ts";
import { archive } from "./archive/archive.ts";
import { exportScenario } from "./export/export.ts";
import { fault } from "./fault/fault.ts";
import { history } from "./history/history.ts";
import { issuance } from "./issuance/issuance.ts";
import { poolScale } from "./pool-scale/pool-scale.ts";
import { probeError } from "./probe-error/probe-error.ts";
import { probeRate } from "./probe-rate/probe-rate.ts";
import type { Scenario } from "./scenario.ts";
import { scheduler } from "./scheduler/scheduler.ts";
import { scoringRate } from "./scoring-rate/scoring-rate.ts";
import { selection } from "./selection/selection.ts";

export const SCENARIOS: readonly Scenario[] = [
  issuance,
  probeError,
  probeRate,
  agentFootprint,
  poolScale,
  scheduler,
  agentFleet,
  selection,
  scoringRate,
  history,
  fault,
  alerts,
  exportScenario,
  archive,
];
