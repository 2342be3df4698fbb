// Sweeps over real sockets on loopback.

import { readdirSync } from "node:fs";
import { createSweeper, type Sweeper, type SweepTarget, sweepReason } from "@truechimer/udp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { honestAnswer, type NtpServer, strangersAnswer, useNtpServer } from "./_ntp-server.ts";

const TIMEOUT_MS = 5_000;
const SHORT_TIMEOUT_MS = 150;

const target = ({ address, port }: NtpServer): SweepTarget => ({ address, port });

function withByte(request: Uint8Array, at: number, value: number): Uint8Array {
  const answer = honestAnswer(request);
  answer[at] = value;
  return answer;
}

describe.runIf(process.platform === "linux")("a sweep", () => {
  let sweeper: Sweeper;

  beforeEach(async () => {
    sweeper = await createSweeper();
  });
  afterEach(async () => {
    await sweeper[Symbol.asyncDispose]();
  });

  test("asks every server once, over IPv4 and IPv6, with kernel stamps and a bound", async () => {
    await using one = await useNtpServer();
    await using other = await useNtpServer(undefined, "::1");
    const targets = Array.from({ length: 500 }, (_, index) =>
      target(index % 3 === 0 ? other : one),
    );
    const result = await sweeper.sweep(targets, TIMEOUT_MS);
    expect([...result.reason]).toEqual(Array(500).fill(0));
    expect([...result.isStampedByKernel]).toEqual(Array(500).fill(1));
    expect(one.queries.length + other.queries.length).toBe(500);
    for (const [index, offsetNs] of result.offsetNs.entries()) {
      const delayNs = result.delayNs[index] ?? -1;
      expect(delayNs).toBeGreaterThanOrEqual(0);
      // The server's clock is `Date`: it is some milliseconds coarse.
      expect(Math.abs(offsetNs)).toBeLessThan(50e6 + delayNs);
      expect(result.boundNs[index]).toBeGreaterThan(delayNs / 2);
    }
    const nonces = new Set(one.queries.map(({ bytes }) => bytes.subarray(40).toHex()));
    expect(nonces.size).toBe(one.queries.length);
    expect(one.queries[0]?.bytes.subarray(0, 40).toHex()).toBe(`23000020${"00".repeat(36)}`);
  });

  test("tells of each server what an exchange with it would tell", async () => {
    await using honest = await useNtpServer();
    await using silent = await useNtpServer(() => {});
    await using kiss = await useNtpServer(({ bytes, reply }) => {
      const answer = withByte(bytes, 1, 0);
      answer.set(new TextEncoder().encode("RATE"), 12);
      reply(answer);
    });
    await using unsynchronised = await useNtpServer(({ bytes, reply }) =>
      reply(withByte(bytes, 0, 0xe4)),
    );
    await using extended = await useNtpServer(({ bytes, reply }) => {
      const answer = new Uint8Array(50);
      answer.set(honestAnswer(bytes));
      reply(answer);
    });
    await using stranger = await useNtpServer(({ bytes, reply }) => reply(strangersAnswer(bytes)));
    await using elsewhere = await useNtpServer(({ bytes, replyFromElsewhere }) =>
      replyFromElsewhere(honestAnswer(bytes)),
    );
    const closed = await useNtpServer();
    await closed[Symbol.asyncDispose]();
    const servers = [honest, silent, kiss, unsynchronised, extended, stranger, elsewhere, closed];
    const result = await sweeper.sweep([...servers, honest].map(target), SHORT_TIMEOUT_MS);
    expect([...result.reason].map(sweepReason)).toEqual([
      undefined,
      "timeout",
      "kiss_rate",
      "not_synchronised",
      "bad_extension",
      "timeout",
      "timeout",
      "connection_refused",
      undefined,
    ]);
    expect(result.strangers).toBe(2);
    expect([...result.offsetNs].map(Number.isNaN)).toEqual([
      false,
      true,
      false,
      false,
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  test("counts a second answer as a stranger's, and takes the first", async () => {
    await using twice = await useNtpServer(({ bytes, reply }) => {
      reply(honestAnswer(bytes));
      reply(withByte(bytes, 1, 16));
    });
    await using silent = await useNtpServer(() => {});
    const result = await sweeper.sweep([target(twice), target(silent)], SHORT_TIMEOUT_MS);
    expect(sweepReason(result.reason[0] ?? 99)).toBeUndefined();
    expect(result.strangers).toBe(1);
  });

  test("goes through more exchanges than may be in flight, and replaces its sockets on the way", async () => {
    await using server = await useNtpServer();
    const targets = Array.from({ length: 20_000 }, () => target(server));
    const result = await sweeper.sweep(targets, TIMEOUT_MS);
    const good = result.reason.filter((code) => code === 0).length;
    const lost = [...result.reason].filter((code) => sweepReason(code) === "timeout").length;
    // A server that shares the cores may drop some; each is accounted for.
    expect(good + lost).toBe(20_000);
    expect(good).toBeGreaterThan(15_000);
    expect(new Set(server.queries.map(({ fromPort }) => fromPort)).size).toBeGreaterThan(16);
  });

  test("comes one at a time, and ends with its sweeper, which leaves nothing open", async () => {
    await using silent = await useNtpServer(() => {});
    const openBefore = readdirSync("/proc/self/fd").length;
    const other = await createSweeper();
    const underWay = other.sweep([target(silent)], TIMEOUT_MS);
    const second = other.sweep([target(silent)], TIMEOUT_MS);
    await expect(second).rejects.toMatchObject({ code: "limit_exceeded" });
    const [ended] = await Promise.allSettled([underWay, other[Symbol.asyncDispose]()]);
    expect(ended).toMatchObject({ status: "rejected", reason: { code: "stopped" } });
    await expect(other.sweep([target(silent)], TIMEOUT_MS)).rejects.toMatchObject({
      code: "stopped",
    });
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(openBefore);
  });

  test.each([
    { name: "no targets", targets: 0, timeoutMs: TIMEOUT_MS },
    { name: "a million and one", targets: 1_000_001, timeoutMs: TIMEOUT_MS },
    { name: "no timeout", targets: 1, timeoutMs: 0 },
  ])("of $name is refused", async ({ targets, timeoutMs }) => {
    await using server = await useNtpServer();
    const asked = Array<SweepTarget>(targets).fill(target(server));
    await expect(sweeper.sweep(asked, timeoutMs)).rejects.toMatchObject({ code: "bad_request" });
  });
});
