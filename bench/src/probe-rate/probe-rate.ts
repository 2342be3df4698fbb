// Scenario probe-rate: how many exchanges a second one process completes with servers that share its two cores, and how
// wrong the offsets are then; by sweeps over more and more servers, and by the probe socket, one promise an exchange.

import { type IpAddress, parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import type { TimestampSource } from "@truechimer/ntp";
import {
  createProbeSocket,
  createSweeper,
  type ProbeSocket,
  type SweepResult,
  sweepReason,
} from "@truechimer/udp";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { median, medianSpread, type Spread, spreadOf } from "../statistics.ts";
import { reportProbeRate } from "./report.ts";
import { type Responder, startResponder } from "./responder.ts";

interface Load {
  readonly way: "sweep" | "exchange";
  readonly stamps: TimestampSource;
  /** Different addresses that are asked. */
  readonly servers: number;
  /** Exchanges at once; of a sweep its own number. */
  readonly inFlight: number;
}

export interface ProbeRateRow extends ResultRow, Load {
  /** A run. */
  readonly exchanges: number;
  /** Good samples a second, run by run. */
  readonly ratePerS: readonly number[];
  readonly medianRatePerS: number;
  /** Processor time of this process, responder included, in cores. */
  readonly cores: number;
  /** Share of good samples that bear kernel stamps on both legs. */
  readonly kernelStamped: number;
  /** |offset| in microseconds; the servers share our clock. */
  readonly errorUs: Spread;
  /** Samples that were not good, by reason. With the good ones they are all that were asked for. */
  readonly failures: Readonly<Record<string, number>>;
}

const SWEPT_SERVERS = [100, 1_000, 10_000, 50_000];
const LOADS: readonly Load[] = [
  ...SWEPT_SERVERS.map(
    (servers): Load => ({ way: "sweep", stamps: "kernel", servers, inFlight: 2_048 }),
  ),
  { way: "exchange", stamps: "kernel", servers: 1, inFlight: 64 },
  { way: "exchange", stamps: "kernel", servers: 1, inFlight: 1_000 },
  { way: "exchange", stamps: "user_space", servers: 1, inFlight: 1_000 },
];
const EXCHANGES = { sweep: 500_000, exchange: 100_000 } as const;
const QUICK_DIVISOR = 5;
const RUNS = 5;
const QUICK_RUNS = 1;
const TIMEOUT_MS = 2_000;
const NS_PER_US = 1_000;

export const probeRate: Scenario = {
  name: "probe-rate",
  summary: "How many exchanges a second one process completes, and how wrong they are then.",
  parts: () => ({
    stamps: [...new Set(LOADS.map(({ stamps }) => stamps))],
    mode: Object.keys(EXCHANGES),
  }),
  run: runProbeRate,
  report: (rows) => reportProbeRate(rows as readonly ProbeRateRow[]),
};

async function runProbeRate(options: ScenarioOptions): Promise<readonly ProbeRateRow[]> {
  if (process.platform !== "linux") {
    options.log("probe-rate: the responder needs Linux");
    return [];
  }
  const rows: ProbeRateRow[] = [];
  for (const load of LOADS) {
    if (!isWanted(options.stamps, load.stamps) || !isWanted(options.mode, load.way)) continue;
    options.log(`probe-rate: ${load.way}, ${load.stamps} stamps, ${load.servers} servers`);
    rows.push(await measureLoad(load, options));
  }
  return rows;
}

/** What one run came to. */
interface RunFinding {
  readonly ratePerS: number;
  readonly cores: number;
  readonly kernelStamped: number;
  readonly errorUs: Spread;
  readonly failures: ReadonlyMap<string, number>;
}

type MakeRun = (exchanges: number) => Promise<Tally>;

async function measureLoad(load: Load, options: ScenarioOptions): Promise<ProbeRateRow> {
  const full = EXCHANGES[load.way];
  const exchanges = options.exchanges ?? (options.quick ? full / QUICK_DIVISOR : full);
  const runCount = options.runs ?? (options.quick ? QUICK_RUNS : RUNS);
  await using resources = new AsyncDisposableStack();
  const responder = resources.use(await startResponder());
  const makeRun = await openWay(load, responder, resources);
  await makeRun(Math.ceil(exchanges / QUICK_DIVISOR));
  const runs: RunFinding[] = [];
  for (let i = 0; i < runCount; i += 1) {
    const finding = await timed(makeRun, exchanges);
    runs.push(finding);
    const { p50, p99 } = finding.errorUs;
    options.log(
      `  run ${i + 1}: ${Math.round(finding.ratePerS)} a second, p50 ${p50.toFixed(2)} µs, p99 ${p99.toFixed(2)} µs`,
    );
  }
  return {
    key: `${load.way} ${load.stamps} ${String(load.servers).padStart(5, "0")} ${String(load.inFlight).padStart(5, "0")}`,
    measuredOn: new Date().toISOString().slice(0, 10),
    ...load,
    exchanges,
    ratePerS: runs.map(({ ratePerS }) => Math.round(ratePerS)),
    medianRatePerS: Math.round(median(runs.map(({ ratePerS }) => ratePerS))),
    cores: Number(median(runs.map(({ cores }) => cores)).toFixed(2)),
    kernelStamped: Math.min(...runs.map(({ kernelStamped }) => kernelStamped)),
    errorUs: medianSpread(runs.map(({ errorUs }) => errorUs)),
    failures: summed(runs.map(({ failures }) => failures)),
  };
}

async function openWay(
  load: Load,
  responder: Responder,
  resources: AsyncDisposableStack,
): Promise<MakeRun> {
  const addresses = Array.from({ length: load.servers }, (_, index) => addressOf(index));
  if (load.way === "sweep") {
    const sweeper = resources.use(await createSweeper());
    return async (exchanges) => {
      const targets = Array.from({ length: exchanges }, (_, index) => ({
        address: addresses[index % addresses.length] ?? addressOf(0),
        port: responder.port,
      }));
      return tallyOf(await sweeper.sweep(targets, TIMEOUT_MS));
    };
  }
  const probe = resources.use(
    await createProbeSocket({
      clock: systemClock,
      random: systemRandom,
      timestamps: load.stamps,
    }),
  );
  return (exchanges) => exchangeMany({ probe, responder, inFlight: load.inFlight, exchanges });
}

/** 127.1.0.0 and on: each a server of its own to us. */
function addressOf(index: number): IpAddress {
  const parsed = parseIpAddress(`127.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** What came back, before it is put in relation to the time. */
interface Tally {
  /** When the last result was there; what is counted up afterwards takes none of the measured time. */
  readonly endedMs: number;
  readonly errorsUs: number[];
  readonly kernelStamped: number;
  readonly failures: ReadonlyMap<string, number>;
}

async function timed(makeRun: MakeRun, exchanges: number): Promise<RunFinding> {
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const { endedMs, errorsUs, kernelStamped, failures } = await makeRun(exchanges);
  const cpu = process.cpuUsage(startCpu);
  const tookMs = endedMs - startMs;
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  if (errorsUs.length + failed !== exchanges) {
    throw new Error(`${exchanges} exchanges, ${errorsUs.length + failed} accounted for`);
  }
  return {
    ratePerS: (errorsUs.length / tookMs) * 1_000,
    cores: (cpu.user + cpu.system) / 1_000 / (performance.now() - startMs),
    kernelStamped: errorsUs.length === 0 ? 0 : kernelStamped / errorsUs.length,
    errorUs: spreadOf(errorsUs),
    failures,
  };
}

function tallyOf(result: SweepResult): Tally {
  const endedMs = performance.now();
  const failures = new Map<string, number>();
  const errorsUs: number[] = [];
  let kernelStamped = 0;
  for (const [index, code] of result.reason.entries()) {
    const reason = sweepReason(code);
    if (reason === undefined) {
      errorsUs.push(Math.abs(result.offsetNs[index] ?? Number.NaN) / NS_PER_US);
      kernelStamped += result.isStampedByKernel[index] ?? 0;
    } else {
      failures.set(reason, (failures.get(reason) ?? 0) + 1);
    }
  }
  return { endedMs, errorsUs, kernelStamped, failures };
}

interface ExchangeRun {
  readonly probe: ProbeSocket;
  readonly responder: Responder;
  readonly inFlight: number;
  readonly exchanges: number;
}

/** Keeps `inFlight` exchanges going until as many as wanted were started. */
async function exchangeMany(run: ExchangeRun): Promise<Tally> {
  const { probe, responder, inFlight, exchanges } = run;
  const request = { address: addressOf(0), port: responder.port, timeoutMs: TIMEOUT_MS };
  const failures = new Map<string, number>();
  const errorsUs: number[] = [];
  let left = exchanges;
  let kernelStamped = 0;
  const goOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { reason, exchange, measurement } = await probe.exchange(request);
      if (reason === undefined) {
        errorsUs.push(Math.abs(Number(measurement?.offsetNs)) / NS_PER_US);
        if (exchange.t1?.source === "kernel" && exchange.t4?.source === "kernel") {
          kernelStamped += 1;
        }
      } else {
        failures.set(reason, (failures.get(reason) ?? 0) + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, goOn));
  return { endedMs: performance.now(), errorsUs, kernelStamped, failures };
}

function summed(all: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [reason, count] of all.flatMap((each) => [...each])) {
    sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}
