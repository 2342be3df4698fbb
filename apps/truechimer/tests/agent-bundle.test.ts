// The agent's bundle, made afresh and moved away from the repository: it must run there by itself.

import { spawn } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock, systemRandom } from "@truechimer/base";
import { createLab, type Lab } from "@truechimer/lab";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const BUNDLER = join(ROOT, "tools", "bundle", "main.ts");

let scratch: string;
/** In a path with a space, far from any node_modules. */
let place: string;
let lab: Lab;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "truechimer bundle "));
  const out = join(scratch, "made", "truechimer-agent");
  const made = await run(process.execPath, ["--conditions=source", BUNDLER, "--out", out]);
  if (made.code !== 0) throw new Error(made.err);
  place = join(scratch, "else where");
  await cp(out, place, { recursive: true });
  await rm(join(scratch, "made"), { recursive: true });
  lab = await createLab({ clock: systemClock, random: systemRandom });
});

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** With Node on the path and nothing else that could help. */
function run(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: scratch,
      env: { PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

function agent(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome> {
  return run(join(place, "truechimer-agent"), args, env);
}

test("the bundle knows its version", async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    version: string;
  };
  const { code, out, err } = await agent(["--version"]);
  expect(err).toBe("");
  expect(out).toBe(`${manifest.version}\n`);
  expect(code).toBe(0);
});

test("the bundle's help names its own commands as they are typed", async () => {
  const { code, out } = await agent(["--help"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^Usage: truechimer-agent /);
  expect((await agent(["help", "run"])).out).toMatch(/\$ truechimer-agent run /);
});

test("the bundle probes the lab, with the kernel's time stamps where the host has them", async () => {
  const [server] = lab.servers;
  if (server === undefined) throw new Error("the lab has no server");
  const { code, out, err } = await agent([
    "check",
    "--samples",
    "1",
    `${server.address}:${server.port}`,
  ]);
  expect(err).toBe("");
  const told = JSON.parse(out) as { verdict: string; samples: readonly { stamps: string }[] };
  expect(told.verdict).toBe("truechimer");
  expect(told.samples[0]?.stamps).toBe(process.platform === "linux" ? "kernel" : "user_space");
  expect(code).toBe(0);
});

test("the launcher may be linked into a folder of the path", async () => {
  const link = join(scratch, "linked-agent");
  await symlink(join(place, "truechimer-agent"), link);
  expect((await run(link, ["--version"])).code).toBe(0);
});

test("without a Node that is new enough the launcher says what to do", async () => {
  const { code, err } = await agent(["--version"], { TRUECHIMER_NODE: "/nowhere/node" });
  expect(err).toMatch(/^truechimer-agent: Node 26 or later is needed, and \/nowhere\/node /);
  expect(err).toContain("TRUECHIMER_NODE");
  expect(code).toBe(2);
});

test("the bundle holds the program, its native part, the unit and the licences, and no more", async () => {
  const names = (await readdir(place)).toSorted();
  expect(names.filter((name) => name.startsWith("part-"))).not.toEqual([]);
  expect(names.filter((name) => !name.startsWith("part-"))).toEqual([
    "LICENSE",
    "README.md",
    "THIRD-PARTY-LICENCES.txt",
    "native",
    "package.json",
    "probe-thread.js",
    "truechimer-agent",
    "truechimer-agent.default",
    "truechimer-agent.js",
    "truechimer-agent.sysusers",
    "truechimer-agent@.service",
  ]);
  const licences = await readFile(join(place, "THIRD-PARTY-LICENCES.txt"), "utf8");
  expect(licences).toMatch(/^koffi \d/m);
});
