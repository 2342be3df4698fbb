// The yardstick: chronyd as a client of the same chronyd server over the same path, on this machine and in this run. It
// never touches the clock (-x), and takes its source for measuring only (noselect), so that its own idea of the clock
// stays the host's and the true offset 0.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedProgram } from "@truechimer/testing-programs";
import { startBusyCores } from "./busy-cores.ts";
import type { Targets } from "./targets.ts";

/** 2^-7 s, 7.8 ms: the shortest that chronyd takes. */
const POLL_LOG2 = -7;
const POLLS_PER_S = 2 ** -POLL_LOG2;
/** Its first measurements: caches, address resolution. */
const WARM_UP = 100;
const US_PER_S = 1e6;

/** Columns of measurements.log, from 0; the last three say mode and who took the stamps: "4I K K". */
const OFFSET_COLUMN = 11;
const MODE_COLUMN_FROM_END = 3;

export interface YardstickOptions {
  readonly targets: Targets;
  readonly isInterleaved: boolean;
  readonly areCoresBusy: boolean;
  readonly samples: number;
}

/** |offset| of each measurement in microseconds, in the mode that was asked for. */
export async function measureWithChronyd(options: YardstickOptions): Promise<readonly number[]> {
  await using surroundings = new AsyncDisposableStack();
  if (options.areCoresBusy) surroundings.use(await startBusyCores());
  const directory = await mkdtemp(join(tmpdir(), "truechimer-yardstick-"));
  surroundings.defer(() => rm(directory, { recursive: true, force: true }));
  await runChronyd(directory, options);
  const log = await readFile(join(directory, "measurements.log"), "utf8");
  return errorsFromLog(log, options.isInterleaved).slice(WARM_UP);
}

async function runChronyd(
  directory: string,
  { targets, isInterleaved, samples }: YardstickOptions,
): Promise<void> {
  const [address] = targets.addresses;
  if (address === undefined) throw new Error("there is no target");
  const seconds = Math.ceil((samples + WARM_UP) / POLLS_PER_S);
  const source = `minpoll ${POLL_LOG2} maxpoll ${POLL_LOG2} noselect`;
  const directives = [
    `server ${address.text} port ${targets.port} ${source}${isInterleaved ? " xleave" : ""}`,
    "port 0",
    "cmdport 0",
    "bindcmdaddress /",
    `pidfile ${join(directory, "chronyd.pid")}`,
    `logdir ${directory}`,
    "log rawmeasurements",
  ];
  const run = ["-x", "-d", "-t", String(seconds), "-u", "root", ...directives];
  const child = spawn(installedProgram("chronyd"), run, { stdio: "ignore" });
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  process.on("exit", kill);
  await once(child, "exit");
  process.off("exit", kill);
}

function errorsFromLog(log: string, isInterleaved: boolean): readonly number[] {
  const wanted = isInterleaved ? "I" : "B";
  return log.split("\n").flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    if (!/^\d{4}-/.test(columns[0] ?? "")) return [];
    if (!(columns.at(-MODE_COLUMN_FROM_END) ?? "").endsWith(wanted)) return [];
    return [Math.abs(Number(columns[OFFSET_COLUMN])) * US_PER_S];
  });
}
