// A real chronyd that shares this host's clock: the true offset is 0.

import { checkOnce } from "@truechimer/agent";
import { systemClock, systemRandom } from "@truechimer/base";
import { chronyAvailable, startChronyServer } from "@truechimer/testing-chrony";
import { createProbeSocket } from "@truechimer/udp";
import { describe, expect, test } from "vitest";

describe.skipIf(!chronyAvailable())("chronyd on loopback", () => {
  test("is measured within the bound, over each family that the host has", async () => {
    await using server = await startChronyServer({ stratum: 4 });
    await using socket = await createProbeSocket({ clock: systemClock, random: systemRandom });
    const targets = server.addresses.map((address) => ({ address, port: server.port }));
    const checked = await checkOnce(targets, { socket, clock: systemClock, sampleIntervalMs: 50 });
    expect(checked).toHaveLength(server.addresses.length);
    // chronyd answers the third request in interleaved mode, unless the kernel's stamp was not there in time.
    const modes = checked.flatMap(({ result }) => result.samples.map(({ mode }) => mode));
    expect(modes).toContain("interleaved");
    for (const { result } of checked) {
      const { reason, stratum, offsetNs = 0n, boundNs = 0n } = result.outcome;
      expect({ reason, stratum }).toEqual({ reason: undefined, stratum: 4 });
      expect(result.samples).toHaveLength(3);
      expect(offsetNs < 0n ? -offsetNs : offsetNs).toBeLessThanOrEqual(boundNs);
    }
  });
});
