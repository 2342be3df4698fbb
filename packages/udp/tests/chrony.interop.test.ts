import { systemClock, systemRandom } from "@truechimer/base";
import { createInterleavedSession, type Sample } from "@truechimer/ntp";
import { chronyAvailable, startChronyServer } from "@truechimer/testing-chrony";
import { createProbeSocket } from "@truechimer/udp";
import { describe, expect, test } from "vitest";

const EXCHANGES = 200;
/** Half of the exchanges with a server that shares our clock err less; a figure that holds on a loaded host. */
const MEDIAN_ERROR_NS_MAX = 20_000;

describe.skipIf(!chronyAvailable() || process.platform !== "linux")("against chronyd", () => {
  test.each([
    { by: "a thread", options: {} },
    { by: "looks", options: { lookEveryMs: 2 } },
  ])("the offset to a server that shares our clock is next to nothing, by $by", async (one) => {
    await using server = await startChronyServer({ stratum: 4 });
    await using probe = await createProbeSocket({
      clock: systemClock,
      random: systemRandom,
      timestamps: "kernel",
      ...one.options,
    });
    for (const address of server.addresses) {
      const errorsNs: number[] = [];
      for (let i = 0; i < EXCHANGES; i += 1) {
        const sample = await probe.exchange({ address, port: server.port, timeoutMs: 5_000 });
        expect(sample).toMatchObject({ reason: undefined, packet: { stratum: 4, leap: 0 } });
        const { offsetNs = 0n, boundNs = 0n } = sample.measurement ?? {};
        expect(offsetNs).toBeLessThanOrEqual(boundNs);
        expect(offsetNs).toBeGreaterThanOrEqual(-boundNs);
        errorsNs.push(Math.abs(Number(offsetNs)));
      }
      errorsNs.sort((a, b) => a - b);
      expect(errorsNs[EXCHANGES / 2]).toBeLessThan(MEDIAN_ERROR_NS_MAX);
    }
  });

  test("answers the third request of a session in interleaved mode, over each family", async () => {
    await using server = await startChronyServer({ stratum: 4 });
    await using probe = await createProbeSocket({
      clock: systemClock,
      random: systemRandom,
      timestamps: "kernel",
    });
    for (const address of server.addresses) {
      const session = createInterleavedSession();
      const samples: Sample[] = [];
      for (let i = 0; i < EXCHANGES; i += 1) {
        const request = { address, port: server.port, timeoutMs: 5_000, session };
        samples.push(await probe.exchange(request));
      }
      expect(samples.map(({ reason }) => reason)).toEqual(Array(EXCHANGES).fill(undefined));
      expect(samples.slice(0, 2).map(({ mode }) => mode)).toEqual(["basic", "basic"]);
      const interleaved = samples.filter(({ mode }) => mode === "interleaved");
      // chronyd does not always have the kernel's stamp in time, and then answers in basic mode.
      expect(interleaved.length).toBeGreaterThan(EXCHANGES / 2);
      for (const sample of interleaved) {
        const { offsetNs = 0n, boundNs = -1n, delayNs = 0n } = sample.measurement ?? {};
        expect(offsetNs < 0n ? -offsetNs : offsetNs).toBeLessThanOrEqual(boundNs);
        // The departure that is told now is after the reading that the answer itself had brought.
        const basic = samples.find(({ exchange }) => exchange === sample.timed?.exchange);
        if (basic?.mode === "basic") {
          expect(delayNs).toBeLessThanOrEqual(basic.measurement?.delayNs ?? -1n);
        }
      }
    }
  });
});
