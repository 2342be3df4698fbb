import { describe, expect, test } from "vitest";
import { chronyAvailable, ntpdigAvailable } from "./chrony-available.ts";
import { startChronyServer } from "./chrony-server.ts";
import { type ClientFinding, queryWithChronyd, queryWithNtpdig } from "./time-clients.ts";

/** A busy host can delay one of the stamps; a wrong sign or unit is far larger. */
const OFFSET_MS_MAX = 30;

function errorMs({ offsetNs, output }: ClientFinding): number {
  if (offsetNs === undefined) throw new Error(`the client found no time:\n${output}`);
  return Math.abs(Number(offsetNs) / 1e6);
}

describe.skipIf(!chronyAvailable())("chronyd as a server", () => {
  test("is accepted by chronyd as a client, on IPv4 and IPv6", async () => {
    await using server = await startChronyServer();
    for (const address of server.addresses) {
      const finding = await queryWithChronyd({ address, port: server.port });
      expect(errorMs(finding)).toBeLessThan(OFFSET_MS_MAX);
    }
  });

  test.skipIf(!ntpdigAvailable() || process.getuid?.() !== 0)(
    "is accepted by ntpdig through a relay",
    async () => {
      await using server = await startChronyServer();
      expect(errorMs(await queryWithNtpdig(server))).toBeLessThan(OFFSET_MS_MAX);
    },
  );

  test("two run side by side, and leave nothing behind", async () => {
    const one = await startChronyServer();
    const other = await startChronyServer({ stratum: 5 });
    expect(one.port).not.toBe(other.port);
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    for (const { pid } of [one, other]) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  test("a server that cannot start is reported with what it said", async () => {
    const start = startChronyServer({ directives: ["nonsense here"] });
    await expect(start).rejects.toMatchObject({ code: "peer_unreachable" });
    await expect(start).rejects.toThrow(/Invalid directive/);
  });
});
