import { type Random, unsafelyDeterministicRandom } from "@truechimer/base";
import {
  createClientRequest,
  createDepartureMemory,
  createInterleavedSession,
  type Exchange,
  judgeExchange,
  NTP_HEADER_BYTES,
  parseNtpPacket,
  referenceIdText,
  type Sample,
} from "@truechimer/ntp";
import { describe, expect, test } from "vitest";
import type { LabServerDefinition } from "./lab-catalogue.ts";
import type { LabFault } from "./lab-fault.ts";
import type { PathDelays } from "./network-path.ts";
import { planAnswer, type RequestAtServer } from "./plan-answer.ts";

const STARTED_AT_NS = 1_790_000_000_000_000_000n;
const ASKED_AT_NS = STARTED_AT_NS + 60_000_000_000n;
const DELAYS: PathDelays = { forwardNs: 3_000_000n, returnNs: 5_000_000n };

function serverWith(fault: LabFault, stratum = 2): LabServerDefinition {
  return {
    name: "any.lab",
    family: "v4",
    stratum,
    referenceId: stratum === 1 ? "GPS" : "192.0.2.7",
    fault,
    description: "",
    expectedVerdict: "truechimer",
    expectedReason: "within_limit",
  };
}

function requestTo(
  definition: LabServerDefinition,
  changes: Partial<RequestAtServer> = {},
): RequestAtServer {
  const random = unsafelyDeterministicRandom(7);
  return {
    datagram: createClientRequest(random).bytes,
    receivedAtNs: ASKED_AT_NS,
    sourceAddress: "127.0.1.3",
    definition,
    startedAtNs: STARTED_AT_NS,
    departures: createDepartureMemory(),
    delays: DELAYS,
    random,
    ...changes,
  };
}

/** A whole exchange over a path of exactly DELAYS, the answer leaving `lateNs` after it could. */
function exchangeWith(definition: LabServerDefinition, lateNs = 0n): Sample {
  const request = requestTo(definition);
  const plan = planAnswer(request);
  const sentAtNs = (plan?.sendAtNs ?? 0n) + lateNs;
  const exchange: Exchange = {
    request: request.datagram,
    t1: { atNs: ASKED_AT_NS, source: "kernel" },
    response: plan?.encodeSentAt(sentAtNs),
    t4: plan === undefined ? undefined : { atNs: sentAtNs, source: "kernel" },
    sourceAddress: "127.0.1.3",
    sourcePort: 40_000,
    destinationAddress: "127.0.0.1",
    destinationPort: 11_123,
    clockStepNs: undefined,
  };
  return judgeExchange(exchange);
}

const HONEST: LabFault = { kind: "none", offsetNs: 0n };

describe("an honest server", () => {
  test("is measured within half of the round trip, and the delay is the path's", () => {
    const { reason, measurement } = exchangeWith(serverWith(HONEST));
    expect(reason).toBeUndefined();
    // Forward 3 ms, return 5 ms: the asymmetry looks like an offset of -1 ms.
    expect(Number(measurement?.offsetNs)).toBeCloseTo(-1_000_000, -1);
    expect(Number(measurement?.delayNs)).toBeCloseTo(8_000_000, -1);
    expect(measurement?.boundNs).toBeGreaterThan(4_000_000n);
  });

  test("is slow, not wrong, when its answer leaves late", () => {
    const onTime = exchangeWith(serverWith(HONEST)).measurement;
    const late = exchangeWith(serverWith(HONEST), 70_000_000n).measurement;
    expect(Math.abs(Number((late?.offsetNs ?? 0n) - (onTime?.offsetNs ?? 1n)))).toBeLessThan(5);
    expect(Math.abs(Number((late?.delayNs ?? 0n) - (onTime?.delayNs ?? 1n)))).toBeLessThan(5);
  });

  test("answers in the version of the request, and says who it is", () => {
    const datagram = createClientRequest(unsafelyDeterministicRandom(1)).bytes;
    datagram[0] = (3 << 3) | 3;
    const bytes = planAnswer(requestTo(serverWith(HONEST, 1), { datagram }))?.encodeSentAt(
      ASKED_AT_NS,
    );
    const packet = parseNtpPacket(bytes ?? new Uint8Array());
    expect(packet.ok && packet.value.version).toBe(3);
    expect(packet.ok && referenceIdText(packet.value, "v4")).toBe("GPS");
  });

  test("names its upstream's address from stratum 2 on", () => {
    const { packet } = exchangeWith(serverWith(HONEST, 3));
    expect(packet?.stratum).toBe(3);
    expect(packet && referenceIdText(packet, "v4")).toBe("192.0.2.7");
  });
});

