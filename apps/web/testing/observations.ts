// What a monitor saw of a server at its nth check, and the score that followed.

import { type FakeMonitor, type FakeServer, INTERVAL_MS, noise } from "./lab-facts.ts";

export interface Observation {
  readonly id: bigint;
  readonly atMs: number;
  /** NaN: nothing was measured. */
  readonly offsetNs: number;
  readonly boundNs: number;
  readonly rttNs: number;
  readonly reason: string;
  readonly step: number;
  /** Not above this after such a check. */
  readonly cap: number | undefined;
  readonly stepRule: string;
}

const ID_SERVER = 1_000_000_000_000n;
const ID_MONITOR = 1_000_000_000n;
/** Steps before it weigh less than a hundredth. */
const SCORE_MEMORY = 240;
const DECAY = 0.95;
const MS = 1e6;

/** The position of the last check at or before an instant. */
export function checkIndexAt(server: FakeServer, monitor: FakeMonitor, atMs: number): number {
  return Math.floor((atMs - phaseMs(server, monitor)) / INTERVAL_MS);
}

function phaseMs(server: FakeServer, monitor: FakeMonitor): number {
  return (noise(Number(server.id), Number(monitor.id), 77) + 1) * 0.5 * INTERVAL_MS;
}

/** The nth check; undefined: the monitor was away. `nowMs` is what ages are counted from. */
export function observe(
  server: FakeServer,
  monitor: FakeMonitor,
  index: number,
  nowMs: number,
): Observation | undefined {
  const [s, m] = [Number(server.id), Number(monitor.id)];
  const atMs =
    phaseMs(server, monitor) + index * INTERVAL_MS + noise(s, m, index, 5) * INTERVAL_MS * 0.08;
  const age = nowMs - atMs;
  if (monitor.away.some(({ fromMs, toMs }) => age <= fromMs && age >= toMs)) return undefined;
  const id = server.id * ID_SERVER + monitor.id * ID_MONITOR + BigInt(index);
  const lost = server.loss === 1 || (noise(s, m, index, 6) + 1) / 2 < server.loss ** 2;
  const reason = lost ? "timeout" : (server.reason ?? "");
  const silent = lost || reason === "kiss_rate" || reason === "origin_mismatch";
  const jitter =
    monitor.delayNs * (0.012 * noise(s, m, index, 8) ** 3) + 2_500 * noise(s, m, index, 9);
  const rttNs = silent ? Number.NaN : monitor.delayNs * (1 + 0.03 * (noise(s, m, index, 10) + 1));
  const offsetNs = silent
    ? Number.NaN
    : Math.round(server.offsetNs(atMs) + monitor.skewNs + jitter);
  return {
    id,
    atMs,
    offsetNs,
    boundNs: silent ? Number.NaN : Math.round(rttNs / 2 + 1_200),
    rttNs: Math.round(rttNs),
    reason,
    ...stepOf(reason, offsetNs),
  };
}

/** Server, monitor and position from a check's id. */
export function partsOfId(id: bigint): { serverId: bigint; monitorId: bigint; index: number } {
  return {
    serverId: id / ID_SERVER,
    monitorId: (id % ID_SERVER) / ID_MONITOR,
    index: Number(id % ID_MONITOR),
  };
}

/** Score after the nth check: the steps before it with decay. */
export function scoreAfter(
  server: FakeServer,
  monitor: FakeMonitor,
  index: number,
  nowMs: number,
): number {
  let score = server.reason === undefined && server.loss < 1 ? 18 : 0;
  for (let at = index - SCORE_MEMORY; at <= index; at += 1) {
    const seen = observe(server, monitor, at, nowMs);
    if (seen !== undefined) score = nextScore(score, seen);
  }
  return score;
}

/** One step further, with its cap. */
export function nextScore(score: number, seen: Observation): number {
  return Math.min(score * DECAY + seen.step, seen.cap ?? 20, 20);
}

function stepOf(reason: string, offsetNs: number): Pick<Observation, "step" | "cap" | "stepRule"> {
  if (reason === "timeout" || reason === "origin_mismatch") {
    return { step: -5, cap: undefined, stepRule: "no_response" };
  }
  if (reason === "kiss_rate") return { step: -3.5, cap: undefined, stepRule: "kiss_rate" };
  if (reason !== "") return { step: -4, cap: undefined, stepRule: "bad_answer" };
  const ms = Math.abs(offsetNs) / MS;
  if (ms > 3_000) return { step: -4, cap: -20, stepRule: "offset_above_3s" };
  if (ms > 750) return { step: -2, cap: undefined, stepRule: "offset_above_750ms" };
  if (ms > 100)
    return { step: -2.308e-3 * ms + 0.731, cap: undefined, stepRule: "offset_above_100ms" };
  if (ms > 25)
    return {
      step: Math.min(1, -6.667e-3 * ms + 1.167),
      cap: undefined,
      stepRule: "offset_above_25ms",
    };
  return { step: 1, cap: undefined, stepRule: "offset_within_25ms" };
}
