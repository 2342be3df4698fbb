// `truechimer up` from its first start to its end, killed in between: real PostgreSQL, real packets, real chronyd.

import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { adminV1 } from "@truechimer/api";
import { LAB_CATALOGUE } from "@truechimer/lab";
import { chronyAvailable, startChronyServer } from "@truechimer/testing-chrony";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { verdictWord } from "../src/output/api-words.ts";
import type { CommandOutcome } from "./_run-words.ts";
import {
  command,
  createDataHome,
  type DataHome,
  spawnProgram,
  spawnUp,
  startUp,
  type UpProgram,
} from "./_up-program.ts";

// Each step takes seconds; the limits are for a host that is busy with other tests.
const START_LIMIT_MS = 120_000;
const VERDICT_LIMIT_MS = 110_000;
/** A chronyd that shares our clock: its true offset is 0. */
const CHRONY_OFFSET_NS_MAX = 20_000;

vi.setConfig({ testTimeout: START_LIMIT_MS });

let home: DataHome;
let up: UpProgram;

beforeAll(async () => {
  home = await createDataHome();
  up = await startUp(home);
}, START_LIMIT_MS);

afterAll(async () => {
  await up[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
}, START_LIMIT_MS);

function run(args: readonly string[], terminal = false): Promise<CommandOutcome> {
  return command(home, args, { terminal });
}

test("it says that no servers are configured and that the lab runs", () => {
  const texts = up.lines.map(({ text }) => String(text));
  expect(texts.some((text) => text.includes("no servers are configured, so the lab runs"))).toBe(
    true,
  );
  expect(
    up.lines.find(({ event, monitors }) => event === "lab" && monitors !== undefined),
  ).toMatchObject({
    monitors: 12,
  });
});

test.each(["/", "/healthz/live", "/healthz/ready", "/healthz/startup"])(
  "the address that it prints answers at %s, without a key",
  async (path) => {
    expect((await fetch(`${up.origin}${path}`)).status).toBe(200);
  },
);

test("the key for the commands is for this account alone", async () => {
  expect((await stat(join(home.path, "admin.json"))).mode & 0o777).toBe(0o600);
});

test("each server of the lab gets the verdict and the reason that the lab's table states", async () => {
  // The drifting clock needs a minute and a half to be beyond doubt; the lab's own tests wait for it in virtual time.
  const wanted = LAB_CATALOGUE.filter(({ name }) => name !== "drifting.lab").map(
    ({ name, expectedVerdict, expectedReason }) => `${name} ${expectedVerdict} ${expectedReason}`,
  );
  await vi.waitFor(
    async () => {
      const { servers } = await up.admin.listServers({});
      const reached = servers
        .filter(({ name }) => name !== "drifting.lab")
        .map(
          ({ name, verdict, verdictReason }) => `${name} ${verdictWord(verdict)} ${verdictReason}`,
        );
      expect(reached.toSorted()).toEqual(wanted.toSorted());
    },
    { timeout: VERDICT_LIMIT_MS, interval: 500 },
  );
});

test("the commands show what the dashboard shows, for people and for programs", async () => {
  // On a host that stands still for some seconds all data of the lab are stale for a moment.
  await vi.waitFor(async () => {
    const list = await run(["servers", "list"], true);
    expect(list.code).toBe(0);
    expect(list.out).toMatch(/falseticker +ahead2s\.lab +127\.0\.0\.1:\d+ +\+\d\.\d+ s ± /);
    const show = await run(["servers", "show", "ahead2s.lab"], true);
    expect(show.out).toMatch(/why +.*\(offset_outside_limit\)/);
  }, 25_000);
  const lines = (await run(["servers"])).json();
  expect(lines.find(({ name }) => name === "ahead2s.lab")).toMatchObject({
    verdict: "falseticker",
  });
  const monitors = await run(["monitors"], true);
  expect(monitors.out).toMatch(/frankfurt\.lab +127\.0\.1\.1 +active +(yes|no) /);
  const scores = (await run(["scores"])).json();
  expect(scores[0]?.["score"]).toBeLessThan(0);
  const explained = await run(["scores", "ahead2s.lab", "--explain"], true);
  expect(explained.out).toMatch(/ahead2s\.lab has -\d+\.\d: the score of \S+\.lab, /);
  expect(explained.out).toMatch(/offset \+2\.00 s is beyond 750 ms/);
  const events = await run(["events", "ahead2s.lab"], true);
  expect(events.out).toMatch(/verdict changed/);
});

test("one filter language for servers, monitors, checks and events; what is wrong with one is pointed at", async () => {
  const names = async (...args: readonly string[]): Promise<readonly unknown[]> =>
    (await run(args)).json().map(({ name }) => name);
  expect(await names("servers", "--filter", "verdict:falseticker abs_offset>1s")).toContain(
    "ahead2s.lab",
  );
  expect(await names("servers", "--filter", "offset<1s server:ahead*")).toEqual([]);
  expect(await names("monitors", "list", "--filter", "frankfurt online:yes,no")).toEqual([
    "frankfurt.lab",
  ]);
  const checks = await run([
    "checks",
    "list",
    "ahead2s.lab",
    "--filter",
    "offset>1s age<1h monitor:frankfurt* reason:none",
  ]);
  expect(checks.json().length).toBeGreaterThan(0);
  const events = await run(["events", "--filter", "kind:verdict_changed server:ahead2s.lab"]);
  expect(events.json().length).toBeGreaterThan(0);
  const wrong = await run(["servers", "--filter", "offset>5 stale:no"], true);
  expect(wrong.code).toBe(2);
  expect(wrong.out).toBe("");
  expect(wrong.err).toMatch(
    /^ {2}offset>5 stale:no\n {9}\^\ntruechimer: filter, character 8: .*5ms.*\n.*bad_filter/,
  );
});

test("the analytics tell what the results in memory come to, and of which part of time", async () => {
  const pairs = (await run(["analytics", "heat-map", "--last", "1h"])).json();
  const liar = pairs.find(({ server }) => server === "ahead2s.lab");
  expect(Number(liar?.["offset_ns"]) / 1e9).toBeCloseTo(2, 1);
  expect(Number(liar?.["bound_ns"])).toBeGreaterThan(0);
  const shown = await run(["analytics", "heat-map", "--filter", "server:ahead2s.lab"], true);
  expect(shown.out).toMatch(/ahead2s\.lab +\S+\.lab +\+2\.0\d+ s ± /);
  expect(shown.out).toMatch(/the worst pairs of 1 servers by \d+ monitors\n\d+ checks from \d{4}-/);
  expect((await run(["analytics", "heat-map", "--last", "1"])).code).toBe(2);
  const compared = await run(["analytics", "compare", "ahead2s.lab", "truth1.lab"], true);
  expect(compared.out).toMatch(/ahead2s\.lab +\+2\.0\d+ s ± /);
  expect(compared.out).toMatch(/truth1\.lab /);
  const movers = await run(["analytics", "movers", "--last", "1h"], true);
  expect(movers.out).toMatch(/servers compared, \d+ not[^]*score.*servers[^]*checks from/);
  const families = await run(["analytics", "families", "--last", "1h"], true);
  expect(families.out).toMatch(/0 of 0 pairs; [^\n]* names of one family alone\n\d+ checks from/);
  const spread = await run(["analytics", "distribution", "ahead2s.lab"], true);
  expect(spread.out).toMatch(/offset +\+2\.\d+ s +\+2\.\d+ s /);
  const [bins] = (await run(["analytics", "distribution", "ahead2s.lab"])).json();
  expect(bins).toMatchObject({ server: "ahead2s.lab", of: "offset", partial: false });
  expect((await run(["analytics", "stability", "truth1.lab"])).code).toBe(0);
  const buckets = (await run(["analytics", "compare", "--monitors", "zurich.lab"])).json();
  expect(buckets[0]).toMatchObject({ name: "zurich.lab", partial: false });
  expect((await run(["analytics", "compare", "--monitors", "zurrich.lab"], true)).err).toMatch(
    /did you mean "zurich\.lab"/,
  );
});

test("`watch` tells checks as they come, those that pass", async () => {
  const program = spawnProgram(["watch", "--filter", "offset>1s server:ahead2s.lab", "--json"], {
    TRUECHIMER_DATA_DIR: home.path,
  });
  const ended = once(program, "exit");
  let out = "";
  program.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  try {
    await vi.waitFor(() => expect(out.split("\n").length).toBeGreaterThan(3), {
      timeout: VERDICT_LIMIT_MS,
      interval: 100,
    });
  } finally {
    program.kill("SIGTERM");
  }
  expect(await ended).toEqual([0, null]);
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const line of lines) expect(line).toMatchObject({ event: "check", server: "ahead2s.lab" });
  expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
});

