import { systemClock, systemRandom } from "@truechimer/base";
import { chronyAvailable, startChronyServer } from "@truechimer/testing-chrony";
import { createProbeSocket } from "@truechimer/udp";
import { describe, expect, test } from "vitest";

const EXCHANGES = 200;
/** Half of the exchanges with a server that shares our clock err less; a figure that holds on a loaded host. */
const MEDIAN_ERROR_NS_MAX = 20_000;

describe.skipIf(!chronyAvailable() || process.platform !== "linux")("against chronyd", () => {
  test("the offset to a server that shares our clock is next to nothing", async () => {
    await using server = await startChronyServer({ stratum: 4 });
    await using probe = await createProbeSocket({
      clock: systemClock,
      random: systemRandom,
      timestamps: "kernel",
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
});
