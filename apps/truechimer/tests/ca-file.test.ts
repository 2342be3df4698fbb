// Commands that talk to a control plane whose certificate is of its own authority: with `--ca-file`, and what is said
// without it.

import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { systemClock, systemRandom } from "@truechimer/base";
import { createServer, createToken, type Server, type ServerOptions } from "@truechimer/server";
import { useDatabase } from "@truechimer/testing-postgres";
import type { Command } from "commander";
import { afterAll, describe, expect, onTestFinished, TestRunner, test, vi } from "vitest";
import { createStyle } from "../src/output/style.ts";
import { createProgram } from "../src/program.ts";
import { type CommandOutcome, runWords } from "./_run-words.ts";

vi.setConfig({ testTimeout: 60_000 });

const DAY_NS = 86_400_000_000_000n;

const database = await useDatabase();
/** With authorities of their own. */
const foreign = await useDatabase();
const ended = await useDatabase();
const adminKey = createToken("tca_", systemRandom);
const directory = await mkdtemp(join(tmpdir(), "truechimer-ca-file-"));
const keyFile = await written("admin.key", adminKey);
const server = await started({ tls: { kind: "own" } });
const rootFile = await written("root.pem", await rootOf(server.url));
afterAll(() => rm(directory, { recursive: true }));

async function started(options: Partial<ServerOptions>): Promise<Server> {
  const made = await createServer({
    database,
    clock: systemClock,
    random: systemRandom,
    version: "0.0.0-test",
    listen: { host: "127.0.0.1", port: 0 },
    adminKeys: [adminKey],
    roles: ["api"],
    masterKey: new Uint8Array(32).fill(9),
    ...options,
  });
  await made.start();
  const stop = (): Promise<void> => Promise.resolve(made[Symbol.asyncDispose]());
  if (TestRunner.getCurrentTest() === undefined) afterAll(stop);
  else onTestFinished(stop);
  return made;
}

async function written(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

/** The last of the chain that the listener shows, as `openssl s_client -showcerts` has it. */
async function rootOf(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, "secureConnect");
  let last = socket.getPeerX509Certificate();
  while (last?.issuerCertificate !== undefined && last.issuerCertificate !== last) {
    last = last.issuerCertificate;
  }
  socket.destroy();
  return last?.toString() ?? "";
}

function asked(
  words: readonly string[],
  url: string = server.url,
  env: Readonly<Record<string, string>> = {},
): Promise<CommandOutcome> {
  return runWords([...words, "--url", url, "--key-file", keyFile], { env });
}

/** One of each service, one that streams, and one that is plain HTTP. */
const ASKING: readonly (readonly string[])[] = [
  ["servers", "list"],
  ["users", "list"],
  ["alerts", "list"],
  ["rules", "list"],
  ["analytics", "families"],
  ["login"],
  ["export", "checks"],
];

describe("a control plane with a certificate of its own authority", () => {
  test.each(ASKING)("is asked by %s %s", async (...words) => {
    const [option, variable] = [
      await asked([...words, "--ca-file", rootFile]),
      await asked(words, server.url, { TRUECHIMER_CA_FILE: rootFile }),
    ];
    expect([option.code, option.err]).toEqual([0, ""]);
    expect([variable.code, variable.err]).toEqual([0, ""]);
  });

  test.each([...ASKING, ["watch"]])(
    "is refused by %s %s without, with the remedy",
    async (...words) => {
      const { code, err } = await asked(words);
      expect(code).toBe(1);
      expect(err).toContain(`${server.url} has a certificate of an authority that is not trusted`);
      expect(err).toContain("--ca-file");
    },
  );

  test("tells which certificate it has, and until when", async () => {
    const { out } = await asked(["system", "--ca-file", rootFile]);
    expect(out).toMatch(
      /^dashboard certificate \(own\) of Truechimer issuing \w+ for localhost, 127\.0\.0\.1, ::1 ends in \d+ d/m,
    );
    const lines = (await asked(["system", "--json", "--ca-file", rootFile])).json();
    expect(lines.find(({ kind }) => kind === "dashboard_certificate")).toMatchObject({
      source: "own",
      names: ["localhost", "127.0.0.1", "::1"],
      last_error: null,
    });
  });

  test("every command that knows --url knows --ca-file", () => {
    const without: string[] = [];
    let commands = 0;
    const look = (command: Command): void => {
      const long = new Set(command.options.map((each) => each.long));
      if (long.has("--url")) commands += 1;
      if (long.has("--url") && !long.has("--ca-file")) without.push(command.name());
      for (const each of command.commands) look(each);
    };
    look(createProgram(context, () => undefined));
    expect(without).toEqual([]);
    expect(commands).toBeGreaterThan(50);
  });
});

const context = {
  env: {},
  stdout: () => undefined,
  stderr: () => undefined,
  stdoutIsTerminal: true,
  stderrIsTerminal: true,
  style: createStyle(false),
  errorStyle: createStyle(false),
  clock: systemClock,
  random: systemRandom,
  stopSignal: () => new AbortController().signal,
};

describe("what else may be wrong", () => {
  test("another authority's root", async () => {
    const other = await started({ tls: { kind: "own" }, database: foreign });
    const root = await written("foreign.pem", await rootOf(other.url));
    const { code, err } = await asked(["servers", "list", "--ca-file", root]);
    expect([code, err]).toEqual([1, expect.stringContaining("not trusted here")]);
  });

  test("a name that the certificate does not have", async () => {
    const everywhere = await started({
      tls: { kind: "own" },
      listen: { host: "0.0.0.0", port: 0 },
    });
    const elsewhere = everywhere.url.replace("127.0.0.1", "127.0.0.2");
    const { code, err } = await asked(["servers", "list", "--ca-file", rootFile], elsewhere);
    expect([code, err]).toEqual([1, expect.stringContaining("a certificate for other names")]);
  });

  test("a clock that is off, or a certificate that has ended", async () => {
    const old = await started({
      tls: { kind: "own" },
      database: ended,
      authorityClock: { ...systemClock, nowNs: () => systemClock.nowNs() - 500n * DAY_NS },
    });
    const root = await written("ended.pem", await rootOf(old.url));
    const { code, err } = await asked(["servers", "list", "--ca-file", root], old.url);
    expect([code, err]).toEqual([1, expect.stringContaining("a certificate that has ended")]);
  });

  test("https where there is no TLS", async () => {
    const plain = await started({});
    const { code, err } = await asked(["login"], plain.url.replace("http:", "https:"));
    expect([code, err]).toEqual([1, expect.stringContaining("if it is plain HTTP there")]);
  });

  test("a file that is not there, holds no certificate, or is not needed", async () => {
    const missing = await asked(["login", "--ca-file", "/nowhere/root.pem"]);
    expect([missing.code, missing.err]).toEqual([
      2,
      expect.stringContaining("--ca-file: /nowhere/root.pem cannot be read"),
    ]);
    const key = await asked(["login"], server.url, { TRUECHIMER_CA_FILE: keyFile });
    expect([key.code, key.err]).toEqual([
      2,
      expect.stringContaining(`TRUECHIMER_CA_FILE: ${keyFile} holds no certificate`),
    ]);
    const plain = await asked(["login", "--ca-file", rootFile], "http://127.0.0.1:9");
    expect([plain.code, plain.err]).toEqual([2, expect.stringContaining("has none")]);
  });
});