test("`check-now` shows what ten places see at this moment, and the way from each of them", async () => {
  const table = await run(["check-now", "ahead2s.lab"], true);
  expect(table.out).toMatch(/frankfurt\.lab +\+2\.0\d* s ± |zurich\.lab +\+2\.0\d* s ± /);
  expect(table.out).toMatch(/\d+ of 10 answered/);
  const lines = (await run(["check-now", "silent.lab", "--from", "3"])).json();
  expect(lines.map(({ event, reason }) => reason ?? event)).toEqual([
    "asked",
    "timeout",
    "timeout",
    "timeout",
    "ended",
  ]);
  const traced = (await run(["check-now", "ahead2s.lab", "--trace", "--from", "2"])).json();
  expect(traced.at(-1)).toEqual({ event: "ended", asked: 2, answered: 2 });
  expect((await run(["check-now", "4711"])).code).toBe(1);
});

test("a mistyped server gets the name that was meant", async () => {
  const { code, err } = await run(["servers", "show", "ahaed2s.lab"], true);
  expect(err).toContain('did you mean "ahead2s.lab"?');
  expect(code).toBe(1);
});

test("a target that is out of the question is refused with its code, and its neighbours are added", async () => {
  const outcome = await run([
    "servers",
    "add",
    "192.0.2.300",
    "no-such-name.invalid",
    "127.0.0.77:12345",
  ]);
  expect(outcome.code).toBe(1);
  expect(outcome.json().map((line) => [line["outcome"], line["code"]])).toEqual([
    ["added", undefined],
    ["refused", "bad_address"],
    ["refused", "name_unresolved"],
  ]);
  const removed = await run(["servers", "remove", "127.0.0.77:12345"], true);
  expect(removed.out).toBe("removed 127.0.0.77:12345\n");
});

