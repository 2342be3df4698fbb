import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { describe, expect, test } from "vitest";
import { type ParsedStatus, parseStatus, RESULT_TIME_SKEW_NS } from "./parse-status.ts";

const NOW_NS = 1_800_000_000_000_000_000n;
const BATCH_AT_NS = NOW_NS - 60_000_000_000n;

type StatusInit = Exclude<
  MessageInitShape<typeof monitorV2.ServerStatusSchema>,
  monitorV2.ServerStatus
>;

function status(init: StatusInit = {}): monitorV2.ServerStatus {
  return create(monitorV2.ServerStatusSchema, {
    ipBytes: Uint8Array.from([192, 0, 2, 1]),
    ts: { seconds: NOW_NS / 1_000_000_000n, nanos: 0 },
    offset: { seconds: 0n, nanos: 1_000 },
    rtt: { seconds: 0n, nanos: 2_000_000 },
    stratum: 2,
    ...init,
  });
}

function parse(
  init: StatusInit,
  version = 5,
  zeroOffsetSafe = true,
): ReturnType<typeof parseStatus> {
  return parseStatus(status(init), {
    index: 3,
    version,
    zeroOffsetSafe,
    batchAtNs: BATCH_AT_NS,
    nowNs: NOW_NS,
  });
}

function parsed(init: StatusInit, version = 5, zeroOffsetSafe = true): ParsedStatus {
  const result = parse(init, version, zeroOffsetSafe);
  if (!result.ok) throw new Error(`refused: ${result.error.code} ${result.error.message}`);
  return result.value;
}

test("a good status keeps its nanoseconds", () => {
  expect(
    parsed({ offset: { seconds: -2n, nanos: -5 }, errorBound: { nanos: 7 }, port: 1123 }),
  ).toMatchObject({
    index: 3,
    port: 1123,
    offsetNs: -2_000_000_005n,
    boundNs: 7n,
    rttNs: 2_000_000n,
    reason: undefined,
    atNs: NOW_NS,
  });
});

describe("what cannot be is refused with its code", () => {
  test.each<{ name: string; init: StatusInit; code: string }>([
    { name: "3 address bytes", init: { ipBytes: new Uint8Array(3) }, code: "bad_address" },
    { name: "no address", init: { ipBytes: new Uint8Array() }, code: "bad_address" },
    { name: "port 0", init: { port: 0 }, code: "bad_address" },
    { name: "port 65536", init: { port: 65_536 }, code: "bad_address" },
    {
      name: "nanos beyond a second",
      init: { ts: { seconds: 1n, nanos: 2_000_000_000 } },
      code: "bad_result_time",
    },
    {
      name: "negative nanos",
      init: { ts: { seconds: NOW_NS / 1_000_000_000n, nanos: -1 } },
      code: "bad_result_time",
    },
    { name: "a time before 1970", init: { ts: { seconds: -5n } }, code: "bad_result_time" },
    {
      name: "a time beyond all bounds",
      init: { ts: { seconds: 2n ** 62n } },
      code: "bad_result_time",
    },
    {
      name: "an offset with two signs",
      init: { offset: { seconds: 1n, nanos: -1 } },
      code: "bad_request",
    },
    {
      name: "an offset of 300 years",
      init: { offset: { seconds: 10_000_000_000n } },
      code: "bad_request",
    },
    {
      name: "an offset of 71 years",
      init: { offset: { seconds: 71n * 31_536_000n } },
      code: "bad_request",
    },
    {
      name: "an offset of 71 years, behind",
      init: { offset: { seconds: -71n * 31_536_000n } },
      code: "bad_request",
    },
    {
      name: "an rtt of 71 years",
      init: { rtt: { seconds: 71n * 31_536_000n } },
      code: "bad_request",
    },
    {
      name: "a bound of 71 years",
      init: { errorBound: { seconds: 71n * 31_536_000n } },
      code: "bad_request",
    },
    {
      name: "T1 before 1970",
      init: { responses: [{ t1: { seconds: -1n } }] },
      code: "bad_request",
    },
    {
      name: "T4 beyond all bounds",
      init: { responses: [{ t4: { seconds: 2n ** 62n } }] },
      code: "bad_request",
    },
    {
      name: "T1 with two signs",
      init: { responses: [{ t1: { nanos: -1 } }] },
      code: "bad_request",
    },
    {
      name: "T4 with two seconds of nanos",
      init: { responses: [{ t4: { nanos: 2_000_000_000 } }] },
      code: "bad_request",
    },
    {
      name: "a giant clock step",
      init: { responses: [{ clockStep: { seconds: -(2n ** 62n) } }] },
      code: "bad_request",
    },
    {
      name: "a clock step with giant nanos",
      init: { responses: [{ clockStep: { nanos: 1_000_000_000 } }] },
      code: "bad_request",
    },
    {
      name: "5 address bytes in the evidence",
      init: { responses: [{ sourceIpBytes: new Uint8Array(5) }] },
      code: "bad_request",
    },
    {
      name: "port 65536 in the evidence",
      init: { selectedResponse: { destinationPort: 65_536 } },
      code: "bad_request",
    },
    {
      name: "a selected exchange that is none of them",
      init: { responses: [{ reason: "timeout" }], selectedResponse: { reason: "truncated" } },
      code: "bad_request",
    },
    { name: "a negative rtt", init: { rtt: { nanos: -1 } }, code: "bad_request" },
    { name: "a negative bound", init: { errorBound: { nanos: -1 } }, code: "bad_request" },
    { name: "stratum 256", init: { stratum: 256 }, code: "bad_request" },
    { name: "stratum -1", init: { stratum: -1 }, code: "bad_request" },
    { name: "leap 4", init: { leap: 4 }, code: "bad_request" },
    {
      name: "an unknown reason",
      init: { reason: "'; drop table servers; --" },
      code: "bad_request",
    },
    { name: "silence without a reason", init: { noResponse: true }, code: "bad_request" },
    {
      name: "too many exchanges",
      init: { responses: Array.from({ length: 17 }, () => ({})) },
      code: "bad_request",
    },
    {
      name: "a giant datagram",
      init: { responses: [{ data: new Uint8Array(1_501) }] },
      code: "bad_request",
    },
  ])("$name: $code", ({ init, code }) => {
    const result = parse(init);
    expect(result.ok ? "accepted" : result.error).toMatchObject({ index: 3, code });
  });

  test("no time at all", () => {
    const bare = status();
    delete bare.ts;
    const result = parseStatus(bare, {
      index: 0,
      version: 5,
      zeroOffsetSafe: true,
      batchAtNs: BATCH_AT_NS,
      nowNs: NOW_NS,
    });
    expect(result.ok ? "" : result.error.code).toBe("bad_result_time");
  });

  test("success without an offset", () => {
    const bare = status();
    delete bare.offset;
    const options = { index: 0, zeroOffsetSafe: true, batchAtNs: BATCH_AT_NS, nowNs: NOW_NS };
    expect(parseStatus(bare, { ...options, version: 5 }).ok).toBe(false);
    expect(parseStatus(bare, { ...options, version: 4 }).ok).toBe(true);
  });
});