describe("each fault shows in the packets", () => {
  const table: readonly (readonly [string, LabFault, string | undefined, number | undefined])[] = [
    ["an offset is measured", { kind: "offset", offsetNs: 40_000_000n }, undefined, 39_000_000],
    [
      "a drift has grown since the start",
      { kind: "drift", startOffsetNs: 10_000_000n, gainNsPerS: 100_000n, offsetNsMax: 10n ** 12n },
      undefined,
      10_000_000 + 60 * 100_000 - 1_000_000,
    ],
    [
      "a drift ends at its limit",
      { kind: "drift", startOffsetNs: 10_000_000n, gainNsPerS: 100_000n, offsetNsMax: 11_000_000n },
      undefined,
      10_000_000,
    ],
    ["a kiss code", { kind: "kiss", code: "RATE" }, "kiss_rate", -1_000_000],
    ["stratum 16", { kind: "unsynchronised-stratum" }, "bad_stratum", -1_000_000],
    ["leap 3", { kind: "unsynchronised-leap" }, "not_synchronised", -1_000_000],
    ["a wrong origin", { kind: "wrong-origin" }, "origin_mismatch", undefined],
    ["silence", { kind: "silent" }, "timeout", undefined],
  ];
  test.each(table)("%s", (_, fault, reason, offsetNs) => {
    const sample = exchangeWith(serverWith(fault));
    expect(sample.reason).toBe(reason);
    if (offsetNs === undefined) expect(sample.measurement).toBeUndefined();
    // Drift goes on during the exchange; 250 µs a second over 8 ms is 2 µs.
    else expect(Math.abs(Number(sample.measurement?.offsetNs) - offsetNs)).toBeLessThan(3_000);
  });

  test("a loss of 0.2 swallows every fifth request", () => {
    const random = unsafelyDeterministicRandom(42);
    const lossy = serverWith({ kind: "loss", lossFraction: 0.2 });
    const answered = Array.from({ length: 10_000 }, () =>
      planAnswer(requestTo(lossy, { random })),
    ).filter((plan) => plan !== undefined).length;
    expect(answered).toBeGreaterThan(7_850);
    expect(answered).toBeLessThan(8_150);
  });
});

describe("what is no client request gets no answer", () => {
  const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const { bytes } = createClientRequest(unsafelyDeterministicRandom(3));
    change(bytes);
    return bytes;
  };
  const table: readonly (readonly [string, Partial<RequestAtServer>])[] = [
    ["nothing", { datagram: new Uint8Array() }],
    ["47 bytes", { datagram: changed(() => {}).subarray(0, NTP_HEADER_BYTES - 1) }],
    ["an answer", { datagram: changed((bytes) => (bytes[0] = (4 << 3) | 4)) }],
    ["a broadcast", { datagram: changed((bytes) => (bytes[0] = (4 << 3) | 5)) }],
    ["a control message", { datagram: changed((bytes) => (bytes[0] = (2 << 3) | 6)) }],
    ["a private message", { datagram: changed((bytes) => (bytes[0] = (2 << 3) | 7)) }],
    ["version 0", { datagram: changed((bytes) => (bytes[0] = 3)) }],
    ["version 5", { datagram: changed((bytes) => (bytes[0] = (5 << 3) | 3)) }],
    ["a jumbo datagram", { datagram: new Uint8Array(9_000).fill((4 << 3) | 3) }],
    ["a source that is not loopback", { sourceAddress: "192.0.2.1" }],
    ["a source that is no address", { sourceAddress: "nowhere" }],
  ];
  test.each(table)("%s", (_, changes) => {
    expect(planAnswer(requestTo(serverWith(HONEST), changes))).toBeUndefined();
  });
});

test("a request with extension fields is answered without them", () => {
  const datagram = new Uint8Array(NTP_HEADER_BYTES + 28);
  datagram.set(createClientRequest(unsafelyDeterministicRandom(3)).bytes);
  const plan = planAnswer(requestTo(serverWith(HONEST), { datagram }));
  expect(plan?.encodeSentAt(ASKED_AT_NS).length).toBe(NTP_HEADER_BYTES);
});

test("randomness is only asked for losses", () => {
  const none: Random = {
    bytes: () => expect.fail("no bytes are needed"),
    fraction: () => expect.fail("no fraction is needed"),
  };
  expect(planAnswer(requestTo(serverWith(HONEST), { random: none }))).toBeDefined();
});

test("whoever asks in interleaved mode is told when the answer before left, and measures the same server", () => {
  const definition = serverWith({ kind: "none", offsetNs: 5_000_000n });
  const session = createInterleavedSession();
  const random = unsafelyDeterministicRandom(7);
  const departures = createDepartureMemory();
  const samples = [0n, 1n, 2n].map((index) => {
    const datagram = session.nextRequest(random).bytes;
    const receivedAtNs = ASKED_AT_NS + index * 2_000_000_000n;
    const plan = planAnswer(requestTo(definition, { datagram, receivedAtNs, departures }));
    const sentAtNs = plan?.sendAtNs ?? 0n;
    return session.judge({
      request: datagram,
      t1: { atNs: receivedAtNs, source: "kernel" },
      response: plan?.encodeSentAt(sentAtNs),
      t4: { atNs: sentAtNs, source: "kernel" },
      sourceAddress: undefined,
      sourcePort: undefined,
      destinationAddress: "127.0.0.1",
      destinationPort: 123,
      clockStepNs: undefined,
    });
  });
  expect(samples.map(({ mode }) => mode)).toEqual(["basic", "basic", "interleaved"]);
  expect(samples[2]?.measurement?.offsetNs).toBe(samples[1]?.measurement?.offsetNs);
});
