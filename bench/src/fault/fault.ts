// Scenario fault: whose fault incidents of known cause are taken for, on seeds that nothing was tuned on.

import { type IncidentSummary, runIncidents, summarizeIncidents } from "@truechimer/testing-sim";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { reportFault } from "./report.ts";

const SERVERS = 200;
const MONITORS = 60;

/** Worlds of 200 servers and 60 monitors; each seed is another world. */
const CONDITIONS = [
  { name: "selected", watchers: 12, incidents: 200, seeds: [111, 112, 113, 114, 115] },
  { name: "all", watchers: MONITORS, incidents: 90, seeds: [211, 212] },
] as const;
/** The judge was tuned on it, so that a look uses up no other. */
const QUICK = { incidents: 27, seeds: [1] };

export interface FaultRow extends ResultRow {
  readonly condition: string;
  readonly watchers: number;
  readonly seed: number;
  readonly summary: IncidentSummary;
}

export const fault: Scenario = {
  name: "fault",
  summary:
    "Whose fault incidents of nine known causes are taken for, in worlds of 200 servers and 60 monitors that nothing was tuned on.",
  parts: ({ quick }) => ({
    condition: CONDITIONS.map(({ name }) => name),
    mode: (quick ? QUICK.seeds : CONDITIONS.flatMap(({ seeds }) => seeds)).map(String),
  }),
  run: runFault,
  report: (rows) => reportFault(rows as readonly FaultRow[]),
};

async function runFault(options: ScenarioOptions): Promise<readonly FaultRow[]> {
  const { condition, mode, quick, log } = options;
  const measuredOn = new Date().toISOString().slice(0, 10);
  const rows: FaultRow[] = [];
  for (const { name, watchers, incidents, seeds } of CONDITIONS) {
    if (!isWanted(condition, name)) continue;
    for (const seed of quick ? QUICK.seeds : seeds) {
      if (!isWanted(mode, String(seed))) continue;
      log(`fault: ${name}, seed ${seed}`);
      const run = runIncidents({
        servers: SERVERS,
        monitors: MONITORS,
        watchers,
        incidents: quick ? QUICK.incidents : incidents,
        seed,
      });
      const summary = summarizeIncidents(run, SERVERS);
      rows.push({ key: `${name} ${seed}`, measuredOn, condition: name, watchers, seed, summary });
    }
  }
  return rows;
}
