// What of a configuration goes to the results in memory.

import { join } from "node:path";
import type { HistorySettings } from "@truechimer/server";
import type { Config } from "./config/config.ts";

const CHECKPOINT_FILE = "history.checkpoint";

/** @param dataDir where the checkpoint lies unless the configuration says otherwise. Absent: nowhere. */
export function historySettings(
  { history: { memory, checkpointDir } }: Pick<Config, "history">,
  dataDir?: string,
): Partial<HistorySettings> {
  const directory = checkpointDir ?? dataDir;
  if (directory === undefined || memory.checkpointEveryMs === 0) return memory;
  return { ...memory, checkpointFile: join(directory, CHECKPOINT_FILE) };
}