describe.skipIf(!chronyAvailable())("a real chronyd", () => {
  test("added by the command line, it is measured to 20 µs, and the evidence goes down to the packet", async () => {
    await using chrony = await startChronyServer();
    const target = `127.0.0.1:${chrony.port}`;
    expect((await run(["servers", "add", target])).code).toBe(0);
    const check = await vi.waitFor(
      async () => {
        const [newest] = (await run(["checks", "list", target, "--limit", "1"])).json();
        expect(newest).toMatchObject({ reason: "", has_evidence: true });
        // On a host that is busy with other tests a check may come out worse; the next one follows in two seconds.
        expect(Math.abs(Number(newest?.["offset_ns"]))).toBeLessThan(CHRONY_OFFSET_NS_MAX);
        return newest;
      },
      { timeout: VERDICT_LIMIT_MS, interval: 500 },
    );
    const [evidence] = (await run(["checks", "show", String(check?.["id"])])).json();
    const exchanges = evidence?.["exchanges"] as readonly Record<string, unknown>[];
    expect(exchanges).toHaveLength(3);
    expect(exchanges[0]?.["response_hex"]).toMatch(/^[0-9a-f]{96}/);
    const page = await run(["checks", "show", String(check?.["id"])], true);
    expect(page.out).toMatch(/T1 sent +\d{4}-\d\d-\d\dT.*kernel/);
    expect(page.out).toMatch(/pass +.*RFC 5905/);
    await run(["servers", "remove", target]);
  });

  test("`check` finds it good, a lying clock bad, a silent one silent: exit codes 0, 1 and 3", async () => {
    await using chrony = await startChronyServer();
    const { servers } = await up.admin.listServers({});
    const portOf = (name: string): string =>
      `127.0.0.1:${servers.find((server) => server.name === name)?.port ?? 0}`;
    // Four processes start at once: an answer that comes in microseconds may be looked at much later.
    const quick = ["check", "--samples", "1", "--timeout", "3s"];
    const [good, bad, silent, both] = await Promise.all([
      run([...quick, `127.0.0.1:${chrony.port}`]),
      run([...quick, portOf("ahead2s.lab")]),
      run([...quick, portOf("silent.lab")]),
      run([...quick, portOf("ahead2s.lab"), portOf("silent.lab")], true),
    ]);
    expect([good.code, bad.code, silent.code, both.code]).toEqual([0, 1, 3, 1]);
    expect(good.json()[0]).toMatchObject({ verdict: "truechimer" });
    expect(both.out).toMatch(/falseticker .*\+(?:2\.0|1\.99).* s ± .*ahead, beyond ±25/);
  });
});

