// The files of one agent, for the commands that only look at them or add to them while an agent may be running.

import { createStateStore, nodeFileSystem, type StateStore } from "@truechimer/agent";
import { silentLogger } from "@truechimer/telemetry";
import type { CliContext } from "../cli-context.ts";
import type { AgentSettings } from "./agent-settings.ts";

export function openAgentState(
  { directory }: Pick<AgentSettings, "directory">,
  { clock, random }: Pick<CliContext, "clock" | "random">,
): StateStore {
  return createStateStore({
    directory,
    files: nodeFileSystem,
    clock,
    random,
    logger: silentLogger,
  });
}
