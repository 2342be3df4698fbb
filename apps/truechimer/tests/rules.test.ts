// `truechimer rules …`, as docs/how-to/try-other-rules.md has it: show, change, try, activate, and back.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LOCAL_POLICY } from "@truechimer/server";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeAll, expect, test } from "vitest";
import { useControlPlane } from "./_control-plane.ts";
import type { CommandOutcome } from "./_run-words.ts";
import { type CommandOptions, command } from "./_up-program.ts";

const database = await useDatabase();
const { server, directory, connection } = await useControlPlane(database, { policy: LOCAL_POLICY });

beforeAll(async () => {
  // A server that is 20 ms ahead for one monitor, every minute of an hour.
  const address = { family: "v4", text: "10.0.0.7", bytes: Uint8Array.of(10, 0, 0, 7) } as const;
  const { addedIds } = await server.addServers([{ name: "ntp1.lab", address, port: 123 }]);
  const { monitorId } = await server.createMonitor({ name: "zurich", address });
  await database.pool.query(
    `insert into log_scores (ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns, stratum)
     select now() - make_interval(mins => 60 - n), $1, $2, 0, 1, 1,
       'ntp_pool_recentmedian/1/offset_good', 20000000, 100000, 1000000, 2
     from generate_series(1, 60) n`,
    [addedIds[0], monitorId],
  );
});

function run(args: readonly string[], options: CommandOptions = {}): Promise<CommandOutcome> {
  return command({ path: directory }, ["rules", ...args, ...connection], options);
}

async function changed(
  name: string,
  change: (document: Record<string, unknown>) => void,
): Promise<string> {
  const { out } = await run(["show"]);
  const document = JSON.parse(out) as Record<string, unknown>;
  document["name"] = name;
  change(document);
  const file = join(directory, `${name}.json`);
  await writeFile(file, JSON.stringify(document));
  return file;
}

test("a set is shown, changed, tried, brought into force, and the one before again", async () => {
  expect((await run(["list"])).json()).toMatchObject([
    { id: "ntp_pool_recentmedian/1", active: true, built_in: true },
    { id: "ntp_pool_every/1", active: false, built_in: true },
  ]);
  const strict = await changed("strict", (document) => {
    document["verdict"] = { offset_limit: "10ms" };
  });
  const [difference, ...others] = (await run(["try", strict, "--since", "2h"])).json();
  expect(others).toEqual([]);
  expect(difference).toMatchObject({
    server: "ntp1.lab",
    verdict: "truechimer",
    verdict_tried: "falseticker",
    results: 60,
    results_stepped_otherwise: 0,
    score_difference: null,
  });
  const tried = await run(["try", strict], { terminal: true });
  expect(tried.out).toContain("1 of 1 servers would have had another verdict, 0 another score");
  expect(tried.out).toMatch(/ntp1\.lab +truechimer +falseticker/);
  expect(tried.out).toContain("60 checks replayed; all 60 stored scores come out exactly");

  const told = await run(["activate", strict], { terminal: true });
  expect(told.out).toContain("nothing was changed: say it with --yes");
  expect((await run(["list"])).json()).toHaveLength(2);
  expect((await run(["activate", strict, "--yes"])).json()).toMatchObject([
    { id: "strict/1", servers: 1, servers_verdict_differs: 1 },
  ]);
  expect((await run(["list"])).json().at(-1)).toMatchObject({ id: "strict/1", active: true });
  expect((await run(["activate", strict, "--yes"])).err).toContain("strict/1 is in force already");
  expect((await run(["activate", "ntp_pool_recentmedian/1", "--yes"])).code).toBe(0);
  expect((await run(["list"], { terminal: true })).out).toMatch(/ntp_pool_recentmedian\/1 +since/);
});

test("a document that is wrong is refused with everything that is wrong and where", async () => {
  const wrong = await changed("wrong", (document) => {
    document["decay"] = 1;
    (document["steps"] as unknown[]).pop();
  });
  const { code, err } = await run(["try", wrong]);
  expect(code).not.toBe(0);
  expect(err).toContain("the rule set has 2 problems:");
  expect(err).toContain("decay: 1: expected a number between 0 and 1, neither of them");
  expect(err).toContain("steps: the table has a hole: no row decides a check without a reason");
  expect((await run(["try", "nobody/7"])).err).toContain('there is no rule set \\"nobody/7\\"');
  expect((await run(["show", "nobody/7"])).err).toContain(
    "expected one of ntp_pool_recentmedian/1",
  );
});