test("a second `up` on the same directory is told who is there", async () => {
  const second = spawnUp(home, {});
  let errors = "";
  second.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise((resolve) => second.once("close", resolve));
  expect(code).toBe(1);
  const { error } = JSON.parse(errors) as { error: { code: string; message: string } };
  expect(error.code).toBe("directory_in_use");
  expect(error.message).toContain(`process id ${up.processId}`);
  expect(error.message).toContain(up.origin);
});

test("a used address is replaced by `login`", async () => {
  const first = await fetch(up.dashboardUrl, { redirect: "manual" });
  expect(first.headers.get("set-cookie")).toMatch(/HttpOnly/i);
  const again = await fetch(up.dashboardUrl, { redirect: "manual" });
  expect(again.headers.get("set-cookie")).toBeNull();
  const { out } = await run(["login"], true);
  const fresh = await fetch(out.trim(), { redirect: "manual" });
  expect(fresh.headers.get("set-cookie")).toMatch(/HttpOnly/i);
});

test(
  "after `kill -9` of everything a new start shows the old history and goes on",
  async () => {
    const before = await newestCheck("truth1.lab");
    const serversBefore = (await up.admin.listServers({})).servers;
    await up.killAll();
    up = await startUp(home);
    const { servers } = await up.admin.listServers({});
    expect(servers.map(({ id, name, port }) => `${id} ${name} ${port}`).toSorted()).toEqual(
      serversBefore.map(({ id, name, port }) => `${id} ${name} ${port}`).toSorted(),
    );
    expect((await up.admin.getCheck({ id: before.id })).exchanges.length).toBeGreaterThan(0);
    await vi.waitFor(
      async () => {
        const after = await newestCheck("truth1.lab");
        expect(after.id).toBeGreaterThan(before.id);
      },
      { timeout: VERDICT_LIMIT_MS, interval: 500 },
    );
  },
  2 * START_LIMIT_MS,
);

test("a signal ends it in order within ten seconds, without a complaint", async () => {
  const { code, tookMs } = await up.stop();
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(10_000);
  expect(up.lines.at(-1)?.event).toBe("stopped");
  // A process that got no processor for half a minute is taken for dead by its own queue, and says so.
  const complaints = up
    .errors()
    .split("\n")
    .filter((line) => !line.includes("a worker died"));
  expect(complaints.join("\n").trim()).toBe("");
});

test(
  "with servers configured it watches those, and the lab goes; its history stays",
  async () => {
    await up[Symbol.asyncDispose]();
    up = await startUp(home, { args: ["--watch", "127.0.0.1:9"] });
    const { servers } = await up.admin.listServers({});
    expect(servers.map(({ address, port }) => `${address}:${port}`)).toEqual(["127.0.0.1:9"]);
    expect(up.lines.map(({ text }) => text)).toContain("no lab: the configuration names servers");
    expect((await newestCheck("truth1.lab")).id).toBeGreaterThan(0n);
  },
  START_LIMIT_MS,
);

async function newestCheck(name: string): Promise<adminV1.Check> {
  const { servers } = await up.admin.listServers({ includeRemoved: true });
  const server = servers.find((each) => each.name === name);
  const { checks } = await up.admin.listChecks({ serverId: server?.id ?? 0n, pageSize: 1 });
  const [newest] = checks;
  if (newest === undefined) throw new Error(`no check of ${name}`);
  return newest;
}
