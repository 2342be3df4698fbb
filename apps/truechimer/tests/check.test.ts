// `truechimer check` against real servers on loopback: the lab's, with faults of this test's own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock, systemRandom } from "@truechimer/base";
import { createLab, LAB_CATALOGUE, type Lab, type LabServerDefinition } from "@truechimer/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CommandOutcome } from "./_run-words.ts";
import { command, createDataHome, type DataHome } from "./_up-program.ts";

const HOUR_NS = 3_600_000_000_000n;

const TEN_MINUTES_NS = 600_000_000_000n;

/** A lab that is told this time has been drifting for ten minutes. */
const begunEarlier: Clock = { ...systemClock, nowNs: () => systemClock.nowNs() - TEN_MINUTES_NS };

let home: DataHome;
let lab: Lab;

beforeAll(async () => {
  home = await createDataHome();
  lab = await createLab({ clock: begunEarlier, random: systemRandom, catalogue: catalogue() });
});

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** The lab's own servers, and three that an hour-wrong host would see. */
function catalogue(): readonly LabServerDefinition[] {
  const [truth] = LAB_CATALOGUE;
  if (truth === undefined) throw new Error("the lab has no servers");
  const hours = [1n, 2n, 3n].map((ms) => ({
    ...truth,
    name: `hour${ms}.lab`,
    fault: { kind: "offset" as const, offsetNs: HOUR_NS + ms * 1_000_000n },
  }));
  return [...LAB_CATALOGUE, ...hours];
}

function targetOf(name: string): string {
  const server = lab.servers.find((each) => each.name === name);
  if (server === undefined) throw new Error(`the lab has no ${name}`);
  return `${server.address}:${server.port}`;
}

function check(names: readonly string[], more: readonly string[] = []): Promise<CommandOutcome> {
  const quick = ["--samples", "1", "--timeout", "400ms"];
  return command(home, ["check", ...quick, ...more, ...names.map(targetOf)], { terminal: true });
}

test.each([
  { name: "truth1.lab", verdict: "truechimer", code: 0 },
  { name: "ahead2s.lab", verdict: "falseticker", code: 1 },
  { name: "late40ms.lab", verdict: "falseticker", code: 1 },
  { name: "drifting.lab", verdict: "falseticker", code: 1 },
  { name: "leap3.lab", verdict: "unsure", code: 1 },
  { name: "stratum16.lab", verdict: "unsure", code: 1 },
  { name: "rate.lab", verdict: "unsure", code: 3 },
  { name: "silent.lab", verdict: "unreachable", code: 3 },
  { name: "wrong-origin.lab", verdict: "unreachable", code: 3 },
])("$name is a $verdict, exit code $code", async ({ name, verdict, code }) => {
  const outcome = await check([name]);
  expect(outcome.out).toMatch(new RegExp(`^${verdict} `, "m"));
  expect(outcome.code).toBe(code);
});

test("a wider limit forgives 40 ms", async () => {
  expect((await check(["late40ms.lab"], ["--limit", "100ms"])).code).toBe(0);
});

test("on a host whose clock is an hour off, the host is suspected and not the servers", async () => {
  const { code, out } = await check(["hour1.lab", "hour2.lab", "hour3.lab"]);
  expect(code).toBe(1);
  expect(out).toContain("this host's own clock is the likelier one to be wrong");
  const mixed = await check(["hour1.lab", "truth1.lab"]);
  expect(mixed.out).not.toContain("likelier");
});

test("a name that does not resolve is told beside the servers that answer", async () => {
  const args = ["check", "--samples", "1", "no-such-name.invalid", targetOf("truth1.lab")];
  const { code, out } = await command(home, args, { terminal: true });
  expect(out).toMatch(/^unreachable +no-such-name\.invalid .*the name has no address/m);
  expect(out).toMatch(/^truechimer /m);
  expect(code).toBe(3);
});

test("one IP family can be asked for", async () => {
  const { code, out } = await command(home, ["check", "-6", "127.0.0.1"], { terminal: true });
  expect(out).toContain("the name has no address in IPv6");
  expect(code).toBe(3);
});

test("the program on a pipe prints JSON lines without colour, whatever NO_COLOR says", async () => {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const words = ["--conditions=source", main, "check", "--samples", "1", targetOf("ahead2s.lab")];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  await once(child, "close");
  expect(child.exitCode).toBe(1);
  const line = JSON.parse(out) as Record<string, unknown>;
  expect(line).toMatchObject({ verdict: "falseticker", reason: "" });
  expect(line["offset_ns"]).toBeGreaterThan(1_900_000_000);
});
