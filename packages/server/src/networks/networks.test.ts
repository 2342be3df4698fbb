import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mmdbFile } from "./_mmdb-file.ts";
import { type Networks, openNetworks } from "./networks.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "truechimer-networks-"));
});
afterAll(() => rm(directory, { recursive: true }));

const ASN = {
  "192.0.2.0/24": {
    autonomous_system_number: 64_496,
    autonomous_system_organization: "Example Networks",
  },
  "2001:db8::/32": { asn: "AS64497", name: "Example Six", country: "ch" },
  "198.51.100.0/24": { autonomous_system_number: 64_498 },
  "203.0.113.0/24": { asn: "none" },
};

interface World {
  readonly file: string;
  readonly networks: Networks;
  readonly warnings: unknown[];
  waitSeconds(seconds: number): void;
}

async function open(name: string, content: Buffer): Promise<World> {
  const file = join(directory, name);
  await writeFile(file, content);
  let nowNs = 0n;
  const warnings: unknown[] = [];
  const networks = await openNetworks({
    file,
    clock: { monotonicNs: () => nowNs },
    logger: { warn: (told: unknown) => void warnings.push(told) },
  });
  return {
    file,
    networks,
    warnings,
    waitSeconds: (seconds) => (nowNs += BigInt(seconds) * 1_000_000_000n),
  };
}

async function replace(file: string, content: Buffer): Promise<void> {
  await writeFile(file, content);
  await utimes(file, new Date(), new Date(Date.now() + 5_000));
}

test.each([
  ["192.0.2.77", { number: 64_496, name: "Example Networks" }],
  ["2001:db8:1::1", { number: 64_497, name: "Example Six" }],
  ["198.51.100.1", { number: 64_498, name: "" }],
  ["203.0.113.1", undefined],
  ["10.0.0.1", undefined],
  ["2001:db9::1", undefined],
])("%s", async (address, expected) => {
  const { networks } = await open("asn.mmdb", mmdbFile("Test-ASN", ASN));
  expect((await networks.table()).of(address)).toEqual(expected);
});

test("a name is one line of text, and no longer than one", async () => {
  const record = { asn: 1, name: `a\u0000b\u202ec${"d".repeat(200)}` };
  const { networks } = await open("names.mmdb", mmdbFile("asn", { "192.0.2.0/24": record }));
  const name = (await networks.table()).of("192.0.2.1")?.name ?? "";
  expect(name).toMatch(/^a b cd+$/);
  expect(name).toHaveLength(80);
});

describe("a file that is replaced", () => {
  test("is read again within a minute", async () => {
    const { file, networks, waitSeconds } = await open("new.mmdb", mmdbFile("ASN", ASN));
    await replace(file, mmdbFile("ASN", { "192.0.2.0/24": { asn: 7, name: "another" } }));
    expect((await networks.table()).of("192.0.2.1")?.number).toBe(64_496);
    waitSeconds(61);
    expect((await networks.table()).of("192.0.2.1")).toEqual({ number: 7, name: "another" });
  });

  test("by one that is broken is told, and the one before stays", async () => {
    const { file, networks, warnings, waitSeconds } = await open("old.mmdb", mmdbFile("ASN", ASN));
    await replace(file, Buffer.from("half of a downl"));
    waitSeconds(61);
    expect((await networks.table()).of("192.0.2.1")?.number).toBe(64_496);
    expect(warnings).toHaveLength(1);
  });
});

test.each([
  ["no MMDB file", Buffer.from("AS64496,192.0.2.0/24\n"), /is no MMDB file of autonomous systems/],
  ["empty", Buffer.alloc(0), /is no MMDB file/],
  ["one of countries", mmdbFile("Test-Country", {}), /of the type "Test-Country"/],
])("a file that is %s is refused with its name and the remedy", async (name, content, message) => {
  await expect(open(`${name}.mmdb`, content)).rejects.toMatchObject({
    code: "config_bad_value",
    message: expect.stringMatching(message),
  });
});

test("a file that is not there is refused", async () => {
  const options = { clock: { monotonicNs: () => 0n }, logger: { warn: () => undefined } };
  await expect(openNetworks({ ...options, file: join(directory, "gone") })).rejects.toMatchObject({
    code: "config_bad_value",
    message: expect.stringContaining("ENOENT"),
  });
});
