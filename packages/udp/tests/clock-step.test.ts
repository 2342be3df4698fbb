// A host's clock that is set while an exchange is under way, without setting this host's clock.

import { systemClock, systemRandom } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { createDgramTransport } from "../src/dgram/dgram-transport.ts";
import { wallClockNs } from "../src/dgram/wall-clock.ts";
import { createJudgedProbeSocket } from "../src/judged-probe-socket.ts";
import { honestAnswer, useNtpServer } from "./_ntp-server.ts";

const HOUR_NS = 3_600_000_000_000n;
/** The two readings are some time apart. */
const TOLERANCE_NS = 100_000_000;

describe("without kernel stamps", () => {
  test.each([
    { name: "an hour forward", stepNs: HOUR_NS },
    { name: "an hour back", stepNs: -HOUR_NS },
    { name: "not", stepNs: 0n },
  ])("a clock that is set $name between the stamps", async ({ stepNs }) => {
    let steppedNs = 0n;
    await using server = await useNtpServer(({ bytes, reply }) => {
      steppedNs = stepNs;
      reply(honestAnswer(bytes));
    });
    await using probe = await createJudgedProbeSocket({
      clock: systemClock,
      random: systemRandom,
      serverGapMs: 0,
      inFlightMax: undefined,
      createTransport: (events) =>
        createDgramTransport({
          clock: systemClock,
          events,
          wallNs: () => wallClockNs() + steppedNs,
        }),
    });
    const request = { address: server.address, port: server.port, timeoutMs: 5_000 };
    const { reason, exchange } = await probe.exchange(request);
    expect(reason).toBe(stepNs === 0n ? undefined : "clock_stepped");
    const errorNs = Number((exchange.clockStepNs ?? 0n) - stepNs);
    expect(Math.abs(errorNs)).toBeLessThan(TOLERANCE_NS);
  });
});
