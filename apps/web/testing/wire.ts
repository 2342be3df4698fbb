// From the fake's lab to messages of the wire.

import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { REASON_TEXTS } from "./evidence.ts";
import { type FakeMonitor, type FakeServer, INTERVAL_MS } from "./lab-facts.ts";
import { checkIndexAt, type Observation, observe, scoreAfter } from "./observations.ts";

const { Verdict } = adminV1;
const LIMIT_NS = 25e6;
const FRESH_MS = 3 * INTERVAL_MS;
const SPARK_SLOTS = 48;
const ACTIVE_MAX = 7;

/** A server as it was added, with what people did to it. */
export interface WatchedServer {
  readonly facts: FakeServer;
  state: adminV1.ServerState;
  /** Absent: its paths are not kept. */
  traced?: boolean;
  readonly addedAtMs: number;
}

interface Witness {
  readonly monitor: FakeMonitor;
  readonly index: number;
  readonly seen: Observation | undefined;
  readonly fresh: boolean;
  readonly against: boolean;
}

/** Every monitor's latest word on a server. */
export function witnessesOf(
  server: WatchedServer,
  monitors: readonly FakeMonitor[],
  nowMs: number,
): readonly Witness[] {
  return monitors.map((monitor) => {
    let index = checkIndexAt(server.facts, monitor, nowMs);
    let seen = observe(server.facts, monitor, index, nowMs);
    for (let back = 1; (seen === undefined || seen.atMs > nowMs) && back < 40; back += 1) {
      index -= 1;
      seen = observe(server.facts, monitor, index, nowMs);
    }
    const known = seen !== undefined && seen.atMs >= server.addedAtMs ? seen : undefined;
    const fresh = known !== undefined && nowMs - known.atMs <= FRESH_MS;
    const against =
      fresh && known.reason === "" && Math.abs(known.offsetNs) - known.boundNs > LIMIT_NS;
    return { monitor, index, seen: known, fresh, against };
  });
}

/** A server as the wire has it. */
export function wireServer(
  server: WatchedServer,
  monitors: readonly FakeMonitor[],
  nowMs: number,
): adminV1.Server {
  const { facts } = server;
  const witnesses = witnessesOf(server, monitors, nowMs);
  const fresh = witnesses.filter((one) => one.fresh);
  const answered = fresh.filter((one) => one.seen?.reason === "");
  const median = lowerMedian(answered, (one) => one.seen?.offsetNs ?? 0);
  const score = lowerMedian(
    witnesses.filter((one) => one.seen !== undefined).slice(0, ACTIVE_MAX),
    (one) => scoreOf(facts, one, nowMs),
  );
  const verdict = verdictOf(facts, witnesses);
  const lastCheck = latest(witnesses);
  return create(adminV1.ServerSchema, {
    id: facts.id,
    name: facts.name,
    address: facts.address,
    port: facts.port,
    family: familyOf(facts),
    state: server.state,
    ...verdict,
    verdictSince: timestampFromMs(
      Math.max(server.addedAtMs, nowMs - (Number(facts.id % 7n) + 1) * 5_000_000),
    ),
    ...(median?.seen === undefined
      ? {}
      : {
          offset: { valueNs: BigInt(median.seen.offsetNs), boundNs: BigInt(median.seen.boundNs) },
        }),
    ...(score === undefined || lastCheck === undefined
      ? {}
      : { score: scoreOf(facts, score, nowMs), scoreAt: timestampFromMs(Math.round(lastCheck)) }),
    ...(facts.loss < 1 && facts.reason !== "origin_mismatch"
      ? { stratum: facts.stratum, referenceId: facts.referenceId }
      : {}),
    loss: facts.loss === 1 || facts.reason === "origin_mismatch" ? 1 : facts.loss,
    ...(answered.length > 0 && lastCheck !== undefined
      ? { lastSeenAt: timestampFromMs(Math.round(lastCheck)) }
      : {}),
    ...(lastCheck === undefined ? {} : { lastCheckAt: timestampFromMs(Math.round(lastCheck)) }),
    witnessesFresh: fresh.length,
    witnessesAgainst: fresh.filter((one) => one.against).length,
    scoreSparkline: sparkline(server, monitors, nowMs),
    addedAt: timestampFromMs(server.addedAtMs),
    traced: server.traced === true,
    checkInterval: durationFromMs(INTERVAL_MS),
    stale:
      server.state === adminV1.ServerState.WATCHED && fresh.length === 0 && lastCheck !== undefined,
  });
}

/** By its address. */
export function familyOf({ address }: FakeServer): adminV1.IpFamily {
  return address.includes(":") ? adminV1.IpFamily.V6 : adminV1.IpFamily.V4;
}

function scoreOf(facts: FakeServer, witness: Witness, nowMs: number): number {
  if (facts.id > LAB_SERVERS) return witness.against ? 0 : 19.9;
  return scoreAfter(facts, witness.monitor, witness.index, nowMs);
}

