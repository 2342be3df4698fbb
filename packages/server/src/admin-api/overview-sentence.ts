// The state of the whole in one sentence: how many servers agree and how closely, then who lies and by how much.

import { adminV1 } from "@truechimer/api";
import type { UnixNs } from "@truechimer/base";
import { type Suspicion, suspectedHost, type Watchers } from "./suspected-host.ts";

/** Liars named one by one; further ones are counted. */
const NAMED_MAX = 3;

/** Servers that are watched; paused ones are left out. Times in UTC. */
export function overviewSentence(
  servers: readonly adminV1.Server[],
  nowNs: UnixNs,
  watchers?: Watchers,
): string {
  const watched = servers.filter(({ state }) => state === adminV1.ServerState.WATCHED);
  if (watched.length === 0) return "No server is watched yet";
  const of = (verdict: adminV1.Verdict): readonly adminV1.Server[] =>
    watched.filter((server) => server.verdict === verdict);
  const suspicion = watchers === undefined ? undefined : suspectedHost(watched, watchers);
  const liars = of(adminV1.Verdict.FALSETICKER)
    .filter((server) => suspicion === undefined || server.lab)
    .toSorted(byMagnitude);
  const parts = [
    agreement(of(adminV1.Verdict.TRUECHIMER), watched.length),
    ...(suspicion === undefined ? [] : [suspicionText(suspicion)]),
    ...liars.slice(0, NAMED_MAX).map((server) => lie(server, nowNs)),
    ...(liars.length > NAMED_MAX ? [`${liars.length - NAMED_MAX} more lie`] : []),
    ...counted(of(adminV1.Verdict.UNREACHABLE), "unreachable", nowNs),
    ...counted(of(adminV1.Verdict.UNSURE), "unsure", nowNs),
  ];
  return parts.join("; ");
}

function agreement(truechimers: readonly adminV1.Server[], total: number): string {
  const of = `of ${total} ${total === 1 ? "server" : "servers"}`;
  if (truechimers.length === 0) return `None ${of} is known to tell the truth`;
  const widest = truechimers.reduce((most, server) => {
    const magnitude = magnitudeOf(server);
    return magnitude > most ? magnitude : most;
  }, 0n);
  const agree = truechimers.length === 1 ? "is" : "agree";
  const within = `within ${spoken(widest)}`;
  return `${truechimers.length} ${of} ${agree} ${within}`;
}

function suspicionText({ host, servers, offsetNs }: Suspicion): string {
  const [size, side] = offsetNs < 0n ? [-offsetNs, "behind"] : [offsetNs, "ahead of"];
  return `${servers} agree with each other and are all ${spoken(size)} ${side} ${host}: that host's own clock is suspected`;
}

function lie(server: adminV1.Server, nowNs: UnixNs): string {
  const { offset } = server;
  if (offset === undefined) return `${server.name} is wrong${since(server, nowNs)}`;
  const direction = offset.valueNs < 0n ? "behind" : "ahead";
  return `${server.name} is ${spoken(magnitudeOf(server))} ${direction}${since(server, nowNs)}`;
}

function counted(
  servers: readonly adminV1.Server[],
  word: string,
  nowNs: UnixNs,
): readonly string[] {
  const [first] = servers;
  if (first === undefined) return [];
  return servers.length === 1
    ? [`${first.name} is ${word}${since(first, nowNs)}`]
    : [`${servers.length} are ${word}`];
}

const UNITS = [
  { name: "s", ns: 1e9 },
  { name: "ms", ns: 1e6 },
  { name: "µs", ns: 1e3 },
] as const;

/** Two digits are enough in a sentence: "2.0 s", "1.4 ms", "150 µs". */
function spoken(ns: bigint): string {
  const unit = UNITS.find(({ ns: size }) => Number(ns) >= size * 0.9995);
  if (unit === undefined) return `${ns} ns`;
  const value = Number((Number(ns) / unit.ns).toPrecision(2));
  return `${value < 10 ? value.toFixed(1) : value} ${unit.name}`;
}

function magnitudeOf({ offset }: adminV1.Server): bigint {
  const ns = offset?.valueNs ?? 0n;
  return ns < 0n ? -ns : ns;
}

function byMagnitude(a: adminV1.Server, b: adminV1.Server): number {
  const difference = magnitudeOf(b) - magnitudeOf(a);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

const DAY_SECONDS = 86_400n;

/** " since 14:02Z"; with the date when it was not in the last 24 h. */
function since({ verdictSince }: adminV1.Server, nowNs: UnixNs): string {
  if (verdictSince === undefined) return "";
  const iso = new Date(Number(verdictSince.seconds) * 1_000).toISOString();
  const clock = `${iso.slice(11, 16)}Z`;
  const recent = nowNs / 1_000_000_000n - verdictSince.seconds < DAY_SECONDS;
  return recent ? ` since ${clock}` : ` since ${iso.slice(0, 10)} ${clock}`;
}
