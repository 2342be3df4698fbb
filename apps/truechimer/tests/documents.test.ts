// What the documents say to type is typed: each block of a shell, in its order, against a control plane with the lab. Names and
// addresses that only stand for the reader's own become the lab's. What changes a host is tried by other tests.

import { spawn } from "node:child_process";
import { access, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { adminV1 } from "@truechimer/api";
import { assert } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { programAvailable } from "@truechimer/testing-programs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type CommandBlock, commandBlocks, readDocuments } from "./_documents.ts";
import {
  COMPILED_MODULES,
  createDataHome,
  type DataHome,
  startUp,
  type UpProgram,
} from "./_up-program.ts";

const LIMIT_MS = 240_000;
const DOCUMENT_MS_MAX = 120_000;
vi.setConfig({ testTimeout: LIMIT_MS });

/** By the beginning of a block: which test does it instead. */
const ELSEWHERE: readonly (readonly [start: string, test: string])[] = [
  ["npm start", "up.test.ts"],
  ["npm run bundle", "agent-bundle.test.ts"],
  ["sudo cp", "agent-packaging.test.ts"],
  ["truechimer-agent ", "enrolled-agents.test.ts"],
  ["truechimer server --config", "roles.test.ts"],
  ["certbot ", "../../../packages/server/tests/dashboard-tls.test.ts"],
  ["truechimer servers list --url https:", "ca-file.test.ts"],
  ["openssl s_client", "../../../packages/server/tests/dashboard-tls.test.ts"],
  ["cd deploy", "deploy.test.ts"],
  ["chown ", "deploy.test.ts"],
  ["git clone", "deploy.test.ts"],
  ["mkdir -p /etc/truechimer", "deploy.test.ts"],
  ["systemctl ", "deploy.test.ts"],
  ["sudo -u truechimer", "backup.test.ts"],
  ["truechimer backup", "backup.test.ts"],
  ["truechimer restore", "backup.test.ts"],
  ["DATABASE_URL=postgres:", "backup.test.ts"],
];

/** What a line that is typed here begins with: nothing else may touch this host. */
const TYPED =
  /^(?:truechimer |npm run (?:-s )?truechimer -- |ask |ask\(\)|curl |ssh host |for file in |KEY=|API=| )/;

/** By a part of a command: the exit code that it has here, and says so. */
const EXPECTED: readonly (readonly [part: string, code: number])[] = [
  // There is no server 99: an example of an error.
  ["AdminService/GetServer ", 22],
  // Nothing is going on: there is no incident 12.
  ["alerts acknowledge 12", 1],
  // The agent's key is nobody's.
  ["/monitor/api/config", 22],
];

const documents = await readDocuments();
const blocks = [...documents].flatMap(([document, text]) => commandBlocks(document, text));
const typed = blocks.filter(({ text }) => elsewhere(text) === undefined && isHarmless(text));
const database = await useDatabase();

let home: DataHome;
let up: UpProgram;
let directory: string;
/** The reader's own, and what it is here. */
let here: readonly (readonly [string, string])[];

beforeAll(async () => {
  home = await createDataHome();
  directory = await mkdtemp(join(tmpdir(), "truechimer-documents-"));
  up = await startUp(home, { env: { DATABASE_URL: database.url } });
  const truth = await vi.waitFor(async () => {
    const { servers } = await up.admin.listServers({});
    const found = servers.find(
      ({ name, verdict }) => name === "truth1.lab" && verdict === adminV1.Verdict.TRUECHIMER,
    );
    assert(found !== undefined, "the lab's first server is believed");
    return found;
  }, LIMIT_MS / 2);
  const { checks } = await up.admin.listChecks({ serverId: truth.id, pageSize: 1 });
  const check = String(checks[0]?.id);
  const target = `${truth.address}:${truth.port}`;
  await database.pool.query(
    "insert into servers (name, ip, port, ip_version, state) values ('192.0.2.1', '192.0.2.1', 123, 'v4', 'paused')",
  );
  await database.pool.query(
    `insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, bound_ns, rtt_ns, stratum)
    select now() - interval '1 minute', s.id, m.id, 1, 20, 1000, 1000, 2000, 2
    from servers s, (select id from monitors order by id limit 1) m where s.ip = '192.0.2.1'`,
  );
  await mkdir(join(directory, "chrony"));
  await writeFile(join(directory, "chrony", "ours.conf"), "server 127.0.0.99 iburst\n");
  await copyFile(join(directory, "chrony", "ours.conf"), join(directory, "ntp.conf"));
  await writeFile(join(directory, "smtp.password"), "a password", { mode: 0o600 });
  here = [
    ["http://127.0.0.1:8123", up.origin],
    [".truechimer/admin.json", join(home.path, "admin.json")],
    ["/etc/chrony/chrony.conf", join(directory, "chrony", "ours.conf")],
    ["/etc/chrony/conf.d", join(directory, "chrony")],
    ["ssh host cat /etc/ntp.conf", `cat ${join(directory, "ntp.conf")}`],
    ["/srv/truechimer", directory],
    ["--password-file smtp.password", `--password-file ${join(directory, "smtp.password")}`],
    // Once for each way to add it: a name is taken once.
    ["add-email mail --server smtp.", "add-email provider --server smtp."],
    ["ntp1.example.net", "truth1.lab"],
    ["time.example.net 192.0.2.7:1123 [2001:db8::7]:1123", target],
    ["time.example.net", target],
    ["check-now 192.0.2.1", `check-now ${target}`],
    ["check/ntp/192.0.2.1", `check/ntp/${truth.address}`],
    // The step between them is an editor's.
    ["rules show > strict.json", `rules show | jq '.name = "strict"' > strict.json`],
    ["checks show NUMBER", `checks show ${check}`],
    ['"id":"4711"', `"id":"${check}"`],
    ["ntp.example", "127.0.0.98"],
  ];
}, LIMIT_MS);

afterAll(async () => {
  await up[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
}, LIMIT_MS);

test.each(ELSEWHERE)(
  "what is tried elsewhere is in the documents still: %s",
  async (start, file) => {
    expect(blocks.some(({ text }) => text.startsWith(start))).toBe(true);
    await expect(access(new URL(file, import.meta.url))).resolves.toBeUndefined();
  },
);

const tools = programAvailable("curl", "curl") && programAvailable("jq", "jq");

test.skipIf(!tools).each([...new Set(typed.map(({ document }) => document))])(
  "%s",
  async (document) => {
    const ofDocument = typed.filter((block) => block.document === document);
    const { failed, output } = await type(ofDocument);
    const unexpected = failed.filter(
      ({ command, code }) =>
        !EXPECTED.some(([part, expected]) => command.includes(part) && code === expected),
    );
    expect(unexpected.length === 0 ? [] : [...unexpected, output]).toEqual([]);
  },
);

test.each(blocks)("$document:$line is typed here, or its test is named", ({ text }) => {
  expect(elsewhere(text) !== undefined || isHarmless(text)).toBe(true);
});

function isHarmless(text: string): boolean {
  return text
    .trimEnd()
    .split("\n")
    .every((line) => TYPED.test(line));
}

function elsewhere(text: string): string | undefined {
  return ELSEWHERE.find(([start]) => text.startsWith(start))?.[1];
}

interface Typed {
  readonly failed: readonly { readonly command: string; readonly code: number }[];
  readonly output: string;
}

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** As a reader who has followed "Where this page writes `truechimer`". A command that fails is told on its own channel. */
const SHELL = `
truechimer() { "$NODE" --conditions=source --disable-warning=ExperimentalWarning "$MAIN" "$@" || echo "$? truechimer $*" >&3; }
npm() { while [ "$1" != -- ]; do shift; done; shift; truechimer "$@"; }
curl() {
  local body=--fail-with-body
  case "$1" in -f*) body= ;; esac
  command curl $body --max-time 60 "$@" || echo "$? curl $*" >&3
}
set -o pipefail
trap 'code=$?; printf "%s %s\\n" "$code" "\${BASH_COMMAND//$'\\n'/ }" >&3' ERR
`;

/** One after the other in one shell: what an earlier block has set, later ones use. */
async function type(ofDocument: readonly CommandBlock[]): Promise<Typed> {
  const script = ofDocument.map(({ text }) =>
    here.reduce((typedSoFar, [theirs, ours]) => typedSoFar.replaceAll(theirs, ours), text),
  );
  // The documents' commands end by themselves; one that does not is ended, and failed.
  const child = spawn("bash", ["-c", [SHELL, ...script].join("\n")], {
    cwd: directory,
    env: {
      ...COMPILED_MODULES,
      PATH: process.env["PATH"],
      NODE: process.execPath,
      MAIN,
      TRUECHIMER_DATA_DIR: home.path,
      AGENT_KEY: "tck_of-no-agent",
    },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
  });
  const group = -(child.pid ?? 0);
  const late = setTimeout(() => process.kill(group, "SIGTERM"), DOCUMENT_MS_MAX);
  const [, out, err, told] = child.stdio;
  const [output, errors, failures] = await Promise.all([
    textOf(out as NodeJS.ReadableStream),
    textOf(err as NodeJS.ReadableStream),
    textOf(told as NodeJS.ReadableStream),
  ]);
  clearTimeout(late);
  const failed = failures
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [code = "", ...words] = line.split(" ");
      return { command: words.join(" "), code: Number(code) };
    });
  if (child.signalCode !== null) failed.push({ command: "a command that does not end", code: 1 });
  return { failed, output: `${output}\n${errors}` };
}