describe("the time of a result lies between its batch and now, within the skew", () => {
  const at = (ns: bigint): StatusInit => ({
    ts: { seconds: ns / 1_000_000_000n, nanos: Number(ns % 1_000_000_000n) },
  });
  test.each([
    { name: "an hour slow", ns: NOW_NS - 3_600_000_000_000n, ok: false },
    { name: "an hour fast", ns: NOW_NS + 3_600_000_000_000n, ok: false },
    { name: "as early as allowed", ns: BATCH_AT_NS - RESULT_TIME_SKEW_NS, ok: true },
    { name: "too early by a nanosecond", ns: BATCH_AT_NS - RESULT_TIME_SKEW_NS - 1n, ok: false },
    { name: "as late as allowed", ns: NOW_NS + RESULT_TIME_SKEW_NS, ok: true },
    { name: "too late by a nanosecond", ns: NOW_NS + RESULT_TIME_SKEW_NS + 1n, ok: false },
  ])("$name", ({ ns, ok }) => {
    const result = parse(at(ns));
    expect(result.ok).toBe(ok);
    if (!result.ok) expect(result.error.message).toContain("set the agent's clock");
  });
});

describe("below version 5 the text of the error is read once, and the zero-offset rule holds", () => {
  test.each<{ name: string; init: StatusInit; safe: boolean; reason: string | undefined }>([
    { name: "RATE", init: { stratum: 0, error: "RATE" }, safe: true, reason: "kiss_rate" },
    {
      name: "timeout",
      init: { noResponse: true, error: "network: i/o timeout" },
      safe: true,
      reason: "timeout",
    },
    { name: "a good one", init: {}, safe: false, reason: undefined },
    {
      name: "an old agent's zero",
      init: { stratum: 0, offset: {} },
      safe: false,
      reason: "stratum_zero",
    },
  ])("$name: $reason", ({ init, safe, reason }) => {
    expect(parsed(init, 4, safe).reason).toBe(reason);
  });

  test("an old agent's zero offset is not kept", () => {
    const zero = parsed({ stratum: 0, offset: {} }, 4, false);
    expect(zero.offsetNs).toBeUndefined();
    expect(zero.error).toBe("untrusted zero offset");
    expect(parsed({ stratum: 0, offset: {} }, 4, true).offsetNs).toBe(0n);
  });
});

test("a text holds nothing that a database or a log chokes on", () => {
  const { error } = parsed({ reason: "timeout", error: `a\u0000b\nc\ud800${"x".repeat(1_000)}` });
  expect(error).toMatch(/^a b c\ufffdx+$/);
  expect(error.length).toBeLessThanOrEqual(300);
});
