// npm run bench -- [scenario…] [options]: runs named scenarios, prints their tables and keeps the results.

import { parseArgs } from "node:util";
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
import { saveResults } from "./results.ts";
import type { Scenario, ScenarioOptions } from "./scenario.ts";
import { scheduler } from "./scheduler/scheduler.ts";
import { scoringRate } from "./scoring-rate/scoring-rate.ts";
import { selection } from "./selection/selection.ts";

const SCENARIOS: readonly Scenario[] = [
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
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const HELP = `usage: npm run bench -- [SCENARIO…] [options]

Scenarios (default: all):
${SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join("\n")}

Options:
  --quick             few exchanges, one run; the results are not kept
  --condition NAME    of probe-error: idle, beat, busy, at-once or in-flight; of issuance: its rows; of agent-footprint:
                      every-minute or in-flight-at-once; of pool-scale: plain-inserts, submit-4, submit-5, submit-4-paced, submit-5-paced,
                      get-servers, get-servers-paced or hammer; of scheduler: drain-1 to drain-3, paced-1 to paced-3 or
                      killed; of selection: convergence, churn, plan-time, database or fleet; of scoring-rate: both-2, both-1,
                      every-2, recentmedian-2 or paced; of history: start, warm, live or store;
                      of fault: selected or all; of export: csv, ndjson, parquet, parquet-file, exchanges,
                      exchanges-file, steps, scores, verdicts, audit or results;
                      of archive: directory or s3
  --size NAME         of pool-scale: small or full; of scoring-rate likewise, small unless said; of history, export and
                      archive: rows
  --path NAME         loopback or veth (veth needs root)
  --stamps NAME       kernel or user_space
  --mode NAME         basic, interleaved, check or chronyd (the yardstick); of probe-rate sweep or exchange;
                      of fault and alerts: a seed
  --runs N            instead of the scenario's own number
  --exchanges N       exchanges a run, likewise; results with other numbers are not kept
  --help

With TRUECHIMER_BENCH_POSTGRES=DIRECTORY pool-scale measures on the host's own PostgreSQL, whose \`initdb\` and
\`postgres\` lie there, and not on the embedded one; its results are kept beside the others.
`;

interface Wanted {
  readonly scenarios: readonly Scenario[];
  readonly options: ScenarioOptions;
  readonly isKept: boolean;
}

async function main(): Promise<void> {
  const wanted = wantedFrom(process.argv.slice(2));
  if (wanted === undefined) return;
  for (const scenario of wanted.scenarios) {
    const rows = await scenario.run(wanted.options);
    print(wanted.isKept ? await saveResults(scenario, rows) : scenario.report(rows));
  }
}

function wantedFrom(parameters: readonly string[]): Wanted | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        condition: { type: "string" },
        size: { type: "string" },
        path: { type: "string" },
        stamps: { type: "string" },
        mode: { type: "string" },
        runs: { type: "string" },
        exchanges: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      print(HELP);
      return undefined;
    }
    const options: ScenarioOptions = {
      quick: values.quick,
      condition: values.condition,
      size: values.size,
      path: values.path,
      stamps: values.stamps,
      mode: values.mode,
      runs: countFrom("--runs", values.runs),
      exchanges: countFrom("--exchanges", values.exchanges),
      log: (line) => process.stderr.write(`${line}\n`),
    };
    const isWhole = options.runs === undefined && options.exchanges === undefined;
    const isKept = !options.quick && isWhole;
    return { scenarios: scenariosNamed(positionals), options, isKept };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    process.exitCode = EXIT_USAGE;
    return undefined;
  }
}

function scenariosNamed(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return SCENARIOS;
  return names.map((name) => {
    const scenario = SCENARIOS.find((each) => each.name === name);
    if (scenario === undefined) throw new RangeError(`there is no scenario "${name}"`);
    return scenario;
  });
}

function countFrom(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new RangeError(`${option} "${text}" must be a whole number above 0`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

// What a scenario has set up is taken down when the process exits; a signal alone would not let it.
process.once("SIGINT", () => process.exit(EXIT_INTERRUPTED));
process.once("SIGTERM", () => process.exit(EXIT_INTERRUPTED));
await main();
