// Other people's clients accept the lab's servers as time servers, and read the same offset off them as we do.

import { type IpAddress, parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import { createLab, type Lab } from "@truechimer/lab";
import {
  type ClientFinding,
  chronyAvailable,
  ntpdigAvailable,
  queryWithChronyd,
  queryWithNtpdig,
} from "@truechimer/testing-chrony";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** A busy host delays a stamp by some milliseconds; a wrong sign, unit or field is off by far more. */
const ERROR_MS_MAX = 30;

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({ clock: systemClock, random: systemRandom });
});

afterAll(() => lab[Symbol.asyncDispose]());

function target(name: string): { readonly address: IpAddress; readonly port: number } {
  const server = lab.servers.find((each) => each.name === name);
  const address = parseIpAddress(server?.address ?? "");
  if (server === undefined || !address.ok) throw new Error(`the lab has no ${name}`);
  return { address: address.value, port: server.port };
}

function offsetMs({ offsetNs, output }: ClientFinding): number {
  if (offsetNs === undefined) throw new Error(`the client found no time:\n${output}`);
  return Number(offsetNs) / 1e6;
}

const OFFSETS_MS: readonly (readonly [string, number])[] = [
  ["truth1.lab", 0],
  ["truth3.lab", -0.28],
  ["truth5.lab", -1.9],
  ["late40ms.lab", -40],
  ["ahead2s.lab", 2_000],
];

describe.skipIf(!chronyAvailable())("chronyd", () => {
  test.each(OFFSETS_MS)("reads the offset of %s as %d ms", async (name, expectedMs) => {
    const foundMs = offsetMs(await queryWithChronyd(target(name)));
    expect(Math.abs(foundMs - expectedMs)).toBeLessThan(ERROR_MS_MAX);
  });

  test("reads time over IPv6", async (context) => {
    if (!lab.servers.some(({ family }) => family === "v6")) context.skip("this host has no IPv6");
    const foundMs = offsetMs(await queryWithChronyd(target("truth6.lab")));
    expect(Math.abs(foundMs)).toBeLessThan(ERROR_MS_MAX);
  });

  test.each(["silent.lab", "wrong-origin.lab", "rate.lab", "stratum16.lab", "leap3.lab"])(
    "takes no time from %s",
    async (name) => {
      const finding = await queryWithChronyd({ ...target(name), timeoutMs: 1_000 });
      expect(finding.offsetNs).toBeUndefined();
    },
  );
});

// ntpdig knows no port but 123, so a relay stands there, which takes the right to bind it.
describe.skipIf(!ntpdigAvailable() || process.getuid?.() !== 0)("ntpdig", () => {
  test.each(OFFSETS_MS)("reads the offset of %s as %d ms", async (name, expectedMs) => {
    const foundMs = offsetMs(await queryWithNtpdig(target(name)));
    expect(Math.abs(foundMs - expectedMs)).toBeLessThan(ERROR_MS_MAX);
  });
});
