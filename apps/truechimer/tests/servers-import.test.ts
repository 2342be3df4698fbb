// `truechimer servers import` against a control plane in this process, with a name service of the test's own.

import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseIpAddress } from "@truechimer/base";
import { LOCAL_POLICY } from "@truechimer/server";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeEach, expect, test, vi } from "vitest";
import type { CliContext } from "../src/cli-context.ts";
import { useControlPlane } from "./_control-plane.ts";
import { type CommandOutcome, runWords } from "./_run-words.ts";
import { spawnProgram } from "./_up-program.ts";

vi.setConfig({ testTimeout: 60_000 });

const NAMES: Readonly<Record<string, readonly string[]>> = {
  "pool.example": ["10.0.0.1", "10.0.0.2", "fd00::3"],
  "time.example": ["10.0.0.9"],
  "other-name.example": ["10.0.0.9"],
};

const database = await useDatabase();
const { directory, connection } = await useControlPlane(database, {
  policy: LOCAL_POLICY,
  resolveName: (name) =>
    Promise.resolve(
      (NAMES[name] ?? []).map((text) => {
        const address = parseIpAddress(text);
        if (!address.ok) throw new Error(address.error);
        return address.value;
      }),
    ),
});
beforeEach(() => database.pool.query("truncate servers cascade"));

function run(words: readonly string[], more: Partial<CliContext> = {}): Promise<CommandOutcome> {
  const args = ["servers", ...words, ...connection];
  return runWords(args, { stderrIsTerminal: false, ...more });
}

async function fileWith(name: string, text: string | Uint8Array): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

async function watched(): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ name: string; ip: string; port: number }>(
    "select name, host(ip) as ip, port from servers where state <> 'removed' order by ip, port",
  );
  return rows.map(({ name, ip, port }) => `${name} ${ip} ${port}`);
}

const CHRONY = `confdir /etc/chrony/conf.d
pool pool.example iburst
server 10.0.0.7 port 1123 nts
peer time.example
driftfile /var/lib/chrony/drift
server other-name.example
server unknown.example
server 10.0.0.300
server time.example
`;

test("a chrony.conf: what was added, known, refused and left out, by line; a dry run before it changes nothing", async () => {
  const file = await fileWith("chrony.conf", CHRONY);
  const dry = await run(["import", file, "--dry-run", "--json"]);
  expect(dry.code).toBe(1);
  expect(dry.json().map(({ line, outcome }) => [line, outcome])).toEqual([
    [1, "left_out"],
    [2, "would_add"],
    [3, "would_add"],
    [4, "would_add"],
    [6, "would_add"],
    [7, "would_add"],
    [8, "refused"],
    [9, "left_out"],
    [undefined, "ended"],
  ]);
  expect(await watched()).toEqual([]);

  const done = await run(["import", file, "--json"]);
  expect(done.code).toBe(1);
  expect(done.json().map(({ line, outcome, code }) => [line, outcome, code])).toEqual([
    [1, "left_out", undefined],
    [2, "added", undefined],
    [3, "added", undefined],
    // Of two names for one address the last one names it.
    [4, "existing", undefined],
    [6, "added", undefined],
    [7, "refused", "name_unresolved"],
    [8, "refused", "bad_address"],
    [9, "left_out", undefined],
    [undefined, "ended", undefined],
  ]);
  expect(done.json().at(-1)).toMatchObject({
    input: "chrony",
    dry_run: false,
    added: 3,
    existing: 1,
    refused: 2,
    left_out: 2,
    passed_over: 1,
  });
  expect(await watched()).toEqual([
    "pool.example 10.0.0.1 123",
    "pool.example 10.0.0.2 123",
    "10.0.0.7:1123 10.0.0.7 1123",
    "other-name.example 10.0.0.9 123",
    "pool.example fd00::3 123",
  ]);
});

test("done twice it adds nothing more, and is good", async () => {
  const file = await fileWith("ntp.toml", '[[source]]\nmode = "pool"\naddress = "pool.example"\n');
  expect((await run(["import", file])).code).toBe(0);
  const before = await watched();
  for (const words of [[], ["--dry-run"]]) {
    const again = await run(["import", file, "--json", ...words]);
    expect(again.code).toBe(0);
    expect(again.json()[0]).toMatchObject({ line: 1, outcome: "existing", named_as: "pool" });
    expect(again.json()[0]?.["servers"]).toHaveLength(3);
  }
  expect(await watched()).toEqual(before);
});

