// Scenario probe-rate: how many exchanges a second one process completes over loopback, with a given number in flight.

import { parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import type { TimestampSource } from "@truechimer/ntp";
import { createProbeSocket, type ProbeSocket } from "@truechimer/udp";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { median } from "../statistics.ts";
import { type Responder, startResponder } from "./responder.ts";

interface Load {
  readonly stamps: TimestampSource;
  readonly inFlight: number;
}

export interface ProbeRateRow extends ResultRow, Load {
  readonly exchanges: number;
  /** Good samples a second, run by run. */
  readonly ratePerS: readonly number[];
  readonly medianRatePerS: number;
  /** Processor time of this process, responder included, in cores. */
  readonly cores: number;
  /** Share of good samples that bear kernel stamps on both legs. */
  readonly kernelStamped: number;
  readonly failures: Readonly<Record<string, number>>;
}

const LOADS: readonly Load[] = [
  { stamps: "kernel", inFlight: 64 },
  { stamps: "kernel", inFlight: 1_000 },
  { stamps: "kernel", inFlight: 4_000 },
  { stamps: "user_space", inFlight: 64 },
  { stamps: "user_space", inFlight: 1_000 },
];
const EXCHANGES: Readonly<Record<TimestampSource, number>> = {
  kernel: 500_000,
  user_space: 50_000,
};
const QUICK_DIVISOR = 10;
const RUNS = 5;
const QUICK_RUNS = 1;
const TIMEOUT_MS = 2_000;

export const probeRate: Scenario = {
  name: "probe-rate",
  summary: "How many exchanges a second one process completes over loopback.",
  run: runProbeRate,
  report: (rows) => reportProbeRate(rows as readonly ProbeRateRow[]),
};

async function runProbeRate(options: ScenarioOptions): Promise<readonly ProbeRateRow[]> {
  if (process.platform !== "linux") {
    options.log("probe-rate: the responder needs Linux");
    return [];
  }
  const rows: ProbeRateRow[] = [];
  for (const load of LOADS.filter(({ stamps }) => isWanted(options.stamps, stamps))) {
    options.log(`probe-rate: ${load.stamps} stamps, ${load.inFlight} in flight`);
    rows.push(await measureLoad(load, options));
  }
  return rows;
}

interface RunFinding {
  readonly ratePerS: number;
  readonly cores: number;
  readonly kernelStamped: number;
}

async function measureLoad(load: Load, options: ScenarioOptions): Promise<ProbeRateRow> {
  const full = EXCHANGES[load.stamps];
  const exchanges = options.exchanges ?? (options.quick ? full / QUICK_DIVISOR : full);
  const runCount = options.runs ?? (options.quick ? QUICK_RUNS : RUNS);
  const runs: RunFinding[] = [];
  const failures: Record<string, number> = {};
  await using responder = await startResponder();
  await using probe = await createProbeSocket({
    clock: systemClock,
    random: systemRandom,
    timestamps: load.stamps,
  });
  const run: Run = { probe, responder, inFlight: load.inFlight, failures };
  await exchangeMany(run, Math.ceil(exchanges / QUICK_DIVISOR));
  for (let i = 0; i < runCount; i += 1) {
    runs.push(await exchangeMany(run, exchanges));
    options.log(`  run ${i + 1}: ${Math.round(runs.at(-1)?.ratePerS ?? 0)} a second`);
  }
  return {
    key: `${load.stamps} ${String(load.inFlight).padStart(5, "0")}`,
    measuredOn: new Date().toISOString().slice(0, 10),
    ...load,
    exchanges,
    ratePerS: runs.map(({ ratePerS }) => Math.round(ratePerS)),
    medianRatePerS: Math.round(median(runs.map(({ ratePerS }) => ratePerS))),
    cores: Number(median(runs.map(({ cores }) => cores)).toFixed(2)),
    kernelStamped: Math.min(...runs.map(({ kernelStamped }) => kernelStamped)),
    failures,
  };
}

interface Run {
  readonly probe: ProbeSocket;
  readonly responder: Responder;
  readonly inFlight: number;
  readonly failures: Record<string, number>;
}

/** Keeps `inFlight` exchanges going until as many as wanted were started. */
async function exchangeMany(run: Run, exchanges: number): Promise<RunFinding> {
  const { probe, responder, inFlight, failures } = run;
  const address = parseIpAddress("127.0.0.1");
  if (!address.ok) throw new Error(address.error);
  const request = { address: address.value, port: responder.port, timeoutMs: TIMEOUT_MS };
  let left = exchanges;
  let good = 0;
  let stamped = 0;
  const goOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { reason, exchange } = await probe.exchange(request);
      if (reason === undefined) {
        good += 1;
        if (exchange.t1?.source === "kernel" && exchange.t4?.source === "kernel") stamped += 1;
      } else {
        failures[reason] = (failures[reason] ?? 0) + 1;
      }
    }
  };
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  await Promise.all(Array.from({ length: inFlight }, goOn));
  const tookMs = performance.now() - startMs;
  const cpu = process.cpuUsage(startCpu);
  return {
    ratePerS: (good / tookMs) * 1_000,
    cores: (cpu.user + cpu.system) / 1_000 / tookMs,
    kernelStamped: good === 0 ? 0 : stamped / good,
  };
}

function reportProbeRate(rows: readonly ProbeRateRow[]): string {
  return [
    "| stamps | in flight | exchanges/s | cores, responder included | both stamps by the kernel | failed |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => {
      const failed = Object.values(row.failures).reduce((sum, count) => sum + count, 0);
      const stamped = `${(row.kernelStamped * 100).toFixed(2)} %`;
      const rate = row.medianRatePerS.toLocaleString("en");
      return `| ${[row.stamps, row.inFlight.toLocaleString("en"), rate, row.cores, stamped, failed].join(" | ")} |`;
    }),
    "",
  ].join("\n");
}
