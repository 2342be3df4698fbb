import { fileURLToPath } from "node:url";
import { systemClock, systemRandom } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import type { CliContext } from "./cli-context.ts";
import { createStyle } from "./output/style.ts";
import { createProgram } from "./program.ts";
import { runCli } from "./run-cli.ts";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], more: Partial<CliContext> = {}): Promise<Outcome> {
  let out = "";
  let err = "";
  const context: CliContext = {
    env: { TRUECHIMER_DATA_DIR: "/nowhere/truechimer" },
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    stdoutIsTerminal: true,
    stderrIsTerminal: true,
    style: createStyle(false),
    errorStyle: createStyle(false),
    clock: systemClock,
    random: systemRandom,
    stopSignal: () => new AbortController().signal,
    ...more,
  };
  const code = await runCli(args, { context, createProgram });
  return { code, out, err };
}

const COMMANDS = [
  "up",
  "server",
  "agent",
  "check",
  "servers",
  "agents",
  "monitors",
  "scores",
  "checks",
].concat([
  "results",
  "events",
  "analytics",
  "users",
  "accounts",
  "keys",
  "audit",
  "login",
  "db",
  "config",
  "version",
]);

describe("help", () => {
  test.each([[["help"]], [["--help"]], [["help", "servers"]], [["check", "--help"]]])(
    "%j is a good end and shows examples",
    async (args) => {
      const { code, out, err } = await run(args);
      expect(code).toBe(0);
      expect(out + err).toMatch(/\$ truechimer /);
    },
  );

  test.each(COMMANDS)("%s has a description, and no line is too wide to read", async (command) => {
    const { out } = await run(["help", command]);
    expect(out).toMatch(/^Usage: truechimer /);
    expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThan(130);
  });

  test("every command is in the list", async () => {
    const { out } = await run(["help"]);
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${command} `, "m"));
  });
});

test.each([[[]], [["servers", "--help"]], [["help", "db"]]])(
  "%j: help is told once, without an error",
  async (args) => {
    const { code, out, err } = await run(args);
    expect(out).toMatch(/^Usage: truechimer /);
    expect(err).toBe("");
    expect(code).toBe(0);
  },
);

test("a choice that there is not is told with those that there are", async () => {
  const { code, err } = await run(["keys", "create", "x", "--role", "boss"]);
  expect(err).toContain(
    "argument 'boss' is invalid: allowed choices are viewer, operator, admin. See \"truechimer help keys create\"",
  );
  expect(code).toBe(2);
});

test("a group without a command is told by its help alone, exit code 2", async () => {
  const { code, err } = await run(["config"]);
  expect(err).toMatch(/^Usage: truechimer config /);
  expect(err).not.toContain("outputHelp");
  expect(code).toBe(2);
});

test.each([
  { args: ["up", "--prot", "1"], help: "truechimer help up" },
  { args: ["servers", "ad", "x"], help: "truechimer help servers" },
  { args: ["servers", "add"], help: "truechimer help servers add" },
  { args: ["alerts", "channels", "add-email"], help: "truechimer help alerts channels add-email" },
  { args: ["chekc"], help: "truechimer help" },
])("$args points to the help of its command", async ({ args, help }) => {
  const { code, err } = await run(args);
  expect(err).toContain(`"${help}"`);
  expect(err).not.toContain("outputHelp");
  expect(code).toBe(2);
});

test("the help of a command within others is found by its words", async () => {
  const { code, out } = await run(["help", "alerts", "channels", "add-email"]);
  expect(out).toMatch(/^Usage: truechimer alerts channels add-email /);
  expect(out).toContain("--server");
  expect(code).toBe(0);
  const invite = await run(["help", "users", "invite"]);
  expect(invite.out).toContain("--account");
  expect(invite.out).not.toContain("default: []");
  const wrong = await run(["help", "alerts", "chanels"]);
  expect(wrong.err + wrong.out).toMatch(/chanels|Usage: truechimer alerts/);
});

test.each([
  { format: ["--format", "human"], begins: /^[^{]/ },
  { format: ["--format=human"], begins: /^[^{]/ },
  { format: ["--format", "json"], begins: /^\{"error":/ },
  { format: [], begins: /^\{"error":/ },
])(
  "with $format an error is told in that form, also where nobody looks on",
  async ({ format, begins }) => {
    const { err } = await run(["servers", "show", "--no-such", ...format], {
      stderrIsTerminal: false,
    });
    expect(err).toMatch(begins);
  },
);

describe("a mistake on the command line is told with what was meant, exit code 2", () => {
  test.each([
    { args: ["chekc"], says: "unknown command 'chekc': did you mean check?" },
    { args: ["check"], says: "missing required argument 'host'" },
    { args: ["servers", "ad", "x"], says: "unknown command 'ad' of servers: did you mean add?" },
    {
      args: ["check", "--sample", "3", "x"],
      says: "unknown option '--sample': did you mean --samples?",
    },
    { args: ["check", "--timeout", "3", "x"], says: '"3" is not a duration' },
    { args: ["check", "--samples", "0", "x"], says: "expected a whole number from 1 to 10" },
    { args: ["check", "--interval", "1s", "127.0.0.1"], says: "expected at least 2s" },
    { args: ["check", "192.0.2.300"], says: '"192.0.2.300" is no server' },
    { args: ["check", "224.0.0.1"], says: "224.0.0.1 is a multicast address: no server can be" },
    { args: ["check", "0.0.0.0"], says: "0.0.0.0 is an unspecified address: no server can be" },
    { args: ["check", "[ff02::101]:123"], says: "ff02::101 is a multicast address: no server" },
    { args: ["up", "--watch", "time.example.net:x"], says: "servers[0]: " },
    { args: ["checks", "show", "abc"], says: '"abc" is not the number of a check' },
    { args: ["up", "--port", "70000"], says: "listen.port" },
    { args: ["up", "--config", "/nowhere/x.toml"], says: "/nowhere/x.toml cannot be read" },
    {
      args: ["audit", "verify", "--head", "/nowhere/head.json"],
      says: "--head: /nowhere/head.json cannot be read (ENOENT): name a copy of audit-head.json",
    },
    {
      args: ["selector", "simulate", "--all", "--policy", "/nowhere/pool.json"],
      says: "--policy: /nowhere/pool.json cannot be read (ENOENT): name a JSON file",
    },
  ])("$args", async ({ args, says }) => {
    const { code, err } = await run(args);
    expect(err).toContain(says);
    expect(err).toMatch(/docs\/reference\/errors\.md#\w+/);
    expect(code).toBe(2);
  });
});

test("an administration command without a running truechimer says how to start one, exit code 3", async () => {
  const { code, err } = await run(["servers"]);
  expect(err).toContain(
    'no truechimer runs in /nowhere/truechimer: start one with "truechimer up"',
  );
  expect(code).toBe(3);
});

test("an error is one JSON object where no person reads", async () => {
  const { err } = await run(["servers", "--json"]);
  expect(JSON.parse(err)).toMatchObject({ error: { code: "peer_unreachable" } });
  const piped = await run(["servers"], { stderrIsTerminal: false });
  expect(JSON.parse(piped.err)).toMatchObject({ error: { code: "peer_unreachable" } });
});

test("--debug tells the causes below", async () => {
  const { err } = await run(["up", "--debug", "--config", "/nowhere/x.toml"]);
  expect(err).toMatch(/because: ENOENT/);
});

test("the version is told to people and to programs", async () => {
  expect((await run(["version"])).out).toMatch(/^truechimer \d+\.\d+\.\d+ \(Node 2\d\./);
  const piped = await run(["version"], { stdoutIsTerminal: false });
  expect(JSON.parse(piped.out)).toHaveProperty("version");
});

test("config check shows the whole configuration and starts nothing", async () => {
  const file = fileURLToPath(new URL("../testdata/valid-up.toml", import.meta.url));
  const { code, out } = await run(["config", "check", file, "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ ok: true, config: { checks: { intervalMs: 60_000 } } });
  expect((await run(["up", "--config", file, "--check-config"])).code).toBe(0);
});