function lowerMedian<T>(values: readonly T[], by: (value: T) => number): T | undefined {
  return values.toSorted((one, other) => by(one) - by(other))[(values.length - 1) >> 1];
}

function latest(witnesses: readonly Witness[]): number | undefined {
  const times = witnesses.flatMap((one) => (one.seen === undefined ? [] : [one.seen.atMs]));
  return times.length === 0 ? undefined : Math.max(...times);
}

function verdictOf(
  facts: FakeServer,
  witnesses: readonly Witness[],
): { verdict: adminV1.Verdict; verdictReason: string; verdictText: string } {
  const fresh = witnesses.filter((one) => one.fresh);
  const against = fresh.filter((one) => one.against);
  const of = `${against.length} of ${fresh.length} monitors`;
  if (fresh.length === 0) {
    return {
      verdict: Verdict.UNSURE,
      verdictReason: "too_few_witnesses",
      verdictText: "no monitor has fresh data yet",
    };
  }
  if (
    fresh.every((one) => one.seen?.reason === "timeout" || one.seen?.reason === "origin_mismatch")
  ) {
    const reason = fresh[0]?.seen?.reason ?? "timeout";
    return {
      verdict: Verdict.UNREACHABLE,
      verdictReason: reason,
      verdictText:
        reason === "timeout"
          ? `no answer to any of ${fresh.length} monitors`
          : "its answers are to other questions than ours",
    };
  }
  if (facts.reason !== undefined) {
    return {
      verdict: Verdict.UNSURE,
      verdictReason: facts.reason,
      verdictText: REASON_TEXTS[facts.reason] ?? facts.reason,
    };
  }
  if (against.length * 2 > fresh.length) {
    return {
      verdict: Verdict.FALSETICKER,
      verdictReason: "offset",
      verdictText: `${of} hold it to be outside ±25 ms`,
    };
  }
  return {
    verdict: Verdict.TRUECHIMER,
    verdictReason: "agrees",
    verdictText: `${fresh.length - against.length} of ${fresh.length} monitors find it within ±25 ms`,
  };
}

/** The crowd beyond the lab has no past: working it out for a thousand would be slow, and nobody looks. */
const LAB_SERVERS = 12n;

function sparkline(
  server: WatchedServer,
  monitors: readonly FakeMonitor[],
  nowMs: number,
): number[] {
  const monitor = monitors[0];
  if (monitor === undefined || server.facts.id > LAB_SERVERS) return [];
  return Array.from({ length: SPARK_SLOTS }, (_unused, slot) => {
    const atMs = nowMs - (86_400_000 * (SPARK_SLOTS - 1 - slot)) / SPARK_SLOTS;
    if (atMs < server.addedAtMs) return Number.NaN;
    return scoreAfter(server.facts, monitor, checkIndexAt(server.facts, monitor, atMs), nowMs);
  });
}

/** One monitor's assignment to a server. */
export function wireAssignment(
  server: WatchedServer,
  witness: Witness,
  position: number,
  nowMs: number,
): adminV1.Assignment {
  const { monitor, seen } = witness;
  return create(adminV1.AssignmentSchema, {
    monitorId: monitor.id,
    monitorName: monitor.name,
    status:
      position < ACTIVE_MAX ? adminV1.AssignmentStatus.ACTIVE : adminV1.AssignmentStatus.TESTING,
    ...(seen === undefined
      ? {}
      : {
          score: scoreOf(server.facts, witness, nowMs),
          lastCheckAt: timestampFromMs(Math.round(seen.atMs)),
          lastCheckId: seen.id,
          stratum: server.facts.stratum,
          leap: server.facts.leap,
          reason: seen.reason,
          ...(Number.isNaN(seen.offsetNs)
            ? {}
            : {
                offset: { valueNs: BigInt(seen.offsetNs), boundNs: BigInt(seen.boundNs) },
                rttNs: BigInt(seen.rttNs),
              }),
        }),
    fresh: witness.fresh,
    against: witness.against,
  });
}

/** A check as the wire has it. */
export function wireCheck(
  server: WatchedServer,
  monitor: FakeMonitor,
  seen: Observation,
  score: number,
): adminV1.Check {
  return create(adminV1.CheckSchema, {
    id: seen.id,
    at: timestampFromMs(Math.round(seen.atMs)),
    serverId: server.facts.id,
    monitorId: monitor.id,
    monitorName: monitor.name,
    ...(Number.isNaN(seen.offsetNs)
      ? {}
      : {
          offset: { valueNs: BigInt(seen.offsetNs), boundNs: BigInt(seen.boundNs) },
          rttNs: BigInt(seen.rttNs),
          stratum: server.facts.stratum,
          leap: server.facts.leap,
        }),
    reason: seen.reason,
    reasonText: REASON_TEXTS[seen.reason] ?? "",
    step: seen.step,
    score,
    hasEvidence: true,
  });
}