test("a dry run tells a removed server, which is then watched again", async () => {
  const file = await fileWith("list.csv", "host,port\n10.0.0.5,\n");
  await run(["import", file]);
  await run(["remove", "10.0.0.5"]);
  expect((await run(["import", file, "--dry-run"])).out).toContain("was removed: is watched again");
  expect((await run(["import", file])).out).toMatch(/added +server +10\.0\.0\.5/);
  expect(await watched()).toEqual(["10.0.0.5 10.0.0.5 123"]);
});

test("for people it is a table and a sum; names cannot command the terminal", async () => {
  const text = `driftfile /x\nserver \u202egro.elpmaxe\u001b]0;owned\u0007\nserver time.example nts\n`;
  const { out, code } = await run(["import", await fileWith("chrony.conf", text)]);
  expect(code).toBe(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  const lines = out.split("\n");
  expect(lines[0]).toMatch(/^line +outcome +as +server +more$/);
  expect(lines[1]).toMatch(/^ +2 +refused +– +server .*is no server.*\(bad_address\)$/);
  expect(lines[2]).toMatch(
    /^ +3 +added +server +time\.example +time\.example \(10\.0\.0\.9\); asks for NTS/,
  );
  expect(lines[3]).toBe(
    "read as chrony: 1 added, 1 refused, 1 passed over (--verbose shows what was passed over)",
  );
  const verbose = await run(["import", join(directory, "chrony.conf"), "--dry-run", "--verbose"]);
  expect(verbose.out).toMatch(/^ +1 +passed over +– +driftfile \/x$/m);
});

test("the standard input is read, in the form that is named", async () => {
  const stdin = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from("restrict default\nserver ti");
    yield Buffer.from("me.example iburst # ours\n");
  };
  const outcome = await run(["import", "-", "--format", "ntp", "--json"], { stdin });
  expect(outcome.json()[0]).toMatchObject({ line: 2, outcome: "added", target: "time.example" });
  expect(outcome.code).toBe(0);
});

test("the program reads its standard input", async () => {
  const words = ["servers", "import", "-", "--dry-run", ...connection];
  const child = spawnProgram(words, {}, "pipe");
  child.stdin?.end("host\ntime.example\n");
  let out = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  const [code] = await once(child, "close");
  expect(JSON.parse(out.split("\n")[0] ?? "")).toMatchObject({
    line: 2,
    outcome: "would_add",
    target: "time.example",
  });
  expect(code).toBe(0);
});

test("a thousand servers are imported in several calls", async () => {
  const rows = Array.from({ length: 1_000 }, (_, n) => `10.1.${n >> 8}.${n & 255}`);
  const file = await fileWith("many.csv", rows.join("\r\n"));
  const { code, json } = await run(["import", file, "--json"]);
  expect(json().at(-1)).toMatchObject({ added: 1_000, refused: 0 });
  expect(code).toBe(0);
  expect(await watched()).toHaveLength(1_000);
});

test.each([
  { name: "nothing.csv", text: "", code: 0, says: "the file names no servers" },
  { name: "letter.txt", text: "Dear all!", code: 2, says: "--format" },
  { name: "utf16.csv", text: Buffer.from("host\na.example", "utf16le"), code: 2, says: "UTF-8" },
  { name: "large.csv", text: Buffer.alloc(4_194_305, "a"), code: 2, says: "4194304 bytes" },
  { name: "lines.csv", text: "\n".repeat(200_000), code: 2, says: "at most 200000" },
])("$name: $says", async ({ name, text, code, says }) => {
  const outcome = await run(["import", await fileWith(name, text)]);
  expect(outcome.out + outcome.err).toContain(says);
  expect(outcome.code).toBe(code);
});

test("as many lines as are read can be shown", async () => {
  const file = await fileWith("chrony.conf", "frobnicate\n".repeat(199_999));
  const { out, code } = await run(["import", file, "--verbose", "--dry-run"]);
  expect(out.split("\n")[199_999]).toMatch(/^199999 +passed over +– +frobnicate$/);
  expect(code).toBe(0);
});

test("a file that is not there is named", async () => {
  const outcome = await run(["import", join(directory, "gone.conf")]);
  expect(outcome.err).toContain("gone.conf cannot be read");
  expect(outcome.code).toBe(2);
});

test("an input without an end is read up to the limit", async () => {
  const stdin = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(65_536, "a");
  };
  const outcome = await run(["import", "-"], { stdin });
  expect(outcome.err).toContain("the standard input has more than 4194304 bytes");
  expect(outcome.code).toBe(2);
});
