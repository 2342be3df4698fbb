// npm run bench -- [scenario…] [options]: runs named scenarios, prints their tables and keeps the results.

import { parseArgs } from "node:util";
import { saveResults } from "./results.ts";
import {
  PART_OPTIONS,
  type PartOption,
  partsText,
  refuseUnknownParts,
  type Scenario,
  type ScenarioOptions,
} from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const HELP = `usage: npm run bench -- [SCENARIO…] [options]

Scenarios (default: all):
${SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join("\n")}

Options:
  --quick             few exchanges, one run; the results are not kept
  --condition NAME    one of what a scenario measures, --size, --path (veth needs root), --stamps and --mode likewise:
${SCENARIOS.map(partsHelp).join("\n")}
  --runs N            instead of the scenario's own number
  --exchanges N       exchanges a run, likewise; results with other numbers are not kept
  --help

With TRUECHIMER_BENCH_POSTGRES=DIRECTORY pool-scale measures on the host's own PostgreSQL, whose \`initdb\` and
\`postgres\` lie there, and not on the embedded one; its results are kept beside the others.
`;

function partsHelp({ name, parts }: Scenario): string {
  const there = parts({ quick: false });
  const lines = PART_OPTIONS.flatMap((option: PartOption) => {
    const values = there[option];
    return values === undefined ? [] : [`--${option} ${partsText(values)}`];
  });
  return lines.map((line, at) => `    ${(at === 0 ? name : "").padEnd(16)}  ${line}`).join("\n");
}

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
    const scenarios = scenariosNamed(positionals);
    for (const scenario of scenarios) refuseUnknownParts(scenario, options);
    return { scenarios, options, isKept };
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
