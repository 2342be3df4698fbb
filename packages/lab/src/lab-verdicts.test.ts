// The table of the lab: what a fleet must come to hold of each server, from its packets alone. No sockets: three
// minutes of checks every six seconds by twelve monitors, in virtual time.

import { type UnixNs, unsafelyDeterministicRandom } from "@truechimer/base";
import {
  checkResultOf,
  createClientRequest,
  createDepartureMemory,
  isExplicitBad,
  judgeExchange,
  type Sample,
} from "@truechimer/ntp";
import { VERDICT_POLICY_UP, type Verdict, verdictOf, type Witness } from "@truechimer/scoring";
import { describe, expect, test } from "vitest";
import { LAB_CATALOGUE, type LabServerDefinition } from "./lab-catalogue.ts";
import { drawPathDelays, networkPathOf } from "./network-path.ts";
import { planAnswer } from "./plan-answer.ts";
import { type VantagePoint, vantagePoints } from "./vantage-points.ts";

const STARTED_AT_NS = 1_790_000_000_000_000_000n;
const INTERVAL_NS = 6_000_000_000n;
const SAMPLES = 3;
const random = unsafelyDeterministicRandom(2026);

describe("three minutes after the start the fleet holds", () => {
  test.each(LAB_CATALOGUE.map((server) => [server.name, server] as const))("%s", (_, server) => {
    const { verdict, reason } = verdictAfter(server, 180);
    expect({ verdict, reason }).toEqual({
      verdict: server.expectedVerdict,
      reason: server.expectedReason,
    });
  });
});

test("within a minute all but the drifting one are told apart", () => {
  const steady = LAB_CATALOGUE.filter(({ fault }) => fault.kind !== "drift");
  const verdicts = steady.map((server) => [server.name, verdictAfter(server, 60).verdict]);
  expect(verdicts).toEqual(steady.map(({ name, expectedVerdict }) => [name, expectedVerdict]));
});

test("the drifting one begins as a truechimer and is caught within two minutes", () => {
  const drifting = LAB_CATALOGUE.filter(({ fault }) => fault.kind === "drift");
  expect(drifting).toHaveLength(1);
  for (const server of drifting) {
    expect(verdictAfter(server, 20).verdict).toBe("truechimer");
    expect(verdictAfter(server, 120).verdict).toBe("falseticker");
  }
});

test("the catalogue has every fault, and the honest are the most", () => {
  const kinds = new Set(LAB_CATALOGUE.map(({ fault }) => fault.kind));
  expect([...kinds].toSorted()).toEqual([
    "drift",
    "kiss",
    "loss",
    "none",
    "offset",
    "silent",
    "unsynchronised-leap",
    "unsynchronised-stratum",
    "wrong-origin",
  ]);
  expect(new Set(LAB_CATALOGUE.map(({ name }) => name)).size).toBe(LAB_CATALOGUE.length);
  const honest = LAB_CATALOGUE.filter(({ expectedVerdict }) => expectedVerdict === "truechimer");
  const liars = LAB_CATALOGUE.filter(({ expectedVerdict }) => expectedVerdict === "falseticker");
  expect(honest.length).toBeGreaterThan(liars.length);
});

function verdictAfter(server: LabServerDefinition, seconds: number): Verdict {
  const nowNs = STARTED_AT_NS + BigInt(seconds) * 1_000_000_000n;
  const witnesses = vantagePoints({ ipv6Available: true, sourceAddressesAvailable: true })
    .filter(({ family }) => family === server.family)
    .map((point) => witnessOf({ server, point, nowNs }));
  return verdictOf({ nowNs, witnesses, policy: VERDICT_POLICY_UP });
}

interface Watch {
  readonly server: LabServerDefinition;
  readonly point: VantagePoint;
  readonly nowNs: UnixNs;
}

function witnessOf({ server, point, nowNs }: Watch): Witness {
  let reason: string | undefined;
  let answer: Witness["answer"];
  let atNs = STARTED_AT_NS;
  for (; atNs + INTERVAL_NS < nowNs; atNs += INTERVAL_NS) {
    const { outcome } = checkAt(server, point, atNs);
    reason = outcome.reason;
    if (reason === undefined) {
      answer = { atNs, offsetNs: outcome.offsetNs ?? 0n, boundNs: outcome.boundNs ?? 0n };
    }
  }
  return {
    monitorId: point.name,
    checkedAtNs: atNs - INTERVAL_NS,
    reason,
    answer,
    watchingSinceNs: STARTED_AT_NS,
    intervalNs: INTERVAL_NS,
  };
}

function checkAt(
  server: LabServerDefinition,
  point: VantagePoint,
  atNs: UnixNs,
): ReturnType<typeof checkResultOf> {
  const samples: Sample[] = [];
  while (samples.length < SAMPLES && !isExplicitBad(samples.at(-1)?.reason)) {
    samples.push(sampleAt(server, point, atNs));
  }
  return checkResultOf(samples);
}

function sampleAt(server: LabServerDefinition, point: VantagePoint, atNs: UnixNs): Sample {
  const { bytes } = createClientRequest(random);
  const plan = planAnswer({
    datagram: bytes,
    receivedAtNs: atNs,
    sourceAddress: point.address,
    definition: server,
    startedAtNs: STARTED_AT_NS,
    departures: createDepartureMemory(),
    delays: drawPathDelays(networkPathOf(point), random),
    random,
  });
  return judgeExchange({
    request: bytes,
    t1: { atNs, source: "kernel" },
    response: plan?.encodeSentAt(plan.sendAtNs),
    t4: plan === undefined ? undefined : { atNs: plan.sendAtNs, source: "kernel" },
    sourceAddress: point.address,
    sourcePort: 40_000,
    destinationAddress: "127.0.0.1",
    destinationPort: 11_123,
    clockStepNs: undefined,
  });
}
